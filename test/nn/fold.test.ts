/** Weights folded to plain ones and back, and PyTorch's names for them. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parameter, type Parameter, type Shape } from "../../src/graph/index.ts";
import {
  arms,
  bias,
  combine,
  fold,
  fromTorch,
  plainWeight,
  startScales,
  toTorch,
  unfold,
  weightNorm,
  type Arm,
  type Tensors,
  type Values,
} from "../../src/nn/index.ts";
import { tensor, type State } from "../../src/runtime/program.ts";
import { evaluate, reference } from "../../src/runtime/reference.ts";
import { kindNames, kinds } from "./kinds.ts";
import { networkOf, noise, type Network } from "./network.ts";
import { weightValues, type WeightValues } from "./units.ts";

const float64 = (data: Float64Array, shape: Shape): Values => ({ dtype: "float", shape, data });
const float32 = (data: ArrayLike<number>, shape: Shape): Values => ({
  dtype: "float",
  shape,
  data: Float32Array.from(data),
});
const length = (x: ArrayLike<number>, unit: readonly number[]): number =>
  Math.hypot(...unit.map((i) => x[i]));
const of = ({ v, g }: WeightValues): readonly Parameter[] => [
  parameter("a.v", v, { init: { kind: "constant", value: 0 } }),
  parameter("a.g", g, { init: { kind: "constant", value: 1 } }),
];
const stateOf = ({ v, g, v0, g0 }: WeightValues): State =>
  new Map([
    ["a.v", float64(v0, v)],
    ["a.g", float64(g0, g)],
  ]);
const near = (got: ArrayLike<number>, expected: ArrayLike<number>, digits: number): void => {
  expect(got.length).toBe(expected.length);
  Array.from(expected).forEach((x, i) => expect(got[i]).toBeCloseTo(x, digits));
};

describe("fold and unfold", () => {
  test("w has norm |g| in every unit and the direction of g v", () => {
    fc.assert(
      fc.property(weightValues, (w) => {
        const folded = fold(stateOf(w));
        expect([...folded.keys()]).toEqual(["a.w"]);
        const { shape, data } = folded.get("a.w")!;
        expect(shape).toEqual(w.v);
        w.units.forEach((unit, k) => {
          const n = length(w.v0, unit);
          near(
            unit.map((i) => data[i]),
            unit.map((i) => (w.g0[k] * w.v0[i]) / n),
            10,
          );
        });
      }),
    );
  });

  test("unfold then fold gives any w back, unfold then unfold nothing new; g = |w|, v = w", () => {
    fc.assert(
      fc.property(weightValues, (w) => {
        const plain: State = new Map([["a.w", float64(w.v0, w.v)]]);
        const unfolded = unfold(plain, of(w));
        expect([...unfolded.keys()].sort()).toEqual(["a.g", "a.v"]);
        expect(unfolded.get("a.v")!.data).toEqual(w.v0);
        expect(unfolded.get("a.g")!.shape).toEqual(w.g);
        near(
          unfolded.get("a.g")!.data,
          w.units.map((unit) => length(w.v0, unit)),
          10,
        );
        near(fold(unfolded).get("a.w")!.data, w.v0, 10);
      }),
    );
  });

  test("fold then unfold keeps the function: the same w, with |v| = g where g > 0", () => {
    fc.assert(
      fc.property(weightValues, (w) => {
        const before = fold(stateOf(w));
        const again = unfold(before, of(w));
        near(again.get("a.g")!.data, w.g0.map(Math.abs), 10);
        near(fold(again).get("a.w")!.data, before.get("a.w")!.data, 10);
      }),
    );
  });

  test("norms are taken in float64 and results kept as the input was", () => {
    fc.assert(
      fc.property(weightValues, ({ v, g, v0, g0 }) => {
        const state = new Map([
          ["a.v", float32(v0, v)],
          ["a.g", float32(g0, g)],
        ]);
        const exact = new Map([
          ["a.v", float64(v0, v)],
          ["a.g", float64(g0, g)],
        ]);
        const got = fold(state).get("a.w")!.data; // all of v0 and g0 are float32 numbers
        expect(got).toBeInstanceOf(Float32Array);
        expect(got).toEqual(Float32Array.from(fold(exact).get("a.w")!.data));
      }),
    );
  });

  test("a zero row stays a zero row and has g = 0, or s = 0", () => {
    const state: State = new Map([
      ["a.v", float32([0, 0, 3, 4], [2, 2])],
      ["a.g", float32([7, 10], [2, 1])],
    ]);
    const folded = fold(state);
    expect([...folded.get("a.w")!.data]).toEqual([0, 0, 6, 8]);
    const [v, g] = of({ v: [2, 2], g: [2, 1] } as unknown as WeightValues);
    expect([...unfold(folded, [v, g]).get("a.g")!.data]).toEqual([0, 10]);
    const s = parameter("a.s", [2, 1], { init: { kind: "constant", value: 0 } });
    const logs = unfold(folded, [v, s]);
    near(logs.get("a.s")!.data, [0, Math.log(10)], 6);
    near(fold(logs).get("a.w")!.data, [0, 0, 6, 8], 5);
  });

  test("scales of a PyTorch file that run over the inputs of a transposed convolution become ours", () => {
    const v = noise([3, 2, 2, 2]);
    const file: State = new Map([
      ["a.v", v],
      ["a.g", tensor([1, 2, 3], [3, 1, 1, 1])],
    ]);
    const w = fold(file);
    for (let i = 0; i < 3; i++)
      expect(length(w.get("a.w")!.data.slice(8 * i, 8 * i + 8), [...Array(8).keys()])).toBeCloseTo(
        i + 1,
        6,
      );
    const [pv, pg] = of({ v: [3, 2, 2, 2], g: [1, 2, 1, 1] } as unknown as WeightValues);
    const mine = unfold(w, [pv, pg]);
    expect(mine.get("a.g")!.shape).toEqual([1, 2, 1, 1]);
    near(fold(mine).get("a.w")!.data, w.get("a.w")!.data, 6);
  });

  test("everything else is left alone: biases, averages, what an optimizer remembers", () => {
    const one = float32([1], [1]);
    const names = [
      "b",
      "dense1.b",
      "dense1.mean",
      "adam.step",
      "adam.dense1.v.m",
      "adam.dense1.v.v",
      "adam.dense1.g.v",
    ];
    const state = new Map(names.map((name) => [name, one]));
    expect(fold(state)).toEqual(state);
    const averages: State = new Map([
      ["average.a.v", float32([2], [1, 1])],
      ["average.a.g", float32([3], [1, 1])],
    ]);
    expect(fold(averages)).toEqual(new Map([["average.a.w", float32([3], [1, 1])]]));
  });

  test("messages", () => {
    const x = float32([1], [1, 1]);
    expect(() =>
      fold(
        new Map([
          ["a.v", x],
          ["a.g", x],
          ["a.w", x],
        ]),
      ),
    ).toThrowErrorMatchingInlineSnapshot(
      `[Error: fold: "a.w" is there beside "a.v", got a weight twice; delete one]`,
    );
    const [v, g] = of({ v: [2, 3], g: [2, 1] } as unknown as WeightValues);
    expect(() => unfold(new Map([["a.w", x]]), [v, g])).toThrowErrorMatchingInlineSnapshot(
      `[Error: unfold: "a.w" should be [2,3] to become "a.v", got [1,1]; use the state of the same network with plain weights]`,
    );
    expect(() => unfold(new Map(), [v, g])).toThrowErrorMatchingInlineSnapshot(
      `[Error: unfold: "a.w" should be [2,3] to become "a.v", got nothing; use the state of the same network with plain weights]`,
    );
    expect(() => unfold(new Map([["a.w", x]]), [v])).toThrowErrorMatchingInlineSnapshot(
      `[Error: unfold: "a.v" has no scale among the parameters, got a.v; pass every parameter, frozen ones too]`,
    );
  });
});

describe("folded, a network with plain weights computes the same; unfolded, it does so again", () => {
  const exponential = combine(weightNorm({ scale: "exponential" }), bias);
  const pairs = [
    ["weight", arms.weight, arms.plain],
    ["weight, g = e^s", exponential, arms.plain],
    ["weight+mean-only", arms["weight+mean-only"], arms["mean-only"]],
  ] as const;
  const y = ({ traces, feeds }: Network, state: Tensors): ArrayLike<number> =>
    evaluate({ y: traces.eval.value }, { feeds, state }).y.data;

  describe.each(pairs)("%s", (_, weighted, plain) => {
    test.each(kindNames)("%s", async (name) => {
      const [from, to] = [networkOf(kinds[name], weighted), networkOf(kinds[name], plain)];
      const { state } = await from.initialized(reference);
      for (const [key, x] of state)
        state.set(key, { ...x, data: Float64Array.from(x.data, (v, i) => v * (1 + (i % 3))) });
      const folded = fold(state);
      expect([...folded.keys()].sort()).toEqual([...to.fresh().keys()].sort());
      near(y(to, folded), y(from, state), 10);
      const again = unfold(folded, from.parameters);
      expect([...again.keys()].sort()).toEqual([...state.keys()].sort());
      near(y(from, again), y(from, state), 10);
    });
  });

  test("wrapping: the state of a plain network, unfolded, computes what it did", () => {
    for (const name of kindNames) {
      const [from, to] = [
        networkOf(kinds[name], combine(plainWeight(), bias)),
        networkOf(kinds[name], arms.weight),
      ];
      const state = from.fresh(4);
      near(y(to, unfold(state, to.parameters)), y(from, state), 6);
    }
  });

  test("scales that start at |v| make the network whose plain weights are v", () => {
    for (const name of kindNames)
      for (const norm of [arms.weight, exponential]) {
        const [from, to] = [networkOf(kinds[name], norm), networkOf(kinds[name], arms.plain)];
        const state = from.fresh(4);
        startScales(state);
        near(y(from, state), y(to, to.fresh(4)), 5);
      }
  });
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
        "lstm1.bias_ih_l0",
        "lstm1.bias_hh_l0",
        "lstm1.weight_ih_l0",
        "lstm1.weight_hh_l0",
      ]
    `);
  });

  test("original0 is g and original1 is v", () => {
    const torch = toTorch(stateFor("dense", "weight"));
    expect(torch.get("dense1.parametrizations.weight.original0")!.shape).toEqual([3, 1]);
    expect(torch.get("dense1.parametrizations.weight.original1")!.shape).toEqual([3, 5]);
  });

  test("there and back is nothing, for every layer, arm and scheme", () => {
    for (const name of kindNames.filter((kind) => kind !== "gru"))
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
      `[Error: fromTorch: tensors that no layer here has, got bn.weight, bn.running_mean, rnn.weight_ih_l1, conv.weight_u, conv.parametrizations.weight.original2, rnn.weight_ih_l0_reverse; rename them, or leave them out]`,
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
