/** PyTorch's names for our tensors, both ways. */
import { describe, expect, test } from "vitest";
import { input, type Shape } from "../../src/graph/index.ts";
import {
  arms,
  batchNorm,
  bias,
  combine,
  conv2d,
  dense,
  fold,
  fromTorch,
  layerNorm,
  plainWeight,
  prelu,
  recurrent,
  sequential,
  toTorch,
  trace,
  unfold,
  weightNorm,
  type Arm,
  type Layer,
  type Tensors,
  type Values,
} from "../../src/nn/index.ts";
import type { State } from "../../src/runtime/program.ts";
import { evaluate } from "../../src/runtime/reference.ts";
import { kindNames, kinds } from "./kinds.ts";
import { networkOf, noise, near } from "./network.ts";

const float32 = (data: ArrayLike<number>, shape: Shape): Values => ({
  dtype: "float",
  shape,
  data: Float32Array.from(data),
});

describe("PyTorch's names", () => {
  const stateFor = (name: (typeof kindNames)[number], arm: Arm): State =>
    networkOf(kinds[name], arms[arm]).fresh(2);

  test("of a weight-normalized layer, in both schemes", () => {
    expect([...toTorch(stateFor("dense", "weight")).keys()]).toMatchInlineSnapshot(`
      [
        "dense1.parametrizations.weight.original1",
        "dense1.parametrizations.weight.original0",
        "dense1.bias",
      ]
    `);
    expect([...toTorch(stateFor("dense", "weight"), "weight_norm").keys()]).toMatchInlineSnapshot(`
      [
        "dense1.weight_v",
        "dense1.weight_g",
        "dense1.bias",
      ]
    `);
    expect([...toTorch(stateFor("dense", "plain")).keys()]).toMatchInlineSnapshot(`
      [
        "dense1.weight",
        "dense1.bias",
      ]
    `);
    expect([...toTorch(stateFor("lstm", "weight")).keys()]).toMatchInlineSnapshot(`
      [
        "lstm1.parametrizations.weight_ih_l0.original1",
        "lstm1.parametrizations.weight_hh_l0.original1",
        "lstm1.parametrizations.weight_ih_l0.original0",
        "lstm1.parametrizations.weight_hh_l0.original0",
        "lstm1.bias_ih_l0",
        "lstm1.bias_hh_l0",
      ]
    `);
    expect([...toTorch(fold(stateFor("lstm", "weight"))).keys()]).toMatchInlineSnapshot(`
      [
        "lstm1.weight_ih_l0",
        "lstm1.weight_hh_l0",
        "lstm1.bias_ih_l0",
        "lstm1.bias_hh_l0",
      ]
    `);
  });

  test("original0 is g and original1 is v", () => {
    const torch = toTorch(stateFor("dense", "weight"));
    expect(torch.get("dense1.parametrizations.weight.original0")!.shape).toEqual([3, 1]);
    expect(torch.get("dense1.parametrizations.weight.original1")!.shape).toEqual([3, 5]);
  });

  test("there and back is nothing, for every layer, arm and scheme", () => {
    for (const name of kindNames.filter((kind) => kind !== "gru" && kind !== "recurrentGru"))
      for (const arm of ["weight", "plain"] as const)
        for (const scheme of ["weight_norm", "parametrizations"] as const) {
          const state = stateFor(name, arm);
          expect(sorted(fromTorch(toTorch(state, scheme)))).toEqual(sorted(state));
        }
  });
  const sorted = (state: Tensors): Map<string, Values> =>
    new Map([...state].sort(([a], [b]) => (a < b ? -1 : 1)));

  test("a network without a module around it", () => {
    const x = float32([1, 2], [2, 1]);
    const torch = new Map([
      ["weight_v", x],
      ["weight_g", x],
      ["bias", float32([1], [1])],
    ]);
    expect([...fromTorch(torch).keys()]).toEqual(["v", "g", "b"]);
    expect(toTorch(fromTorch(torch), "weight_norm")).toEqual(torch);
    expect([...fold(fromTorch(torch)).keys()]).toEqual(["b", "w"]);
  });

  test("the two biases of an LSTM add up, in any order", () => {
    const [a, b] = [float32([1, 2], [2]), float32([10, 20], [2])];
    const expected = new Map([["rnn.b", float32([11, 22], [2])]]);
    expect(
      fromTorch(
        new Map([
          ["rnn.bias_ih_l0", a],
          ["rnn.bias_hh_l0", b],
        ]),
      ),
    ).toEqual(expected);
    expect(
      fromTorch(
        new Map([
          ["rnn.bias_hh_l0", b],
          ["rnn.bias_ih_l0", a],
        ]),
      ),
    ).toEqual(expected);
  });

  test("every key that has no match is listed", () => {
    const [matrix, vector] = [float32([1], [1, 1]), float32([1], [1])];
    const file = new Map([
      ["conv.weight", matrix],
      ["bn.weight", vector],
      ["bn.running_mean", vector],
      ["rnn.weight_ih_l1", matrix],
      ["conv.weight_u", matrix],
      ["conv.parametrizations.weight.original2", matrix],
      ["rnn.weight_ih_l0_reverse", matrix],
    ]);
    expect(() => fromTorch(file)).toThrowErrorMatchingInlineSnapshot(
      `[Error: fromTorch: tensors that no layer here has, got rnn.weight_ih_l1, conv.weight_u, conv.parametrizations.weight.original2, rnn.weight_ih_l0_reverse; rename them, or leave them out]`,
    );
    const state = new Map([
      ["conv1.v", matrix],
      ["conv1.s", matrix],
      ["conv1.mean", vector],
      ["adam.step", vector],
    ]);
    expect(() => toTorch(state)).toThrowErrorMatchingInlineSnapshot(
      `[Error: toTorch: values that PyTorch's modules do not have, got conv1.s, conv1.mean, adam.step; rename them, or leave them out]`,
    );
  });
});
