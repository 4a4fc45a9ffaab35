/** Which numbers a dtype holds: JavaScript's arrays would take any, and wrap or cut off silently what does not fit. */
import type { Dtype } from "./op.ts";

const MOST_FLOAT = 3.4028234663852886e38; // float32's
const MOST_ROUNDED = 2 ** 128 - 2 ** 103; // from here on rounding gives infinity

const kinds: Readonly<
  Record<Dtype, { readonly holds: (x: number) => boolean; readonly what: string }>
> = {
  float: {
    holds: (x) => !Number.isFinite(x) || Math.abs(x) < MOST_ROUNDED,
    what: `numbers up to ${MOST_FLOAT} in size`,
  },
  int32: {
    holds: (x) => (x | 0) === x,
    what: `whole numbers from ${-(2 ** 31)} to ${2 ** 31 - 1}`,
  },
  uint32: { holds: (x) => x >>> 0 === x, what: `whole numbers from 0 to ${2 ** 32 - 1}` },
  bool: { holds: (x) => x === 0 || x === 1, what: "0 or 1" },
};

/** Throws at the first of `values` that `dtype` does not hold; NaN and infinities are floats. */
export function checkNumbers(where: string, values: ArrayLike<number>, dtype: Dtype): void {
  const { holds, what } = kinds[dtype];
  for (let i = 0; i < values.length; i++) {
    const x: unknown = values[i];
    if (typeof x === "number" && holds(x)) continue;
    throw new Error(
      `${where}: ${dtype} takes ${what}, got ${named(x)} at position ${i}; ${advice(x)}`,
    );
  }
}

const isList = (x: unknown): boolean => Array.isArray(x) || ArrayBuffer.isView(x);
const named = (x: unknown): string =>
  isList(x)
    ? "an array"
    : typeof x === "string"
      ? JSON.stringify(x.slice(0, 40))
      : typeof x === "bigint"
        ? `${x}n`
        : typeof x === "object" && x !== null
          ? "an object"
          : String(x);
const advice = (x: unknown): string =>
  isList(x)
    ? "give all numbers in one flat array, row by row, and the shape beside it"
    : typeof x === "number"
      ? "check where it comes from, or choose another dtype"
      : "give numbers";
