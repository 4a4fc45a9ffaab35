/** Measurements that need a process to themselves: each is a task of this very file, run as `own-process.ts NAME OPTIONS`. */
import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { task as cifar10 } from "../experiments/cifar10/task.ts";
import { ARMS } from "../runs/records.ts";
import type { MinibatchConfig } from "../runs/minibatch/config.ts";
import { programsOf } from "../runs/minibatch/programs.ts";
import { startRun } from "../runs/minibatch/run.ts";
import type { Contestant } from "../runs/experiment.ts";
import { input, ops, tensor } from "../src/index.ts";
import { nodeRuntime } from "../src/node/index.ts";
import { encodeCheckpoint } from "../src/train/checkpoint.ts";
import { noise } from "./noise.ts";
import { ours } from "./ours.ts";
import { subjects } from "./subjects.ts";

interface Options {
  readonly threads: number;
  readonly blocked: boolean;
  readonly steps?: number;
}

const IMAGE = [3, 32, 32] as const;
const step = { subject: subjects.cifar10, arm: "weight", batch: 100, width: 96 } as const;

const measurements = {
  /** Memory at its highest while the weight arm takes some steps. */
  async memory({ threads, blocked }: Options): Promise<unknown> {
    const { run } = await ours({ ...step, threads, blocked });
    await run(4);
    return { peakMebibytes: process.resourceUsage().maxRSS / 1024 };
  },

  /** The same while all five arms of the paper's network are initialized, trained and evaluated in turn, beside 60,000 images. */
  async compare({ threads, blocked }: Options): Promise<unknown> {
    const train = noise(50_000, IMAGE);
    const data = { train, test: { ...noise(10_000, IMAGE), count: 100 }, source: "noise" };
    const config = { ...configOf("paper"), arms: ARMS, epochs: 1, trainSize: 500, threads };
    const runtime = nodeRuntime({ threads, blocked });
    for (const arm of ARMS) {
      const programs = programsOf({ task: cifar10, config, arm, data, runtime });
      const run = await startRun({ config, key: { arm, seed: 1, lr: config.lr[0] }, programs });
      while (run.step() < run.steps) await run.advance();
      await programs.release();
    }
    return { peakMebibytes: process.resourceUsage().maxRSS / 1024 };
  },

  /** Memory, garbage aside, as a narrow network trains, is evaluated and saved, epoch after epoch of 100 steps: it does not grow. */
  async soak({ threads, blocked, steps = 2000 }: Options): Promise<unknown> {
    const EPOCH = 100;
    const epochs = Math.ceil(steps / EPOCH);
    const data = { train: noise(EPOCH * 20, IMAGE), test: noise(100, IMAGE), source: "noise" };
    const config = {
      ...{ ...configOf("small"), network: { width: 16 }, arms: ["weight"] as const },
      ...{ epochs, batchSize: 20, trainSize: EPOCH * 20, threads },
    };
    const runtime = nodeRuntime({ threads, blocked });
    const programs = programsOf({ task: cifar10, config, arm: "weight", data, runtime });
    const key = { arm: "weight", seed: 1, lr: config.lr[0] } as const;
    const run = await startRun({ config, key, programs });
    const mebibytes: number[] = [];
    for (let epoch = 1; epoch <= epochs; epoch++) {
      await epochOf(run);
      encodeCheckpoint((await run.saved()).checkpoint);
      if (epoch % Math.ceil(epochs / 20) !== 0) continue;
      globalThis.gc?.();
      mebibytes.push(process.memoryUsage.rss() / 2 ** 20);
    }
    return { steps: run.step(), mebibytes };
  },

  /** Milliseconds of a step in convolutions, from ONNX Runtime's own profile, and the speed of a large matrix product, in turn. */
  async profile({ threads, blocked }: Options): Promise<unknown> {
    const folder = await mkdtemp(join(tmpdir(), "weightnorm-bench-"));
    const { run, release } = await ours({
      ...{ ...step, threads, blocked, profile: join(folder, "profile") },
    });
    const multiply = await product(threads);
    const matmulGigaflopPerSecond: number[] = [];
    for (let round = 0; round < 6; round++) {
      await run(1);
      matmulGigaflopPerSecond.push(await multiply());
    }
    await release();
    const [file] = await readdir(folder);
    const events = JSON.parse(await readFile(join(folder, file), "utf8")) as readonly Event[];
    await rm(folder, { recursive: true });
    return {
      convolutionMilliseconds: convolutionsOf(events).slice(1),
      matmulGigaflopPerSecond: matmulGigaflopPerSecond.slice(1),
    };
  },
};

const configOf = (preset: string): MinibatchConfig => ({
  ...cifar10.presets[preset],
  ...{ arms: ARMS, seeds: [1], preset, threads: 2, trainSize: 0 },
});
const epochOf = async (run: Contestant): Promise<void> => {
  do await run.advance();
  while (run.step() % run.turn !== 0);
};

/** The speed of one 2048x2048 matrix product in GFLOP/s, the best of three. */
async function product(threads: number): Promise<() => Promise<number>> {
  const n = 2048;
  const [a, b] = [input("a", [n, n]), input("b", [n, n])];
  const program = await nodeRuntime({ threads }).compile({
    inputs: [a, b],
    outputs: { y: ops.matmul(a, b) },
  });
  const values = Float32Array.from({ length: n * n }, (_, i) => Math.sin(i * i));
  const feeds = { a: tensor(values, [n, n]), b: tensor(values, [n, n]) };
  return async () => {
    let best = 0;
    for (let i = 0; i < 3; i++) {
      const start = performance.now();
      await program.run(feeds, new Map());
      best = Math.max(best, (2 * n ** 3) / (performance.now() - start) / 1e6);
    }
    return best;
  };
}

interface Event {
  readonly cat: string;
  readonly name: string;
  readonly ts: number;
  readonly dur: number;
  readonly args?: { readonly op_name?: string };
}
/** Kernels that multiply: all products of a convolution are one of them, whatever its form. */
const PRODUCTS = ["Conv", "ConvTranspose", "Gemm", "MatMul", "FusedMatMul"];
const convolutionsOf = (events: readonly Event[]): readonly number[] =>
  events
    .filter(({ name }) => name === "model_run")
    .map(
      ({ ts, dur }) =>
        events
          .filter((e) => e.cat === "Node" && e.ts >= ts && e.ts <= ts + dur)
          .filter(
            (e) => PRODUCTS.includes(e.args?.op_name ?? "") && e.name.endsWith("_kernel_time"),
          )
          .reduce((sum, e) => sum + e.dur, 0) / 1000,
    );

/** What a measurement gives in a process of its own. */
export async function inProcess<T>(name: keyof typeof measurements, options: Options): Promise<T> {
  const { stdout } = await promisify(execFile)(process.execPath, [
    "--expose-gc",
    "--import",
    "tsx",
    fileURLToPath(import.meta.url),
    name,
    JSON.stringify(options),
  ]);
  return JSON.parse(stdout) as T;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [name, options] = process.argv.slice(2) as [keyof typeof measurements, string];
  const result = await measurements[name](JSON.parse(options) as Options);
  process.stdout.write(`${JSON.stringify(result)}\n`);
}
