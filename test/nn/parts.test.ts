/** Weights in two parts by PyTorch's names and ours: folded, told when half of one is missing, and told where they do not belong. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parameter, sizeOf, type Parameter, type Shape } from "../../src/graph/index.ts";
import { arms, fold, fromTorch, toTorch, unfold, type Values } from "../../src/nn/index.ts";
import { armAdvice } from "../../src/nn/fold.ts";
import { partedWeights } from "../../src/nn/parts.ts";
import { checkState } from "../../src/train/index.ts";
import { kinds } from "./kinds.ts";
import { networkOf } from "./network.ts";

const values = (
  shape: Shape,
  data: ArrayLike<number> = new Array(sizeOf(shape)).fill(1),
): Values => ({
  dtype: "float",
  shape,
  data: Float32Array.from(data),
});
const stateOf = (shapes: Readonly<Record<string, Shape>>): Map<string, Values> =>
  new Map(Object.entries(shapes).map(([name, shape]) => [name, values(shape)]));
const folding = (shapes: Readonly<Record<string, Shape>>) => () => fold(stateOf(shapes));

describe("what PyTorch stores folds to the weight that PyTorch makes of it", () => {
  interface Stored {
    readonly shape: Shape;
    readonly data: readonly number[];
  }
  const { cases } = JSON.parse(
    readFileSync(new URL("../golden/weight_norm_names.json", import.meta.url), "utf8"),
  ) as {
    readonly cases: Readonly<
      Record<string, Readonly<Record<"normalized" | "plain", Record<string, Stored>>>>
    >;
  };
  const later: Readonly<Record<string, string>> = {
    weight_g: "parametrizations.weight.original0",
    weight_v: "parametrizations.weight.original1",
  };
  test.each(Object.keys(cases))("%s", (name) => {
    const { normalized, plain } = cases[name];
    for (const rename of [
      (key: string) => `fc.${key}`,
      (key: string) => `fc.${later[key] ?? key}`,
    ]) {
      const folded = fold(
        new Map(
          Object.entries(normalized).map(([key, x]) => [rename(key), values(x.shape, x.data)]),
        ),
      );
      expect([...folded.keys()].sort()).toEqual(
        Object.keys(plain)
          .map((key) => `fc.${key}`)
          .sort(),
      );
      for (const [key, { shape, data }] of Object.entries(plain)) {
        const got = folded.get(`fc.${key}`)!;
        expect(got.shape).toEqual(shape);
        data.forEach((x, i) => expect(got.data[i]).toBeCloseTo(x, 6));
      }
    }
  });
});

test("names before folding or after: the same weights", () => {
  for (const kind of ["dense", "conv2d", "lstm"] as const)
    for (const scheme of ["weight_norm", "parametrizations"] as const) {
      const torch = toTorch(networkOf(kinds[kind], arms.weight).fresh(3), scheme);
      expect(fromTorch(fold(torch))).toEqual(fold(fromTorch(torch)));
    }
});

test("a scale without its axes gets them where there is one way, a single one is the norm's of the whole tensor", () => {
  const v = values([2, 3], [3, 0, 0, 0, 4, 0]);
  const folded = (g: Values): readonly number[] => [
    ...fold(
      new Map([
        ["a.v", v],
        ["a.g", g],
      ]),
    ).get("a.w")!.data,
  ];
  expect(folded(values([2], [1, 2]))).toEqual([1, 0, 0, 0, 2, 0]);
  expect(folded(values([3], [6, 8, 1]))).toEqual([6, 0, 0, 0, 8, 0]);
  for (const shape of [[], [1], [1, 1]])
    expect(folded(values(shape, [10]))).toEqual([6, 0, 0, 0, 8, 0]);
});

test("parts are found by their names, whatever else is there", () => {
  const names = [
    "v",
    "g",
    "a.s",
    "a.v",
    "b.weight_v",
    "b.weight_g",
    "c.parametrizations.weight_hh_l0.original1",
  ];
  expect(
    partedWeights([
      ...names,
      "c.parametrizations.weight_hh_l0.original0",
      "d.v",
      "attention.key_v",
    ]),
  ).toMatchInlineSnapshot(`
    [
      {
        "exponential": false,
        "scale": "g",
        "v": "v",
        "weight": "w",
      },
      {
        "exponential": true,
        "scale": "a.s",
        "v": "a.v",
        "weight": "a.w",
      },
      {
        "exponential": false,
        "scale": "b.weight_g",
        "v": "b.weight_v",
        "weight": "b.weight",
      },
      {
        "exponential": false,
        "scale": "c.parametrizations.weight_hh_l0.original0",
        "v": "c.parametrizations.weight_hh_l0.original1",
        "weight": "c.weight_hh_l0",
      },
    ]
  `);
});

describe("half a weight, or two", () => {
  test("a part alone", () => {
    expect(folding({ "fc.weight_v": [2, 3], "fc.bias": [2] })).toThrowErrorMatchingInlineSnapshot(
      `[Error: fold: "fc.weight_v" is the direction of a weight whose scale is missing, got no "fc.weight_g"; use the whole state, or leave it out]`,
    );
    expect(folding({ "fc.weight_g": [2, 1] })).toThrowErrorMatchingInlineSnapshot(
      `[Error: fold: "fc.weight_g" is the scale of a weight whose direction is missing, got no "fc.weight_v"; use the whole state, or leave it out]`,
    );
    expect(
      folding({ "fc.parametrizations.weight.original1": [2, 3] }),
    ).toThrowErrorMatchingInlineSnapshot(
      `[Error: fold: "fc.parametrizations.weight.original1" is the direction of a weight whose scale is missing, got no "fc.parametrizations.weight.original0"; use the whole state, or leave it out]`,
    );
    expect(
      folding({ "rnn.parametrizations.weight_ih_l0.original0": [2, 1] }),
    ).toThrowErrorMatchingInlineSnapshot(
      `[Error: fold: "rnn.parametrizations.weight_ih_l0.original0" is the scale of a weight whose direction is missing, got no "rnn.parametrizations.weight_ih_l0.original1"; use the whole state, or leave it out]`,
    );
    expect(folding({ "dense1.v": [2, 3], "dense1.b": [2] })).toThrowErrorMatchingInlineSnapshot(
      `[Error: fold: "dense1.v" is the direction of a weight whose scale is missing, got no "dense1.g"; use the whole state, or leave it out]`,
    );
    expect(folding({ "dense1.g": [2, 1] })).toThrowErrorMatchingInlineSnapshot(
      `[Error: fold: "dense1.g" is the scale of a weight whose direction is missing, got no "dense1.v"; use the whole state, or leave it out]`,
    );
  });
  test("a weight twice", () => {
    const weight = { "fc.weight_v": [2, 3], "fc.weight_g": [2, 1] };
    expect(folding({ ...weight, "fc.weight": [2, 3] })).toThrowErrorMatchingInlineSnapshot(
      `[Error: fold: "fc.weight" is there beside "fc.weight_v", got a weight twice; delete one]`,
    );
    expect(
      folding({
        ...weight,
        "fc.parametrizations.weight.original0": [2, 1],
        "fc.parametrizations.weight.original1": [2, 3],
      }),
    ).toThrowErrorMatchingInlineSnapshot(
      `[Error: fold: "fc.weight_v" is there beside "fc.parametrizations.weight.original1", got a weight twice; delete one]`,
    );
  });
  test("a scale of another shape", () => {
    expect(
      folding({ "fc.weight_v": [2, 3], "fc.weight_g": [4, 1] }),
    ).toThrowErrorMatchingInlineSnapshot(
      `[Error: fold: "fc.weight_g" does not fit "fc.weight_v", got [4,1] and [2,3]; give g v's shape with 1 along the axes that the norm runs over]`,
    );
    expect(
      folding({ "fc.weight_v": [2, 3], "fc.weight_g": [4] }),
    ).toThrowErrorMatchingInlineSnapshot(
      `[Error: fold: "fc.weight_g" does not fit "fc.weight_v", got [4] and [2,3]; give g v's shape with 1 along the axes that the norm runs over]`,
    );
    expect(
      folding({ "fc.weight_v": [3, 3], "fc.weight_g": [3] }),
    ).toThrowErrorMatchingInlineSnapshot(
      `[Error: fold: "fc.weight_g" does not fit "fc.weight_v", got [3] and [3,3]; reshape it to [3,1] or [1,3], by the axis that units are along]`,
    );
  });
  test("what only looks like a part stays", () => {
    for (const shapes of [
      { "a.w": [2, 3], "adam.a.w.m": [2, 3], "adam.a.w.v": [2, 3] },
      { "adam.own.m": [2, 3], "adam.own.v": [2, 3] },
      { "norm.g": [4], "norm.b": [4] },
      { "attention.key_v": [2, 2], "fc.weight": [2, 2] },
    ] as const)
      expect(fold(stateOf(shapes))).toEqual(stateOf(shapes));
  });
});

describe("states of another arm", () => {
  const of = (shapes: Readonly<Record<string, Shape>>): readonly Parameter[] =>
    Object.entries(shapes).map(([name, shape]) =>
      parameter(name, shape, { init: { kind: "constant", value: 0 } }),
    );
  const weight = of({ "a.v": [2, 3], "a.g": [2, 1], "c.v": [4, 2], "c.g": [4, 1] });

  test("unfold leaves what is in two parts already", () => {
    const state = stateOf({ "a.v": [2, 3], "a.g": [2, 1], "c.w": [4, 2] });
    const unfolded = unfold(state, weight);
    expect([...unfolded.keys()]).toEqual(["a.v", "a.g", "c.v", "c.g"]);
    expect(unfolded.get("a.g")).toBe(state.get("a.g"));
    for (const x of unfolded.get("c.g")!.data) expect(x).toBeCloseTo(Math.SQRT2, 6);
    expect(unfold(unfolded, weight)).toEqual(unfolded);
  });
  test("or says why it cannot", () => {
    const unfolding = (shapes: Readonly<Record<string, Shape>>) => () =>
      unfold(stateOf(shapes), weight);
    expect(
      unfolding({ "a.v": [2, 3], "a.g": [2, 1], "a.w": [2, 3] }),
    ).toThrowErrorMatchingInlineSnapshot(
      `[Error: unfold: "a.w" is there beside "a.v", got a weight twice; delete one]`,
    );
    expect(unfolding({ "a.v": [2, 3], "a.g": [2] })).toThrowErrorMatchingInlineSnapshot(
      `[Error: unfold: "a.g" should be [2,1], got [2]; fold first, unfold(fold(state), parameters)]`,
    );
    expect(unfolding({ "a.v": [2, 3] })).toThrowErrorMatchingInlineSnapshot(
      `[Error: unfold: "a.g" should be [2,1], got nothing; use the whole state]`,
    );
    expect(unfolding({ "a.weight": [2, 3] })).toThrowErrorMatchingInlineSnapshot(
      `[Error: unfold: "a.w" should be [2,3] to become "a.v", got nothing; its names are PyTorch's: call fromTorch(state), with the layers named as the modules]`,
    );
  });

  test("advice for every message about them", () => {
    const names = {
      weight: ["a.v", "a.g", "a.b"],
      plain: ["a.w", "a.b"],
      torch: ["a.weight", "a.bias"],
    };
    expect(armAdvice(names.weight, "a.w")).toMatchInlineSnapshot(
      `"its weights are normalized: call fold(state) for a network with plain ones"`,
    );
    expect(armAdvice(names.plain, "a.g")).toMatchInlineSnapshot(
      `"its weights are plain: call unfold(state, parameters) for a network with weight normalization"`,
    );
    expect(armAdvice(names.weight, "a.s")).toMatchInlineSnapshot(
      `"its scales are of the other kind, g or s: call unfold(fold(state), parameters)"`,
    );
    expect(armAdvice(names.torch, "a.w")).toMatchInlineSnapshot(
      `"its names are PyTorch's: call fromTorch(state), with the layers named as the modules"`,
    );
    expect(armAdvice(["a.weight_v", "a.weight_g"], "a.b")).toBe(armAdvice(names.torch, "a.w"));
    expect(armAdvice(names.weight, "b.w")).toBeUndefined();
    expect(armAdvice(names.plain, "a.mean")).toBeUndefined();
  });

  test("a checkpoint of another arm", () => {
    expect(() => {
      checkState(weight.slice(0, 2), stateOf({ "a.w": [2, 3] }), "x.safetensors");
    }).toThrowErrorMatchingInlineSnapshot(
      `[Error: x.safetensors: the state does not fit the model, got no "a.v", "a.g"; an unexpected "a.w"; its weights are plain: call unfold(state, parameters) for a network with weight normalization]`,
    );
    expect(() => {
      checkState(of({ "a.w": [2, 3] }), stateOf({ "a.v": [2, 3], "a.g": [2, 1] }), "x.safetensors");
    }).toThrowErrorMatchingInlineSnapshot(
      `[Error: x.safetensors: the state does not fit the model, got no "a.w"; an unexpected "a.v", "a.g"; its weights are normalized: call fold(state) for a network with plain ones]`,
    );
  });
});
