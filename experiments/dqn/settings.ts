/** What may be set of agents: flags, help and the checks of files are made of it. */
import {
  choice,
  common,
  group,
  number,
  onOff,
  place,
  whole,
  type Settings,
} from "../../runs/settings.ts";
import { optimizers } from "./config.ts";
import { GAMES, NAMES } from "./games.ts";
import { networks } from "./networks.ts";

const inside = { flag: false } as const;
const share = { ...inside, unit: "%", scale: 100 };

export const settings: Settings = {
  game: choice(
    "one of MinAtar's small games, our own for the Atari 2600 (catch), or with --rom a cartridge",
    GAMES,
    { example: "breakout", first: true },
  ),
  plays: choice("what the game calls itself, which tells cartridges apart", NAMES, {
    ...inside,
    optional: true,
  }),
  arms: common.arms,
  seeds: common.seeds,
  frames: whole(
    "decisions in training: a frame of MinAtar each, or four frames of Atari, where the default is 50000",
    { unit: "frames", example: "20000", most: 1_000_000_000, length: true },
  ),
  double: onOff("double Q-learning: the online network chooses what the target network judges"),
  lr: { ...common.lr, help: "learning rate: one, constant" },
  optimizer: choice("how the network is updated", Object.keys(optimizers), {
    ...{ example: "rmsprop", first: true },
  }),
  batchSize: whole("transitions an update", { most: 10_000, unit: "transitions", example: "32" }),
  threads: {
    ...common.threads,
    help: "threads for the runtime: MinAtar's small steps gain little from more than one; on Atari the default is 2",
  },
  network: choice(
    "the network: that of MinAtar's authors, or Nature's",
    Object.keys(networks),
    inside,
  ),
  history: whole("frames that the network sees at a time", { ...inside, most: 16, unit: "frames" }),
  replay: whole("entries of the replay memory", { ...inside, least: 2, unit: "entries" }),
  learnFrom: whole("frames of random play before the first update", { ...inside, unit: "frames" }),
  updateEvery: whole("frames from update to update", { ...inside, unit: "frames" }),
  targetEvery: whole("updates from one copy of the target network to the next", {
    ...inside,
    unit: "updates",
  }),
  gamma: number("the discount of rewards to come", inside),
  exploration: group("the share of random actions in training falls linearly from 1", {
    frames: whole("in so many frames", { ...inside, unit: "frames" }),
    to: number("to so much", share),
  }),
  clip: onOff("rewards are clipped to -1..1 for learning", inside),
  sticky: number("how often the last action is repeated instead of the chosen one", share),
  limit: whole("steps after which an episode is cut off", { ...inside, unit: "steps" }),
  test: group("tests, without learning", {
    episodes: whole("episodes of a test", { ...inside, most: 10_000, unit: "episodes" }),
    epsilon: number("the share of random actions in them", share),
  }),
};

export const places: Settings = {
  rom: place(
    "the cartridge of an Atari 2600 game, recognized by its content (default: none, for other games)",
    {
      ...{ label: "cartridge", optional: true },
      changes: "",
    },
  ),
};
