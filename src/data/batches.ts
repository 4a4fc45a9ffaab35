/**
 * From a data set to the arrays of one step. An epoch is `permutation(set.count, keyOf(seed, "order", epoch))`, a batch
 * is `batch(set, order.subarray(start, start + size), pixelStatistics(set))`: no state to save, so a resumed run sees the
 * batches that it would have seen.
 */
import { hash, type Key } from "../graph/hash.ts";
import { imageSize, type ImageSet } from "./images.ts";

/** The examples of one step. */
export interface Batch {
  /** `[size, channels, height, width]`, normalized. */
  readonly images: Float32Array;
  /** `[size]` */
  readonly labels: Int32Array;
}

/** Mean and standard deviation of pixels scaled to 0..1. */
export interface PixelStatistics {
  readonly mean: number;
  readonly std: number;
}

/** `y = scale x + shift` */
export interface Affine {
  readonly scale?: number;
  readonly shift?: number;
}

/** The images `rows` of `set`, every pixel x as `(x / 255 - mean) / std`, and their labels. */
export const batch = (set: ImageSet, rows: Uint32Array, { mean, std }: PixelStatistics): Batch => ({
  images: gatherRows(set.images, imageSize(set), rows, {
    scale: 1 / (255 * std),
    shift: -mean / std,
  }),
  labels: gatherLabels(set.labels, rows),
});

/** 0 ... n - 1 in an order that only `key` decides (Fisher-Yates; the bias of any place is below n / 2^32). */
export function permutation(n: number, key: Key): Uint32Array {
  const order = Uint32Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const j = Math.floor((hash(i, key) / 2 ** 32) * (i + 1));
    const swapped = order[i];
    order[i] = order[j]!;
    order[j] = swapped;
  }
  return order;
}

/** Over all pixels of a training set: MNIST has mean 0.1307 and std 0.3081. A constant set has std 1, so that it can be divided by. */
export function pixelStatistics({ images }: ImageSet): PixelStatistics {
  // Counts of the 256 values make the sums exact and the pass over 47 million pixels short.
  const counts = new Float64Array(256);
  for (let i = 0; i < images.length; i++) counts[images[i]]++; // for-of takes eight times as long
  const average = (value: (x: number) => number): number =>
    counts.reduce((sum, n, x) => sum + n * value(x / 255), 0) / images.length;
  const mean = average((x) => x);
  return { mean, std: Math.sqrt(average((x) => (x - mean) ** 2)) || 1 };
}

/** `rows` of a `[count, rowSize]` source, each value as `scale x + shift`: `[rows.length, rowSize]`. */
export function gatherRows(
  source: Uint8Array | Float32Array,
  rowSize: number,
  rows: Uint32Array,
  { scale = 1, shift = 0 }: Affine = {},
): Float32Array {
  checkRows("gatherRows", source.length / rowSize, rows);
  const out = new Float32Array(rows.length * rowSize);
  let at = 0;
  for (const row of rows)
    for (let i = row * rowSize, end = i + rowSize; i < end; i++)
      out[at++] = scale * source[i] + shift;
  return out;
}

/** The labels of `rows`, as the int32 that a loss takes. */
export function gatherLabels(labels: Uint8Array, rows: Uint32Array): Int32Array {
  checkRows("gatherLabels", labels.length, rows);
  return Int32Array.from(rows, (row) => labels[row]);
}

/** Past its end a typed array reads as undefined, which would train on NaN. */
function checkRows(where: string, count: number, rows: Uint32Array): void {
  if (!Number.isInteger(count))
    throw new Error(
      `${where}: the source must hold whole rows, got ${count} of them; check the row size`,
    );
  for (const row of rows)
    if (row >= count)
      throw new Error(
        `${where}: row ${row} does not exist, got a source of ${count} rows; make the order from its length`,
      );
}
