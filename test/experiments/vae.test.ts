/** Both VAEs, whole and tiny: gradients, names, initialization, what the two bounds have to do with each other. */
import { beforeAll, describe, expect, test } from "vitest";
import type { GenerativeModel } from "../../experiments/generative/model.ts";
import { cifar10Vae } from "../../experiments/vae/cifar10.ts";
import { vae } from "../../experiments/vae/model.ts";
import { input, sizeOf, type Input, type Node, type Shape } from "../../src/graph/index.ts";
import {
  arms,
  binarize,
  trace,
  type Arm,
  type Mode,
  type Scope,
  type Trace,
} from "../../src/nn/index.ts";
import { adamax } from "../../src/optim/index.ts";
import { gradcheck } from "../../src/runtime/gradcheck.ts";
import { nodeRuntime } from "../../src/runtime/node.ts";
import {
  initialState,
  item,
  keyTensor,
  tensor,
  type State,
  type Tensor,
} from "../../src/runtime/program.ts";
import { evaluate, reference } from "../../src/runtime/reference.ts";
import { initStep, trainStep } from "../../src/train/index.ts";
import { momentsOf, noise } from "../nn/network.ts";

const models = {
  mnist: vae({ width: 2, hidden: 5, latents: 3, image: [1, 8, 8] }),
  cifar10: cifar10Vae({ width: 2, maps: 2, layers: 2, image: [3, 8, 8] }),
};
const names = Object.keys(models) as (keyof typeof models)[];
const tested = ["plain", "weight"] as const;

const key = input("key", [2], "uint32");
const traced = <T>(f: (scope: Scope) => T, arm: Arm, mode: Mode = "train"): Trace<T> =>
  trace(f, { mode, norm: arms[arm], key });

/** Images of grey values k / 255. */
function images(shape: Shape): Tensor {
  const raw = noise(shape, { seed: 7 }).data;
  return tensor(
    raw.map((v, i) => Math.round((255 * (v + 2 + (i % 7) / 2)) / 8) / 255),
    shape,
  );
}
const BATCH = 4;
const batchOf = ({ image }: GenerativeModel, batch = BATCH): Input => input("x", [batch, ...image]);
const feedsOf = (model: GenerativeModel): Record<string, Tensor> => ({
  x: images(batchOf(model).shape),
  key: keyTensor(1),
});

/** The state of a model after data-dependent initialization. */
async function initialized(
  model: GenerativeModel,
  arm: Arm,
): Promise<{ readonly state: State; readonly dead: readonly number[] }> {
  const x = batchOf(model);
  const spec = initStep((scope) => model.bound(scope, x), { inputs: [x], key, norm: arms[arm] });
  const program = await reference.compile(spec);
  const state = initialState(program.parameters, 1);
  const outputs = await program.run(feedsOf(model), state);
  const dead = Object.entries(outputs).filter(([name]) => name.startsWith("dead:"));
  return { state, dead: dead.map(([, count]) => item(count)) };
}

describe.each(names)("%s", (name) => {
  const model = models[name];
  const x = batchOf(model);
  const states = new Map<Arm, Awaited<ReturnType<typeof initialized>>>();
  beforeAll(async () => {
    for (const arm of tested) states.set(arm, await initialized(model, arm));
  });

  test.each(tested)("%s: the gradient of the bound, and of the importance weights", (arm) => {
    const { state } = states.get(arm)!;
    for (const f of [
      (scope: Scope): Node => model.bound(scope, x).loss,
      (scope: Scope): Node => model.logWeight(scope, x),
    ]) {
      const { value, parameters } = traced(f, arm);
      gradcheck(value, { feeds: feedsOf(model), state, targets: parameters });
    }
  });

  test.each(tested)("%s: initialization passes through the blocks and the draws of z", (arm) => {
    const { state, dead } = states.get(arm)!;
    expect(dead.every((count) => count === 0)).toBe(true);
    const { preactivations } = traced((scope) => model.bound(scope, x), arm);
    expect(Object.keys(preactivations).length).toBe(dead.length);
    const values = evaluate(preactivations, { feeds: feedsOf(model), state });
    const last = Object.keys(preactivations).at(-1); // what the likelihood is made of
    for (const [layer, t] of Object.entries(values)) {
      const small = /residual\d+\.conv2$|logVariance$/.test(layer) || layer === last;
      for (const { mean, std } of momentsOf(t)) {
        expect(Math.abs(mean)).toBeLessThan(1e-6);
        expect(Math.abs(std - (small ? 0.1 : 1))).toBeLessThan(1e-6);
      }
    }
    expect(Object.keys(values).some((layer) => /residual1\.conv2$/.test(layer))).toBe(true);
  });

  test("parameters have the same names and shapes whichever function is traced", () => {
    const made = (f: (scope: Scope) => Node, mode: Mode): string[] =>
      traced(f, "weight", mode)
        .parameters.map((p) => `${p.attrs.name} [${p.shape}]`)
        .sort();
    const bound = made((scope) => model.bound(scope, x).loss, "train");
    expect(made((scope) => model.bound(scope, x).loss, "init")).toEqual(bound);
    for (const mode of ["train", "eval"] as const) {
      expect(made((scope) => model.logWeight(scope, x), mode)).toEqual(bound);
      const sample = made((scope) => model.sample(scope, 5), mode);
      const z = input("z", [5, model.latents]);
      expect(made((scope) => model.decode(scope, z), mode)).toEqual(sample);
      const reconstruct = made((scope) => model.reconstruct(scope, x), mode);
      expect(bound).toEqual(expect.arrayContaining(reconstruct));
      expect(reconstruct).toEqual(expect.arrayContaining(sample));
      expect(sample.every((p) => p.startsWith("decoder."))).toBe(true);
    }
  });

  test("the mean of the importance weights' logarithms is the bound", () => {
    const copies = 300;
    const { state } = states.get("weight")!;
    const many = batchOf(model, copies);
    // One image, black and white so that every draw of its pixels is the same one.
    const one = [...images([1, ...model.image]).data].map(Math.round);
    const pixels = tensor(
      Float64Array.from({ length: sizeOf(many.shape) }, (_, i) => one[i % one.length]),
      many.shape,
    );
    const { value: bound } = traced((scope) => model.bound(scope, many), "weight", "eval");
    const { value: weight } = traced((scope) => model.logWeight(scope, many), "weight", "eval");
    const run = (outputs: Record<string, Node>, seed: number): Record<string, Tensor> =>
      evaluate(outputs, { feeds: { x: pixels, key: keyTensor(seed) }, state });
    const { loss, reconstruction, kl } = run(bound, 1);
    const parts = [...reconstruction.data].map((r, i) => -(r + kl.data[i]));
    const weights = [...run({ weight }, 2).weight.data];

    const [a, b] = [parts, weights].map(meanAndError);
    expect(item(loss)).toBeCloseTo(-a.mean, 6);
    expect(Math.abs(a.mean - b.mean)).toBeLessThan(4 * Math.hypot(a.error, b.error));
    expect(b.error).toBeGreaterThan(0);
    expect(Math.min(...kl.data)).toBeGreaterThan(0);
  });

  test("pictures are images with values 0 to 1, of other latents other ones, on every runtime alike", async () => {
    const { state } = states.get("weight")!;
    const z = input("z", [2, model.latents]);
    const outputs = {
      sample: traced((scope) => model.sample(scope, 2), "weight", "eval").value,
      reconstruct: traced((scope) => model.reconstruct(scope, x), "weight", "eval").value,
      decode: traced((scope) => model.decode(scope, z), "weight", "eval").value,
    };
    const feeds = { ...feedsOf(model), z: noise(z.shape) };
    const expected = evaluate(outputs, { feeds, state });
    const single = (t: Tensor): Tensor =>
      t.dtype === "float" ? tensor(Float32Array.from(t.data), t.shape) : t;
    const program = await nodeRuntime({ threads: 1 }).compile({ inputs: [x, key, z], outputs });
    const got = await program.run(
      Object.fromEntries(Object.entries(feeds).map(([k, t]) => [k, single(t)])),
      new Map([...state].map(([k, t]) => [k, single(t)])),
    );
    await program.release();
    for (const [what, { shape, data }] of Object.entries(expected)) {
      expect(shape).toEqual([what === "reconstruct" ? BATCH : 2, ...model.image]);
      expect(Math.min(...data)).toBeGreaterThanOrEqual(0);
      expect(Math.max(...data)).toBeLessThanOrEqual(1);
      data.forEach((v, i) => expect(Math.abs(got[what].data[i] - v)).toBeLessThan(1e-4));
      const half = data.length / 2;
      expect([...data.slice(0, half)]).not.toEqual([...data.slice(half)]);
    }
  });

  test("learns", async () => {
    const spec = trainStep((scope) => model.bound(scope, x), {
      inputs: [x],
      key,
      norm: arms.weight,
      optimizer: adamax({ lr: 0.02 }),
    });
    const program = await reference.compile(spec);
    const state = new Map([...initialState(program.parameters, 1), ...states.get("weight")!.state]);
    const losses: number[] = [];
    for (let i = 0; i < 12; i++) {
      const { loss } = await program.run({ ...feedsOf(model), key: keyTensor(i) }, state);
      losses.push(item(loss));
    }
    expect(Math.max(...losses.slice(-3))).toBeLessThan(Math.min(...losses.slice(0, 3)));
  });
});

function meanAndError(list: readonly number[]): { mean: number; error: number } {
  const mean = list.reduce((a, b) => a + b, 0) / list.length;
  const variance = list.reduce((a, b) => a + (b - mean) ** 2, 0) / list.length;
  return { mean, error: Math.sqrt(variance / list.length) };
}

test("messages", () => {
  expect(() => vae({ image: [1, 30, 28] })).toThrowErrorMatchingInlineSnapshot(
    `[Error: vae: images are halved twice, got [1,30,28]; use sizes divisible by 4, padding if need be]`,
  );
  expect(() => cifar10Vae({ layers: 6 })).toThrowErrorMatchingInlineSnapshot(
    `[Error: cifar10Vae: 6 stochastic layers halve images 6 times, got [3,32,32]; use fewer, or sizes divisible by 64]`,
  );
});

test("MNIST's pixels are made black and white before they are looked at, otherwise for another key", () => {
  const model = models.mnist;
  const x = batchOf(model);
  const { value: kl, parameters } = traced((scope) => model.bound(scope, x).kl, "plain");
  const state = initialState(parameters, 1);
  // Of q alone: nothing in it is random but the pixels.
  const divergence = (pixels: Tensor, seed: number): number[] => [
    ...evaluate({ kl }, { feeds: { x: pixels, key: keyTensor(seed) }, state }).kl.data,
  ];
  const grey = images(x.shape);
  expect(divergence(grey, 1)).not.toEqual(divergence(grey, 2));
  const { value: binary } = traced((scope) => binarize(scope, x), "plain");
  const bits = evaluate({ binary }, { feeds: { x: grey, key: keyTensor(1) } }).binary;
  expect(new Set(bits.data)).toEqual(new Set([0, 1]));
  expect(divergence(bits, 3)).toEqual(divergence(grey, 1));
});
