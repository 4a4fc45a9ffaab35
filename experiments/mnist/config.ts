/** What a run of this experiment is a function of. */
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
import { ARMS, type Arm } from "../results.ts";

export const OPTIMIZERS = ["adam", "adamax", "rmsprop", "sgd"] as const;
export type OptimizerName = (typeof OPTIMIZERS)[number];

export interface MnistConfig {
  readonly arms: readonly Arm[];
  readonly seeds: readonly number[];
  readonly epochs: number;
  readonly batchSize: number;
  /** Constant for the first half of training, then linearly to 0, as in the paper. */
  readonly lr: number;
  readonly optimizer: OptimizerName;
  /** How many of the training images are used. */
  readonly trainSize: number;
  readonly threads: number;
  /** The test error, as a fraction, that the table gives the time to. */
  readonly targetError: number;
}

export const DEFAULTS: MnistConfig = {
  arms: ARMS,
  seeds: [1],
  epochs: 1,
  batchSize: 100,
  lr: 0.001,
  optimizer: "adam",
  trainSize: 60000,
  threads: 2,
  targetError: 0.015,
};

export const optimizerOf = (name: OptimizerName, lr: Rate): Optimizer =>
  ({
    adam: () => adam({ lr }),
    adamax: () => adamax({ lr }),
    rmsprop: () => rmsprop({ lr }),
    sgd: () => sgd({ lr, momentum: 0.9 }),
  })[name]();

export const stepsPerEpoch = ({ trainSize, batchSize }: MnistConfig): number =>
  Math.floor(trainSize / batchSize);

export function scheduleOf(config: MnistConfig): Schedule {
  const steps = config.epochs * stepsPerEpoch(config);
  return linearRate({ from: config.lr, start: Math.floor(steps / 2), end: steps });
}
