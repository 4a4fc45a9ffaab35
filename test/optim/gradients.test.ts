/** Clipping and decay: what is done to gradients before an optimizer takes them. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { constant, parameter, type Node } from "../../src/graph/index.ts";
import { clipByNorm, clipByValue, globalNorm, weightDecay } from "../../src/optim/index.ts";
import { item } from "../../src/runtime/program.ts";
import { evaluate } from "../../src/runtime/reference.ts";

const numbers = fc.array(fc.double({ min: -100, max: 100, noNaN: true }), {
  minLength: 1,
  maxLength: 5,
});
const gradients = fc.array(numbers, { minLength: 1, maxLength: 4 });
const nodes = (lists: readonly (readonly number[])[]): readonly Node[] =>
  lists.map((list) => constant(list));
const valuesOf = (list: readonly Node[]): number[][] =>
  list.map((n) => [...evaluate({ n }).n.data]);
const most = fc.double({ min: 1e-3, max: 300, noNaN: true });

test("globalNorm is the norm of everything at once", () => {
  fc.assert(
    fc.property(gradients, (lists) => {
      expect(item(evaluate({ n: globalNorm(nodes(lists)) }).n)).toBeCloseTo(
        Math.hypot(...lists.flat()),
        8,
      );
    }),
  );
});

describe("clipByNorm", () => {
  test("keeps the direction, and the length up to a limit", () => {
    fc.assert(
      fc.property(gradients, most, (lists, limit) => {
        const clipped = valuesOf(clipByNorm(nodes(lists), limit));
        const length = Math.hypot(...lists.flat());
        expect(Math.hypot(...clipped.flat())).toBeCloseTo(Math.min(length, limit), 8);
        const factor = length > limit ? limit / length : 1;
        lists.forEach((list, k) =>
          list.forEach((g, i) => expect(clipped[k][i]).toBeCloseTo(g * factor, 8)),
        );
      }),
    );
  });
  test("leaves short ones alone, to the last bit, and zeros zeros", () => {
    expect(valuesOf(clipByNorm(nodes([[0.3, -0.4], [0.1]]), 1))).toEqual([[0.3, -0.4], [0.1]]);
    expect(valuesOf(clipByNorm(nodes([[0, 0], [0]]), 1))).toEqual([[0, 0], [0]]);
  });
});

test("clipByValue cuts every element off by itself", () => {
  fc.assert(
    fc.property(gradients, most, (lists, limit) => {
      const expected = lists.map((list) => list.map((g) => Math.min(limit, Math.max(-limit, g))));
      expect(valuesOf(clipByValue(nodes(lists), limit))).toEqual(expected);
    }),
  );
});

describe("weightDecay", () => {
  const names = [
    "dense1.w",
    "dense1.v",
    "dense1.g",
    "conv1.s",
    "b",
    "dense1.b",
    "bn.gamma",
    "bn.beta",
    "lstm1.wih.v",
    "lstm1.wih.g",
    "lstm1.whh",
    "gru1.new.bh",
    "prelu1.slope",
  ];
  const parameters = names.map((name) =>
    parameter(name, [1], { init: { kind: "constant", value: 10 } }),
  );
  const ones = names.map(() => constant([1]));
  const state = new Map(
    names.map((name) => [name, { dtype: "float" as const, shape: [1], data: Float64Array.of(10) }]),
  );
  const changed = (list: readonly Node[]): string[] =>
    names.filter((_, i) => evaluate({ g: list[i] }, { state }).g.data[0] !== 1);

  test("adds rate p to the gradients of weights, not to those of scales, biases and slopes", () => {
    const decayed = weightDecay(parameters, ones, { rate: 0.01 });
    expect(changed(decayed)).toEqual(["dense1.w", "dense1.v", "lstm1.wih.v", "lstm1.whh"]);
    expect(evaluate({ g: decayed[0] }, { state }).g.data[0]).toBeCloseTo(1 + 0.01 * 10, 12);
  });
  test("or to those that `match` says", () => {
    const match = (name: string): boolean => name.endsWith(".g");
    expect(changed(weightDecay(parameters, ones, { rate: 0.01, match }))).toEqual([
      "dense1.g",
      "lstm1.wih.g",
    ]);
  });
});
