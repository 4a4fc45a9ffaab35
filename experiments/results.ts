/** What a comparison leaves behind: the shape of results.json and of the lines in log.jsonl. Plain data, no code. */

import type { Arm, LayerStats } from "../src/index.ts";

export type { Arm, LayerStats };
/** In the order of tables and figures. */
export const ARMS: readonly Arm[] = ["plain", "weight", "batch", "mean-only", "weight+mean-only"];

/** Something that a network is judged by, lower being better: the mean of one of its outputs over a set of examples. */
export interface Measure {
  /** The output's name, and what to call the measure: "error". */
  readonly key: string;
  /** What it is shown in, "%" or "nats", and what it is multiplied by for that. */
  readonly unit: string;
  readonly scale: number;
  readonly digits: number;
}
/** Means of measures by key, not scaled; of a training set also of the `loss`. */
export type Means = Readonly<Record<string, number>>;

/** One epoch of one run. Seconds count training alone (no evaluation, no checkpoints). */
export interface EpochResult {
  readonly epoch: number;
  readonly seconds: number;
  /** On the minibatches that were trained on, noise and all. */
  readonly train: Means;
  readonly test: Means;
  /** On training examples held out to choose a learning rate by, where there were several. */
  readonly heldOut?: Means;
}

/** A point of the training curve: the mean loss over the steps since the point before. */
export interface CurvePoint {
  readonly step: number;
  /** step / steps an epoch. */
  readonly epoch: number;
  readonly seconds: number;
  readonly loss: number;
  /** Where it was measured: at the end of every epoch, and within epochs where there are few of them. */
  readonly test?: Means;
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
  /** What was measured once, of the trained model, by name and in its unit, e.g. "log-likelihood (nats)". */
  readonly final?: Means;
}

export interface ArmResult {
  /** Means over the seeds. */
  readonly epochs: readonly EpochResult[];
  readonly imagesPerSecond: number;
  /** Median step time over that of `plain` (null when plain was not run). */
  readonly relativeStepTime: number | null;
  /** Training seconds until an epoch ended with the first measure at or below `Results.target`: the mean over the seeds, null unless all got there. */
  readonly secondsToTarget: number | null;
  /** Numbers that training changes. */
  readonly parameters: number;
  /** The learning rate of all this: of several, the one with the lowest measure on held-out training examples. */
  readonly lr?: number;
  /** All learning rates that were tried, with their first measures on held-out examples: means over the seeds. */
  readonly grid?: readonly { readonly lr: number; readonly heldOut: number | null }[];
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

/** A picture of what a run learned, in the folder of the comparison. */
export interface PictureFile {
  readonly arm: Arm;
  readonly seed: number;
  /** e.g. "samples". */
  readonly name: string;
  readonly caption: string;
  /** Within the folder, e.g. "pictures/weight-1-samples.png". */
  readonly file: string;
}

export interface Results {
  readonly format: "weightnorm-results/2";
  readonly experiment: string;
  readonly command: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly machine: Machine;
  readonly data: { readonly source: string; readonly train: number; readonly test: number };
  readonly startedAt: string;
  /** Training and evaluation of all runs, over all processes that went on with them. */
  readonly seconds: number;
  /** The first one is what arms are ranked by. */
  readonly measures: readonly Measure[];
  /** The first measure, not scaled, that the table gives the time to. */
  readonly target: number;
  readonly arms: Readonly<Partial<Record<Arm, ArmResult>>>;
  /** Runs that diverged. */
  readonly lost?: readonly {
    readonly arm: Arm;
    readonly seed: number;
    readonly lr: number;
    readonly step: number;
    readonly why: string;
  }[];
  readonly pictures?: readonly PictureFile[];
}
