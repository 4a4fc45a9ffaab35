/** What a run is a function of. */
import {
  adam,
  adamax,
  constantRate,
  linearRate,
  rmsprop,
  sgd,
  type Optimizer,
  type Rate,
  type Schedule,
} from "../../src/index.ts";
import type { Arm } from "../results.ts";

export const OPTIMIZERS = ["adam", "adamax", "rmsprop", "sgd"] as const;
export type OptimizerName = (typeof OPTIMIZERS)[number];

export interface Config {
  readonly arms: readonly Arm[];
  readonly seeds: readonly number[];
  readonly epochs: number;
  readonly batchSize: number;
  /** Learning rates to try. */
  readonly lr: readonly number[];
  /** Those of arms that have their own, where no rates were asked for. */
  readonly lrOf?: Readonly<Partial<Record<Arm, readonly number[]>>>;
  /** The share of training for which the rate is constant, before it falls linearly to 0 (default: half, as in the paper). */
  readonly constantFor?: number;
  /** Whether the rate falls from epoch to epoch, as in the authors' code, and not from step to step (default false). */
  readonly fallsByEpoch?: boolean;
  readonly optimizer: OptimizerName;
  /** Adam's beta1 from half time on, where it changes. */
  readonly lateBeta1?: number;
  /** The decay of the moving averages of the parameters that evaluation uses, where it does not use the parameters. */
  readonly average?: number;
  /** How many of the training examples are used, those held out included. */
  readonly trainSize: number;
  /** The share of these that is held out of training where there are several learning rates to choose from. */
  readonly heldOut: number;
  readonly threads: number;
  /** The first measure that the table gives the time to, e.g. an error as a fraction. */
  readonly target: number;
  /** The name of the settings that the flags departed from. */
  readonly preset: string;
  /** What the network takes, e.g. its width. */
  readonly network: Readonly<Record<string, number>>;
}

/** The optimizer with Adam as the authors of weight normalization have it, with the small number inside the root, on request. */
export const optimizerOf = (
  name: OptimizerName,
  lr: Rate,
  { beta1 = 0.9, inside = false }: { readonly beta1?: Rate; readonly inside?: boolean } = {},
): Optimizer =>
  ({
    adam: () => adam({ lr, beta1, epsilonWhere: inside ? "inside" : "outside" }),
    adamax: () => adamax({ lr, beta1 }),
    rmsprop: () => rmsprop({ lr }),
    sgd: () => sgd({ lr, momentum: beta1 }),
  })[name]();

/** The learning rates of an arm. */
export const ratesOf = ({ lr, lrOf }: Pick<Config, "lr" | "lrOf">, arm: Arm): readonly number[] =>
  lrOf?.[arm] ?? lr;

/** Whether any arm has learning rates to choose from. */
export const isGrid = (config: Pick<Config, "arms" | "lr" | "lrOf">): boolean =>
  config.arms.some((arm) => ratesOf(config, arm).length > 1);

/** Examples that are held out: none unless they have something to decide. */
export const heldOutSize = (config: Config): number =>
  isGrid(config) ? Math.round(config.trainSize * config.heldOut) : 0;
/** Examples that are trained on. */
export const trainedSize = (config: Config): number => config.trainSize - heldOutSize(config);

export const stepsPerEpoch = (config: Config): number =>
  Math.floor(trainedSize(config) / config.batchSize);

export const stepsOf = (config: Config): number => config.epochs * stepsPerEpoch(config);

/** A learning rate that is constant at first and then falls linearly to 0. */
export function scheduleOf(config: Config, lr: number): Schedule {
  const { constantFor = 0.5, fallsByEpoch = false } = config;
  if (constantFor === 1) return constantRate(lr);
  const [steps, perEpoch] = [stepsOf(config), stepsPerEpoch(config)];
  const rate = linearRate({ from: lr, start: Math.floor(constantFor * steps), end: steps });
  return fallsByEpoch ? (step) => rate(step - (step % perEpoch)) : rate;
}
