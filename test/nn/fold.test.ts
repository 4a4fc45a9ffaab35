/** Weights folded to plain ones and back. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parameter, type Parameter, type Shape } from "../../src/graph/index.ts";
import {
  arms,
  bias,
  combine,
  fold,
  normalize,
  plainWeight,
  startScales,
  unfold,
  weightNorm,
  type Tensors,
  type Values,
} from "../../src/nn/index.ts";
import { tensor, type State } from "../../src/runtime/program.ts";
import { nodeRuntime } from "../../src/node/index.ts";
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

test("a dead unit, whose 1 / |w| float32 does not hold, computes what it did in two parts", async () => {
  const w = Float32Array.of(1e-39, 0, -2e-39, 3, 4, 0);
  const parameters = ["fc.v", "fc.g"].map((name) =>
    parameter(name, name === "fc.v" ? [2, 3] : [2, 1], { init: { kind: "constant", value: 0 } }),
  );
  const state = new Map(unfold(new Map([["fc.w", tensor(w, [2, 3])]]), parameters)) as State;
  const [v, g] = parameters;
  const program = await nodeRuntime({ threads: 1 }).compile({ outputs: { w: normalize(v, g) } });
  const { w: again } = await program.run({}, state);
  await program.release();
  expect(again.data[3]).toBe(3);
  for (const [i, x] of w.entries()) expect(again.data[i]).toBeCloseTo(x, 44);
});
