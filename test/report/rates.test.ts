/** The measure over the learning rate: what was chosen by, what it came to, and what diverged. */
import { describe, expect, test } from "vitest";
import { ratePanes, ratesFigure } from "../../report/rates.ts";
import { reportOf } from "../../report/index.ts";
import type { Results, TriedRate } from "../../runs/records.ts";
import { sampleResults } from "./sample.ts";

const small = { epochs: 2, pointsAnEpoch: 2, layers: ["dense"], seeds: 2 };
const rate = (lr: number, ...values: readonly number[]): TriedRate => ({
  lr,
  heldOut: values.length === 2 ? (values[0] + values[1]) / 2 : null,
  bySeed: values.map((heldOut, i) => ({ seed: i + 1, heldOut, test: 2 * heldOut })),
});
const base = sampleResults({ ...small, arms: ["plain", "weight"] });
const swept: Results = {
  ...base,
  arms: {
    plain: { ...base.arms.plain!, grid: [rate(0.01, 0.04, 0.06), rate(0.001, 0.05, 0.07)] },
    weight: { ...base.arms.weight!, grid: [rate(0.001, 0.03, 0.05), rate(0.01, 0.2)] },
  },
  lost: [{ arm: "weight", seed: 2, lr: 0.01, step: 3, why: "the loss is NaN" }],
};

test("one pane is of held-out examples, one of the test, each with means over the seeds and the seeds", () => {
  const [heldOut, tested] = ratePanes(swept);
  expect([heldOut.title, tested.title]).toEqual([
    "Error on held-out examples",
    "Error on the test",
  ]);
  const line = (pane: typeof heldOut, arm: string, n: number): readonly (readonly number[])[] =>
    pane.points
      .filter((p) => p.arm === arm && p.line === n)
      .map((p) => [p.at, Number(p.y.toFixed(9))]);
  expect(line(heldOut, "plain", 0)).toEqual([
    [0.001, 6],
    [0.01, 5],
  ]);
  expect(line(tested, "plain", 2)).toEqual([
    [0.001, 14],
    [0.01, 12],
  ]);
  expect(line(heldOut, "weight", 0)).toEqual([[0.001, 4]]); // a rate that lost a seed has no mean
  expect(line(heldOut, "weight", 1)).toEqual([
    [0.001, 3],
    [0.01, 20],
  ]);
  expect(heldOut.lost).toEqual([{ arm: "weight", at: 0.01, row: 1 }]);
});

test("it is drawn where rates were tried, the same every time, and stands on the page", async () => {
  const { rates, html } = await reportOf(swept);
  expect(rates).toBe((await ratesFigure(swept))!.figure);
  expect(rates).toContain(">a\u2002Error on held-out examples</text>");
  expect(rates).toContain(">learning rate (log)</text>");
  expect(rates).toContain(">\u00d7</text>");
  expect(html).toContain("What each learning rate came to");
  expect(html).toContain("A cross stands at a rate at which a run of the arm diverged");
});

describe("what became of the weights", () => {
  const grown = (lr: number, growths: readonly number[]): TriedRate => ({
    ...{ lr, heldOut: 0.1 },
    bySeed: growths.map((growth, i) => ({
      ...{ seed: i + 1, heldOut: 0.1, test: null, growth, effectiveStep: lr / growth ** 2 },
    })),
  });
  const results = (start: boolean): Results => {
    const [plain, weight] = [swept.arms.plain!, swept.arms.weight!].map(({ runs, ...rest }) => ({
      ...rest,
      runs: runs.map((run) => (start ? { ...run, start: run.points[0].layers } : run)),
    }));
    return {
      ...swept,
      arms: {
        plain: { ...plain, grid: [grown(0.01, [1, 3]), grown(0.001, [1, 1])] },
        weight: { ...weight, grid: [grown(0.001, [2, 4]), { lr: 0.01, heldOut: null }] },
      },
    };
  };

  test("is drawn over the rate where records know it, with crosses where an arm diverged", () => {
    const panes = ratePanes(results(true));
    expect(panes.map(({ title }) => title)).toEqual([
      ...[
        "Error on held-out examples",
        "How much longer |v| became",
        "Effective step at the end, rate / |v|\u00b2",
      ],
    ]);
    const [, growth, step] = panes;
    const line = (pane: typeof growth, arm: string, n: number): readonly (readonly number[])[] =>
      pane.points.filter((p) => p.arm === arm && p.line === n).map((p) => [p.at, p.y]);
    expect(line(growth, "plain", 0)).toEqual([
      [0.001, 1],
      [0.01, 2],
    ]);
    expect(line(growth, "weight", 0)).toEqual([[0.001, 3]]);
    expect(line(step, "weight", 2)).toEqual([[0.001, 0.001 / 16]]);
    expect([growth.y.type, growth.y.title, growth.lost]).toEqual([
      ...["log", "|v| at the end / at the start (log)", [{ arm: "weight", at: 0.01, row: 1 }]],
    ]);
  });

  test("leaves room for what is near, whatever a run past use came to", () => {
    const far = results(true);
    const grid = [grown(0.001, [2, 2]), grown(0.01, [1e17, 1e17])];
    const [, growth, step] = ratePanes({
      ...far,
      arms: { ...far.arms, plain: { ...far.arms.plain!, grid } },
    });
    const last = ({ points }: typeof growth): number =>
      points.find((p) => p.arm === "plain" && p.line === 0 && p.at === 0.01)!.y;
    expect([last(growth), last(step)]).toEqual([2 * 1e5, 0.001 / 4 / 1e5]);
  });

  test("has a caption that says where it starts", async () => {
    const [whole, late] = [await ratesFigure(results(true)), await ratesFigure(results(false))];
    expect(whole!.text).toContain("geometric mean over the layers");
    expect(whole!.text).not.toContain("first point");
    expect(late!.text).toContain("the start is the first point of a run's curve");
    expect((await ratesFigure(swept))!.text).not.toContain("|v|");
  });
});

test("records of before know the means alone; where nothing was tried there is no figure", async () => {
  const grid = [
    { lr: 0.001, heldOut: 0.05 },
    { lr: 0.003, heldOut: 0.04 },
  ];
  const before: Results = { ...base, arms: { plain: { ...base.arms.plain!, grid } } };
  expect(ratePanes(before).map(({ title }) => title)).toEqual(["Error on held-out examples"]);
  expect(ratePanes(base)).toEqual([]);
  expect((await reportOf(base)).rates).toBeUndefined();
});
