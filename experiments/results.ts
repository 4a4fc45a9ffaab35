/** What a comparison leaves behind: the shape of results.json and of the lines in log.jsonl. Plain data, no code. */

import type { Arm, LayerStats } from "../src/index.ts";

export type { Arm, LayerStats };
/** In the order of tables and figures. */
export const ARMS: readonly Arm[] = ["plain", "weight", "batch", "mean-only", "weight+mean-only"];

/** One epoch of one run. Errors are fractions, seconds count training alone (no evaluation, no checkpoints). */
export interface EpochResult {
  readonly epoch: number;
  readonly seconds: number;
  readonly trainLoss: number;
  readonly trainError: number;
  readonly testError: number;
  /** On training images held out to choose a learning rate by, where there were several. */
  readonly heldOutError?: number;
}

/** A point of the training curve: the mean loss over the steps since the point before. */
export interface CurvePoint {
  readonly step: number;
  /** step / steps an epoch. */
  readonly epoch: number;
  readonly seconds: number;
  readonly loss: number;
  /** Where it was measured: at the end of every epoch, and within epochs where there are few of them. */
  readonly testError?: number;
  readonly layers: readonly LayerStats[];
}

export interface RunResult {
  readonly seed: number;
  readonly epochs: readonly EpochResult[];
  readonly curve: readonly CurvePoint[];
  readonly imagesPerSecond: number;
  /** Median and quartiles over all steps. */
  readonly stepMilliseconds: {
    readonly median: number;
    readonly low: number;
    readonly high: number;
  };
}

export interface ArmResult {
  /** Means over the seeds. */
  readonly epochs: readonly EpochResult[];
  readonly imagesPerSecond: number;
  /** Median step time over that of `plain` (null when plain was not run). */
  readonly relativeStepTime: number | null;
  /** Training seconds until an epoch ended with the test error at or below `Results.targetError`: the mean over the seeds, null unless all got there. */
  readonly secondsToTarget: number | null;
  /** Numbers that training changes. */
  readonly parameters: number;
  /** The learning rate of all this: of several, the one with the lowest error on held-out training images. */
  readonly lr?: number;
  /** All learning rates that were tried, with their errors on held-out images: means over the seeds. */
  readonly grid?: readonly { readonly lr: number; readonly heldOutError: number | null }[];
  readonly runs: readonly RunResult[];
}

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly platform: string;
  readonly node: string;
  /** e.g. "onnxruntime-node 1.30.0". */
  readonly runtime: string;
}

export interface Results {
  readonly format: "weightnorm-results/1";
  readonly experiment: string;
  readonly command: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly machine: Machine;
  readonly data: { readonly source: string; readonly train: number; readonly test: number };
  readonly startedAt: string;
  /** Training and evaluation of all runs, over all processes that went on with them. */
  readonly seconds: number;
  readonly targetError: number;
  readonly arms: Readonly<Partial<Record<Arm, ArmResult>>>;
}
