/** w = g v / |v| and |w| of tensors that are read in pieces, in float64: no tensor is in memory whole. */
import type { Shape } from "../graph/index.ts";
import { sizeOf } from "../graph/index.ts";
import { unitShapes } from "../nn/units.ts";
import { bitsOf } from "./dtypes.ts";
import { bytesOf, inValues, type Entry } from "./entry.ts";
import { bytesOfFloats, floatsOf, type Floats, type Written } from "./floats.ts";

/** A weight in two parts. */
export interface Parts {
  readonly v: Entry;
  readonly g: Entry;
  /** That of g as it broadcasts against v. */
  readonly gShape: Shape;
  /** g is e^s, and `g` holds s. */
  readonly exponential: boolean;
}

/** The values of a tensor of floats, in pieces. */
export async function* numbers({ name, dtype, chunks }: Entry): AsyncGenerator<Floats> {
  for await (const piece of inValues(chunks(), bitsOf(dtype)! / 8))
    yield floatsOf(dtype, piece, name);
}

/** The norm of every unit of v, in the order of g. */
export async function normsOf(v: Entry, gShape: Shape): Promise<Float64Array> {
  const norms = new Float64Array(sizeOf(gShape));
  const runs = unitRuns(v.shape, gShape);
  let at = 0;
  for await (const values of numbers(v)) {
    runs(at, values.length, (unit, from, to) => {
      let sum = 0;
      for (let i = from; i < to; i++) sum += values[i] * values[i];
      norms[unit] += sum;
    });
    at += values.length;
  }
  return norms.map(Math.sqrt);
}

/** w = g v / |v| in pieces; a zero row of v gives a zero row of w. */
export async function* foldedNumbers({ v, g, gShape, exponential }: Parts): AsyncGenerator<Floats> {
  const norms = await normsOf(v, gShape);
  const scales = floatsOf(g.dtype, await bytesOf(g), g.name);
  const by = norms.map((n, i) => {
    const scale = exponential ? Math.exp(scales[i]) : scales[i];
    return n === 0 ? 0 : scale / n;
  });
  const runs = unitRuns(v.shape, gShape);
  let at = 0;
  for await (const values of numbers(v)) {
    const w = new Float64Array(values.length);
    runs(at, values.length, (unit, from, to) => {
      for (let i = from; i < to; i++) w[i] = values[i] * by[unit];
    });
    at += values.length;
    yield w;
  }
}

/** Numbers as the bytes of `dtype`; an error where it does not hold one. */
export async function* written(
  values: AsyncIterable<Floats> | Iterable<Floats>,
  dtype: Written,
  name: string,
): AsyncGenerator<Uint8Array> {
  for await (const piece of values) {
    const bytes = bytesOfFloats(dtype, piece);
    if (!bytes) {
      const largest = Array.from(piece, Math.abs)
        .filter(Number.isFinite)
        .sort((a, b) => b - a)[0];
      throw new Error(
        `${name}: expected numbers that ${dtype} holds, got ${largest}; choose a wider type`,
      );
    }
    yield bytes;
  }
}

type Runs = (
  start: number,
  count: number,
  use: (unit: number, from: number, to: number) => void,
) => void;
/** Tells of `count` values of v from `start` on which of them, from ... to, are of which unit. */
function unitRuns(v: Shape, g: Shape): Runs {
  const { vShape, gShape } = unitShapes(v, g);
  const wide = gShape.flatMap((d, axis) =>
    d === 1 ? [] : [[sizeOf(vShape.slice(axis + 1)), d, sizeOf(gShape.slice(axis + 1))] as const],
  );
  /** Values that lie together in one unit. */
  const length = wide.at(-1)?.[0] ?? sizeOf(vShape);
  return (start, count, use) => {
    for (let from = 0; from < count;) {
      const at = start + from;
      const to = Math.min(count, (Math.floor(at / length) + 1) * length - start);
      let unit = 0;
      for (const [stride, d, next] of wide) unit += (Math.floor(at / stride) % d) * next;
      use(unit, from, to);
      from = to;
    }
  };
}
