/** What a run is a function of. */
import {
  adam,
  adamax,
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
  /** Learning rates to try, each constant for the first half of training, then linearly to 0, as in the paper. */
  readonly lr: readonly number[];
  readonly optimizer: OptimizerName;
  /** Adam's beta1 from half time on, where it changes. */
  readonly lateBeta1?: number;
  /** How many of the training images are used, those held out included. */
  readonly trainSize: number;
  /** The share of these that is held out of training where there are several learning rates to choose from. */
  readonly heldOut: number;
  readonly threads: number;
  /** The test error, as a fraction, that the table gives the time to. */
  readonly targetError: number;
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

/** Images that are held out: none unless they have something to decide. */
export const heldOutSize = ({ trainSize, heldOut, lr }: Config): number =>
  lr.length > 1 ? Math.round(trainSize * heldOut) : 0;
/** Images that are trained on. */
export const trainedSize = (config: Config): number => config.trainSize - heldOutSize(config);

export const stepsPerEpoch = (config: Config): number =>
  Math.floor(trainedSize(config) / config.batchSize);

export const stepsOf = (config: Config): number => config.epochs * stepsPerEpoch(config);

/** A learning rate, constant for the first half of training and then linearly to 0. */
export const scheduleOf = (config: Config, lr: number): Schedule => {
  const steps = stepsOf(config);
  return linearRate({ from: lr, start: Math.floor(steps / 2), end: steps });
};
