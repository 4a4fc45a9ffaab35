/** Values of float types as numbers, and back, rounded once. */
import { narrowed } from "../graph/floats.ts";
import { codeByName } from "../train/safetensors-types.ts";

export type Floats = Float32Array | Float64Array;

/** The values of `bytes`, exactly. */
export function floatsOf(dtype: string, bytes: Uint8Array, where: string): Floats {
  const copy = new Uint8Array(bytes).buffer; // its offset need not be aligned
  const held = codeByName.get(dtype)?.read?.(copy, where);
  if (typeof held !== "object" || held.dtype !== "float")
    throw new Error(`${where}: expected floats, got ${dtype}; leave it as it is`);
  return held.data as Floats;
}

/** The types that arithmetic is written in. */
export const WRITTEN = ["F16", "BF16", "F32", "F64"] as const;
export type Written = (typeof WRITTEN)[number];
export const isWritten = (dtype: string): dtype is Written =>
  WRITTEN.some((written) => written === dtype);

/** Numbers as the nearest values of `dtype`, ties to even; undefined where a finite one is beyond the largest. */
export function bytesOfFloats(dtype: Written, numbers: ArrayLike<number>): Uint8Array | undefined {
  const data = write[dtype](numbers);
  if (dtype !== "F64")
    for (let i = 0; i < numbers.length; i++)
      if (isInfinite[dtype](data[i]) && Number.isFinite(numbers[i])) return undefined;
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

const write: Readonly<Record<Written, (x: ArrayLike<number>) => Floats | Uint16Array>> = {
  F64: (x) => (x instanceof Float64Array ? x : Float64Array.from(x)),
  F32: (x) => (x instanceof Float32Array ? x : Float32Array.from(x)),
  F16: (x) => roundedAll(x, 5, 10),
  BF16: (x) => roundedAll(x, 8, 7),
};
const isInfinite: Readonly<Record<Exclude<Written, "F64">, (x: number) => boolean>> = {
  F32: (x) => x === Infinity || x === -Infinity,
  F16: (bits) => (bits & 0x7fff) === 0x7c00,
  BF16: (bits) => (bits & 0x7fff) === 0x7f80,
};

function roundedAll(x: ArrayLike<number>, exponentBits: number, fractionBits: number): Uint16Array {
  const bits = new Uint16Array(x.length); // `from` with a function takes many times as long
  for (let i = 0; i < bits.length; i++) bits[i] = narrowed(x[i], exponentBits, fractionBits);
  return bits;
}
