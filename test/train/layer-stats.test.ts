/** |v|, g and the effective step against what they are by definition. */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Shape } from "../../src/graph/index.ts";
import { tensor, type State, type Tensor } from "../../src/runtime/program.ts";
import { layerStats } from "../../src/train/layer-stats.ts";
import { weightValues } from "../nn/units.ts";

const floats = (values: readonly number[], shape: Shape): Tensor =>
  tensor(Float64Array.from(values), shape);
const stateOf = (tensors: Readonly<Record<string, Tensor>>): State =>
  new Map(Object.entries(tensors));

test("a dense layer by hand", () => {
  const state = stateOf({
    "dense1.b": floats([9, 9], [2]),
    "dense1.v": floats([3, 4, 0, 10], [2, 2]),
    "dense1.g": floats([2, 5], [2, 1]),
  });
  expect(layerStats(state, 0.1)).toEqual([
    { layer: "dense1", v: 7.5, g: 3.5, effectiveStep: (0.1 / 25 + 0.1 / 100) / 2 },
  ]);
});

test("any weight and scale: means over the units, wherever those lie", () => {
  fc.assert(
    fc.property(weightValues, fc.double({ min: 1e-6, max: 10, noNaN: true }), (w, lr) => {
      const { v, g, units, v0, g0 } = w;
      const tensors = { "a.conv1.v": tensor(v0, v), "a.conv1.g": tensor(g0, g) };
      const [stats, ...others] = layerStats(stateOf(tensors), lr);
      const squares = units.map((unit) => unit.reduce((sum, i) => sum + v0[i] ** 2, 0));
      const mean = (values: readonly number[]): number =>
        values.reduce((a, b) => a + b, 0) / values.length;
      expect(others).toEqual([]);
      expect(stats.layer).toBe("a.conv1");
      expect(stats.v).toBeCloseTo(mean(squares.map(Math.sqrt)), 10);
      expect(stats.g).toBeCloseTo(mean([...g0]), 10);
      const effective = mean(squares.map((s) => lr / s));
      expect(Math.abs(stats.effectiveStep / effective - 1)).toBeLessThan(1e-12);
    }),
  );
});

test("an exponential scale is e^s", () => {
  const state = stateOf({
    "conv1.v": floats([1, 1, 1, 1], [2, 1, 1, 2]),
    "conv1.s": floats([0, Math.log(3)], [2, 1, 1, 1]),
  });
  expect(layerStats(state, 1)[0].g).toBeCloseTo(2, 12);
});

test("a plain weight has |w| for both, over the axis that its layer's units are on", () => {
  const [rows, columns] = [(5 + 13) / 2, (Math.hypot(3, 5) + Math.hypot(4, 12)) / 2];
  const w = floats([3, 4, 5, 12], [2, 2]);
  const filters = floats([3, 4, 5, 12], [2, 2, 1, 1]);
  const state = stateOf({
    "dense1.w": w,
    "conv2.w": filters,
    "convTranspose1.w": filters,
    "decoder.convTranspose2.w": filters,
    "embedding1.w": w,
    "lstm1.wih": w,
    "lstm1.whh": w,
  });
  const stats = layerStats(state, 1);
  expect(stats.map(({ layer }) => layer)).toEqual([
    ...["dense1", "conv2", "convTranspose1", "decoder.convTranspose2", "embedding1"],
    ...["lstm1.wih", "lstm1.whh"], // as where they are normalized and lstm1.wih.v is their v
  ]);
  const expected = [rows, rows, columns, columns, columns, rows, rows];
  stats.forEach(({ v, g }, i) => expect([v, g]).toEqual([expected[i], expected[i]]));
  expect(stats[0].effectiveStep).toBeCloseTo((1 / 25 + 1 / 169) / 2, 12);
});

test("by PyTorch's names, in both schemes and whatever the norm runs over", () => {
  const [v, g] = [floats([3, 4, 0, 10], [2, 2]), floats([2, 5], [2, 1])];
  const expected = { v: 7.5, g: 3.5, effectiveStep: (0.1 / 25 + 0.1 / 100) / 2 };
  const state = stateOf({
    "old.weight_g": g,
    "old.weight_v": v,
    "new.parametrizations.weight.original0": g,
    "new.parametrizations.weight.original1": v,
    "rnn.weight_hh_l0_g": g,
    "rnn.weight_hh_l0_v": v,
    "whole.weight_g": floats([6], []),
    "whole.weight_v": v,
  });
  const whole = Math.sqrt(125);
  expect(layerStats(state, 0.1)).toEqual([
    { layer: "old", ...expected },
    { layer: "new", ...expected },
    { layer: "rnn.weight_hh_l0", ...expected },
    { layer: "whole", v: whole, g: 6, effectiveStep: 0.1 / (whole * whole) },
  ]);
});

test("a scale that does not fit is another program's", () => {
  const state = stateOf({
    "attention.g": floats([1, 2, 3], [3]),
    "attention.v": floats([3, 4], [2]),
    "dense1.w": floats([3, 4], [1, 2]),
  });
  expect(layerStats(state, 1).map(({ layer }) => layer)).toEqual(["dense1"]);
});

test("what is no weight is left out: biases, statistics, optimizers' state, averages", () => {
  const one = floats([1], [1, 1]);
  const names = ["d.b", "d.g", "d.mean", "d.gamma", "adam.d.w.m", "adam.d.w.v", "adam.step"];
  const others = ["adamax.d.v.u", "sgd.d.w.momentum", "rmsprop.d.v", "average.d.v", "v", "w"];
  const state = stateOf(Object.fromEntries([...names, ...others].map((name) => [name, one])));
  expect(layerStats(state, 1)).toEqual([]);
});

test("a tensor of another program that is called v is taken as a weight", () => {
  expect(layerStats(stateOf({ "attention.v": floats([3, 4], [1, 2]) }), 1)).toEqual([
    { layer: "attention", v: 5, g: 5, effectiveStep: 1 / 25 },
  ]);
  expect(layerStats(stateOf({ "scalar.w": floats([2], []) }), 1)[0].v).toBe(2);
});

test("dead units have no step, and a layer of them none either", () => {
  const state = new Map([
    ["a.v", tensor([0, 0, 0, 2], [2, 2])],
    ["a.g", tensor([0, 2], [2, 1])],
    ["b.w", tensor([0, 1e-39], [1, 2])],
  ]);
  const [a, b] = layerStats(state, 1);
  expect(a).toEqual({ layer: "a", v: 1, g: 1, effectiveStep: 0.25 });
  expect(b.effectiveStep).toBe(0);
});
