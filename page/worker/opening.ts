/** A checkpoint of the page's or the command line's, as a training that goes on from it. */
import { checkpointConfig } from "../../runs/checkpoint-config.ts";
import { canonical } from "../../runs/canonical.ts";
import type { RunKey } from "../../runs/events.ts";
import type { Config, Experiment } from "../../runs/experiment.ts";
import { findExperiment } from "../../experiments/index.ts";
import { decodeCheckpoint, type Checkpoint } from "../../src/index.ts";
import { brief } from "../../src/train/json.ts";
import type { Wish } from "./protocol.ts";

export interface Opened {
  readonly experiment: Experiment;
  readonly checkpoint: Checkpoint;
  readonly key: RunKey;
  /** That of its run alone. */
  readonly config: Config;
  /** What would have to be asked for to train the same. */
  readonly wish: Wish;
}

export async function opened(
  name: string,
  bytes: Uint8Array,
  device: Wish["device"],
): Promise<Opened> {
  const checkpoint = decodeCheckpoint(bytes, name);
  const called = checkpoint.config["experiment"];
  const experiment = typeof called === "string" ? await findExperiment(called) : undefined;
  if (!experiment)
    throw new Error(
      `${name}: expected a checkpoint of an experiment of this page, got one of ${brief(called)}; open it where it was trained`,
    );
  const { key, config } = checkpointConfig(experiment, checkpoint, name);
  return {
    ...{ experiment, checkpoint, key, config },
    wish: { experiment: experiment.name, asked: askedFor(experiment, config), device },
  };
}

/** All that a configuration has otherwise than a tab begins with; and its rate where arms begin with rates of their own, which that stands for. */
function askedFor(experiment: Experiment, config: Config): Wish["asked"] {
  const { preset } = config;
  const before = { ...experiment.complete({ ...experiment.tab, preset }, {}) };
  const otherwise = Object.entries(config).filter(
    ([name, value]) =>
      name === "preset" ||
      (name === "lr" && before.lrOf !== undefined) ||
      canonical(value) !== canonical((before as Readonly<Record<string, unknown>>)[name]),
  );
  return Object.fromEntries(otherwise);
}
