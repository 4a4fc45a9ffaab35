/**
 * What the lab's page and its worker say to each other: plain data that a message holds. The page asks by `Lab`'s methods (rpc.ts
 * carries them); what happens without being asked for comes as `Told`.
 */
import type { Config, Picture, PictureSize, Raster, Takes } from "../../runs/experiment.ts";
import type { Event, RunKey, Shown, Values } from "../../runs/events.ts";
import type { Game, Mistake } from "../../runs/looks.ts";
import type { RunConfig } from "../../runs/store.ts";

export type { Takes } from "../../runs/experiment.ts";

/** What somebody wants to train, as the address of the page says it. */
export interface Wish {
  /** An experiment's name, of those that `offers` has. */
  readonly experiment: string;
  /** What is set of it, by name; the rest is its preset's, with what the lab presets for a browser. */
  readonly asked: Readonly<Partial<Config>> & Readonly<Record<string, unknown>>;
  readonly device: "auto" | "webgpu" | "wasm";
}

/** One thing that may be set, for a control. */
export interface Control {
  readonly name: string;
  /** What people call it: "batch size". */
  readonly label: string;
  readonly help: string;
  readonly type: "whole" | "number" | "positive" | "choice" | "switch" | "text";
  /** Whether it takes several values. */
  readonly many: boolean;
  readonly choices?: readonly string[];
  readonly least?: number;
  readonly most?: number;
  readonly unit?: string;
  /** What a value is multiplied by to be shown. */
  readonly scale: number;
  /** What it is as asked, or by default; undefined where that is nothing, or all there is. */
  readonly value: unknown;
  /** Whether it may change while training goes on. */
  readonly changes: boolean;
  /** Its name on the command line, "--batch-size", as messages have it. */
  readonly flag?: string;
  /** Whether most people turn it. */
  readonly first?: boolean;
  /** Whether one of `choices` has to be chosen before anything can begin. */
  readonly needed?: boolean;
}
/** Something to choose from. */
export interface Offer {
  readonly experiment: string;
  readonly about: string;
  readonly presets: readonly string[];
  readonly controls: readonly Control[];
  /** What the user has to give, as files: "data", "model". */
  readonly places: readonly {
    readonly name: string;
    /** What people call it: "data of your own". */
    readonly label: string;
    readonly help: string;
    readonly needed: boolean;
  }[];
}

/** A file of the user's own: `path` is its place in the folder that was dropped, "photos/cats/1.png". */
export interface Dropped {
  readonly path: string;
  readonly file: File;
}

/** A training that stands ready. */
export interface Begun {
  readonly run: RunConfig<Config>;
  readonly keys: readonly RunKey[];
  /** What it runs on, in words: "WebAssembly, 2 threads, because there is no graphics card here". */
  readonly said: string;
  readonly threads: number;
  readonly device: "webgpu" | "wasm";
  /** All that has happened so far: more than nothing where it goes on from what the browser kept. */
  readonly events: readonly Event[];
  /** Whether the browser keeps it; else why not. */
  readonly kept: true | string;
  /** What can be looked at. */
  readonly looks: Looking;
  /** Whether its models have .onnx files. */
  readonly exports: boolean;
}
export interface Looking {
  readonly guesses?: {
    /** What pictures are to be brought to, light on dark where `inverted` is set. */
    readonly picture: PictureSize;
    readonly inverted: boolean;
    readonly classes: readonly string[];
  };
  readonly mistakes: boolean;
  readonly samples: boolean;
  readonly reconstructions: boolean;
  /** The length of z. */
  readonly latents?: number;
  readonly game: boolean;
}

/** A layer's filters as grey pictures, brightest where weights are largest. */
export interface Filters {
  readonly layer: string;
  /** One a unit, the first of them. */
  readonly filters: readonly Raster[];
  /** How many units there are. */
  readonly units: number;
  /** Of each unit of `filters`. */
  readonly v: readonly number[];
  readonly g: readonly number[];
}

/** What a training is that the browser keeps. */
export interface Kept {
  readonly wish: Wish;
  /** Names of the files that it was given, by places. */
  readonly given: Readonly<Record<string, readonly string[]>>;
}

/** Bytes to be kept as a file. */
export interface Saving {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly type: string;
}

/** What the worker does when asked. All of it may be asked while it trains; answers come between two steps. */
export interface Lab {
  /** Names of experiments, and those for own data with what files their places take. */
  offers(): Promise<
    readonly {
      readonly experiment: string;
      readonly about: string;
      readonly takes: Readonly<Record<string, Takes>>;
    }[]
  >;
  /** What may be set, and of the files that were given what has to be chosen. */
  offer(wish: Wish): Promise<Offer>;
  /** Files that the next `begin` may read, by the name of a place ("data", "model"). */
  give(place: string, files: readonly Dropped[]): Promise<void>;
  /** Makes a training ready, paused: goes on with what the browser keeps if that is of the same wish and `anew` is not set. */
  begin(wish: Wish, options: { readonly anew: boolean }): Promise<Begun>;
  /** What the browser keeps of the last training; undefined where it keeps none. */
  last(): Promise<Kept | undefined>;
  play(): Promise<void>;
  /** When it answers, everything is saved. */
  pause(): Promise<void>;
  /** One step of every arm, or one turn ("epoch"), then a pause. */
  advance(by: "step" | "turn"): Promise<void>;
  /** From the next step on; the record says so. */
  setRate(lr: number): Promise<void>;
  filters(key: RunKey, layer: string): Promise<Filters>;
  /** What every run takes a picture for: the probability of each class. */
  guess(
    picture: Raster,
  ): Promise<readonly { readonly key: RunKey; readonly probabilities: readonly number[] }[]>;
  mistakes(
    most: number,
  ): Promise<readonly { readonly key: RunKey; readonly mistakes: readonly Mistake[] }[]>;
  samples(key: RunKey, seed: number): Promise<readonly Picture[]>;
  reconstructions(key: RunKey): Promise<Picture>;
  decode(key: RunKey, z: Float32Array): Promise<Raster>;
  game(key: RunKey, seed: number): Promise<Game>;
  /** What parameters are worth on the whole test, as `weightnorm eval` says it. */
  evaluate(key: RunKey): Promise<Values>;
  save(what: "checkpoint" | "onnx", key: RunKey): Promise<Saving>;
  save(what: "results" | "report"): Promise<Saving>;
  /** Opens a checkpoint, of the page's or the command line's, to try it and to train it further. */
  open(
    name: string,
    bytes: Uint8Array,
    device: Wish["device"],
  ): Promise<{ readonly wish: Wish; readonly begun: Begun }>;
}

/** What the worker tells by itself. */
export type Told =
  | { readonly type: "events"; readonly events: readonly Shown[] }
  /** Long work on the way, with its share done from 0 to 1. */
  | { readonly type: "progress"; readonly what: string; readonly done: number }
  /** What people should know of their data. */
  | { readonly type: "said"; readonly line: string }
  | { readonly type: "phase"; readonly phase: Phase }
  /** Checkpoints are there up to these steps, by names of runs: what looks show. */
  | { readonly type: "saved"; readonly steps: Readonly<Record<string, number>> };

export type Phase =
  | { readonly is: "empty" | "preparing" | "paused" | "running" | "finished" }
  /** What was asked for last needs a worker of its own, for it has other threads or another device: ask a new one for the same. */
  | { readonly is: "elsewhere" }
  /** `lost`: the device is gone, and the page may begin again from what was kept. */
  | { readonly is: "failed"; readonly message: string; readonly lost: boolean };
