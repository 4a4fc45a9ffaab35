/**
 * What may be looked at of a model at any moment of its training. Each look is quick, changes nothing, and is a function of the
 * state that it is given, so that a page may ask for it between two steps. Programs are compiled at the first look and kept.
 */
import type { State } from "../src/index.ts";
import type { Picture, PictureSize, Raster } from "./pictures.ts";

/** What an arm's model can be asked; what is missing makes no sense of it. States are those of checkpoints. */
export interface Looks {
  /** Names pictures that it has not seen. */
  readonly guesses?: Guesses;
  /** Test examples that it gets wrong, those that it is most sure of first. */
  readonly mistakes?: (state: State, most: number) => Promise<readonly Mistake[]>;
  /** New examples, the same for the same seed. */
  readonly samples?: (
    state: State,
    options: { readonly count: number; readonly seed: number },
  ) => Promise<readonly Picture[]>;
  /** Test examples and what it makes of them. */
  readonly reconstructions?: (state: State) => Promise<Picture>;
  readonly latents?: Latents;
  /** One episode of an agent, at most so many frames of it. */
  readonly game?: (
    state: State,
    options: { readonly seed: number; readonly most: number },
  ) => Promise<Game>;
  /** Frees its programs. */
  release(): Promise<void>;
}

/** From pictures to classes. */
export interface Guesses {
  /** What pictures must be brought to; a picture is light on dark, as MNIST is, where `inverted` is set. */
  readonly picture: PictureSize;
  readonly inverted: boolean;
  readonly classes: readonly string[];
  /** The probability of every class, a picture each. */
  of(state: State, pictures: readonly Raster[]): Promise<readonly (readonly number[])[]>;
}

/** A test example that is taken for another class than its own. */
export interface Mistake {
  /** Which row of the test it is: the same example for all arms. */
  readonly row: number;
  readonly picture: Raster;
  readonly label: string;
  readonly guess: string;
  /** The probability that it gave to its guess. */
  readonly sure: number;
}

/** From a point in the space of latents to a picture. */
export interface Latents {
  /** The length of z, whose parts are N(0, 1) in the prior. */
  readonly count: number;
  /** The picture that z stands for. */
  of(state: State, z: Float32Array): Promise<Raster>;
}

/** An episode, frame by frame. */
export interface Game {
  readonly name: string;
  readonly actions: readonly string[];
  readonly score: number;
  readonly steps: number;
  /** Milliseconds a frame. */
  readonly delay: number;
  readonly frames: readonly {
    readonly picture: Raster;
    /** What it expects of each action, and which it took; of the last frame nothing. */
    readonly q?: readonly number[];
    readonly action?: number;
    /** The score so far. */
    readonly score: number;
  }[];
}
