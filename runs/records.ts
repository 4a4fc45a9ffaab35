/** What a comparison leaves behind: the shape of results.json, made of the events of its log. Plain data, no code but a list. */
import type { Arm, LayerStats } from "../src/index.ts";
import type { Changed, Measured, Point, Timing, Values } from "./events.ts";

export type { Arm, LayerStats };
/** In the order of tables and figures. */
export const ARMS: readonly Arm[] = ["plain", "weight", "batch", "mean-only", "weight+mean-only"];

/** Something that a trained model is judged by: a mean over the examples, or episodes, of a test. */
export interface Measure {
  /** Its name in events, and what to call it: "error". */
  readonly key: string;
  /** What it is shown in, "%", "nats" or "points", and what it is multiplied by for that. */
  readonly unit: string;
  readonly scale: number;
  readonly digits: number;
  readonly better: "lower" | "higher";
  /** Whether each example counts 0 or 1, so that the size of the test tells how far chance moves it. */
  readonly share?: boolean;
  /** What knowing nothing gets, not scaled: 0.9 where one of ten classes is guessed. */
  readonly chance?: number;
}

export interface Axis {
  /** What `at` counts, in the singular: "epoch", "frame". */
  readonly name: string;
  /** Figures count in so many of them: 1, or 1000 for "thousand frames". */
  readonly per: number;
}

/** A row of the main figure. */
export interface Panel {
  readonly title: string;
  /** The events and the column that it shows: points, or the training or test set of measurements. */
  readonly from: "points" | "train" | "test";
  readonly key: string;
  /** What stands at the vertical axis: "nats", "%". */
  readonly unit: string;
  readonly scale: number;
  readonly axis: "log" | "linear";
  /** Against how far training was, and against seconds; of panels that have one of them two share a row. */
  readonly by: readonly ("at" | "seconds")[];
  readonly smooth?: boolean;
  /** The least that a logarithmic axis shows, in the panel's unit. */
  readonly least?: number;
}

/** A column of the table of results: a measure of the last test, a mean over training before it, or one that all experiments share. */
export type Column =
  | {
      readonly set: "test" | "train";
      readonly key: string;
      readonly head: string;
      readonly scale: number;
      /** Decimals; without, three significant digits. */
      readonly digits?: number;
      readonly better?: "lower" | "higher";
    }
  | "epochs to plain's loss"
  | "work a second"
  | "milliseconds"
  | "step time"
  | "seconds to target";

export type Quantity = Exclude<keyof LayerStats, "layer">;

/** How the numbers of an experiment are to be read: all that displays and reports need to know of it. */
export interface Sheet {
  readonly axis: Axis;
  /** The first one is what arms are ranked by. */
  readonly measures: readonly Measure[];
  readonly panels: readonly Panel[];
  readonly table: readonly Column[];
  /** What of the layers is worth a figure. */
  readonly layers: readonly Quantity[];
  /** What training works on, so many a step, and what a step is called: images in "steps", frames in "updates". */
  readonly work: { readonly unit: string; readonly perStep: number; readonly step: string };
  /** How many of what a test is of: 10,000 "test images", 100 "episodes". */
  readonly tested: { readonly count: number; readonly unit: string };
  /** The first measure, not scaled, that the table gives the time to. */
  readonly target?: number;
  /** What those get who learn nothing: random play. */
  readonly baseline?: {
    readonly name: string;
    readonly test: Values;
    readonly errors: Values;
    readonly count: number;
  };
  /** What others reported, to set beside what is measured here: the first measure on the test set, in its unit. */
  readonly reported?: {
    readonly of: string;
    readonly test: Readonly<Partial<Record<Arm, number>>>;
  };
  /** Headings of what there is to show. */
  readonly pictures: string;
  /** Sentences about this experiment alone that its figure, its table and its measures need. */
  readonly notes: {
    readonly figure?: string;
    readonly table?: string;
    readonly measures?: string;
  };
}

/** What it was run on, as pairs of a name and what stands beside it: ["training images", "60,000"]. */
export type Facts = readonly (readonly [name: string, value: string | number])[];

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
  /** e.g. "samples". */
  readonly name: string;
  readonly caption: string;
  /** Within the folder: "pictures/weight-1-samples.png". */
  readonly file: string;
}

export interface RunRecord {
  readonly seed: number;
  /** Steps done. */
  readonly step: number;
  readonly points: readonly Omit<Point, "type">[];
  readonly tests: readonly Omit<Measured, "type">[];
  readonly dead: Readonly<Record<string, number>>;
  /** Null while it still learns. */
  readonly timing: Timing | null;
  /** What was measured once of the trained model, by name with its unit. */
  readonly final: Values;
  readonly pictures: readonly PictureFile[];
}

export interface ArmRecord {
  /** Numbers that training changes; null while no run of it is finished. */
  readonly parameters: number | null;
  /** The learning rate of its runs: of several, the best one on held-out examples. */
  readonly lr: number;
  /** All that were tried, with the first measure on held-out examples: means over the seeds, null where a seed diverged. */
  readonly grid?: readonly { readonly lr: number; readonly heldOut: number | null }[];
  /** One a seed. */
  readonly runs: readonly RunRecord[];
}

export interface LostRun {
  readonly arm: Arm;
  readonly seed: number;
  readonly lr: number;
  readonly step: number;
  readonly why: string;
}

/** A setting as reports print it. */
export interface Told {
  readonly name: string;
  readonly value: string;
}

export interface Results {
  readonly format: "weightnorm-results/3";
  readonly experiment: string;
  readonly command: string;
  readonly startedAt: string;
  readonly config: Readonly<Record<string, unknown>>;
  /** The same for people, with units. */
  readonly settings: readonly Told[];
  readonly machine: Machine;
  readonly facts: Facts;
  readonly sheet: Sheet;
  /** Of an unfinished comparison: how far all of its runs were tested, and how far they are to go, on the sheet's axis. */
  readonly soFar?: { readonly at: number; readonly of: number };
  /** Training and tests of all runs, over all processes that went on with them. */
  readonly seconds: number;
  readonly arms: Readonly<Partial<Record<Arm, ArmRecord>>>;
  /** Runs that diverged. */
  readonly lost: readonly LostRun[];
  readonly changes: readonly Omit<Changed, "type">[];
}
