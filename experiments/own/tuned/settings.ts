/** What may be set of every run that fine-tunes a trained model. */
import { byName, type Optimizer, type Node, type Schedule } from "../../../src/index.ts";
import { UsageError } from "../../../runs/experiment.ts";
import {
  optimizerOf,
  RESCHEDULED,
  scheduleOf,
  stepsPerEpoch,
  type MinibatchConfig,
} from "../../../runs/minibatch/config.ts";
import { number, onOff, place, text, whole, type Settings } from "../../../runs/settings.ts";
import { ownPreset, type OwnConfig } from "../settings.ts";
import type { Sizes } from "../sizes.ts";

export interface TunedConfig extends OwnConfig {
  /** How many classes there are to be. */
  readonly head?: number;
  /** The value of the graph that the head goes onto. */
  readonly at?: string;
  /** Whether the head alone is trained. */
  readonly headOnly?: boolean;
  /** A pattern of names: these are not trained in any case. */
  readonly freeze?: string;
  readonly headEpochs: number;
  readonly bodyRate: number;
}

export const tunedPreset: typeof ownPreset & Pick<TunedConfig, "headEpochs" | "bodyRate"> = {
  ...ownPreset,
  ...{ epochs: 5, lr: [0.01], headEpochs: 1, bodyRate: 0.05, network: {} },
};

/** Small batches: there are few examples, as a rule, and every step counts. */
export const tunedSizes: Sizes = { batch: [8, 32], steps: 300, epochs: [1, 20] };

export const modelPlace: Settings = {
  model: place("the .onnx file, where it is not where it was", { changes: "" }),
};

export const tunedSettings: Settings = {
  epochs: whole("passes over the training data", {
    ...{ most: 100_000, example: "10", length: true },
    changes: RESCHEDULED,
  }),
  head: whole("classes that the new head tells apart, to be sure (default: as the data have)", {
    ...{ least: 1, most: 256, optional: true, example: "5" },
  }),
  at: text("the value of the graph that the head goes onto (default: before its last layer)", {
    ...{ optional: true, example: "flatten_0" },
  }),
  headOnly: onOff("train the head alone: quicker, and enough where the model knows such data", {
    optional: true,
  }),
  freeze: text("imported weights that are not trained: a pattern of their names", {
    ...{ optional: true, example: "^conv1" },
  }),
  headEpochs: whole("epochs of the head alone before the rest learns too, at most half of them", {
    ...{ least: 0, example: "1" },
  }),
  bodyRate: number("learning rate of imported layers, as a share of the head's", {
    ...{ example: "0.05", most: 10 },
  }),
};

/** What the new layer is called: no layer of a model is likely to be. */
export const HEAD = "newHead";

/** What of the model is not trained. */
export function frozenBy({
  headOnly,
  freeze,
}: Pick<TunedConfig, "headOnly" | "freeze">): RegExp | undefined {
  if (headOnly) return /(?:)/;
  if (freeze === undefined) return undefined;
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
  const alone = Math.min(headEpochs, config.epochs / 2) * stepsPerEpoch(config);
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
