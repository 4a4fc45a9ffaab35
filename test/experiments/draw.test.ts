/** DRAW, tiny: gradients of the whole model, and what must hold for its parts. */
import { describe, expect, test } from "vitest";
import { draw, type DrawModel } from "../../experiments/draw/model.ts";
import {
  input,
  parametersOf,
  sizeOf,
  topological,
  type Node,
  type OpName,
} from "../../src/graph/index.ts";
import {
  arms,
  evaluate,
  gradcheck,
  keyTensor,
  tensor,
  trace,
  type Arm,
  type Scope,
  type State,
  type Tensor,
  type Trace,
} from "../../src/index.ts";
import { near, noise } from "../nn/network.ts";

const BATCH = 3;
const SIZE = 6;
const tiny = { steps: 2, units: 4, latents: 3, size: SIZE };
const models: Readonly<Record<string, DrawModel>> = {
  "whole images": draw(tiny),
  attention: draw({ ...tiny, read: 2, write: 3 }),
};
const modelNames = Object.keys(models);

const x = input("x", [BATCH, 1, SIZE, SIZE]);
const key = input("key", [2], "uint32");
const feeds = {
  x: tensor(
    noise(x.shape).data.map((v) => (v + 2) / 4),
    x.shape,
  ),
  key: keyTensor(1),
};
const traced = <T>(f: (scope: Scope) => T, arm: Arm = "plain"): Trace<T> =>
  trace(f, { mode: "train", norm: arms[arm], key });

/** Values of all sorts, small enough to keep windows inside the image. */
const stateOf = (roots: readonly Node[]): State =>
  new Map(
    parametersOf(roots).map(({ attrs: { name }, shape }, seed) => {
      const values = noise(shape, { seed: seed + 1 });
      return [
        name,
        tensor(
          values.data.map((v) => 0.3 * v),
          shape,
        ),
      ];
    }),
  );
const withZeros = (state: State, layer: string): State =>
  new Map(
    [...state].map(([name, v]) => [
      name,
      name.startsWith(`${layer}.`) ? tensor(new Float64Array(v.data.length), v.shape) : v,
    ]),
  );
const run = <K extends string>(
  outputs: Readonly<Record<K, Node>>,
  change = (state: State): State => state,
): Record<K, Tensor> =>
  evaluate(outputs, { feeds, state: change(stateOf(Object.values<Node>(outputs))) });
const count = (y: Node, op: OpName): number => topological([y]).filter((n) => n.op === op).length;

describe.each(modelNames)("%s", (name) => {
  const model = models[name];
  const functions: Readonly<Record<string, (scope: Scope) => Node>> = {
    bound: (scope) => model.bound(scope, x).loss,
    logWeight: (scope) => model.logWeight(scope, x),
    reconstruct: (scope) => model.reconstruct(scope, x),
    sample: (scope) => model.sample(scope, BATCH),
    steps: (scope) => model.steps(scope, BATCH).canvases,
    stepsOf: (scope) => model.stepsOf(scope, x).canvases,
  };

  describe.each(["plain", "weight"] as const)("%s", (arm) => {
    test.each(["bound", "logWeight", "sample"])("gradient of %s", (f) => {
      const { value } = traced(functions[f], arm);
      gradcheck(value, { feeds, state: stateOf([value]), targets: parametersOf([value]) });
    });
    test("parameters have the same names in every function", () => {
      const names = Object.values(functions).map((f) =>
        traced(f, arm).parameters.map((p) => p.attrs.name),
      );
      for (const other of names) expect(other).toEqual(names[0]);
      expect(new Set(names[0]).size).toBe(names[0].length);
    });
  });

  test("every matrix is normalized once, and all noise is drawn at once", () => {
    const { value, parameters } = traced(functions.bound, "weight");
    const matrices = parameters.filter((p) => p.attrs.name.endsWith(".v"));
    expect(matrices).toHaveLength(name === "attention" ? 7 : 6);
    expect(count(value, "norm")).toBe(matrices.length);
    expect(count(value, "randomBits")).toBe(2); // of x, of z
  });

  test("the bound is its two parts; a posterior that is the prior costs nothing", () => {
    const { value } = traced((scope) => model.bound(scope, x));
    const { loss, reconstruction, kl } = run(value);
    const total = [...reconstruction.data].reduce((s, r, i) => s + r + kl.data[i], 0);
    expect(loss.data[0]).toBeCloseTo(total / BATCH, 10);
    expect(Math.min(...kl.data)).toBeGreaterThan(0);
    near(run({ kl: value.kl }, (state) => withZeros(state, "posterior")).kl.data, [0, 0, 0]);
  });

  test("an empty canvas costs log 2 a pixel", () => {
    const { value } = traced((scope) => model.bound(scope, x));
    const { reconstruction } = run({ reconstruction: value.reconstruction }, (state) =>
      withZeros(state, "writer"),
    );
    near(reconstruction.data, Array<number>(BATCH).fill(SIZE * SIZE * Math.LN2));
  });

  test("the weight of a z from the prior is the likelihood of x", () => {
    const { value } = traced((scope) => ({ w: model.logWeight(scope, x) }));
    const other = traced((scope) => ({ r: model.bound(scope, x).reconstruction }));
    const { w } = run(value, (state) => withZeros(state, "posterior"));
    const { r } = run(other.value, (state) => withZeros(state, "posterior"));
    near(
      w.data,
      [...r.data].map((v) => -v),
    );
  });

  test("the last of its steps is what it draws", () => {
    const last = (f: string, all: string): void => {
      const { y } = run({ y: traced(functions[f]).value });
      const { steps } = run({ steps: traced(functions[all]).value });
      expect(y.shape).toEqual([BATCH, 1, SIZE, SIZE]);
      expect(steps.shape).toEqual([tiny.steps, ...y.shape]);
      near(steps.data.slice(-sizeOf(y.shape)), [...y.data]);
    };
    last("sample", "steps");
    last("reconstruct", "stepsOf");
  });

  test("a sample needs the decoder alone", () => {
    const used = parametersOf([traced(functions.sample).value]).map((p) => p.attrs.name);
    expect(used.filter((p) => !/^(decoder|writer)\./.test(p))).toEqual([]);
  });
});

test("sigma is the exponential of the posterior's second half (eq. 2)", () => {
  const zeros = traced((scope) => models.attention.bound(scope, x)).value.kl;
  const b = [0.5, 0, -1, 0.1, -0.2, 0.3];
  const { kl } = run({ kl: zeros }, (state) =>
    withZeros(state, "posterior").set("posterior.b", tensor(b, [6])),
  );
  const each = [0, 1, 2].map((i) => b[i] ** 2 + Math.exp(2 * b[i + 3]) - 2 * b[i + 3] - 1);
  const step = each.reduce((s, v) => s + v / 2, 0);
  for (const v of kl.data) expect(v).toBeCloseTo(tiny.steps * step, 5);
});

test("windows are there where there is attention", () => {
  const drawn = traced((scope) => models.attention.stepsOf(scope, x)).value;
  expect(drawn.reads?.shape).toEqual([tiny.steps, BATCH, 4]);
  const { writes } = run({ writes: drawn.writes! }, (state) => withZeros(state, "writer"));
  near(
    writes.data,
    Array<number[]>(tiny.steps * BATCH)
      .fill([2.5, 2.5, 2.5, 1])
      .flat(),
  );
  const whole = traced((scope) => models["whole images"].steps(scope, BATCH)).value;
  expect(Object.keys(whole)).toEqual(["canvases"]);
  const sampled = traced((scope) => models.attention.steps(scope, BATCH)).value;
  expect(Object.keys(sampled)).toEqual(["canvases", "writes"]);
});
