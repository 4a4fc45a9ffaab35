/** Pictures as bytes in memory, decoded once; and as numbers, normalized and varied, batch by batch. */
import { hash, type Files, type Key } from "../../../src/index.ts";
import type { PictureSize, World } from "../../../runs/experiment.ts";
import { planesOf } from "../../rasters.ts";
import { sha256 } from "../source.ts";
import type { Named } from "./folder.ts";
import type { Variation } from "./found.ts";

export interface Pixels {
  /** `[count, channels, height, width]`, 0..255. */
  readonly bytes: Uint8Array;
  readonly frame: PictureSize;
}
export interface Decoded extends Pixels {
  /** Those that could be read, in the order of their pixels. */
  readonly pictures: readonly Named[];
  /** What was wrong with the others. */
  readonly unreadable: readonly string[];
  /** Of all files, those that could not be read included. */
  readonly sha256: string;
}

/** Decoded at a time: as many as threads can use, and no folder full of files in memory. */
const AT_ONCE = 8;

export const valuesOf = ({ channels, height, width }: PictureSize): number =>
  channels * height * width;

/** The pixels of one picture's file, a plane a channel; throws for what is no picture. */
export async function decodedPicture(
  bytes: Uint8Array,
  frame: PictureSize,
  { decode }: Pick<World, "decode">,
): Promise<Uint8Array> {
  if (!decode)
    throw new Error(
      "pictures: expected somebody who can decode them, got none; give the world a decode",
    );
  return planesOf(await decode(bytes, frame));
}

export async function decodedAll(
  files: Files,
  pictures: readonly Named[],
  frame: PictureSize,
  world: Pick<World, "decode" | "progress" | "freeMemory">,
): Promise<Decoded> {
  const each = valuesOf(frame);
  const free = world.freeMemory?.() ?? Infinity;
  if (pictures.length * each > free)
    throw new Error(
      `${files.where("")}: expected pictures that fit into ${Math.floor(free / 2 ** 20)} MB of free memory, got ${Math.ceil((pictures.length * each) / 2 ** 20)} MB; lower --size`,
    );
  const bytes = new Uint8Array(pictures.length * each);
  const read: Named[] = [];
  const unreadable: string[] = [];
  const sums: string[] = [];
  for (let start = 0; start < pictures.length; start += AT_ONCE) {
    const some = pictures.slice(start, start + AT_ONCE);
    const found = await Promise.all(
      some.map(async ({ name }) => {
        const file = await files.read(name);
        const sum = `${name} ${await sha256(file)}`;
        const pixels = decodedPicture(file, frame, world);
        return { sum, pixels: await pixels.catch((error: unknown) => error as Error) };
      }),
    );
    for (const [i, { sum, pixels }] of found.entries()) {
      sums.push(sum);
      if (pixels instanceof Uint8Array) {
        bytes.set(pixels, read.length * each);
        read.push(some[i]);
      } else unreadable.push(`${files.where(some[i].name)}: ${pixels.message}`);
    }
    world.progress("reading pictures", Math.min(1, (start + AT_ONCE) / pictures.length));
  }
  return {
    ...{ bytes: bytes.subarray(0, read.length * each), frame, pictures: read, unreadable },
    sha256: await sha256(new TextEncoder().encode(sums.join("\n"))),
  };
}

export interface Colours {
  readonly mean: readonly number[];
  readonly deviation: readonly number[];
}

/** Mean and deviation of each channel over some pictures, of pixels 0..1. */
export function coloursOf({ bytes, frame }: Pixels, rows: Uint32Array): Colours {
  const area = frame.width * frame.height;
  const of = Array.from({ length: frame.channels }, (_, c) => {
    const counts = new Float64Array(256); // exact, and quick
    for (const row of rows) {
      const from = (row * frame.channels + c) * area;
      for (let i = from; i < from + area; i++) counts[bytes[i]]++;
    }
    const average = (f: (x: number) => number): number =>
      counts.reduce((sum, n, x) => sum + n * f(x / 255), 0) / (rows.length * area);
    const mean = average((x) => x);
    return { mean, deviation: Math.sqrt(average((x) => (x - mean) ** 2)) };
  });
  // A channel without any variation is divided by 1.
  return {
    mean: of.map(({ mean }) => Math.min(1, mean)),
    deviation: of.map(({ deviation }) => (deviation > 1e-3 ? deviation : 1)),
  };
}

/** How a picture is looked at: shifted by some pixels, mirrored. */
interface View {
  readonly down: number;
  readonly right: number;
  readonly mirrored: boolean;
}
const STRAIGHT: View = { down: 0, right: 0, mirrored: false };

/** Pictures are shifted by up to this part of their size. */
const SHIFT = 1 / 8;

/** What `key` says of picture `row`: the same whenever it is asked. */
export function viewOf(
  row: number,
  { width, height }: PictureSize,
  { augment, key }: { readonly augment: readonly Variation[]; readonly key: Key },
): View {
  const shift = (part: number, size: number): number => {
    const most = Math.floor(size * SHIFT);
    return augment.includes("crops")
      ? Math.floor((hash(3 * row + part, key) / 2 ** 32) * (2 * most + 1)) - most
      : 0;
  };
  return {
    down: shift(0, height),
    right: shift(1, width),
    mirrored: augment.includes("flips") && hash(3 * row + 2, key) >= 2 ** 31,
  };
}

/** The pictures `rows`, `[rows.length, channels, height, width]`, normalized; where a shift uncovers nothing, the edge is repeated. */
export function normalized(
  { bytes, frame }: Pixels,
  { mean, deviation }: Colours,
  rows: Uint32Array,
  view: (row: number) => View = () => STRAIGHT,
): Float32Array {
  const { width, height, channels } = frame;
  const out = new Float32Array(rows.length * valuesOf(frame));
  const within = (at: number, size: number): number => Math.max(0, Math.min(size - 1, at));
  let at = 0;
  for (const row of rows) {
    const { down, right, mirrored } = view(row);
    const columns = Int32Array.from({ length: width }, (_, x) =>
      within((mirrored ? width - 1 - x : x) + right, width),
    );
    for (let c = 0; c < channels; c++) {
      const scale = 1 / (255 * deviation[c]);
      const shift = -mean[c] / deviation[c];
      for (let y = 0; y < height; y++) {
        const from = row * valuesOf(frame) + (c * height + within(y + down, height)) * width;
        for (let x = 0; x < width; x++) out[at++] = scale * bytes[from + columns[x]] + shift;
      }
    }
  }
  return out;
}
