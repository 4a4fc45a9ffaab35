/** How the numbers of an experiment are to be read, and what they are of: all that events, displays and reports know of one. */
import type { Arm, LayerStats } from "../src/index.ts";

/** Numbers by name, not scaled to any unit; null where there is nothing to tell. */
export type Values = Readonly<Record<string, number | null>>;

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

/** What training is measured along: epochs, or frames. */
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

/** What of a layer is shown. */
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

/** Where a run ran, as far as that is known there: a browser tells little. */
export interface Machine {
  readonly cpu?: string;
  readonly cores: number;
  readonly memoryGiB?: number;
  readonly platform: string;
  /** The version of Node.js. */
  readonly node?: string;
  /** e.g. "Chromium 139". */
  readonly browser?: string;
  /** e.g. "onnxruntime-node 1.30.0". */
  readonly runtime: string;
}

/** The processes that train one model together. */
export interface RankRecord {
  readonly count: number;
  /** The machines that they are on, by rank. */
  readonly hosts: readonly string[];
}

/** A picture of what a run learned, in the folder of the comparison. */
export interface PictureFile {
  /** e.g. "samples". */
  readonly name: string;
  readonly caption: string;
  /** Within the folder: "pictures/weight-1-samples.png". */
  readonly file: string;
}
