/** Which examples are held out to test on: drawn by a seed, of every class its share. */
import * as z from "zod/mini";
import { keyOf, permutation } from "../src/index.ts";

export interface Split {
  readonly seed: number;
  /** Of the examples, of each class where there are classes. */
  readonly share: number;
}

export const splitSchema: z.ZodMiniType<Split> = z.strictObject({
  seed: z.int().check(z.nonnegative()),
  share: z.number().check(z.minimum(0), z.maximum(1)),
});

export interface Parts {
  /** In an order that says nothing of classes or of the file, so that any first n of them are like the rest. */
  readonly train: Uint32Array;
  readonly test: Uint32Array;
}

/**
 * `labels` has the class of every example; examples without classes are all of one. Of every class that has two examples at
 * least one is trained on, and one is held out; one that has a single example is trained on.
 */
export function splitOf(labels: ArrayLike<number>, { seed, share }: Split): Parts {
  const byClass = new Map<number, number[]>();
  const order = permutation(labels.length, keyOf("held out", seed));
  for (const row of order) {
    const own = byClass.get(labels[row]) ?? [];
    own.push(row);
    byClass.set(labels[row], own);
  }
  const held = new Set<number>();
  for (const rows of byClass.values()) {
    const count = Math.min(rows.length - 1, Math.max(1, Math.round(share * rows.length)));
    for (const row of rows.slice(0, count)) held.add(row);
  }
  return {
    train: order.filter((row) => !held.has(row)),
    test: order.filter((row) => held.has(row)).sort(),
  };
}
