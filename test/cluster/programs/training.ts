/**
 * A rank that trains a small smooth network for some steps, with every arm and optimizer that it is asked for. Rank 0 says the
 * parameters that come of each: `training.ts '{"steps": 50, "batchSize": 40, "cases": [["weight", "adam"]]}'`.
 */
import { joined } from "../../../cluster/mpi/index.ts";
import { noise as noiseOf } from "../../../bench/noise.ts";
import { classification, errorRate } from "../../../experiments/classification.ts";
import { task as mnist } from "../../../experiments/mnist/task.ts";
import type { OptimizerName } from "../../../runs/minibatch/config.ts";
import { programsOf } from "../../../runs/minibatch/programs.ts";
import { startRun } from "../../../runs/minibatch/run.ts";
import type { Task } from "../../../runs/minibatch/task.ts";
import { crewOf, oneRank, type Ranks } from "../../../runs/ranks.ts";
import {
  apply,
  dense,
  dropout,
  hash,
  input,
  keyOf,
  ops,
  sequential,
  sgd,
  tensor,
  type Arm,
} from "../../../src/index.ts";
import { optimizerOf } from "../../../runs/index.ts";
import { nodeRuntime } from "../../../src/node/index.ts";

export interface Asked {
  readonly steps: number;
  readonly batchSize: number;
  readonly cases: readonly (readonly [arm: Arm, optimizer: string])[];
  /** What the last rank does wrong. */
  readonly wrong?: "seed" | "skips";
  /** Instead of the small network; on images of noise. */
  readonly network?: "mnist";
}
/** The parameters of each case by name. */
export type Told = readonly Readonly<Record<string, readonly number[]>>[];

const EXAMPLES = 120;
const WIDTH = 6;
const key = keyOf("examples");
const layers = sequential(
  dense(8, { name: "first" }),
  apply(ops.tanh),
  dropout(0.1),
  dense(3, { name: "second" }),
);
const examples = {
  count: EXAMPLES,
  inputs: (size: number) => [input("x", [size, WIDTH]), input("labels", [size], "int32")],
  feeds: (rows: Uint32Array) => ({
    x: tensor(
      Array.from(rows).flatMap((row) =>
        Array.from({ length: WIDTH }, (_, i) => hash(row * WIDTH + i, key) / 2 ** 31 - 1),
      ),
      [rows.length, WIDTH],
    ),
    labels: tensor(
      Int32Array.from(rows, (row) => row % 3),
      [rows.length],
      "int32",
    ),
  }),
};
const data = { train: examples, test: { ...examples, count: 30 }, source: "numbers" };

const noise = noiseOf(EXAMPLES, [1, 28, 28]);
const images = { train: noise, test: { ...noise, count: 10 }, source: "noise" };

const task = (optimizer: string): Task => ({
  ...{ name: "smooth", about: "for a test", unit: "rows", places: {}, options: {}, presets: {} },
  measures: errorRate(3),
  load: () => Promise.resolve(data),
  network:
    ([x, labels]) =>
    (scope) =>
      classification(layers(scope, x), labels),
  rates: (_config, lr) => ({ lr: () => lr }),
  optimizer: (_config, { lr }) =>
    optimizer === "momentum"
      ? sgd({ lr, momentum: 0.9 })
      : optimizerOf(optimizer as OptimizerName, lr, optimizer === "sgd" ? { beta1: 0 } : {}),
});

async function trained(
  ranks: Ranks,
  { steps, batchSize, network }: Asked,
  [arm, optimizer]: Asked["cases"][number],
  seed: number,
): Promise<Told[number]> {
  const config = {
    ...{
      arms: [arm],
      seeds: [seed],
      lr: [network === "mnist" ? 0.001 : 0.01],
      preset: "small",
      optimizer: "adam" as const,
    },
    ...{ epochs: Math.ceil((steps * batchSize) / EXAMPLES), batchSize, trainSize: EXAMPLES },
    ...{ threads: 1, heldOut: 0, target: 0, oddBatch: true },
    network: network === "mnist" ? { width: 1 } : {},
  };
  const own =
    network === "mnist" ? { ...mnist, optimizer: task(optimizer).optimizer } : task(optimizer);
  const runtime = nodeRuntime({ threads: 1 });
  const crew = crewOf(ranks);
  const programs = programsOf({
    ...{ task: own, config, arm, runtime, crew },
    data: network === "mnist" ? images : data,
  });
  const run = await startRun({ config, key: { arm, seed, lr: config.lr[0] }, programs });
  while (run.step() < steps) await run.advance();
  const { state } = (await run.saved()).checkpoint;
  await programs.release();
  return Object.fromEntries([...state].map(([name, { data: values }]) => [name, [...values]]));
}

const asked = JSON.parse(process.argv[2]) as Asked;
const job = await joined();
const ranks = job?.ranks ?? oneRank;
const isLast = ranks.rank === ranks.size - 1;
let sums = 0;
/** The third sum is one that it does not wait for. */
const skipping: Ranks = {
  ...ranks,
  sum(values) {
    if (++sums !== 3) ranks.sum(values);
  },
};
const told: Told[number][] = [];
for (const one of asked.cases) {
  const wrong = isLast ? asked.wrong : undefined;
  told.push(
    await trained(wrong === "skips" ? skipping : ranks, asked, one, wrong === "seed" ? 2 : 1),
  );
}
if (ranks.rank === 0) process.stdout.write(`${JSON.stringify(told)}\n`);
job?.end();
