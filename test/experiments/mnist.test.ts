/** The experiment without its command line: configuration, network, and runs that go on where they stopped, on random images. */
import { createHash } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import type { Finished, Happening, RunKey } from "../../runs/events.ts";
import { Diverged, type Contestant, type Kept, type World } from "../../runs/experiment.ts";
import {
  OPTIMIZERS,
  optimizerOf,
  scheduleOf,
  stepsPerEpoch,
  trainedSize,
  type MinibatchConfig,
} from "../../runs/minibatch/config.ts";
import { experimentOf } from "../../runs/minibatch/experiment.ts";
import { programsOf, type Programs } from "../../runs/minibatch/programs.ts";
import { progressOf, type Progress } from "../../runs/minibatch/progress.ts";
import { startRun } from "../../runs/minibatch/run.ts";
import type { TaskData } from "../../runs/minibatch/task.ts";
import { ratesOf } from "../../runs/rates.ts";
import { ARMS } from "../../runs/records.ts";
import { mnist, normalized, task } from "../../experiments/mnist/task.ts";
import { classifier } from "../../experiments/mnist/model.ts";
import { hash, keyOf } from "../../src/graph/hash.ts";
import {
  arms,
  evalStep,
  input,
  sizeOf,
  trace,
  type Arm,
  type Checkpoint,
  type ImageSet,
} from "../../src/index.ts";
import { nodeDoor, nodeRuntime } from "../../src/node/index.ts";
import { decodeCheckpoint, encodeCheckpoint } from "../../src/train/checkpoint.ts";

/** With what the data and the machine decide. */
const DEFAULTS: MinibatchConfig = { ...mnist.complete({}, {}), trainSize: 60_000, threads: 1 };

describe("configuration", () => {
  test("the defaults are the paper's five arms, at a rate that suits them all", () => {
    expect(ARMS).toEqual(["plain", "weight", "batch", "mean-only", "weight+mean-only"]);
    expect(DEFAULTS).toMatchObject({ epochs: 1, batchSize: 100, lr: [0.001], optimizer: "adam" });
    expect(DEFAULTS).toMatchObject({ arms: ARMS, seeds: [1], preset: "small" });
  });

  test("an epoch is whole batches", () => {
    expect(stepsPerEpoch(DEFAULTS)).toBe(600);
    expect(stepsPerEpoch({ ...DEFAULTS, trainSize: 250 })).toBe(2);
  });

  test("the rate is constant for the first half, then falls linearly to 0", () => {
    const rate = scheduleOf({ ...DEFAULTS, epochs: 2, trainSize: 500 }, 0.01); // 10 steps
    const rates = Array.from({ length: 11 }, (_, step) => rate(step));
    expect(rates.slice(0, 6)).toEqual(new Array(6).fill(0.01));
    rates.slice(5).forEach((r, i) => expect(r).toBeCloseTo(0.01 * (1 - i / 5), 12));
  });

  test("images are held out only where there are learning rates to choose from", () => {
    expect(trainedSize({ ...DEFAULTS, trainSize: 500 })).toBe(500);
    expect(trainedSize({ ...DEFAULTS, trainSize: 500, lr: [0.1, 0.2] })).toBe(450);
  });

  test.each(OPTIMIZERS)("%s keeps its state under its name", (name) => {
    const lr = input("lr", []);
    const x = input("x", [2, 1, 8, 8]);
    const network = classifier(x, input("labels", [2], "int32"));
    const { value, parameters } = trace(network, { mode: "train", norm: arms.plain });
    const updates = optimizerOf(name, lr)(
      parameters,
      parameters.map(() => value.loss),
    );
    const names = updates.map((u) => u.parameter.attrs.name);
    expect(names.filter((n) => !n.startsWith(`${name}.`))).toEqual(
      parameters.map((p) => p.attrs.name),
    );
    expect(names.length).toBeGreaterThan(parameters.length);
  });
});

describe("the network", () => {
  const x = input("x", [2, 1, 28, 28]);
  const labels = input("labels", [2], "int32");
  const sizeOfArm = (arm: Arm): number =>
    trace(classifier(x, labels), { mode: "train", norm: arms[arm] }).parameters.reduce(
      (n, p) => n + sizeOf(p.shape),
      0,
    );

  test("has some 64,000 numbers, and one more for every unit with a scale", () => {
    const plain = sizeOfArm("plain");
    expect(plain).toBeGreaterThan(60_000);
    expect(plain).toBeLessThan(70_000);
    expect(sizeOfArm("mean-only")).toBe(plain);
    const units = 16 + 32 + 32 + 64 + 10;
    expect(sizeOfArm("weight")).toBe(plain + units);
    expect(sizeOfArm("weight+mean-only")).toBe(plain + units);
    expect(sizeOfArm("batch")).toBe(plain + units); // gamma and beta for a bias
  });
  test("gives a loss, and for every image whether it is wrong", () => {
    const { outputs } = evalStep(classifier(x, labels), {
      inputs: [x, labels],
      norm: arms.weight,
    });
    expect(Object.entries(outputs!).map(([name, { shape }]) => [name, shape])).toEqual([
      ["loss", []],
      ["error", [2]],
    ]);
  });
});

const random = (count: number, name: string): ImageSet => ({
  images: Uint8Array.from({ length: count * 64 }, (_, i) => hash(i, keyOf(name)) & 255),
  labels: Uint8Array.from({ length: count }, (_, i) => hash(i, keyOf(name, "labels")) % 10),
  count,
  height: 8,
  width: 8,
  channels: 1,
});
const data: TaskData = {
  ...normalized(random(70, "train"), random(7, "test")),
  source: "noise",
};
/** Two epochs of three steps; the ten images left over in an epoch are other ones in the next. */
const config: MinibatchConfig = { ...DEFAULTS, epochs: 2, batchSize: 20, trainSize: 70 };
const runtime = nodeRuntime({ threads: 1 });
/** Programs are compiled once for every arm and configuration; what they hold is freed with the process. */
const compiled = new Map<string, Programs>();
interface Beginning {
  readonly config?: MinibatchConfig;
  readonly seed?: number;
  readonly lr?: number;
  readonly from?: Checkpoint;
}
async function begin(arm: Arm, options: Beginning = {}): Promise<Contestant> {
  const { config: used = config, seed = 1, lr = ratesOf(used, arm)[0], from } = options;
  const name = JSON.stringify([arm, used]);
  if (!compiled.has(name))
    compiled.set(name, programsOf({ task, config: used, arm, data, runtime }));
  const kept = from === undefined ? {} : { from: { checkpoint: from } satisfies Partial<Kept> };
  const key: RunKey = { arm, seed, lr };
  return startRun({ config: used, key, programs: compiled.get(name)!, ...kept });
}

/** Steps up to the `until`th; their losses, and all that happened. */
async function advance(run: Contestant, until: number = run.steps): Promise<Advanced> {
  const done: { losses: number[]; events: Happening[] } = { losses: [], events: [] };
  while (run.step() < until) {
    const { values, events } = await run.advance();
    done.losses.push(values["loss"]!);
    done.events.push(...events);
  }
  return done;
}
interface Advanced {
  readonly losses: readonly number[];
  readonly events: readonly Happening[];
}
const saved = async (run: Contestant): Promise<Checkpoint> => (await run.saved()).checkpoint;
const progressIn = (checkpoint: Checkpoint): Progress => progressOf(checkpoint, "a checkpoint");

/** A checkpoint without what a clock decides; its tensors by what they hash to, since comparing them one by one takes seconds. */
function bits({ state, progress, ...rest }: Checkpoint): unknown {
  const timeless = (_: string, value: unknown): unknown =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? { ...value, seconds: undefined, wallSeconds: undefined, stepMilliseconds: undefined }
      : value;
  const tensors = [...state].map(([name, { dtype, shape, data: values }]) => {
    const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
    return [name, dtype, shape, createHash("sha1").update(bytes).digest("hex")];
  });
  return { ...rest, tensors, progress: JSON.stringify(progress, timeless) };
}

describe.each(ARMS)("a run of %s", (arm) => {
  let begun: readonly Happening[];
  let all: Advanced;
  let end: Checkpoint;
  const kept: { readonly step: number; readonly bytes: Uint8Array }[] = [];

  beforeAll(async () => {
    const run = await begin(arm);
    const losses: number[] = [];
    const events: Happening[] = [];
    for (let step = 0; step < run.steps; step++) {
      kept.push({ step, bytes: encodeCheckpoint(await saved(run)) });
      const done = await advance(run, step + 1);
      losses.push(...done.losses);
      events.push(...done.events);
    }
    begun = run.begun;
    all = { losses, events };
    end = await saved(run);
  });

  // Before the first step, within both epochs, and between them.
  test.each([0, 1, 2, 3, 4])("goes on from step %i to the same bits", async (step) => {
    const from = decodeCheckpoint(kept[step].bytes, "checkpoint");
    const rest = await begin(arm, { from });
    expect([rest.step(), rest.begun]).toEqual([step, []]);
    expect((await advance(rest)).losses).toEqual(all.losses.slice(step));
    expect(bits(await saved(rest))).toEqual(bits(end));
  });

  test("measures what it says it does", async () => {
    const { losses } = all;
    const progress = progressIn(end);
    expect(progress.stepMilliseconds).toHaveLength(6);
    expect(progress.seconds).toBeCloseTo(
      progress.stepMilliseconds.reduce((a, b) => a + b, 0) / 1000,
      4,
    );
    expect(progress.curve.map((p) => [p.step, p.epoch, p.loss])).toEqual(
      losses.map((loss, i) => [i + 1, (i + 1) / 3, loss]),
    );
    expect(progress.curve[5].layers.map((l) => l.layer)).toEqual([
      ...["conv1", "conv2", "conv3", "conv4", "dense1"],
    ]);
    expect(progress.epochs.map((e) => [e.epoch, e.train["loss"]])).toEqual([
      [1, (losses[0] + losses[1] + losses[2]) / 3],
      [2, (losses[3] + losses[4] + losses[5]) / 3],
    ]);
    for (const { train, test } of progress.epochs) {
      expect(Math.round(train["error"] * 60) / 60).toBeCloseTo(train["error"], 12); // counts of three batches of 20
      expect(Math.round(test["error"] * 7) / 7).toBe(test["error"]); // the batch was filled up, and that not counted
    }
    const { start } = progress;
    expect(begun).toMatchObject([{ type: "initialized", step: 0, layers: start }]);
    expect(start!.map(({ layer }) => layer)).toEqual(progress.curve[0].layers.map((l) => l.layer));
    expect(Object.values(progress.dead!)).toEqual([0, 0, 0, 0, 0]);
    expect(await measure(arm, end)).toEqual({ test: progress.epochs[1].test });
    expect((all.events.at(-1) as Finished).parameters).toBeGreaterThan(30_000);
  });

  test("tells what happened as it happens, and its checkpoint tells the same again", () => {
    const of = (type: Happening["type"]): readonly Happening[] =>
      all.events.filter((e) => e.type === type);
    const { curve, epochs, wallSeconds, parameters } = progressIn(end);
    expect(of("point")).toMatchObject(
      curve.map(({ step, epoch: at, loss, layers }) => ({ step, at, values: { loss }, layers })),
    );
    expect(of("measured").filter((e) => "train" in e)).toMatchObject(
      epochs.map(({ epoch: at, test, train, seconds }) => ({
        ...{ step: 3 * at, at, test, train, seconds },
      })),
    );
    expect(of("finished")).toMatchObject([{ step: 6, parameters, wall: wallSeconds }]);
    expect(all.events.at(-1)!.type).toBe("finished");
    expect(mnist.history(end, { arm, seed: 1, lr: 0.001 })).toEqual([...begun, ...all.events]);
  });
});

/** What a checkpoint is worth, as `weightnorm eval` finds it out. */
async function measure(arm: Arm, { state, step, seed }: Checkpoint): Promise<unknown> {
  const { open } = experimentOf({ ...task, load: () => Promise.resolve(data) });
  const world: World = {
    ...{ runtime: () => runtime, threads: 1, places: {}, door: nodeDoor() },
    progress: () => undefined,
  };
  const field = await open(config, world);
  const key = { arm, seed, lr: config.lr[0] };
  return field.measure({ key, config, state, step, world }, "end").finally(() => field.release());
}

test("with several learning rates a run ends epochs with its error on the images held out", async () => {
  const grid = { ...config, trainSize: 60, heldOut: 1 / 3, lr: [0.001, 0.01] };
  const run = await begin("weight", { config: grid, lr: 0.01 });
  expect([run.steps, run.key.lr]).toEqual([4, 0.01]);
  await advance(run);
  const { epochs, curve } = progressIn(await saved(run));
  for (const { heldOut } of epochs)
    expect(Math.round(heldOut!["error"] * 20) / 20).toBe(heldOut!["error"]);
  expect(epochs).toHaveLength(2);
  expect(curve[0].layers[0].effectiveStep).toBeGreaterThan(0);
});

test("a checkpoint is a copy: the run going on does not change it", async () => {
  const run = await begin("weight");
  const first = await saved(run);
  const bytes = encodeCheckpoint(first);
  await advance(run, 3);
  expect(Buffer.compare(encodeCheckpoint(first), bytes)).toBe(0);
});

test("seeds differ, and so do the orders of two epochs", async () => {
  const loss = async (seed: number): Promise<readonly number[]> => {
    const still = { ...config, lr: [1e-30] }; // so that batches alone make the losses differ
    const run = await begin("plain", { seed, config: still });
    return (await advance(run)).losses;
  };
  const [one, two] = [await loss(1), await loss(2)];
  expect(new Set([...one, ...two]).size).toBe(12);
});

test("a checkpoint of another arm is told apart, with the names that it lacks", async () => {
  const run = await begin("weight");
  const from = await saved(run);
  await expect(begin("plain", { from })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[Error: the checkpoint of plain-1: the state does not fit the model, got no "conv1.w", "conv2.w", "conv3.w", "conv4.w", "dense1.w" and 10 more; an unexpected "conv1.v", "conv1.g", "conv2.v", "conv2.g", "conv3.v" and 25 more; use the configuration that it was saved with]`,
  );
});

describe("a run that diverges", () => {
  test("names the layer, and saves nothing that is not finite", async () => {
    const run = await begin("plain", { config: { ...config, lr: [1e12] } });
    const going = advance(run);
    await expect(going).rejects.toThrow(Diverged);
    await expect(going).rejects.toThrow(
      /^train: the loss of plain must be a finite number, got (NaN|Infinity) at step \d \(pre-activations overflow first in layer (conv\d|dense1)\); lower --lr$/,
    );
  });
  test("is not saved once a parameter has overflowed", async () => {
    const run = await begin("weight", { config: { ...config, lr: [1e39] } }); // infinite in float32
    expect((await saved(run)).step).toBe(0);
    await advance(run, 1);
    await expect(saved(run)).rejects.toThrow(
      /^train: the parameters of weight must be finite numbers, got (-?Infinity|NaN) in conv1\.\w after step 1; lower --lr$/,
    );
  });
});
