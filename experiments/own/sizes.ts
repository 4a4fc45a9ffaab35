/** Batches and epochs that fit the amount of data, where nobody asked for others. */
import { trainedSize, type MinibatchConfig } from "../../runs/minibatch/config.ts";

export interface Sizes {
  /** Examples of a batch, at least and at most. */
  readonly batch: readonly [number, number];
  /** About how many batches a run takes. */
  readonly steps: number;
  /** Epochs, at least and at most. */
  readonly epochs: readonly [number, number];
}

/** A batch is about so small a part of an epoch, within its limits. */
const BATCHES = 50;

const within = (x: number, [least, most]: readonly [number, number]): number =>
  Math.max(least, Math.min(most, x));

/** The configuration with numbers for whatever is Infinity in it, on `count` examples to train on. */
export function sized<C extends MinibatchConfig>(config: C, count: number, sizes: Sizes): C {
  const trained = trainedSize({ ...config, trainSize: Math.min(config.trainSize, count) });
  const largest = within(Math.ceil(trained / BATCHES), sizes.batch);
  const even = Math.ceil(trained / Math.ceil(trained / largest)); // so that the last one is about as large as the others
  const batchSize = config.batchSize === Infinity ? withoutOne(trained, even) : config.batchSize;
  const epochs = Math.round((sizes.steps * batchSize) / trained);
  return {
    ...config,
    batchSize,
    epochs: config.epochs === Infinity ? within(epochs, sizes.epochs) : config.epochs,
  };
}

/** The largest batch of at most `size` that leaves no rest of one: a single example has no batch statistics. */
function withoutOne(trained: number, size: number): number {
  let batch = Math.max(1, size);
  while (trained % batch === 1) batch--; // at 1 nothing is left
  return batch;
}
