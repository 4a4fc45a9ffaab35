/** Attention: what masks hide, what heads see, messages. PyTorch's figures are in golden-layers.test.ts. */
import { describe, expect, test } from "vitest";
import { input, type Node, type Shape } from "../../src/graph/index.ts";
import {
  arms,
  multiHeadAttention,
  sinusoidalPositions,
  trace,
  type AttentionOptions,
} from "../../src/nn/index.ts";
import { initialState, keyTensor, tensor, type Tensor } from "../../src/runtime/program.ts";
import { evaluate } from "../../src/runtime/reference.ts";
import { near, noise } from "./network.ts";

const shape: Shape = [2, 4, 3];
const x = input("x", shape);
const key = input("key", [2], "uint32");
/** y [2, 4, 6] of a layer of one head for every three units. */
const run = (
  options: AttentionOptions,
  feeds: Readonly<Record<string, Tensor>> = { x: noise(shape) },
  mode: "train" | "eval" = "train",
): Float64Array => {
  const { value, parameters } = trace(
    (scope) => multiHeadAttention(6, { heads: 2, ...options })(scope, x),
    { mode, norm: arms.weight, key },
  );
  const state = initialState(parameters, 1);
  return evaluate({ y: value }, { feeds: { key: keyTensor(1), ...feeds }, state }).y
    .data as Float64Array;
};
/** x with the positions from `start` on replaced by others. */
const changedFrom = (start: number): Tensor => {
  const other = noise(shape, { seed: 5 }).data;
  const data = noise(shape).data.map((v, i) => (Math.floor(i / 3) % 4 >= start ? other[i] : v));
  return tensor(data, shape);
};
/** The rows of y [2, 4, 6] before a position. */
const before = (y: Float64Array, end: number): number[] =>
  [...y].filter((_, i) => Math.floor(i / 6) % 4 < end);

describe("what is seen", () => {
  test("causal: nothing that comes later, to the last bit", () => {
    for (const start of [1, 2, 3]) {
      const [y, z] = [noise(shape), changedFrom(start)].map((t) => run({ causal: true }, { x: t }));
      expect(before(z, start)).toEqual(before(y, start));
      expect([...z]).not.toEqual([...y]);
    }
    const [y, z] = [noise(shape), changedFrom(3)].map((t) => run({}, { x: t }));
    expect(before(z, 1)).not.toEqual(before(y, 1));
  });

  const mask = input("mask", [2, 4], "bool");
  const memory = input("memory", shape);
  const seen = (...list: number[]): Tensor => tensor(list, [2, 4], "bool");
  test("a mask of keys hides those of memory that it says false of", () => {
    const visible = seen(1, 1, 0, 0, 1, 1, 0, 0);
    const [y, z] = [noise(shape), changedFrom(2)].map((t) =>
      run({ memory, mask }, { x: noise(shape), mask: visible, memory: t }),
    );
    expect(z).toEqual(y);
    const all = run(
      { memory, mask },
      {
        x: noise(shape),
        memory: noise(shape),
        mask: seen(1, 1, 1, 1, 1, 1, 1, 1),
      },
    );
    expect(all).toEqual(run({ memory }, { x: noise(shape), memory: noise(shape) }));
  });
  test("a mask for each query, together with causal, is both", () => {
    const rows = input("rows", [1, 4, 4], "bool");
    const triangle = [0, 1, 2, 3].flatMap((q) => [0, 1, 2, 3].map((k) => Number(k <= q)));
    const everything = new Array<number>(16).fill(1);
    const run3 = (options: AttentionOptions, list: readonly number[]): Float64Array =>
      run({ mask: rows, ...options }, { x: noise(shape), rows: tensor(list, [1, 4, 4], "bool") });
    near(run3({}, triangle), run({ causal: true }));
    near(run3({ causal: true }, everything), run({ causal: true }));
  });
  test("a query with nothing to look at sees zeros, and so gives the bias of the output, 0 at first", () => {
    const y = run({ mask }, { x: noise(shape), mask: seen(0, 0, 0, 0, 1, 1, 1, 1) });
    expect([...y.slice(0, 24)].every((v) => v === 0)).toBe(true);
    expect([...y.slice(24)].some((v) => v !== 0)).toBe(true);
  });
  test("the order of keys does not matter", () => {
    const data = noise(shape).data;
    const turned = data.map(
      (_, i) => data[(i < 12 ? 9 : 21) - 3 * Math.floor((i % 12) / 3) + (i % 3)],
    );
    near(
      run({ memory }, { x: noise(shape), memory: tensor(turned, shape) }),
      run({ memory }, { x: noise(shape), memory: noise(shape) }),
    );
  });
  test("dropout drops in training alone", () => {
    expect(run({ dropout: 0.5 }, undefined, "eval")).toEqual(run({}));
    expect(run({ dropout: 0.5 })).not.toEqual(run({}));
  });
});

test("sinusoidal positions: sines and cosines of ever longer waves", () => {
  const { y } = evaluate({ y: sinusoidalPositions(3, 5) }, { feeds: {} });
  const row = (p: number): number[] =>
    [1, 10000 ** 0.4, 10000 ** 0.8]
      .flatMap((wave) => [Math.sin(p / wave), Math.cos(p / wave)])
      .slice(0, 5);
  expect(y.shape).toEqual([3, 5]);
  near(y.data, [...row(0), ...row(1), ...row(2)]);
});

describe("messages", () => {
  const build =
    (options: AttentionOptions, from: Node = x, units = 6): (() => unknown) =>
    () =>
      trace((scope) => multiHeadAttention(units, options)(scope, from), {
        mode: "train",
        norm: arms.plain,
      });
  test("of shapes", () => {
    expect(build({}, input("x", [2, 3]))).toThrowErrorMatchingInlineSnapshot(
      `[Error: multiHeadAttention: expected x of shape [batch, queries, in], got [2,3]; reshape it first]`,
    );
    expect(build({ memory: input("m", [3, 4, 3]) })).toThrowErrorMatchingInlineSnapshot(
      `[Error: multiHeadAttention: expected x of shape [batch, queries, in] and memory [batch, keys, in], got [2,4,3] and [3,4,3]; reshape it first]`,
    );
    expect(build({ heads: 4 })).toThrowErrorMatchingInlineSnapshot(
      `[Error: multiHeadAttention: 6 units do not divide into 4 heads; use a multiple]`,
    );
    expect(
      build({ causal: true, memory: input("m", [2, 5, 3]) }),
    ).toThrowErrorMatchingInlineSnapshot(
      `[Error: multiHeadAttention: causal needs a key for every query, got 4 queries and 5 keys; give a mask]`,
    );
  });
  test("of masks", () => {
    expect(build({ mask: input("mask", [2, 4]) })).toThrowErrorMatchingInlineSnapshot(
      `[Error: multiHeadAttention: expected a mask of bool [2, 4] or [2, 4, 4], got float [2,4]; true is for what may be looked at]`,
    );
    expect(build({ mask: input("mask", [4, 4], "bool") })).toThrowErrorMatchingInlineSnapshot(
      `[Error: multiHeadAttention: expected a mask of bool [2, 4] or [2, 4, 4], got bool [4,4]; true is for what may be looked at]`,
    );
    expect(build({ mask: input("mask", [2, 4, 5], "bool") })).toThrowErrorMatchingInlineSnapshot(
      `[Error: multiHeadAttention: expected a mask of bool [2, 4] or [2, 4, 4], got bool [2,4,5]; true is for what may be looked at]`,
    );
  });
});
