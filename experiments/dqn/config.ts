/** What a run of deep Q-learning is a function of. */
import type { Config } from "../../runs/experiment.ts";
import { adam, adamax, rmsprop, type Optimizer } from "../../src/index.ts";
import type { NetworkName } from "./networks.ts";

/** By the standard deviation of gradients, as in Nature; epsilon stands where MinAtar's code, PyTorch's, has it. */
const centred = (lr: number): Optimizer =>
  rmsprop({ lr, decay: 0.95, epsilon: 0.01, epsilonWhere: "outside", centred: true });

export const optimizers: Readonly<
  Record<"rmsprop" | "adamax" | "adam", (lr: number) => Optimizer>
> = {
  rmsprop: centred,
  adamax: (lr: number): Optimizer => adamax({ lr }),
  adam: (lr: number): Optimizer => adam({ lr, epsilon: 1e-4 }),
};
export type DqnOptimizer = keyof typeof optimizers;

export interface DqnConfig extends Config {
  /** One of MinAtar's games, "catch", or "rom". */
  readonly game: string;
  /** What the game calls itself, once it was looked at: it tells cartridges apart. */
  readonly plays?: string;
  /** The learning rate: one, constant. */
  readonly lr: readonly number[];
  /** Decisions in training: frames of MinAtar, four frames each of Atari. */
  readonly frames: number;
  readonly network: NetworkName;
  readonly optimizer: DqnOptimizer;
  /** Whether the online network chooses what the target network judges. */
  readonly double: boolean;
  readonly batchSize: number;
  /** Frames that the network sees at a time. */
  readonly history: number;
  /** Entries of the replay memory. */
  readonly replay: number;
  /** Frames of random play before the first update. */
  readonly learnFrom: number;
  /** Frames from update to update. */
  readonly updateEvery: number;
  /** Updates from one copy of the target network to the next. */
  readonly targetEvery: number;
  readonly gamma: number;
  /** The share of random actions falls linearly from 1 to `to` in so many frames after `learnFrom`. */
  readonly exploration: { readonly frames: number; readonly to: number };
  /** Whether rewards are clipped to -1..1 for learning. */
  readonly clip: boolean;
  /** How often the last action is repeated instead of the chosen one. */
  readonly sticky: number;
  /** Steps after which an episode is cut off. */
  readonly limit: number;
  /** Episodes of a test, and the share of random actions in them. */
  readonly test: { readonly episodes: number; readonly epsilon: number };
}

/** Everything but what only the user knows. */
export type DqnPreset = Omit<DqnConfig, "game" | "plays" | "arms" | "seeds" | "lrOf" | "preset">;

/** Young & Tian 2019, table 2 and its code; 5 million frames. The games have no limit of steps: 1000 are what others use. */
const minatar: DqnPreset = {
  frames: 5_000_000,
  lr: [0.00025],
  network: "minatar",
  optimizer: "rmsprop",
  double: false,
  batchSize: 32,
  history: 1,
  replay: 100_000,
  learnFrom: 5000,
  updateEvery: 1,
  targetEvery: 1000,
  gamma: 0.99,
  exploration: { frames: 100_000, to: 0.1 },
  clip: false,
  sticky: 0.1,
  limit: 1000,
  test: { episodes: 100, epsilon: 0 },
  threads: 1, // so small a network gains little from two
};

/** Mnih et al. 2015, extended data table 1; 50 million decisions are its 200 million frames. */
const atari: DqnPreset = {
  ...minatar,
  frames: 50_000_000,
  network: "nature",
  history: 4,
  replay: 1_000_000,
  learnFrom: 50_000,
  updateEvery: 4,
  targetEvery: 10_000,
  exploration: { frames: 1_000_000, to: 0.1 },
  clip: true,
  sticky: 0,
  limit: 27_000,
  test: { episodes: 20, epsilon: 0.05 },
  threads: 2,
};

/** By name for the games of MinAtar and for those of Atari; the first is the default. */
export const presets: Readonly<Record<"minatar" | "atari", Readonly<Record<string, DqnPreset>>>> = {
  minatar: { small: { ...minatar, frames: 300_000 }, paper: minatar },
  atari: {
    small: {
      ...atari,
      ...{ frames: 50_000, replay: 50_000, learnFrom: 1000, updateEvery: 2, targetEvery: 500 },
      exploration: { frames: 15_000, to: 0.1 },
    },
    paper: atari,
  },
};
