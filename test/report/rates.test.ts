/** The measure over the learning rate: what was chosen by, what it came to, and what diverged. */
import { expect, test } from "vitest";
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
