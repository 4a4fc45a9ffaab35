/** What became of |v| and of the effective step, summed up over layers. */
import { expect, test } from "vitest";
import { grownOf } from "../../runs/growth.ts";
import type { LayerStats, RunRecord } from "../../runs/records.ts";

const layers = (...lengths: readonly number[]): readonly LayerStats[] =>
  lengths.map((v, i) => ({ layer: `layer${i}`, v, g: 1, effectiveStep: 7 }));
const points = (...all: readonly (readonly LayerStats[])[]): RunRecord["points"] =>
  all.map((of, i) => ({ step: i, at: i, seconds: i, values: { loss: 1 }, layers: of }));

test("are geometric means over the layers, from the start to the end, at the rate that was tried", () => {
  const run = { start: layers(1, 2), points: points(layers(3, 3), layers(4, 18)) };
  const { growth, effectiveStep } = grownOf(run, 0.5);
  expect(growth).toBeCloseTo(Math.sqrt((4 / 1) * (18 / 2)), 12);
  expect(effectiveStep).toBeCloseTo(0.5 / (4 * 18), 12);
});

test("start at the first point where nobody looked before, and need another one then", () => {
  expect(grownOf({ points: points([], layers(2), layers(3), []) }, 1).growth).toBeCloseTo(1.5, 12);
  expect(grownOf({ points: points(layers(2)) }, 1)).toEqual({});
});

test("are not told of runs without layers, of layers that came later, of lengths of 0, nor past what records hold", () => {
  expect(grownOf({ points: points([], []) }, 1)).toEqual({});
  expect(grownOf({ start: layers(0, 2), points: points(layers(5, 4, 9)) }, 1)).toEqual({
    growth: expect.closeTo(2, 12) as number,
    effectiveStep: expect.closeTo(1 / 16, 12) as number,
  });
  const huge = grownOf({ start: layers(1e-100), points: points(layers(1e100)) }, 1);
  expect(huge).toEqual({});
});
