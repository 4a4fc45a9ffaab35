/** Rates over time. */
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  constantRate,
  cosineRate,
  exponentialRate,
  linearRate,
  stepRate,
  warmUp,
  type Schedule,
} from "../../src/optim/index.ts";

const at = (schedule: Schedule, ...steps: readonly number[]): number[] =>
  steps.map((step) => Number(schedule(step).toFixed(12)));

test("constant", () => {
  expect(at(constantRate(0.3), 0, 1, 1e6)).toEqual([0.3, 0.3, 0.3]);
});
test("linear, after a while, and constant from its end", () => {
  expect(at(linearRate({ from: 1, end: 4 }), 0, 1, 2, 3, 4, 5)).toEqual([1, 0.75, 0.5, 0.25, 0, 0]);
  // The paper's CIFAR-10 run: constant for half of the epochs, then linearly to zero.
  expect(at(linearRate({ from: 0.003, start: 100, end: 200 }), 0, 100, 150, 200, 250)).toEqual([
    0.003, 0.003, 0.0015, 0, 0,
  ]);
  expect(at(linearRate({ from: 1, to: 3, end: 2 }), 1, 2, 3)).toEqual([2, 3, 3]);
});
test("half a cosine", () => {
  expect(at(cosineRate({ from: 2, end: 4 }), 0, 2, 4, 9)).toEqual([2, 1, 0, 0]);
  expect(at(cosineRate({ from: 2, to: 1, end: 3 }), 0, 1, 2, 3)).toEqual([2, 1.75, 1.25, 1]);
});
test("exponential, by the step or over several", () => {
  expect(at(exponentialRate({ from: 2, decay: 0.5 }), 0, 1, 2, 3)).toEqual([2, 1, 0.5, 0.25]);
  expect(at(exponentialRate({ from: 1, decay: 0.25, every: 10 }), 0, 5, 10, 20)).toEqual([
    1, 0.5, 0.25, 0.0625,
  ]);
});
test("steps", () => {
  const schedule = stepRate(0.9, [
    [100, 0.5],
    [200, 0.1],
  ]);
  expect(at(schedule, 0, 99, 100, 199, 200, 1e9)).toEqual([0.9, 0.9, 0.5, 0.5, 0.1, 0.1]);
  expect(at(stepRate(0.9, []), 5)).toEqual([0.9]);
});
test("warming up to any schedule", () => {
  expect(at(warmUp(constantRate(2), 4), 0, 1, 2, 3, 4, 5)).toEqual([0.5, 1, 1.5, 2, 2, 2]);
});
test("rates stay between their ends and never turn back", () => {
  const schedules = fc
    .tuple(
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.integer({ min: 1, max: 1000 }),
    )
    .chain(([from, to, end]) =>
      fc.constantFrom(
        { from, to, end, rate: linearRate({ from, to, end }) },
        { from, to, end, rate: cosineRate({ from, to, end }) },
      ),
    );
  fc.assert(
    fc.property(schedules, fc.nat(1200), ({ from, to, rate }, step) => {
      const [now, next] = [rate(step), rate(step + 1)];
      expect(now).toBeGreaterThanOrEqual(Math.min(from, to) - 1e-12);
      expect(now).toBeLessThanOrEqual(Math.max(from, to) + 1e-12);
      expect((next - now) * (to - from)).toBeGreaterThanOrEqual(-1e-12);
    }),
  );
});
