/** The one place that tells a lead from a tie. */
import { describe, expect, test } from "vitest";
import {
  chanceBetween,
  deviationOf,
  estimateOf,
  known,
  pairedTest,
  student,
  studentTails,
  verdictOf,
} from "../../report/chance.ts";

describe("Student's t", () => {
  test("has the two-sided 5 % points of the tables, by the next lower whole degree", () => {
    expect(student(1)).toBe(12.71);
    expect(student(1.9)).toBe(12.71);
    expect(student(4)).toBe(2.776);
    expect(student(30)).toBeCloseTo(2.042, 1);
    expect(student(Infinity)).toBe(1.96);
    expect(student(0.5)).toBe(12.71);
  });
});

describe("its tails", () => {
  test("are 5 % beyond the points of the table", () => {
    for (let freedom = 1; freedom <= 10; freedom++)
      expect(studentTails(student(freedom), freedom), String(freedom)).toBeCloseTo(0.05, 3);
    expect(studentTails(1.96, 100_000)).toBeCloseTo(0.05, 4);
  });
  test("have the closed forms of one, two and four degrees, on both sides", () => {
    for (const t of [0.1, 1, 3, 40]) {
      expect(studentTails(t, 1)).toBeCloseTo(1 - (2 / Math.PI) * Math.atan(t), 12);
      expect(studentTails(-t, 2)).toBeCloseTo(1 - t / Math.sqrt(2 + t ** 2), 12);
      const x = t / Math.sqrt(4 + t ** 2);
      expect(studentTails(t, 4)).toBeCloseTo(1 - x * (1 + (1 - x ** 2) / 2), 12);
    }
  });
});

describe("pairs that share seeds", () => {
  test("have the paired t test", () => {
    // scipy.stats.ttest_rel([3, 5, 4], [1, 2, 3]): t = 3.4641016, p = 0.0741799
    const { mean, deviation, pairs, p } = pairedTest([2, 3, 1]);
    expect([mean, deviation, pairs]).toEqual([2, 1, 3]);
    expect(p).toBeCloseTo(0.0741799, 6);
    expect(pairedTest([-2, -3, -1]).p).toBeCloseTo(p!, 12);
  });
  test("tell nothing where there is one, or where all are alike", () => {
    expect(pairedTest([2])).toEqual({ mean: 2, deviation: null, pairs: 1, p: null });
    expect(pairedTest([2, 2]).p).toBeNull();
  });
});

describe("chance between two means", () => {
  test("is Welch's over the seeds", () => {
    // scipy.stats.ttest_ind([1, 2, 3], [2, 4, 9], equal_var=False) has 2.31 degrees of freedom.
    const [a, b] = [estimateOf({ values: [1, 2, 3] }), estimateOf({ values: [2, 4, 9] })];
    const error = Math.sqrt(1 / 3 + 13 / 3);
    const chance = chanceBetween(a, b)!;
    expect(chance).toEqual({ size: 4.303 * error, bySeeds: true, byTest: false });
    expect(verdictOf(a, b)).toBe("within chance");
  });

  test("is binomial for shares, whatever a share of 0 seems to say", () => {
    const of = (x: number) => estimateOf({ values: [x], share: { examples: 10_000, whole: 100 } });
    const { size, bySeeds, byTest } = chanceBetween(of(1), of(1.2))!;
    expect([bySeeds, byTest]).toEqual([false, true]);
    expect(size).toBeCloseTo(1.96 * Math.sqrt((1 * 99 + 1.2 * 98.8) / 10_000), 2);
    expect(verdictOf(of(0), of(0.01))).toBe("within chance");
    expect(verdictOf(of(0), of(0.2))).toBe("apart");
  });

  test("takes whichever is more, and standard errors of tests where they are known", () => {
    const share = { examples: 100, whole: 1 };
    const [a, b] = [
      [0.5, 0.5001],
      [0.52, 0.5201],
    ].map((values) => estimateOf({ values, share }));
    expect(chanceBetween(a, b)!.size).toBeCloseTo(0.137, 2);
    const one = estimateOf({ values: [5], errors: [0.3] });
    const other = estimateOf({ values: [6], errors: [0.4] });
    expect(chanceBetween(one, other)!.size).toBeCloseTo(1.96 * 0.5);
    const three = estimateOf({ values: [5, 5, 5], errors: [0.3, 0.3, 0.3] });
    expect(three.test).toBeCloseTo(0.03);
  });

  test("is not known of one seed, nor of seeds that are equal to the last digit", () => {
    const [a, b] = [estimateOf({ values: [1] }), estimateOf({ values: [2] })];
    expect(chanceBetween(a, b)).toBeNull();
    expect(verdictOf(a, b)).toBe("unknown");
    expect(verdictOf(a, a)).toBe("within chance");
    const equal = [estimateOf({ values: [1, 1] }), estimateOf({ values: [2, 2] })];
    expect(verdictOf(equal[0], equal[1])).toBe("unknown");
  });

  test("holds what is known exactly against what was measured", () => {
    expect(verdictOf(estimateOf({ values: [0.5, 0.6, 0.7] }), known(0.5))).toBe("within chance");
    expect(verdictOf(estimateOf({ values: [5, 5.1, 5.2] }), known(0.5, 0.1))).toBe("apart");
    expect(verdictOf(estimateOf({ values: [5], errors: [0.2] }), known(4.9, 0.1))).toBe(
      "within chance",
    );
  });

  test("is a number whatever the numbers are", () => {
    for (const values of [
      [1e150, -1e150],
      [1e-150, 2e-150],
      [0, 0],
    ]) {
      const chance = chanceBetween(estimateOf({ values }), estimateOf({ values: [1, 2] }));
      expect(chance === null || Number.isFinite(chance.size)).toBe(true);
    }
    expect(deviationOf([3])).toBeNull();
  });
});
