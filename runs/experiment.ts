/** The contract: what something must be to have compare, train, eval, report, sample, play, resume and help for nothing. */
import type { Arm, Checkpoint, Door, Node, Runtime, State } from "../src/index.ts";
import type { Happening, RunKey, Values } from "./events.ts";
import type { Crew } from "./ranks.ts";
import type { Looks } from "./looks.ts";
import type { Diagnosis, Facts, Results, Sheet } from "./records.ts";
import type { Picture, PictureSize, Raster } from "./pictures.ts";
import type { Settings } from "./settings.ts";

export type { Door, Download, Files } from "../src/index.ts";
export type { Picture, PictureSize, Raster } from "./pictures.ts";

/** What every configuration has. */
export interface Config {
  readonly arms: readonly Arm[];
  readonly seeds: readonly number[];
  /** Learning rates to try. */
  readonly lr: readonly number[];
  /** Those of arms that have their own, where no rates were asked for. */
  readonly lrOf?: Readonly<Partial<Record<Arm, readonly number[]>>>;
  readonly threads: number;
  /** The name of the settings that the flags departed from. */
  readonly preset: string;
}

/** Where things are that a run needs, by the names of the experiment's places. They stay where they are, but for those that may change. */
export type Places = Readonly<Record<string, string>>;

/** Kinds of files: a table, a folder of pictures, a trained model. */
export type Takes = "table" | "pictures" | "model";

/** Something to compare arms on. */
export interface Experiment<C extends Config = Config> {
  readonly name: string;
  /** Half a line for the list of experiments. */
  readonly about: string;
  /** What may be set, but for places: flags, help, checks of what files say, and a page's controls are made of it. */
  readonly settings: Settings;
  /** Where things may lie: a folder of data, a cartridge. */
  readonly places: Settings;
  /** What files of the user's own its places take, for whoever has only the files. */
  readonly takes?: Readonly<Record<string, Takes>>;
  /** Names of presets, the default first. */
  readonly presets: readonly string[];
  /** Command lines for the help, without the program's name: "compare dqn --game breakout". */
  readonly examples?: readonly string[];
  /** What a browser's tab begins with, where that is less than the default. */
  readonly tab?: Partial<C>;
  /** Whether several processes can train one run of it, each on its share of every batch. */
  readonly shares?: boolean;
  /** The whole configuration from what was asked for; throws a `UsageError` for what does not go together. Fills in nothing that data decide. */
  complete(asked: Partial<C>, places: Places): C;
  /** What data leave to be chosen before anything can begin: values that there are for settings, by name. */
  toChoose?(
    world: Pick<World, "places" | "door">,
  ): Promise<Readonly<Record<string, readonly string[]>>>;
  /** Loads what all runs share: data, games, programs. Throws before anything is written. */
  open(config: C, world: World): Promise<Field<C>>;
  /** All that happened in a run, from its checkpoint. */
  history(checkpoint: Checkpoint, key: RunKey): readonly Happening[];
  /** Results in a format from before, as they are written now; undefined for what is none of its own. */
  earlier?(results: unknown, where: string): Results | undefined;
  /** New examples of a trained model. */
  sample?(trained: Trained<C>, options: SampleOptions): Promise<readonly Picture[]>;
  /** What a trained model says of examples that it has not seen, in files. */
  predict?(trained: Trained<C>, files: readonly NamedFile[]): Promise<Predictions>;
  /** What a trained model would be in a file of its own. */
  exported?(trained: Trained<C>): Promise<Exported>;
  /** How gradients lie in w and in v, from the start of a run to its checkpoint, and how |v| grows. */
  diagnose?(asked: Diagnosed<C>): Promise<Diagnosis>;
  /** A trained agent plays; its first `most` frames are kept. */
  play?(
    trained: Trained<C>,
    options: { readonly seed: number; readonly most: number },
  ): Promise<Played>;
}

/** What an experiment gets from where it runs. */
export interface World {
  /** What runs programs, with so many threads. */
  readonly runtime: (threads: number) => Runtime;
  readonly threads: number;
  /** Where several processes train together. */
  readonly crew?: Crew;
  readonly places: Places;
  readonly door: Door;
  /** Bytes of memory that are free, where that is known. */
  readonly freeMemory?: () => number;
  /** Long work on the way, e.g. a download, with its share done. */
  readonly progress: (what: string, done: number) => void;
  /** What people should know of their data before it is trained on, a line. */
  readonly say?: (line: string) => void;
  /** The pixels of a picture's file, where somebody is there to read it; throws for what is none. */
  readonly decode?: (bytes: Uint8Array, size: PictureSize) => Promise<Raster>;
}

/** What the runs of a comparison share. */
export interface Field<C extends Config = Config> {
  /** The configuration with what the data decide. */
  readonly config: C;
  readonly facts: Facts;
  readonly sheet: Sheet;
  /** What those get who learn nothing, where that has to be found out: the sheet's baseline. */
  baseline?(): Promise<NonNullable<Sheet["baseline"]>>;
  /** A run at its start, or where its checkpoint left it; it takes no memory to speak of before its first step. */
  start(key: RunKey, from?: Kept): Promise<Contestant>;
  /** What parameters are worth on the test: the values of the sheet's measures, and their standard errors where known. `where` names their file. */
  measure(
    trained: Trained<C>,
    where: string,
  ): Promise<{ readonly test: Values; readonly errors?: Values }>;
  /** What there is to show of a trained model. */
  exhibit?(trained: Trained<C>): Promise<Exhibits>;
  /** What may be looked at of an arm's models while they train. */
  looks?(key: RunKey): Looks;
  /** Lets go of what only runs of this arm need, since another one's turn comes. */
  rest(arm: Arm): Promise<void>;
  /** Frees what all of them share. */
  release(): Promise<void>;
}

/** One run under way, of whatever kind. */
export interface Contestant {
  readonly key: RunKey;
  readonly steps: number;
  /** Steps of a turn: turns of all runs alternate, so that all see the same machine. */
  readonly turn: number;
  /** Steps done. */
  step(): number;
  /** Seconds so far, tests included, over all processes. */
  wall(): number;
  /** What happened before the first step; nothing where it goes on from a checkpoint. */
  readonly begun: readonly Happening[];
  /** One step: what it ended, and what a display may show of it. Throws `Diverged`. */
  advance(): Promise<{ readonly values: Values; readonly events: readonly Happening[] }>;
  /** What to save, all of it on the host; throws `Diverged` where it could not be gone on from. */
  saved(): Promise<Saved>;
}

/** All that a run needs to go on. */
export interface Saved {
  readonly checkpoint: Checkpoint;
  readonly attachments?: Attachments;
}

/** What is too large for every checkpoint: parts that are written once, before the checkpoint that needs them. */
export interface Attachments {
  /** Parts that are new or longer than they were, by name ("000012.safetensors"). */
  readonly fresh: ReadonlyMap<string, () => Uint8Array>;
  /** Whether a part is no longer needed once the checkpoint is there. */
  obsolete(name: string): boolean;
}

/** What a run goes on from. */
export interface Kept {
  readonly checkpoint: Checkpoint;
  /** An attachment, of at most so many bytes; throws, saying which file, where it is missing or damaged. */
  attachment(name: string, most: number): Promise<Uint8Array>;
}

/** A run that is over, or a checkpoint of it. */
export interface Trained<C extends Config = Config> {
  readonly key: RunKey;
  /** That of this run alone: one arm, one seed, one learning rate. */
  readonly config: C;
  /** On the host, as checkpoints are. */
  readonly state: State;
  /** Steps of training. */
  readonly step: number;
  readonly world: World;
}

/** Runs of one comparison to be diagnosed, of different arms and one seed. */
export interface Diagnosed<C extends Config = Config> {
  /** That of the whole comparison: which examples were held out follows from it. */
  readonly config: C;
  readonly world: World;
  readonly runs: readonly {
    readonly key: RunKey;
    readonly state: State;
    readonly step: number;
    /** What the checkpoint says of how it got there. */
    readonly progress: Checkpoint["progress"];
    /** What messages call its checkpoint. */
    readonly file: string;
  }[];
  /** Units of a layer that are looked at. */
  readonly units: number;
  /** Minibatches whose gradients are taken. */
  readonly batches: number;
  /** Steps with each optimizer, to see |v| grow. */
  readonly steps: number;
}

/** How many new examples, and from which seed. */
export interface SampleOptions {
  readonly count: number;
  /** Another one, other samples. */
  readonly seed: number;
}

/** What there is to see of a trained model. */
export interface Exhibits {
  /** By name with its unit. */
  readonly measured: Values;
  readonly pictures: readonly Picture[];
}
/** A file by what messages call it. */
export interface NamedFile {
  readonly name: string;
  /** Its bytes. */
  read(): Promise<Uint8Array>;
}
/** What a trained model says of files, as a table to be shown. */
export interface Predictions {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
  /** What people should know of those above. */
  readonly notes: readonly string[];
  /** What nothing could be said of, and why, each in our form. */
  readonly failed: readonly string[];
}
/** A trained model without what it was trained by, ready to be written to a file. */
export interface Exported {
  /** What it answers to so many examples, by name. */
  outputs(size: number): Readonly<Record<string, Node>>;
  /** The values of its parameters. */
  readonly state: State;
  /** What somebody needs to know to ask it, by name. */
  readonly metadata: Readonly<Record<string, string>>;
  /** From names of parameters to those of the weights in the file that they came from. */
  readonly original: ReadonlyMap<string, string>;
}
/** What an agent did in one episode. */
export interface Played {
  /** What was played. */
  readonly game: string;
  readonly score: number;
  readonly steps: number;
  readonly frames: readonly Raster[];
  readonly delay: number;
}

/** Numbers that are none any more: the run cannot go on, and its last checkpoint is still good. */
export class Diverged extends Error {
  override readonly name = "Diverged";
}

/** What was asked for does not go together, or not with the data or the folder. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
