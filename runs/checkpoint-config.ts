/** Which run a checkpoint is of, as it says itself. */
import * as z from "zod/mini";
import type { Checkpoint } from "../src/index.ts";
import { checked } from "./checked.ts";
import { settingsOf } from "./described.ts";
import type { RunKey } from "./events.ts";
import type { Config, Experiment } from "./experiment.ts";
import { objectOf } from "./setting-values.ts";

const head = z.looseObject({ experiment: z.string(), arm: z.unknown(), lr: z.unknown() });

/** The key and the configuration of one run alone; throws for what is none. */
export function checkpointConfig(
  experiment: Experiment,
  checkpoint: Checkpoint,
  where: string,
): { readonly key: RunKey; readonly config: Config } {
  const advice = "use an earlier checkpoint";
  const { experiment: _, arm, lr, ...rest } = checked(head, checkpoint.config, { where, advice });
  const settings = Object.entries(rest).filter(([name]) => !(name in experiment.places));
  const config = checked(
    objectOf(settingsOf(experiment)),
    { ...Object.fromEntries(settings), arms: [arm], seeds: [checkpoint.seed], lr: [lr] },
    { where, advice },
  ) as Config;
  return {
    key: { arm: config.arms[0], seed: checkpoint.seed, lr: config.lr[0] },
    config,
  };
}
