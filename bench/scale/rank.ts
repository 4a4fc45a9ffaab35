/** One of the processes that `bench scale` starts by mpirun: measures what it is asked for, and rank 0 says it. */
import { task as cifar10 } from "../../experiments/cifar10/task.ts";
import { task as mnist } from "../../experiments/mnist/task.ts";
import { joined } from "../../cluster/mpi/index.ts";
import type { MinibatchConfig } from "../../runs/minibatch/config.ts";
import { programsOf } from "../../runs/minibatch/programs.ts";
import type { Task } from "../../runs/minibatch/task.ts";
import { quantile } from "../../runs/quantile.ts";
import { crewOf, shareOf, type Ranks } from "../../runs/ranks.ts";
import { initialState, keyTensor, tensor } from "../../src/index.ts";
import { nodeRuntime } from "../../src/node/index.ts";
import { noise } from "../noise.ts";

/** A network of which a step is timed. */
export type Network = "mnist" | "cifar10 small" | "cifar10 paper";
export type Asked =
  | { readonly what: "sums"; readonly bytes: readonly number[]; readonly times: number }
  | { readonly what: "steps"; readonly network: Network; readonly steps: number };

/** Milliseconds of a step, median over steps, and of these in communication. */
export interface StepTime {
  readonly milliseconds: number;
  readonly communication: number;
  /** Bytes that are summed in a step, 0 of one process by itself. */
  readonly bytes: number;
}

const networks: Readonly<
  Record<
    Network,
    { readonly task: Task; readonly preset: string; readonly batch: number; readonly image: Image }
  >
> = {
  mnist: { task: mnist, preset: "small", batch: 200, image: [1, 28, 28] },
  "cifar10 small": { task: cifar10, preset: "small", batch: 100, image: [3, 32, 32] },
  "cifar10 paper": { task: cifar10, preset: "paper", batch: 100, image: [3, 32, 32] },
};
type Image = readonly [number, number, number];

/** Milliseconds of an all-reduce by its bytes, medians. */
function sums(ranks: Ranks, bytes: readonly number[], times: number): readonly number[] {
  return bytes.map((size) => {
    const values = new Float32Array(size / 4).fill(1);
    const each = Array.from({ length: times + 1 }, () => {
      ranks.meet();
      const began = performance.now();
      ranks.sum(values);
      const took = performance.now() - began;
      values.fill(1);
      return took;
    });
    return quantile(each.slice(1), 0.5);
  });
}

async function steps(ranks: Ranks, network: Network, count: number): Promise<StepTime> {
  const { task, preset, batch, image } = networks[network];
  const config: MinibatchConfig = {
    ...task.presets[preset],
    ...{ arms: ["weight"], seeds: [1], preset, threads: 1, batchSize: batch, trainSize: batch },
  };
  let bytes = 0;
  const counted: Ranks = {
    ...ranks,
    sum(values) {
      bytes = values.byteLength;
      ranks.sum(values);
    },
  };
  const data = { train: noise(batch, image), test: noise(1, image), source: "noise" };
  const runtime = nodeRuntime({ threads: 1 });
  const crew = crewOf(counted);
  const programs = programsOf({ task, config, arm: "weight", data, runtime, crew });
  const program = programs.step(batch);
  const state = initialState(programs.parameters, 1);
  const { from, count: own } = shareOf(batch, ranks);
  const rows = Uint32Array.from({ length: own }, (_, i) => from + i);
  const rates = Object.entries(task.rates(config, config.lr[0]));
  const now = Object.fromEntries(
    rates.map(([name, rate]) => [name, tensor(Float32Array.of(rate(0)), [])]),
  );
  const took: number[] = [];
  const talked: number[] = [];
  for (let step = 0; step <= count; step++) {
    const feeds = { ...programs.feeds(rows), ...now, key: keyTensor(1, step) };
    ranks.meet();
    const [began, before] = [performance.now(), ranks.seconds()];
    await program.run(feeds, state);
    took.push(performance.now() - began);
    talked.push(1000 * (ranks.seconds() - before));
  }
  await programs.release();
  const median = (all: readonly number[]): number => quantile(all.slice(1), 0.5);
  return { milliseconds: median(took), communication: median(talked), bytes };
}

const asked = JSON.parse(process.argv[2]) as Asked;
const job = await joined();
if (!job) throw new Error("bench scale: expected to be started by mpirun, got no launcher");
const { ranks } = job;
const result =
  asked.what === "sums"
    ? sums(ranks, asked.bytes, asked.times)
    : await steps(ranks, asked.network, asked.steps);
if (ranks.rank === 0) process.stdout.write(`${JSON.stringify(result)}\n`);
job.end();
