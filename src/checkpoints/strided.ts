/** Tensors that are views of a storage, with strides, as PyTorch and NumPy keep them: read out row by row. */
import { sizeOf, type Shape } from "../graph/index.ts";
import { bitsOf } from "./dtypes.ts";
import { CHUNK, faultOf, MOST_HELD } from "./entry.ts";
import { pieces, type Source } from "./source.ts";

/** Which values of a storage are a tensor. */
export interface View {
  readonly shape: Shape;
  /** In values, as all here. */
  readonly strides: Shape;
  readonly offset: number;
}

/** A tensor of PyTorch's: a view of a storage that is called `key`. */
export interface Strided extends View {
  readonly kind: "tensor";
  readonly dtype: string;
  readonly key: string;
  /** Values of the storage, as the pickle has it. */
  readonly size: number;
}

/** The strides of a tensor that lies row by row, and column by column. */
export const rowMajor = (shape: Shape): Shape => shape.map((_, i) => sizeOf(shape.slice(i + 1)));
export const columnMajor = (shape: Shape): Shape => shape.map((_, i) => sizeOf(shape.slice(0, i)));

/** One past the last value of the storage that a view has; an error's words where it is no view of `size` values. */
export function endOf({ shape, strides, offset }: View, size: number): number | string {
  const fault = faultOf(shape) ?? (shape.length === strides.length ? undefined : "too few strides");
  if (fault !== undefined) return fault;
  if (![offset, ...strides].every((x) => Number.isSafeInteger(x) && x >= 0))
    return "strides or an offset that are no counts";
  if (shape.includes(0)) return 0;
  const end = shape.reduce((sum, d, i) => sum + (d - 1) * strides[i], offset + 1);
  return end <= size ? end : `its last value at ${end - 1} of ${size}`;
}

/** The bytes of a view of the values of `dtype` in `source`, row by row. `endOf` has been asked before. */
export async function* viewed(
  source: Source,
  dtype: string,
  view: View,
): AsyncGenerator<Uint8Array> {
  const bytes = bitsOf(dtype)! / 8;
  const { shape, strides, offset } = view;
  const end = endOf(view, source.size / bytes);
  if (typeof end === "string")
    throw new Error(`${source.where}: expected all its values, got ${end}; copy or save it again`);
  const natural = rowMajor(shape);
  if (shape.includes(0)) return;
  if (strides.every((s, i) => s === natural[i] || shape[i] === 1))
    yield* pieces(source, offset * bytes, end * bytes);
  else {
    const size = (end - offset) * bytes;
    if (size > MOST_HELD)
      throw new Error(
        `${source.where}: expected at most ${MOST_HELD} bytes of a tensor that does not lie row by row, got ${size}; save it contiguous`,
      );
    const held = await source.read(offset * bytes, size);
    yield* gathered(held, bytes, { shape, strides });
  }
}

function* gathered(
  from: Uint8Array,
  bytes: number,
  { shape, strides }: Omit<View, "offset">,
): Generator<Uint8Array> {
  const total = sizeOf(shape);
  const place = shape.map(() => 0);
  let at = 0;
  for (let done = 0; done < total;) {
    const count = Math.min(CHUNK / bytes, total - done);
    const piece = new Uint8Array(count * bytes);
    for (let i = 0; i < piece.length;) {
      for (let from_ = at * bytes, b = 0; b < bytes; b++) piece[i++] = from[from_ + b];
      for (let axis = shape.length - 1; axis >= 0; axis--) {
        at += strides[axis];
        if (++place[axis] < shape[axis]) break;
        at -= strides[axis] * shape[axis];
        place[axis] = 0;
      }
    }
    done += count;
    yield piece;
  }
}
