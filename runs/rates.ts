/** Which runs a configuration has. */
import type { Arm } from "../src/index.ts";
import type { RunKey } from "./events.ts";
import type { Config } from "./experiment.ts";

type Rates = Pick<Config, "arms" | "lr" | "lrOf">;

/** The learning rates of an arm. */
export const ratesOf = ({ lr, lrOf }: Pick<Config, "lr" | "lrOf">, arm: Arm): readonly number[] =>
  lrOf?.[arm] ?? lr;

/** Whether any arm has learning rates to choose from. */
export const isGrid = (config: Rates): boolean =>
  config.arms.some((arm) => ratesOf(config, arm).length > 1);

/** Every run of a configuration, arm by arm. */
export const keysOf = (config: Rates & Pick<Config, "seeds">): readonly RunKey[] =>
  config.arms.flatMap((arm) =>
    config.seeds.flatMap((seed) => ratesOf(config, arm).map((lr) => ({ arm, seed, lr }))),
  );

/** The name of one run: "weight-1", or "weight-1-lr0.003" where there are several learning rates. */
export const nameOf = (config: Rates, { arm, seed, lr }: RunKey): string =>
  isGrid(config) ? `${arm}-${seed}-lr${lr}` : `${arm}-${seed}`;
