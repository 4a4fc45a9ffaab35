/** Layer and group normalization, PReLU: in every mode the same. PyTorch's figures are in golden-layers.test.ts. */
import { describe, expect, test } from "vitest";
import { input, type Shape } from "../../src/graph/index.ts";
import { arms, groupNorm, layerNorm, prelu, trace, type Layer } from "../../src/nn/index.ts";
import { gradcheck } from "../../src/runtime/gradcheck.ts";
import { tensor } from "../../src/runtime/program.ts";
import { evaluate } from "../../src/runtime/reference.ts";
import type { Kind } from "./kinds.ts";
import { anyState, armNames, momentsOf, near, networkOf, valueOf } from "./network.ts";

const layers: Readonly<Record<string, Kind>> = {
  layerNorm: { x: [4, 3, 5], layer: layerNorm() },
  "layerNorm over two axes": { x: [4, 3, 5], layer: layerNorm({ axes: [-1, -2] }) },
  "layerNorm over channels": { x: [4, 3, 5], layer: layerNorm({ axes: 1, bias: false }) },
  groupNorm: { x: [4, 6, 2, 3], layer: groupNorm(3) },
  "groupNorm without gamma and beta": { x: [4, 6], layer: groupNorm(2, { affine: false }) },
  prelu: { x: [4, 3, 5], layer: prelu() },
  "prelu per channel": { x: [4, 3, 5], layer: prelu({ perChannel: true }) },
};

describe.each(Object.keys(layers))("%s", (name) => {
  test("has right gradients", () => {
    const network = networkOf(layers[name], arms.plain);
    gradcheck(network.traces.train.value, { feeds: network.feeds, state: anyState(network) });
  });
  test("is the same in every mode and arm", () => {
    const state = anyState(networkOf(layers[name], arms.plain));
    const expected = valueOf(layers[name], state);
    for (const arm of armNames) {
      const { traces, feeds } = networkOf(layers[name], arms[arm]);
      for (const mode of ["init", "train", "eval"] as const) {
        near(evaluate({ y: traces[mode].value }, { feeds, state }).y.data, expected);
        expect(traces[mode].updates).toEqual([]);
      }
    }
  });
});

const namesOf = (layer: Layer, x: Shape): string[] =>
  networkOf({ x, layer }, arms.plain).parameters.map((p) => `${p.attrs.name} [${p.shape}]`);
test("names and shapes of parameters", () => {
  expect(namesOf(layerNorm(), [2, 3, 4])).toEqual(["layerNorm1.gamma [4]", "layerNorm1.beta [4]"]);
  expect(namesOf(layerNorm({ axes: [2, 1], bias: false }), [2, 3, 4])).toEqual([
    "layerNorm1.gamma [3,4]",
  ]);
  expect(namesOf(layerNorm({ affine: false }), [2, 3])).toEqual([]);
  expect(namesOf(groupNorm(2, { name: "gn" }), [2, 4, 3])).toEqual(["gn.gamma [4]", "gn.beta [4]"]);
  expect(namesOf(prelu(), [2, 3])).toEqual(["prelu1.slope [1]"]);
  expect(namesOf(prelu({ perChannel: true }), [2, 3])).toEqual(["prelu1.slope [3]"]);
});
test("each group of an example has mean 0 and variance 1 at first", () => {
  const network = networkOf({ x: [4, 6, 5], layer: groupNorm(2) }, arms.plain);
  const { y } = evaluate(
    { y: network.traces.train.value },
    { feeds: network.feeds, state: network.fresh() },
  );
  for (const { mean, std } of momentsOf(tensor(y.data, [1, 8, 15]))) {
    expect(mean).toBeCloseTo(0, 10);
    expect(std).toBeCloseTo(1, 4);
  }
});
test("prelu starts with a quarter, or another slope", () => {
  const first = (layer: Layer): unknown =>
    networkOf({ x: [2, 3], layer }, arms.plain)
      .fresh()
      .get("prelu1.slope")?.data[0];
  expect(first(prelu())).toBe(0.25);
  expect(first(prelu({ slope: 0.5 }))).toBe(0.5);
});

test("messages", () => {
  const build =
    (layer: Layer, shape: Shape): (() => unknown) =>
    () =>
      trace((scope) => layer(scope, input("x", shape)), { mode: "train", norm: arms.plain });
  expect(build(layerNorm({ axes: 0 }), [2, 3])).toThrowErrorMatchingInlineSnapshot(
    `[Error: layerNorm: axes are those of one example, got [0] of x [2,3]; use 1 to 1, or negative ones from the end]`,
  );
  expect(build(layerNorm({ axes: [1, 2] }), [2, 3])).toThrowErrorMatchingInlineSnapshot(
    `[Error: layerNorm: axes are those of one example, got [1,2] of x [2,3]; use 1 to 1, or negative ones from the end]`,
  );
  expect(build(layerNorm({ axes: [] }), [2, 3])).toThrowErrorMatchingInlineSnapshot(
    `[Error: layerNorm: axes are those of one example, got [] of x [2,3]; use 1 to 1, or negative ones from the end]`,
  );
  expect(build(groupNorm(2), [2, 3])).toThrowErrorMatchingInlineSnapshot(
    `[Error: groupNorm: expected x of shape [batch, channels, ...] with channels in 2 equal groups, got [2,3]; use a divisor of the channels]`,
  );
  expect(() => groupNorm(0)).toThrowErrorMatchingInlineSnapshot(
    `[Error: groupNorm: groups must be a whole number, at least 1, got 0; write e.g. groupNorm(10)]`,
  );
  expect(build(prelu({ perChannel: true }), [2])).toThrowErrorMatchingInlineSnapshot(
    `[Error: prelu: expected x of shape [batch, channels, ...], got [2]; leave perChannel out]`,
  );
});
