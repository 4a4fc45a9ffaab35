/** What may be set of every run that fine-tunes a trained model. */
import { byName, type Optimizer, type Node, type Schedule } from "../../../src/index.ts";
import { UsageError } from "../../../runs/experiment.ts";
import {
  optimizerOf,
  scheduleOf,
  stepsPerEpoch,
  type MinibatchConfig,
} from "../../../runs/minibatch/config.ts";
import { number, onOff, place, text, whole, type Settings } from "../../../runs/settings.ts";
import { ownPreset, type OwnConfig } from "../settings.ts";

export interface TunedConfig extends OwnConfig {
  /** How many classes there are to be. */
  readonly head?: number;
  /** The value of the graph that the head goes onto. */
  readonly at?: string;
  /** Whether imported layers are trained too, after the head. */
  readonly all?: boolean;
  /** A pattern of names: these are not trained in any case. */
  readonly freeze?: string;
  readonly headEpochs: number;
  readonly bodyRate: number;
}

export const tunedPreset: typeof ownPreset & Pick<TunedConfig, "headEpochs" | "bodyRate"> = {
  ...ownPreset,
  ...{ epochs: 5, lr: [0.01], headEpochs: 1, bodyRate: 0.1, network: {} },
};

export const modelPlace: Settings = {
  model: place("the .onnx file, where it is not where it was", { changes: "" }),
};

export const tunedSettings: Settings = {
  head: whole("classes that the new head tells apart, to be sure (default: as the data have)", {
    ...{ least: 1, most: 256, optional: true, example: "5" },
  }),
  at: text("the value of the graph that the head goes onto (default: before its last layer)", {
    ...{ optional: true, example: "flatten_0" },
  }),
  all: onOff("train imported layers too, once the head has learned", { optional: true }),
  freeze: text("of these only those whose names do not match, e.g. '^conv2d_[0-9]$'; means --all", {
    ...{ optional: true, example: "^conv1" },
  }),
  headEpochs: whole("epochs of the head alone, before --all", { least: 0, example: "1" }),
  bodyRate: number("learning rate of imported layers, as a share of the head's", {
    ...{ example: "0.1", most: 10 },
  }),
};

/** The head's parameters, by name. */
export const HEAD = "head";

/** What of the model is not trained: all of it, unless more was asked for. */
export function frozenBy({ all, freeze }: Pick<TunedConfig, "all" | "freeze">): RegExp | undefined {
  if (freeze === undefined) return all ? undefined : /(?:)/;
  try {
    return new RegExp(freeze);
  } catch (cause) {
    throw new UsageError(
      `--freeze: expected a regular expression, got "${freeze}" (${(cause as Error).message}); write e.g. '^conv1'`,
      { cause },
    );
  }
}

/** Imported layers stand still while the head learns alone; then their rate is a share of its. */
export function ratesFor(
  config: MinibatchConfig,
  lr: number,
): { readonly lr: Schedule; readonly bodyLr: Schedule } {
  const { headEpochs, bodyRate } = config as TunedConfig;
  const alone = headEpochs * stepsPerEpoch(config);
  const head = scheduleOf(config, lr);
  return { lr: head, bodyLr: (step) => (step < alone ? 0 : bodyRate * head(step)) };
}

export const optimizerFor = (
  { optimizer }: MinibatchConfig,
  { lr, bodyLr }: Readonly<Record<string, Node>>,
): Optimizer =>
  byName([
    { match: new RegExp(`^${HEAD}\\.`), optimizer: optimizerOf(optimizer, lr) },
    { match: /(?:)/, optimizer: optimizerOf(optimizer, bodyLr) },
  ]);
