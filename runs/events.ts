/**
 * What comes out of training: events, plain data that JSON holds. log.jsonl is these, one a line; displays follow them,
 * records are made of them, and nothing else is known of a run.
 */
import type { Arm, LayerStats } from "../src/index.ts";
import type { Facts, Machine, PictureFile, RankRecord, Sheet, Values } from "./sheet.ts";

export type { Values } from "./sheet.ts";

/** What tells the runs of one comparison apart. */
export interface RunKey {
  readonly arm: Arm;
  readonly seed: number;
  /** The learning rate. */
  readonly lr: number;
}

/** A process began to train, or went on: where it runs, on what, and how its numbers are to be read. */
export interface Opened {
  readonly type: "opened";
  /** ISO 8601. */
  readonly time: string;
  readonly machine: Machine;
  /** The processes that train together, where there are several. */
  readonly ranks?: RankRecord;
  readonly facts: Facts;
  readonly sheet: Sheet;
  /** All runs, by name, with the steps that they had done and will have done. */
  readonly runs: readonly (RunKey & {
    readonly name: string;
    readonly step: number;
    readonly steps: number;
  })[];
}

/** A setting is another one from here on. */
export interface Changed {
  readonly type: "changed";
  readonly time: string;
  readonly setting: string;
  readonly from: unknown;
  readonly to: unknown;
  /** What that means for the rest of the run, as a sentence; "" where it goes without saying. */
  readonly note: string;
  /** The steps that runs had done, by name. */
  readonly steps: Readonly<Record<string, number>>;
}

/** The first parameters are there. */
export interface Initialized {
  readonly type: "initialized";
  readonly step: number;
  /** By layer how many units do not vary on the initialization batch, and keep their scale. */
  readonly dead: Readonly<Record<string, number>>;
  /** The layers before the first step; runs of before did not look, and agents do not. */
  readonly layers?: readonly LayerStats[];
}

/** A point of the training curve: means over the steps since the point before. */
export interface Point {
  readonly type: "point";
  readonly step: number;
  /** How far training is, in the unit of the sheet's axis: epochs, or frames. */
  readonly at: number;
  /** Seconds of training alone (no tests, no checkpoints). */
  readonly seconds: number;
  readonly values: Values;
  readonly layers: readonly LayerStats[];
}

/** A test, within a turn of training or at its end. */
export interface Measured {
  readonly type: "measured";
  readonly step: number;
  readonly at: number;
  readonly seconds: number;
  readonly test: Values;
  /** Standard errors of these means, where they are known. */
  readonly errors?: Values;
  /** Means over training since the end of the turn before, noise and all; only where a turn ended. */
  readonly train?: Values;
  /** The same measures on examples that were held out to choose a learning rate by. */
  readonly heldOut?: Values;
}

/** Numbers that are none any more: the run is out, its last checkpoint is kept. */
export interface Lost {
  readonly type: "lost";
  readonly step: number;
  readonly why: string;
}

/** The last step is done. */
export interface Finished {
  readonly type: "finished";
  readonly step: number;
  /** Numbers that training changes; null where a run from before did not keep it. */
  readonly parameters: number | null;
  readonly timing: Timing;
  /** Seconds of training and tests, over all processes that went on with the run. */
  readonly wall: number;
}

/** How fast a run was. */
export interface Timing {
  /** What the sheet calls work (images, frames) a second of training. */
  readonly perSecond: number;
  /** Milliseconds a step, or an update: median and quartiles; null where there was none. */
  readonly milliseconds: {
    readonly median: number;
    readonly low: number;
    readonly high: number;
  } | null;
  /** Which share of the training time a process spent in talking to others, and waiting for them; where there are others. */
  readonly communication?: number;
}

/** What was measured once of a trained model, by name with its unit, e.g. "-log p(x) (nats)", and pictures of it. */
export interface Exhibited {
  readonly type: "exhibited";
  readonly step: number;
  readonly measured: Values;
  readonly pictures: readonly PictureFile[];
}

/** A step of training: for displays alone, in no log. */
export interface Stepped {
  readonly type: "stepped";
  readonly step: number;
  readonly steps: number;
  readonly wall: number;
  /** What a display may show of it, e.g. its loss. */
  readonly values: Values;
}

/** What happens in one run. */
export type Happening = Initialized | Point | Measured | Lost | Finished | Exhibited;
/** The same with the run that it happened in. */
export type RunEvent = RunKey & Happening;
/** What a log holds. */
export type Event = Opened | Changed | RunEvent;
/** What a display is told. */
export type Shown = Event | (RunKey & Stepped);
