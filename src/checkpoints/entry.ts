/** What every format is read to and written from: tensors by name, whose bytes are read when they are needed. */
import { sizeOf, type Shape } from "../graph/index.ts";
import { brief, word } from "../train/json.ts";
import { bitsOf } from "./dtypes.ts";

/** A tensor of a checkpoint, row-major and little-endian. */
export interface Entry {
  readonly name: string;
  /** By the names of safetensors: "F32", "BF16". */
  readonly dtype: string;
  readonly shape: Shape;
  /** Its bytes in pieces, each of whole values; each call reads them anew. */
  chunks(): AsyncIterable<Uint8Array>;
}

/** What is in a file and is no tensor, or one that cannot be held. */
export interface LeftOut {
  readonly name: string;
  readonly why: string;
}

/** What a checkpoint holds. */
export interface Weights {
  /** By the format that they were in: "PyTorch", "safetensors". */
  readonly format: string;
  readonly entries: readonly Entry[];
  readonly leftOut: readonly LeftOut[];
  readonly metadata: Readonly<Record<string, string>>;
}

/** What is under a name of the whole, by the rest of its names. */
export function weightsUnder(weights: Weights, where: string, name: string | undefined): Weights {
  if (name === undefined) return weights;
  const start = `${name}.`;
  const within = <T extends { readonly name: string }>(list: readonly T[]): readonly T[] =>
    list.flatMap((x) =>
      x.name.startsWith(start) ? [{ ...x, name: x.name.slice(start.length) }] : [],
    );
  const entries = within(weights.entries);
  if (entries.length > 0) return { ...weights, entries, leftOut: within(weights.leftOut) };
  const names = new Set(weights.entries.map((x) => x.name.split(".", 1)[0]));
  throw new Error(
    `${where}: expected tensors under ${brief(name)}, got some under ${[...names].slice(0, 5).map(brief).join(", ")}; choose one of these`,
  );
}

/** Bytes that are read at a time: whole values of every type. */
export const CHUNK: number = 4 * 2 ** 20;
/** More bytes than this are in memory for no tensor. */
export const MOST_HELD: number = 2 ** 31;
/** As many axes as NumPy and PyTorch have. */
const MOST_AXES = 64;

/** Bytes of a tensor. */
export const byteLength = ({ dtype, shape }: Pick<Entry, "dtype" | "shape">): number =>
  Math.ceil((sizeOf(shape) * bitsOf(dtype)!) / 8);

/** An entry whose bytes are there. */
export const entryOf = (
  name: string,
  dtype: string,
  shape: Shape,
  bytes: () => Promise<Uint8Array> | Uint8Array,
): Entry => ({
  ...{ name, dtype, shape },
  async *chunks() {
    const all = await bytes();
    for (let at = 0; at < all.length; at += CHUNK) yield all.subarray(at, at + CHUNK);
  },
});

/** All bytes of a tensor, in an array of their own. */
export async function bytesOf(entry: Entry): Promise<Uint8Array> {
  const size = byteLength(entry);
  if (size > MOST_HELD)
    throw new Error(
      `${word(entry.name)}: expected at most ${MOST_HELD} bytes for what has to be in memory at once, got ${size}; split it`,
    );
  const bytes = new Uint8Array(size);
  let at = 0;
  for await (const piece of entry.chunks()) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

/** Pieces of any length as pieces of whole values of `bytes` bytes. */
export async function* inValues(
  chunks: AsyncIterable<Uint8Array>,
  bytes: number,
): AsyncGenerator<Uint8Array> {
  let rest = new Uint8Array(0);
  for await (const piece of chunks) {
    if (rest.length === 0 && piece.length % bytes === 0) {
      yield piece;
      continue;
    }
    const joined = new Uint8Array(rest.length + piece.length);
    joined.set(rest);
    joined.set(piece, rest.length);
    const whole = joined.length - (joined.length % bytes);
    if (whole > 0) yield joined.subarray(0, whole);
    rest = joined.slice(whole);
  }
}

/** What is wrong with the shape of a tensor that a file claims; undefined where nothing is. */
export function faultOf(shape: readonly unknown[]): string | undefined {
  if (shape.length > MOST_AXES) return `${shape.length} axes; at most ${MOST_AXES} are read`;
  if (!shape.every((d) => Number.isSafeInteger(d) && (d as number) >= 0))
    return "a shape that is not of whole numbers";
  const size = (shape as number[]).reduce((a, b) => a * Math.max(b, 1), 1);
  return size > 2 ** 48 ? "more values than any file has" : undefined;
}
