/** DRAW, tiny: gradients of the whole model, and what must hold for its parts. */
import { describe, expect, test } from "vitest";
import { draw, type DrawModel } from "../../experiments/draw/model.ts";
import { infer } from "../../experiments/draw/recurrence.ts";
import { draw as experiment, task } from "../../experiments/draw/task.ts";
import {
  constant,
  input,
  parameter,
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
  initialState,
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
import { inferred } from "./draw-in-numbers.ts";

const BATCH = 3;
const SIZE = 6;
const cells = { peepholes: 0, learnsStart: 0 };
const tiny = { steps: 2, units: 4, latents: 3, size: SIZE, read: 0, write: 0, ...cells };
const windows = { ...tiny, read: 2, write: 3 };
const settings = {
  "whole images": tiny,
  attention: windows,
  "peepholes and learned first states": { ...windows, peepholes: 1, learnsStart: 1 },
};
const models: Readonly<Record<string, DrawModel>> = Object.fromEntries(
  Object.entries(settings).map(([name, options]) => [name, draw(options)]),
);
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
    expect(matrices).toHaveLength(name === "whole images" ? 6 : 7);
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

describe.each(Object.entries(settings))("%s, in numbers", (_, setting) => {
  const options = { ...setting, steps: 3 };
  const bits = feeds.x.data.map((v) => Math.round(v));
  const images = input("images", [BATCH, SIZE, SIZE]);

  test("canvases and posteriors of every step are those of eqs. 1-8", () => {
    const { value } = traced((scope) => infer(scope, images, { ...options, likeliest: true }));
    const outputs = {
      ...Object.fromEntries(value.canvases.map((canvas, t) => [`canvas ${t}`, canvas])),
      ...value.posterior,
      z: value.z,
    };
    const state = stateOf(Object.values(outputs));
    const got = evaluate(outputs, {
      ...{ feeds: { images: tensor(bits, images.shape), key: keyTensor(1) }, state },
    }) as Record<string, Tensor>;
    const rows = ({ data }: Tensor, width: number): number[][] =>
      Array.from({ length: data.length / width }, (_, i) => [
        ...data.slice(i * width, (i + 1) * width),
      ]);
    const parameters = {
      matrix: (p: string) => rows(state.get(p)!, state.get(p)!.shape[1]),
      vector: (p: string) => [...state.get(p)!.data],
    };
    const expected = rows(tensor(bits, images.shape), SIZE * SIZE).map((image) =>
      inferred(rows(tensor(image, [SIZE, SIZE]), SIZE), parameters, options),
    );
    for (let t = 0; t < options.steps; t++)
      closeTo(
        got[`canvas ${t}`].data,
        expected.flatMap((e) => e.canvases[t]),
      );
    const mu = expected.flatMap((e) => e.mu.flat());
    closeTo(got["mu"].data, mu);
    closeTo(got["z"].data, mu);
    closeTo(
      got["logVariance"].data,
      expected.flatMap((e) => e.logSigma.flat().map((v) => 2 * v)),
    );
  });

  test("noise is another at every step and for every image, and has the posterior's moments", () => {
    const long = { ...options, steps: 40 };
    const { value } = traced((scope) => ({ z: infer(scope, images, long).z }));
    const state = withZeros(stateOf([value.z]), "posterior");
    const { z } = evaluate(value, {
      ...{ feeds: { images: tensor(bits, images.shape), key: keyTensor(1) }, state },
    });
    const drawn = [...z.data];
    expect(new Set(drawn).size).toBeGreaterThan(0.95 * drawn.length); // normal numbers come from a table
    const mean = drawn.reduce((a, b) => a + b) / drawn.length;
    const variance = drawn.reduce((s, v) => s + (v - mean) ** 2, 0) / drawn.length;
    expect(Math.abs(mean)).toBeLessThan(4 / Math.sqrt(drawn.length));
    expect(Math.abs(variance - 1)).toBeLessThan(4 * Math.sqrt(2 / drawn.length));
  });

  test("the mean of the importance weights' logarithms is the bound", () => {
    const copies = 300;
    const many = input("many", [copies, 1, SIZE, SIZE]);
    const one = bits.slice(0, SIZE * SIZE); // black and white, so that every draw of its pixels is the same one
    const pixels = Float64Array.from(
      { length: copies * one.length },
      (_, i) => one[i % one.length],
    );
    const model = draw(setting);
    const { value } = traced((scope) => model.bound(scope, many));
    const weight = traced((scope) => model.logWeight(scope, many)).value;
    const state = stateOf([value.loss]);
    // Far enough from the prior for log p(z) - log q(z) to matter.
    const posterior = state.get("posterior.b")!;
    state.set("posterior.b", tensor([1, -1, 0.5, -0.5, -1, 0.3], posterior.shape));
    const valuesOf = (outputs: Record<string, Node>, seed: number): Record<string, Tensor> =>
      evaluate(outputs, {
        ...{ feeds: { many: tensor(pixels, many.shape), key: keyTensor(seed) }, state },
      });
    const { reconstruction, kl } = valuesOf({ ...value }, 1);
    const bounds = [...reconstruction.data].map((r, i) => -(r + kl.data[i]));
    const weights = [...valuesOf({ weight }, 2)["weight"].data];
    const [a, b] = [bounds, weights].map((v) => {
      const mean = v.reduce((s, w) => s + w) / v.length;
      const variance = v.reduce((s, w) => s + (w - mean) ** 2, 0) / (v.length - 1);
      return { mean, error: Math.sqrt(variance / v.length) };
    });
    const error = Math.hypot(a.error, b.error);
    expect(Math.abs(a.mean - b.mean)).toBeLessThan(4 * error);
    expect(Math.min(...kl.data)).toBeGreaterThan(10 * error); // a wrong sign would be seen
  });
});

function closeTo(got: ArrayLike<number>, expected: readonly number[]): void {
  expect(got).toHaveLength(expected.length);
  for (const [i, v] of expected.entries()) expect(got[i]).toBeCloseTo(v, 6);
}

describe("the task", () => {
  const config = experiment.complete({ threads: 1, trainSize: 100 }, {});

  test("scales gradients down to norm 10, and leaves smaller ones as they are", () => {
    const p = parameter("p", [2], { init: { kind: "constant", value: 0 } });
    const norms = [100, 5].map((norm) => {
      const gradient = constant([0.6 * norm, 0.8 * norm], [2]);
      const rule = task.optimizer({ ...config, optimizer: "sgd" }, { lr: constant([1], []) });
      const step = rule([p], [gradient]).find((u) => u.parameter === p)!;
      const state = new Map(
        parametersOf([step.next]).map((q) => [
          q.attrs.name,
          tensor(new Float64Array(sizeOf(q.shape)), q.shape),
        ]),
      );
      return Math.hypot(...evaluate({ next: step.next }, { state }).next.data);
    });
    expect(norms[0]).toBeCloseTo(10, 6);
    expect(norms[1]).toBeCloseTo(5, 6);
  });

  test("weights start as N(0, 0.01^2)", () => {
    for (const arm of ["plain", "weight"] as const) {
      const { parameters } = trace(
        (scope) => draw().bound(scope, input("x", [1, 1, 28, 28])).loss,
        {
          ...{ mode: "train", norm: task.norm!(arm), key },
        },
      );
      const state = initialState(parameters, 1);
      let [count, squares] = [0, 0];
      for (const [name, { data }] of state)
        if (/\.(w|v|wih|whh|wih\.v|whh\.v)$/.test(name)) {
          count += data.length;
          for (const v of data) squares += v * v;
        }
      expect(count).toBeGreaterThan(1e6);
      const std = Math.sqrt(squares / count);
      expect(Math.abs(std / 0.01 - 1)).toBeLessThan(4 / Math.sqrt(2 * count));
    }
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
