/** Parts of a data set: fewer test images, and a part of the training images that is normalized as all of them are. */
import { expect, test } from "vitest";
import type { World } from "../../runs/experiment.ts";
import type { MinibatchConfig } from "../../runs/minibatch/config.ts";
import { loadMnist } from "../../experiments/datasets.ts";
import { mnist, normalized } from "../../experiments/mnist/task.ts";
import { hash, keyOf } from "../../src/graph/hash.ts";
import { pixelStatistics, topological, type Files, type Input } from "../../src/index.ts";
import { nodeDoor, nodeRuntime } from "../../src/node/index.ts";
import { filesOf } from "../data/files.ts";
import { failure } from "./own-world.ts";

const SIDE = 8;
/** An IDX file of so many items that any longer one begins with. */
function idx(name: string, shape: readonly number[], most: number): Uint8Array {
  const bytes = new Uint8Array(4 + 4 * shape.length + shape.reduce((a, b) => a * b));
  bytes.set([0, 0, 8, shape.length]);
  shape.forEach((n, axis) => new DataView(bytes.buffer).setUint32(4 + 4 * axis, n));
  const head = 4 + 4 * shape.length;
  for (let i = head; i < bytes.length; i++) bytes[i] = hash(i, keyOf(name)) % most;
  return bytes;
}
const pictures = (name: string, count: number): Record<string, Uint8Array> => ({
  [`${name}-images-idx3-ubyte`]: idx(name, [count, SIDE, SIDE], 256),
  [`${name}-labels-idx1-ubyte`]: idx(`${name} labels`, [count], 10),
});
const all = filesOf({ ...pictures("train", 60), ...pictures("t10k", 30) });

const worldOf = (files: Files): World => ({
  ...{ runtime: () => nodeRuntime({ threads: 1 }), threads: 1, places: {} },
  door: { ...nodeDoor(), package: () => Promise.resolve(files) },
  progress: () => undefined,
});
const configOf = (asked: Partial<MinibatchConfig>): MinibatchConfig =>
  mnist.complete({ arms: ["weight"], batchSize: 10, trainSize: 20, ...asked }, {});

/** What two steps lose, and what the test says after them. */
async function trained(files: Files, asked: Partial<MinibatchConfig> = {}): Promise<unknown> {
  const world = worldOf(files);
  const config = configOf(asked);
  const field = await mnist.open(config, world);
  try {
    const key = { arm: "weight", seed: 1, lr: 0.001 } as const;
    const run = await field.start(key);
    const losses = [await run.advance(), await run.advance()].map(({ values }) => values["loss"]);
    const { checkpoint } = await run.saved();
    const { state, step } = checkpoint;
    const { test } = await field.measure({ key, config, state, step, world }, "end");
    return { losses, test, tested: field.sheet.tested.count };
  } finally {
    await field.release();
  }
}

test("tests on the first images alone give what a set of these gives, and change nothing of training", async () => {
  const fewer = filesOf({ ...pictures("train", 60), ...pictures("t10k", 7) });
  const some = await trained(all, { testSize: 7 });
  expect(some).toEqual(await trained(fewer));
  expect(some).toMatchObject({ tested: 7 });
  const whole = await trained(all);
  expect(whole).toMatchObject({ losses: (some as { losses: unknown }).losses, tested: 30 });
});

test("more test images than there are is an error", async () => {
  const opened = mnist.open(configOf({ testSize: 31 }), worldOf(all));
  expect(await failure(opened)).toBe(
    "asked wrongly: --test-size: expected at most the 30 test images of memory, got 31; lower it",
  );
});

test("a part with the statistics of all trains as all of them do, to the same bits", async () => {
  const images = idx("train", [60, SIDE, SIDE], 256).subarray(16);
  const statistics = pixelStatistics({ images } as Parameters<typeof pixelStatistics>[0]);
  const bytes = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
  const part = { ...pictures("train", 20), ...pictures("t10k", 30) };
  const said = (value: unknown): Files =>
    filesOf({ ...part, "pixel-statistics.json": bytes(value) });
  const whole = await trained(all);
  expect(await trained(said(statistics))).toEqual(whole);
  expect(await trained(filesOf(part))).not.toEqual(whole);
  for (const wrong of [{}, { mean: 0.1, std: 0 }, { mean: "0.1", std: 1 }, { mean: 2, std: 1 }])
    expect(await failure(trained(said(wrong)))).toMatch(
      /^memory\/pixel-statistics\.json: expected the mean and the std of pixels from 0 to 1, got .* and .*; delete the file where all images are$/,
    );
});

test("in a file of its own it takes pictures for what the test says that it does", async () => {
  const world = worldOf(all);
  const config = configOf({});
  const field = await mnist.open(config, world);
  const key = { arm: "weight", seed: 1, lr: 0.001 } as const;
  const run = await field.start(key);
  await run.advance();
  const { state, step } = (await run.saved()).checkpoint;
  const trainedModel = { key, config, state, step, world };
  const { test: measured } = await field.measure(trainedModel, "end");
  await field.release();
  const made = await mnist.exported!(trainedModel);
  const { answer } = made.outputs(30);
  const inputs = topological([answer]).filter((n): n is Input => n.op === "input");
  const program = await world.runtime(1).compile({ inputs, outputs: { answer } });
  const { train, test: tested } = await loadMnist(world);
  const { x, labels } = normalized(train, tested).test.feeds(Uint32Array.from(Array(30).keys()));
  const { data } = (await program.run({ x }, made.state))["answer"];
  await program.release();
  const wrong = Array.from(labels.data).filter((label, i) => {
    const row = Array.from(data.subarray(10 * i, 10 * i + 10));
    expect(row.reduce((a, b) => a + b)).toBeCloseTo(1, 5);
    return row.indexOf(Math.max(...row)) !== label;
  });
  expect(wrong.length / 30).toBeCloseTo(measured["error"]!, 6);
  expect(JSON.parse(made.metadata["classes"])).toHaveLength(10);
});
