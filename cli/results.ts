/** Finished runs to the results of a comparison. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { arch, cpus, platform, totalmem } from "node:os";
import { isGrid, ratesOf, type Config } from "../experiments/training/config.ts";
import type { Run } from "../experiments/training/run.ts";
import type { Task } from "../experiments/training/task.ts";
import type {
  ArmResult,
  EpochResult,
  Machine,
  Means,
  Results,
  RunResult,
} from "../experiments/results.ts";
import type { Exhibition } from "./exhibition.ts";
import type { Outcome } from "./race.ts";
import type { RunConfig } from "./run-folder.ts";

export interface Finished {
  readonly run: RunConfig;
  readonly task: Task;
  readonly outcome: Outcome;
  readonly exhibition: Exhibition;
  readonly data: Results["data"];
}

export function resultsOf({ run, task, outcome, exhibition, data }: Finished): Results {
  const { config } = run;
  const { finished, lost } = outcome;
  const key = task.measures[0].key;
  const plain = chosenRuns(finished, config, key).filter((r) => r.arm === "plain");
  const baseline = plain.length > 0 ? medianStep(plain) : null;
  const arms = config.arms.flatMap((arm) => {
    const tried = finished.filter((r) => r.arm === arm);
    if (tried.length === 0) return [];
    return [[arm, armResult(tried, { config, key, baseline, exhibition })] as const];
  });
  return {
    format: "weightnorm-results/2",
    experiment: run.experiment,
    command: run.command,
    config: { ...config },
    machine: machine(),
    data,
    startedAt: run.startedAt,
    seconds: [...finished, ...lost.map((l) => l.run)].reduce(
      (sum, { progress }) => sum + progress.wallSeconds,
      0,
    ),
    measures: task.measures,
    target: config.target,
    arms: Object.fromEntries(arms),
    lost: lost.map(({ run: { arm, seed, lr, step }, error }) => ({
      ...{ arm, seed, lr, step: step(), why: error.message },
    })),
    pictures: exhibition.pictures,
  };
}

/** Of every arm the runs at its best learning rate. */
export const chosenRuns = (runs: readonly Run[], config: Config, key: string): readonly Run[] =>
  config.arms.flatMap((arm) => {
    const tried = runs.filter((run) => run.arm === arm);
    const { lr } = bestRate(tried, config, key);
    return tried.filter((run) => run.lr === lr);
  });

interface ArmOptions {
  readonly config: Config;
  /** The first measure's. */
  readonly key: string;
  /** The median step of `plain`, in milliseconds. */
  readonly baseline: number | null;
  readonly exhibition: Exhibition;
}
function armResult(
  tried: readonly Run[],
  { config, key, baseline, exhibition }: ArmOptions,
): ArmResult {
  const { lr, grid } = bestRate(tried, config, key);
  const runs = tried.filter((run) => run.lr === lr);
  const results = runs.map((run) => runResult(run, config.batchSize, exhibition.measured.get(run)));
  const epochs = results[0].epochs.map((_, i) => meanEpoch(results.map((r) => r.epochs[i])));
  return {
    epochs,
    imagesPerSecond: mean(results.map((r) => r.imagesPerSecond)),
    relativeStepTime: baseline === null ? null : medianStep(runs) / baseline,
    secondsToTarget: secondsToTarget(results, key, config.target),
    parameters: runs[0].parameters,
    lr: lr!,
    ...(isGrid(config) ? { grid } : {}),
    runs: results,
  };
}

/** The learning rate with the lowest final measure on held-out examples, of those with which every seed got to the end. */
function bestRate(
  runs: readonly Run[],
  config: Config,
  key: string,
): { readonly lr: number | undefined; readonly grid: NonNullable<ArmResult["grid"]> } {
  if (runs.length === 0) return { lr: undefined, grid: [] };
  const grid = ratesOf(config, runs[0].arm).map((lr) => {
    const finished = runs.filter((run) => run.lr === lr);
    const last = finished.map((run) => run.progress.epochs.at(-1)?.heldOut?.[key] ?? NaN);
    return { lr, heldOut: finished.length === config.seeds.length ? mean(last) : null };
  });
  const best = grid.reduce<{ readonly lr: number; readonly heldOut: number } | undefined>(
    (least, { lr, heldOut }) =>
      heldOut !== null && heldOut < (least?.heldOut ?? Infinity) ? { lr, heldOut } : least,
    undefined,
  );
  return { lr: best?.lr ?? runs[0].lr, grid };
}

function runResult(
  { seed, progress }: Run,
  batchSize: number,
  final: Means | undefined,
): RunResult {
  const [low, median, high] = [0.25, 0.5, 0.75].map((q) => quantile(progress.stepMilliseconds, q));
  return {
    seed,
    epochs: progress.epochs,
    curve: progress.curve,
    imagesPerSecond: (progress.stepMilliseconds.length * batchSize) / progress.seconds,
    stepMilliseconds: { median: median, low: low, high: high },
    ...(final ? { final } : {}),
  };
}

/** The mean over the seeds, if every one of them got there. */
function secondsToTarget(runs: readonly RunResult[], key: string, target: number): number | null {
  const reached = runs.map((r) => r.epochs.find((e) => e.test[key] <= target)?.seconds);
  return reached.every((seconds) => seconds !== undefined) ? mean(reached) : null;
}

const mean = (values: readonly number[]): number =>
  values.reduce((a, b) => a + b, 0) / values.length;
const meanOf = (all: readonly Means[]): Means =>
  Object.fromEntries(Object.keys(all[0]).map((key) => [key, mean(all.map((x) => x[key]))]));
const meanEpoch = (epochs: readonly EpochResult[]): EpochResult => ({
  epoch: epochs[0].epoch,
  seconds: mean(epochs.map((e) => e.seconds)),
  train: meanOf(epochs.map((e) => e.train)),
  test: meanOf(epochs.map((e) => e.test)),
});
const medianStep = (runs: readonly Run[]): number =>
  quantile(
    runs.flatMap((run) => run.progress.stepMilliseconds),
    0.5,
  );

/** Linear interpolation between order statistics. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (sorted.length - 1) * q;
  const low = sorted[Math.floor(at)];
  return low + (sorted[Math.ceil(at)] - low) * (at - Math.floor(at));
}

export function machine(): Machine {
  const manifest = createRequire(import.meta.url).resolve("onnxruntime-node/package.json");
  const { version } = JSON.parse(readFileSync(manifest, "utf8")) as { readonly version: string };
  return {
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    platform: `${platform()} ${arch()}`,
    node: process.version,
    runtime: `onnxruntime-node ${version}`,
  };
}
