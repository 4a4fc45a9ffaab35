/** What chance makes of spectra, distances and directions: simulated as the diagnosis does it, and by closed forms. */
import { describe, expect, test } from "vitest";
import { combined, studentTails } from "../../../report/chance.ts";
import { chanceOf } from "../../../runs/diagnosis/chance.ts";
import { looked } from "../../../runs/diagnosis/covariance.ts";
import { directions, medianCosine, tailOf } from "../../../runs/diagnosis/random-direction.ts";
import { dot, squareOf } from "../../../runs/diagnosis/vectors.ts";
import type { Noise } from "../../../runs/records.ts";
import { keyOf } from "../../../src/index.ts";
import { noiseOf } from "./normal-noise.ts";
import { heavy, normal, ones } from "./samples.ts";

const meanOf = (values: readonly number[]): number =>
  values.reduce((sum, x) => sum + x, 0) / values.length;

describe("of normal samples", () => {
  test.each([
    [9, 60],
    [30, 150],
  ])("draws give what the closed forms say: %d dimensions, %d samples", (d, n) => {
    const draws = Array.from({ length: 30 }, (_, i) =>
      chanceOf(normal(n, ones(d), i + 1), d, keyOf("draw", i))!,
    );
    const noise = noiseOf(d, n);
    const off = (name: keyof Noise): number =>
      Math.abs(meanOf(draws.map((draw) => draw[name]!)) / noise[name]! - 1);
    for (const name of ["distance", "corrected"] as const)
      expect(off(name), name).toBeLessThan(0.03);
    // These are limits of many dimensions.
    for (const name of ["largest", "overMedian"] as const)
      expect(off(name), name).toBeLessThan(0.15);
  });
  test.each([3, 12, 40])("a corrected distance is chance within a standard deviation: %d", (d) => {
    const n = 100;
    const squares = Array.from(
      { length: 60 },
      (_, i) => looked(normal(n, ones(d), i + 1))!.spectrum.corrected! ** 2,
    );
    const { corrected } = noiseOf(d, n);
    // What is negative is cut off at 0: half of the second moment is left.
    const deviation = Math.sqrt(2 * meanOf(squares.map((x) => x * x)));
    expect(Math.abs(deviation / corrected! ** 2 - 1)).toBeLessThan(0.35);
    expect(squares.filter((x) => x === 0).length / 60).toBeGreaterThan(0.25);
  });
  test("the largest eigenvalue is of all samples, where there are few for each dimension", () => {
    const [d, n] = [800, 1200];
    const samples = normal(n, ones(d));
    const { spectrum } = looked(samples)!;
    expect(spectrum).toMatchObject({ samples: n, converged: true, eigenvalues: null });
    const { largest } = noiseOf(d, n);
    expect(Math.abs(spectrum.largest / largest - 1)).toBeLessThan(0.02);
    const drawn = chanceOf(samples, d, keyOf("draw"))!;
    expect(Math.abs(drawn.largest / largest - 1)).toBeLessThan(0.02);
    expect(Math.abs(spectrum.effective / n - 1)).toBeLessThan(0.02);
  }, 20_000);
});

test("few long samples have a steep spectrum by chance, which is known then", () => {
  const [d, n] = [12, 400];
  const seeds = Array.from({ length: 20 }, (_, i) => i + 1);
  const samples = seeds.map((seed) => heavy(normal(n, ones(d), seed), 100));
  const seen = samples.map((one) => looked(one)!.spectrum);
  const chance = samples.map((one, i) => chanceOf(one, d, keyOf("draw", i))!);
  const usual = noiseOf(d, n).overMedian!;
  const steep = meanOf(seen.map((s) => s.overMedian!));
  expect(steep).toBeGreaterThan(1.5 * usual);
  expect(Math.abs(meanOf(chance.map((c) => c.overMedian!)) / steep - 1)).toBeLessThan(0.15);
  const root = (values: readonly number[]): number => Math.sqrt(meanOf(values.map((x) => x * x)));
  expect(
    Math.abs(root(chance.map((c) => c.distance)) / root(seen.map((s) => s.distance!)) - 1),
  ).toBeLessThan(0.15);
  const beyond = seen.filter((s, i) => s.corrected! > 1.5 * chance[i].corrected!);
  expect(beyond.length).toBeLessThan(4);
});

describe("a random direction", () => {
  test("is the same for the same key, of length 1, and like no other", () => {
    const [n, k] = [2000, 7];
    const rows = directions(n, k, keyOf("a"));
    expect(rows).toEqual(directions(n, k, keyOf("a")));
    expect(squareOf(rows.subarray(7, 14))).toBeCloseTo(1, 14);
    const at = Array.from({ length: n - 1 }, (_, i) =>
      Math.abs(dot(rows, k * (i + 1), rows.subarray(0, k))),
    );
    const median = at.toSorted((a, b) => a - b)[n >> 1];
    expect(Math.abs(median / medianCosine(k) - 1)).toBeLessThan(0.06);
    for (const c of [0.2, 0.5])
      expect(at.filter((x) => x >= c).length / n).toBeCloseTo(tailOf(c, k), 1);
  });
  test("has tails of an incomplete beta function, which are Student's", () => {
    for (const d of [3, 4, 9, 10, 288, 3136])
      for (const c of [0, 0.001, 0.03, 0.2, 0.5])
        expect(tailOf(c, d)).toBeCloseTo(
          studentTails((c * Math.sqrt(d - 1)) / Math.sqrt(1 - c * c), d - 1),
          9,
        );
    // In three dimensions the cosine is uniform (Archimedes); in two it is the angle.
    expect(tailOf(0.3, 3)).toBeCloseTo(0.7, 12);
    expect(tailOf(0.5, 2)).toBeCloseTo((2 * Math.acos(0.5)) / Math.PI, 12);
    expect(tailOf(1, 288)).toBe(0);
    expect(tailOf(0.9, 288)).toBeGreaterThan(0);
    expect(tailOf(0.9, 288)).toBeLessThan(1e-100);
    expect(medianCosine(1000) * Math.sqrt(1000)).toBeCloseTo(0.6745, 3);
  });
  test("and probabilities of several are combined by Fisher's method", () => {
    expect(combined([0.2])).toBeCloseTo(0.2, 14);
    expect(combined([0.1, 0.1])).toBeCloseTo(0.01 * (1 - Math.log(0.01)), 14);
    expect(combined([1, 1, 1])).toBe(1);
    expect(combined([0, 0.5])).toBeLessThan(1e-200);
    expect(combined([])).toBeNaN();
  });
});
