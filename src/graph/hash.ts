/**
 * The counter-based hash behind all randomness: 32 bits out of (element index, key), with no state to save.
 * Add, xor-shift and multiply only, so that ONNX's integer ops compute the same bits; the constants and shifts are
 * those of the `lowbias32` mixer (C. Wellons, https://nullprogram.com/blog/2018/07/31/), the second half of the key is xored in on the way.
 */
export const HASH: {
  readonly shifts: readonly [number, number, number];
  readonly factors: readonly [number, number];
} = {
  shifts: [16, 15, 16],
  factors: [0x7feb352d, 0x846ca68b],
};

/** Two uint32 numbers. */
export type Key = readonly [number, number];

/** Number `index` of the random whole numbers that a key stands for, from 0 to 2^32 - 1. */
export function hash(index: number, [k0, k1]: Key): number {
  let x = index ^ k0;
  x ^= x >>> HASH.shifts[0];
  x = Math.imul(x, HASH.factors[0]) ^ k1;
  x ^= x >>> HASH.shifts[1];
  x = Math.imul(x, HASH.factors[1]);
  x ^= x >>> HASH.shifts[2];
  return x >>> 0;
}

/** A key made of any whole numbers and names, e.g. `keyOf(seed, "dropout", step)`; another for every list of parts. */
export function keyOf(...parts: readonly (number | string)[]): Key {
  let key: Key = [0x9e3779b9, 0x85ebca6b];
  const absorb = (word: number): void => {
    key = [hash(word, key), hash(word, [key[1] ^ 0xc2b2ae35, key[0]])];
  };
  for (const part of parts) {
    if (typeof part === "string") for (const c of part) absorb(c.codePointAt(0)!);
    else for (const word of [part, Math.floor(part / 2 ** 32)]) absorb(word);
    absorb(typeof part === "string" ? 0xffffffff : 0xfffffffe); // so that parts do not run into each other
  }
  return key;
}

/** The key of one call site: what `randomBits` xors into the key it is given. */
export const streamKey = (stream: number): Key => keyOf("stream", stream);
