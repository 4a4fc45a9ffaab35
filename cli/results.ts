/** Finished runs to the results of a comparison. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { arch, cpus, platform, totalmem } from "node:os";
import type { Run } from "../experiments/classification/experiment.ts";
import type {
  Arm,
  ArmResult,
  EpochResult,
  Machine,
  Results,
  RunResult,
} from "../experiments/results.ts";
import type { RunConfig } from "./run-folder.ts";

export interface Finished {
  readonly run: RunConfig;
  readonly runs: readonly Run[];
  readonly data: Results["data"];
}

export function resultsOf({ run, runs, data }: Finished): Results {
  const { config } = run;
  const runsOf = (arm: Arm): readonly Run[] => runs.filter((r) => r.arm === arm);
  const plain = runsOf("plain").length > 0 ? medianStep(runsOf("plain")) : null;
  const arms = config.arms.flatMap((arm) => {
    const tried = runsOf(arm);
    return tried.length > 0 ? [[arm, armResult(tried, plain, run)] as const] : [];
  });
  return {
    format: "weightnorm-results/1",
    experiment: run.experiment,
    command: run.command,
    config: { ...config },
    machine: machine(),
    data,
    startedAt: run.startedAt,
    seconds: runs.reduce((sum, { progress }) => sum + progress.wallSeconds, 0),
    targetError: config.targetError,
    arms: Object.fromEntries(arms),
  };
}

function armResult(tried: readonly Run[], plain: number | null, { config }: RunConfig): ArmResult {
  const { lr, grid } = bestRate(tried, config);
  const runs = tried.filter((run) => run.lr === lr);
  const results = runs.map((run) => runResult(run, config.batchSize));
  const epochs = results[0].epochs.map((_, i) => meanEpoch(results.map((r) => r.epochs[i])));
  return {
    epochs,
    imagesPerSecond: mean(results.map((r) => r.imagesPerSecond)),
    relativeStepTime: plain === null ? null : medianStep(runs) / plain,
    secondsToTarget: secondsToTarget(results, config.targetError),
    parameters: runs[0].parameters,
    lr,
    ...(config.lr.length > 1 ? { grid } : {}),
    runs: results,
  };
}

/** The learning rate with the lowest final error on held-out images, of those with which every seed got to the end. */
function bestRate(
  runs: readonly Run[],
  { lr: rates, seeds }: RunConfig["config"],
): { readonly lr: number; readonly grid: NonNullable<ArmResult["grid"]> } {
  const grid = rates.map((lr) => {
    const finished = runs.filter((run) => run.lr === lr);
    const errors = finished.map((run) => run.progress.epochs.at(-1)?.heldOutError ?? NaN);
    return { lr, heldOutError: finished.length === seeds.length ? mean(errors) : null };
  });
  const best = grid
    .filter(({ heldOutError }) => heldOutError !== null)
    .reduce<(typeof grid)[number] | undefined>(
      (least, x) => (least && least.heldOutError! <= x.heldOutError! ? least : x),
      undefined,
    );
  return { lr: (best ?? grid.find(({ lr }) => runs.some((run) => run.lr === lr))!).lr, grid };
}

function runResult({ seed, progress }: Run, batchSize: number): RunResult {
  const [low, median, high] = [0.25, 0.5, 0.75].map((q) => quantile(progress.stepMilliseconds, q));
  return {
    seed,
    epochs: progress.epochs,
    curve: progress.curve,
    imagesPerSecond: (progress.stepMilliseconds.length * batchSize) / progress.seconds,
    stepMilliseconds: { median: median, low: low, high: high },
  };
}

/** The mean over the seeds, if every one of them got there. */
function secondsToTarget(runs: readonly RunResult[], targetError: number): number | null {
  const reached = runs.map((r) => r.epochs.find((e) => e.testError <= targetError)?.seconds);
  return reached.every((seconds) => seconds !== undefined) ? mean(reached) : null;
}

const mean = (values: readonly number[]): number =>
  values.reduce((a, b) => a + b, 0) / values.length;
const meanEpoch = (epochs: readonly EpochResult[]): EpochResult => ({
  epoch: epochs[0].epoch,
  seconds: mean(epochs.map((e) => e.seconds)),
  trainLoss: mean(epochs.map((e) => e.trainLoss)),
  trainError: mean(epochs.map((e) => e.trainError)),
  testError: mean(epochs.map((e) => e.testError)),
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
