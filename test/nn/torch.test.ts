/** PyTorch's names for our tensors, both ways. */
import { describe, expect, test } from "vitest";
import type { Shape } from "../../src/graph/index.ts";
import {
  arms,
  dense,
  fold,
  fromTorch,
  layerNorm,
  prelu,
  sequential,
  toTorch,
  unfold,
  type Arm,
  type Tensors,
  type Values,
} from "../../src/nn/index.ts";
import type { State } from "../../src/runtime/program.ts";
import { kindNames, kinds } from "./kinds.ts";
import { networkOf } from "./network.ts";

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

describe("modules that are several layers, or a part of one", () => {
  const vector = (...values: number[]): Values => float32(values, [values.length]);
  const matrix = float32([1, 2, 3, 4, 5, 6], [3, 2]);
  const statistics = {
    "bn.weight": vector(1, 2, 3),
    "bn.bias": vector(4, 5, 6),
    "bn.running_mean": vector(7, 8, 9),
    "bn.running_var": vector(1, 1, 2),
    "bn.num_batches_tracked": { dtype: "int32", shape: [], data: Int32Array.of(12) },
  } as const;
  const file = (tensors: Readonly<Record<string, Values>>): Tensors =>
    new Map(Object.entries(tensors));

  test("batch normalization goes to its layer, and a bias before it into the mean", () => {
    const torch = file({ "fc.weight": matrix, "fc.bias": vector(1, 0, 2), ...statistics });
    const state = fromTorch(torch, { modules: { bn: "fc" } });
    expect([...state.keys()].sort()).toEqual([
      "fc.beta",
      "fc.gamma",
      "fc.mean",
      "fc.variance",
      "fc.w",
    ]);
    expect([...state.get("fc.mean")!.data]).toEqual([6, 8, 7]);
    const back = toTorch(state, "parametrizations", { modules: { bn: "fc" } });
    expect([...back.keys()].sort()).toEqual([
      "bn.bias",
      "bn.running_mean",
      "bn.running_var",
      "bn.weight",
      "fc.weight",
    ]);
    expect(back.get("fc.weight")).toEqual(matrix);
    expect(() => toTorch(state)).toThrowErrorMatchingInlineSnapshot(
      `[Error: toTorch: a weight and its normalization are two modules in PyTorch, got "fc.weight" twice; name the second as in modules: { bn1: "conv1" }]`,
    );
  });
  test("of two modules of one layer the first is the weight", () => {
    const numbered = Object.entries(statistics).map(([name, x]) => [name.replace("bn", "1"), x]);
    const torch = file({
      "0.weight": matrix,
      ...(Object.fromEntries(numbered) as typeof statistics),
    });
    const options = { modules: { "0": "dense1", "1": "dense1" } };
    const state = fromTorch(torch, options);
    const back = toTorch(state, "parametrizations", options);
    expect(new Set(back.keys())).toEqual(
      new Set([...torch.keys()].filter((name) => name !== "1.num_batches_tracked")),
    );
    expect(fromTorch(back, options)).toEqual(state);
  });
  test("without gamma and beta of its own it has ones and zeros", () => {
    const state = fromTorch(
      file({ "bn.running_mean": vector(1, 2), "bn.running_var": vector(3, 4) }),
    );
    expect([...state.get("bn.gamma")!.data, ...state.get("bn.beta")!.data]).toEqual([1, 1, 0, 0]);
  });
  test("what is in a module goes with it", () => {
    const state = fromTorch(
      file({ "model.fc.weight": matrix, "model.attn.out_proj.weight": matrix }),
      {
        modules: { model: "net", "model.attn.out_proj": "out" },
      },
    );
    expect([...state.keys()]).toEqual(["net.fc.w", "out.w"]);
    expect([...toTorch(state, "weight_norm", { modules: { model: "net" } }).keys()]).toEqual([
      "model.fc.weight",
      "out.weight",
    ]);
  });
  test("two of one parameter are an error", () => {
    const torch = file({ "a.weight": matrix, "b.weight": matrix });
    expect(() => fromTorch(torch, { modules: { b: "a" } })).toThrowErrorMatchingInlineSnapshot(
      `[Error: fromTorch: two modules have the parameter "a.w", got it again in "b"; give one of them another layer in \`modules\`]`,
    );
  });
  test("weight normalization of attention and of a GRU is cut with its matrix", () => {
    for (const kind of ["multiHeadAttention", "gruResetAfter"] as const) {
      const state = stateOf(networkOf(kinds[kind], arms.weight));
      const torch = toTorch(state, "weight_norm");
      expect([...torch.keys()].filter((name) => /_g$/.test(name))).toHaveLength(2);
    }
  });
  test("an LSTM and a GRU are told by the rows of their matrices", () => {
    const rows = (n: number): Values => float32(new Array<number>(2 * n).fill(0), [n, 2]);
    const cell = (n: number): Tensors =>
      file({ "rnn.weight_ih_l0": rows(n), "rnn.weight_hh_l0": rows(n) });
    expect([...fromTorch(cell(8)).keys()]).toEqual(["rnn.wih", "rnn.whh"]);
    expect([...fromTorch(cell(6)).keys()]).toEqual([
      "rnn.gates.wih",
      "rnn.new.wih",
      "rnn.gates.whh",
      "rnn.new.whh",
    ]);
    expect(() => fromTorch(cell(2))).toThrowErrorMatchingInlineSnapshot(
      `[Error: fromTorch: tensors that no layer here has, got rnn.weight_ih_l0, rnn.weight_hh_l0; rename them, or leave them out]`,
    );
  });
});

const stateOf = (network: ReturnType<typeof networkOf>): State => network.fresh(2);

describe("with the parameters of the network", () => {
  const layer = sequential(
    dense(3, { name: "fc" }),
    layerNorm({ name: "ln", bias: false }),
    prelu({ name: "act" }),
  );
  const network = networkOf({ x: [2, 2], layer }, arms.weight);
  const parameters = network.traces.train.parameters;
  const plain = networkOf({ x: [2, 2], layer }, arms.plain);

  test("a vector that stands alone is what the network has there", () => {
    const torch = toTorch(stateOf(network));
    expect(fromTorch(torch, { parameters })).toEqual(stateOf(network));
    expect([...fromTorch(torch).keys()]).toContain("ln.slope");
  });
  test("plain weights are weights, to be unfolded", () => {
    const torch = toTorch(stateOf(plain));
    const state = unfold(fromTorch(torch, { parameters }), parameters);
    expect(new Set(state.keys())).toEqual(new Set(parameters.map((p) => p.attrs.name)));
  });
  test("all must be there, in their shapes", () => {
    const torch = toTorch(stateOf(network));
    const x = float32([1, 2], [1, 2]);
    const others = new Map([...torch, ["more.weight", x] as const]);
    others.delete("act.weight");
    expect(() => fromTorch(others, { parameters })).toThrowErrorMatchingInlineSnapshot(
      `[Error: fromTorch: the tensors are not those of the network, got more.w that it has not and nothing for act.slope; give layers the names of their modules, or say in \`modules\` what they are called]`,
    );
    others.delete("more.weight");
    expect(() => fromTorch(others, { parameters })).toThrowErrorMatchingInlineSnapshot(
      `[Error: fromTorch: the tensors are not those of the network, got nothing for act.slope; give layers the names of their modules, or say in \`modules\` what they are called]`,
    );
    const wide = new Map([...torch, ["fc.bias", float32([1, 2], [2])] as const]);
    expect(() => fromTorch(wide, { parameters })).toThrowErrorMatchingInlineSnapshot(
      `[Error: fromTorch: "fc.b" is [3] in the network, got [2]; make the layer as the module was made]`,
    );
  });
});
