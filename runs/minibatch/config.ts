/** What a run on minibatches is a function of, and how each part of it is described. */
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
import type { Config } from "../experiment.ts";
import { isGrid } from "../rates.ts";
import type { Measure } from "../records.ts";
import {
  choice,
  common,
  group,
  list,
  number,
  onOff,
  positive,
  whole,
  type Settings,
} from "../settings.ts";

export const OPTIMIZERS = ["adam", "adamax", "rmsprop", "sgd"] as const;
export type OptimizerName = (typeof OPTIMIZERS)[number];

export interface MinibatchConfig extends Config {
  readonly epochs: number;
  readonly batchSize: number;
  /** The share of training for which the rate is constant, before it falls linearly to 0 (default: half, as in the paper). */
  readonly constantFor?: number;
  /** Whether the rate falls from epoch to epoch, as in the authors' code, and not from step to step (default false). */
  readonly fallsByEpoch?: boolean;
  readonly optimizer: OptimizerName;
  /** Adam's beta1 from half time on, where it changes. */
  readonly lateBeta1?: number;
  /** The decay of the moving averages of the parameters that evaluation uses, where it does not use the parameters. */
  readonly average?: number;
  /** How many of the training examples are used, those held out included; Infinity for all there are. */
  readonly trainSize: number;
  /** How many of the test examples are used (default: all). */
  readonly testSize?: number;
  /** The share of the training examples that is held out of training where there are several learning rates to choose from. */
  readonly heldOut: number;
  /** Whether it is held out with one learning rate too, because other runs try others (default false). */
  readonly validation?: boolean;
  /** The first measure that the table gives the time to, e.g. an error as a fraction. */
  readonly target: number;
  /** Whether weights start as they were drawn, in an experiment that has data-dependent initialization (default false). */
  readonly asDrawn?: boolean;
  /** Whether the last batch of an epoch is trained on where it is smaller than the others (default false: it is left out). */
  readonly oddBatch?: boolean;
  /** Batches whose gradients make one step of the optimizer (default 1). */
  readonly accumulate?: number;
  /** Whether the parameters of the best test so far are kept, and evaluated instead of the last ones (default false). */
  readonly keepBest?: boolean;
  /** Epochs without a better test after which a run ends. */
  readonly patience?: number;
  /** What the network takes, e.g. its width. */
  readonly network: Readonly<Record<string, number>>;
}

/** Everything but what only the user knows. */
export type Preset = Omit<MinibatchConfig, "arms" | "seeds" | "threads" | "trainSize" | "preset">;

export interface Describing {
  readonly measure: Measure;
  /** What the network takes. */
  readonly network: Settings;
  /** What examples are called: "images". */
  readonly unit: string;
  /** Whether there is a test set, of which a part may do; else the data are parted as the task says. */
  readonly hasTestSet: boolean;
  /** Whether layers start from the data, unless a run asks for the other. */
  readonly startsFromData: boolean;
}

/** What follows a new length of a run, as messages say it. */
export const RESCHEDULED =
  "What depends on the length of the run, as the fall of the learning rate does, follows the new length from here on.";

const reach = ({ key, unit }: Measure): string =>
  `report the seconds until the test ${key} was this good${unit === "" ? "" : `, in ${unit}`}`;

/** The settings of every experiment that trains on minibatches. */
export const minibatchSettings = ({
  measure,
  network,
  unit,
  hasTestSet,
  startsFromData,
}: Describing): Settings => ({
  epochs: whole(`passes over the training ${unit}`, {
    most: 100_000,
    example: "3",
    length: true,
    changes: RESCHEDULED,
  }),
  batchSize: whole(`${unit} a step`, { example: "100", unit }),
  lr: list(
    "learning rate; of several, e.g. 0.0003,0.003, each arm's best on held-out examples is taken",
    positive("a learning rate", { example: "0.001" }),
    { changes: "" },
  ),
  optimizer: choice("how gradients become steps", OPTIMIZERS, {
    ...{ example: "adam", first: true },
  }),
  trainSize: whole(`use only the first n training ${unit} (default: all)`, {
    ...{ example: "10000", first: true },
    unit,
  }),
  ...(hasTestSet
    ? {
        testSize: whole(`test on only the first n test ${unit} (default: all)`, {
          ...{ optional: true, example: "2000", unit },
        }),
      }
    : {}),
  target: positive(reach(measure), {
    example: String(Number((measure.scale * 0.015).toPrecision(2))),
    unit: measure.unit,
    scale: measure.scale,
  }),
  threads: { ...common.threads, help: "threads for the runtime (default: all cores)" },
  arms: common.arms,
  seeds: common.seeds,
  lrOf: common.lrOf,
  constantFor: number("share of training before the rate falls linearly to 0", {
    flag: false,
    optional: true,
    scale: 100,
    unit: "%",
  }),
  fallsByEpoch: onOff("the rate falls from epoch to epoch", { flag: false, optional: true }),
  lateBeta1: number("Adam's beta1 from half time on", { flag: false, optional: true }),
  average: number("decay of the moving averages that are tested", { flag: false, optional: true }),
  heldOut: number("share held out to choose a learning rate by", {
    flag: false,
    scale: 100,
    unit: "%",
  }),
  validation: onOff("hold examples out with one learning rate too, where other runs try others", {
    optional: true,
  }),
  ...(startsFromData
    ? {
        asDrawn: onOff("weights start as they were drawn, without data-dependent initialization", {
          optional: true,
        }),
      }
    : {}),
  oddBatch: onOff("the last, smaller batch of an epoch is trained on too", {
    flag: false,
    optional: true,
  }),
  accumulate: whole("batches whose gradients make one step", { flag: false, optional: true }),
  keepBest: onOff("the best parameters are kept and tested", { flag: false, optional: true }),
  patience: whole("epochs without a better test after which a run ends", {
    flag: false,
    optional: true,
    unit: "epochs",
  }),
  network: group("network", network),
});

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

/** Examples that are held out: none unless they have something to decide. */
export const heldOutSize = (config: MinibatchConfig): number =>
  holdsOut(config) ? Math.round(config.trainSize * config.heldOut) : 0;
/** Whether rates are to be chosen by what is held out. */
export const holdsOut = (
  config: Pick<MinibatchConfig, "arms" | "lr" | "lrOf" | "validation">,
): boolean => isGrid(config) || config.validation === true;
/** Examples that are trained on. */
export const trainedSize = (config: MinibatchConfig): number =>
  config.trainSize - heldOutSize(config);

/**
 * Batches of an epoch: a step of training is one of them. A rest of one example goes with the batch before it, since
 * statistics of one example are none.
 */
export function stepsPerEpoch(config: MinibatchConfig): number {
  const [count, size] = [trainedSize(config), config.batchSize];
  const whole = Math.floor(count / size);
  const rest = count - whole * size;
  return config.oddBatch && (rest > 1 || whole === 0) ? whole + 1 : whole;
}

/** Which of an epoch's examples, in its order, batch `i` holds: from the first to before the second. */
export function batchOf(config: MinibatchConfig, i: number): readonly [number, number] {
  const start = i * config.batchSize;
  const isLast = config.oddBatch && i === stepsPerEpoch(config) - 1;
  return [start, isLast ? trainedSize(config) : start + config.batchSize];
}

export const stepsOf = (config: MinibatchConfig): number => config.epochs * stepsPerEpoch(config);

/** A learning rate that is constant at first and then falls linearly to 0. */
export function scheduleOf(config: MinibatchConfig, lr: number): Schedule {
  const { constantFor = 0.5, fallsByEpoch = false } = config;
  if (constantFor === 1) return constantRate(lr);
  const [steps, perEpoch] = [stepsOf(config), stepsPerEpoch(config)];
  const rate = linearRate({ from: lr, start: Math.floor(constantFor * steps), end: steps });
  return fallsByEpoch ? (step) => rate(step - (step % perEpoch)) : rate;
}
