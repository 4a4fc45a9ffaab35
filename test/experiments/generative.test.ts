/** What generative experiments share: they go on to the same bits, the likelihood's estimate is right, pixels are where they should be. */
import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { task as draw } from "../../experiments/draw/task.ts";
import { negativeLogLikelihood } from "../../experiments/generative/likelihood.ts";
import { cornerOf, outlineBox, tile } from "../../experiments/generative/raster.ts";
import { boundOf, intensities } from "../../experiments/generative/task.ts";
import { cifar10Task, mnistTask } from "../../experiments/vae/task.ts";
import type { RunKey } from "../../runs/events.ts";
import type { Contestant, Raster } from "../../runs/experiment.ts";
import type { MinibatchConfig } from "../../runs/minibatch/config.ts";
import { experimentOf } from "../../runs/minibatch/experiment.ts";
import { programsOf } from "../../runs/minibatch/programs.ts";
import { progressOf } from "../../runs/minibatch/progress.ts";
import { startRun } from "../../runs/minibatch/run.ts";
import type { Task, TaskData } from "../../runs/minibatch/task.ts";
import {
  arms,
  averaged,
  hash,
  keyOf,
  keyTensor,
  ops,
  reference,
  tensor,
  type Checkpoint,
  type ImageSet,
  type Node,
  type Scope,
  type Tensor,
} from "../../src/index.ts";
import { nodeRuntime } from "../../src/node/index.ts";
import { decodeCheckpoint, encodeCheckpoint } from "../../src/train/checkpoint.ts";

const images = (count: number, channels: number, size: number): ImageSet => ({
  images: Uint8Array.from(
    { length: count * channels * size * size },
    (_, i) => hash(i, keyOf("images")) & 255,
  ),
  labels: new Uint8Array(count),
  ...{ count, channels, height: size, width: size },
});
const dataOf = (channels: number, size: number): TaskData => ({
  train: intensities(images(30, channels, size)),
  test: intensities(images(8, channels, size)),
  source: "noise",
});

type Numbers = MinibatchConfig["network"];
/** Every task, as small as its data lets it be. */
const small: readonly (readonly [name: string, task: Task, TaskData, Numbers])[] = [
  ["vae", mnistTask, dataOf(1, 28), { width: 2, hidden: 5, latents: 3 }],
  ["vae-cifar10", cifar10Task, dataOf(3, 32), { width: 2, maps: 1, layers: 2 }],
  ["draw", draw, dataOf(1, 28), { steps: 2, units: 4, latents: 3, read: 0, write: 0 }],
  [
    "draw with attention",
    draw,
    dataOf(1, 28),
    { steps: 2, units: 4, latents: 3, read: 2, write: 3 },
  ],
];
const runtime = nodeRuntime({ threads: 1 });

const digest = ({ data }: Tensor): string =>
  createHash("sha1")
    .update(Buffer.from(data.buffer, data.byteOffset, data.byteLength))
    .digest("hex");
/** A checkpoint without what a clock decides. */
const bits = (checkpoint: Checkpoint): unknown => ({
  step: checkpoint.step,
  tensors: Object.fromEntries([...checkpoint.state].map(([name, x]) => [name, digest(x)])),
  epochs: progressOf(checkpoint, "a checkpoint").epochs.map(({ seconds: _, ...rest }) => rest),
});
const configOf = (
  task: Task,
  network: Numbers,
  rest: Partial<MinibatchConfig>,
): MinibatchConfig => ({
  ...experimentOf(task).complete({ batchSize: 10, threads: 1, trainSize: 30, ...rest }, {}),
  network,
});
/** The only rate that a configuration has. */
const keyFor = ({ arms: [arm], lr: [lr] }: MinibatchConfig): RunKey => ({ arm, seed: 1, lr });
const finish = async (run: Contestant): Promise<Checkpoint> => {
  while (run.step() < run.steps) await run.advance();
  return (await run.saved()).checkpoint;
};

describe.each(small)("%s", (_, task, data, network) => {
  const config = configOf(task, network, { arms: ["weight"], epochs: 2 });
  const key = keyFor(config);
  const programs = programsOf({ task, config, arm: "weight", data, runtime });

  test("goes on from any step to the same bits, its bound the sum of its parts", async () => {
    const run = await startRun({ config, key, programs });
    const saved: Uint8Array[] = [];
    while (run.step() < run.steps) {
      saved.push(encodeCheckpoint((await run.saved()).checkpoint));
      await run.advance();
    }
    const end = (await run.saved()).checkpoint;
    for (const bytes of [saved[0], saved[2], saved[4]]) {
      const from = { checkpoint: decodeCheckpoint(bytes, "saved") };
      const rest = await startRun({ config, key, programs, from });
      expect(bits(await finish(rest))).toEqual(bits(end));
    }
    const { epochs } = progressOf(end, "the end");
    expect(epochs).toHaveLength(2);
    for (const { train, test: tested } of epochs) {
      for (const means of [train, tested])
        expect(means["reconstruction"] + means["kl"]).toBeCloseTo(means["bound"], 3);
      expect(train["loss"]).toBeCloseTo(train["bound"], 3);
    }
    await programs.release();
  });

  test("shows what it makes, and what it is worth", async () => {
    const run = await startRun({ config, key, programs });
    const { state } = (await run.saved()).checkpoint;
    const { pictures, measured } = await task.show!({
      ...{ config, arm: "weight", seed: 1, data, runtime },
      norm: programs.norm,
      state: config.average === undefined ? state : averaged(state),
      onProgress: () => undefined,
    });
    expect(pictures.map(({ name }) => name).slice(0, 1)).toEqual(["samples"]);
    expect(pictures.map(({ name }) => name)).toContain("reconstructions");
    for (const { frames, caption } of pictures) {
      expect(caption).toMatch(/^[A-Z].*\.$/);
      for (const { width, height, channels, pixels } of frames)
        expect(pixels).toHaveLength(width * height * channels);
    }
    const [[name, worth]] = Object.entries(measured);
    const value = worth!;
    expect(name).toMatch(/^-log p\(x\), \d+ draws, 8 images \((nats|bits\/dim)\)$/);
    // Tighter than the bound, in its unit; these are hardly trained, so not by much.
    const [measure] = task.measures;
    const bound = measure.scale * (await programs.test(state))[measure.key];
    expect(value / bound).toBeGreaterThan(0.5);
    expect(value / bound).toBeLessThan(1.02);
  });
});

test("an animation of DRAW's ends as the first of the samples, however many there are", async () => {
  const [, task, data, network] = small[2];
  const config = configOf(task, network, { arms: ["plain"], epochs: 1 });
  const programs = programsOf({ task, config, arm: "plain", data, runtime });
  const run = await startRun({ config, key: keyFor(config), programs });
  const { state } = (await run.saved()).checkpoint;
  // Strong enough for images to differ.
  const strong = new Map(
    [...state].map(([name, { data: values, shape }]) => [
      name,
      tensor(
        Float32Array.from(values, (v) => 40 * v),
        shape,
      ),
    ]),
  );
  const pictures = await task.sample!(
    {
      config,
      arm: "plain",
      norm: programs.norm,
      seed: 1,
      state: strong,
      runtime,
      onProgress: () => undefined,
    },
    { count: 70, key: keyTensor(5) },
  );
  const [samples, , animation] = pictures;
  const middle = (
    { width, pixels }: Raster,
    i: number,
    columns: number,
    zoom: number,
  ): number[] => {
    const { left, top } = cornerOf(i, { columns, zoom, width: 28, height: 28 });
    return Array.from({ length: 28 * 28 }, (_, j) => {
      const [row, column] = [Math.floor(j / 28), j % 28];
      return pixels[((top + row * zoom) * width + left + column * zoom) * 3];
    });
  };
  const last = animation.frames.at(-1)!;
  for (const i of [0, 1, 63])
    expect(middle(last, i, 8, 3)).toEqual(middle(samples.frames[0], i, 9, 2));
  expect(middle(last, 0, 8, 3)).not.toEqual(middle(last, 1, 8, 3));
  await programs.release();
});

test("weight normalization in DRAW starts as the network without it: no data-dependent initialization", async () => {
  const [, task, data, network] = small[3];
  const losses: number[] = [];
  for (const arm of ["plain", "weight"] as const) {
    const config = configOf(task, network, { arms: [arm], epochs: 1 });
    const programs = programsOf({ task, config, arm, data, runtime });
    const run = await startRun({ config, key: keyFor(config), programs });
    losses.push((await run.advance()).values["loss"]!);
    await programs.release();
  }
  expect(losses[1]).toBeCloseTo(losses[0], 3);
});

describe("the estimate of the log-likelihood", () => {
  const estimate = (logWeight: (scope: Scope, x: Node) => Node, draws: number): Promise<number> =>
    negativeLogLikelihood(
      { image: [1, 28, 28], logWeight },
      {
        norm: arms.plain,
        state: new Map(),
        data: dataOf(1, 28),
        runtime: reference,
        onProgress: () => undefined,
      },
      { draws, examples: 8, binary: true },
    );
  const zero = (x: Node): Node => ops.mul(ops.sum(x, { axes: [1, 2, 3] }), 0);

  test("is exact where one draw tells all", async () => {
    expect(await estimate((_, x) => ops.sub(zero(x), 7), 3)).toBeCloseTo(7, 10);
  });
  test("averages weights, not their logarithms", async () => {
    // w is 1 or 3, each as often as the other: log E w = log 2, and E log w = log(3) / 2.
    const logWeight = (scope: Scope, x: Node): Node => {
      const { key, stream } = scope.random();
      const coin = ops.randomBernoulli(key, 0.5, { shape: [x.shape[0]], stream });
      return ops.add(zero(x), ops.mul(coin, Math.log(3)));
    };
    expect(await estimate(logWeight, 400)).toBeCloseTo(-Math.log(2), 1);
    expect(await estimate(logWeight, 1)).toBeGreaterThan(-Math.log(2));
  });
  test("makes pixels black and white once for all draws", async () => {
    const pixels = (_: Scope, x: Node): Node => {
      const grey = ops.mul(x, ops.sub(1, x)); // 0 for 0 and 1
      return ops.sum(grey, { axes: [1, 2, 3] });
    };
    expect(await estimate(pixels, 2)).toBe(0);
    // How many pixels are white: were they others at each draw, the mean of exponentials would depend on how many draws there are.
    const white = (_: Scope, x: Node): Node => ops.div(ops.sum(x, { axes: [1, 2, 3] }), 100);
    expect(await estimate(white, 12)).toBeCloseTo(await estimate(white, 1), 6);
  });
});

test("bits for each dimension are nats / (dimensions ln 2)", () => {
  const [bits8] = boundOf(8);
  expect(bits8).toMatchObject({ key: "bound", unit: "bits/dim" });
  expect(bits8.scale * 8 * Math.LN2).toBeCloseTo(1, 12);
});

describe("rasters", () => {
  const values = [0, 0.5, 1, 2, -1, 0.25, 0.75, 1];
  test("tiles stand in rows with a white gap, each pixel enlarged", () => {
    const { width, height, channels, pixels } = tile(
      { shape: [2, 1, 2, 2], values },
      { columns: 2, zoom: 2 },
    );
    expect([width, height, channels]).toEqual([4 + 2 + 4, 4, 3]);
    const row = (y: number): number[] =>
      Array.from({ length: width }, (_, x) => pixels[(y * width + x) * 3]);
    expect(row(0)).toEqual([...[0, 0, 128, 128], 255, 255, ...[0, 0, 64, 64]]);
    expect(row(3)).toEqual([...[255, 255, 255, 255], 255, 255, ...[191, 191, 255, 255]]);
  });
  test("three channels are red, green and blue", () => {
    const { pixels } = tile({ shape: [1, 3, 1, 1], values: [1, 0, 0.5] }, { columns: 1, zoom: 1 });
    expect([...pixels]).toEqual([255, 0, 128]);
  });
  test("a box is drawn as far as its tile goes", () => {
    const raster = tile(
      { shape: [2, 1, 4, 4], values: new Float32Array(32) },
      { columns: 2, zoom: 1 },
    );
    const { left, top } = cornerOf(1, { columns: 2, zoom: 1, width: 4, height: 4 });
    expect([left, top]).toEqual([6, 0]);
    const within = { left, top, right: left + 4, bottom: top + 4 };
    const box = { left: left + 1, top: -3, right: left + 9, bottom: 2 };
    outlineBox(raster, box, { color: [255, 0, 0], within });
    const red = Array.from({ length: 4 }, (_, y) =>
      Array.from({ length: 10 }, (__, x) =>
        raster.pixels[(y * 10 + x) * 3 + 1] === 0 && raster.pixels[(y * 10 + x) * 3] === 255
          ? "#"
          : ".",
      ).join(""),
    );
    expect(red).toEqual([".......#..", ".......#..", ".......###", ".........."]);
  });
});
