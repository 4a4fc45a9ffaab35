/** What a conformance case is, and the tensors they are made of. */
import { hash, keyOf } from "../../src/graph/hash.ts";
import { sizeOf, type Dtype, type Node, type Shape } from "../../src/graph/index.ts";
import { tensor, type Tensor } from "../../src/runtime/program.ts";

export interface Case {
  readonly name: string;
  readonly inputs: readonly Tensor[];
  /** The value to compare, given an input node for each of `inputs`. */
  readonly build: (...inputs: Node[]) => Node;
  /** Whether floats must agree to the last bit; other types always must. */
  readonly exact?: boolean;
}

export interface Range {
  readonly from?: number;
  readonly to?: number;
  /** Tells two tensors of one shape apart. */
  readonly seed?: number;
}
/** Numbers of a range that float32 holds exactly, so that both sides start from the same ones. */
export function some(shape: Shape, { from = -2, to = 2, seed = 0 }: Range = {}): Tensor {
  const key = keyOf("some", seed, ...shape);
  return tensor(
    Float32Array.from(
      { length: sizeOf(shape) },
      (_, i) => from + (to - from) * (hash(i, key) / 2 ** 32),
    ),
    shape,
  );
}
export const ints = (
  shape: Shape,
  { from = -5, to = 5, seed = 0 }: Range = {},
  dtype: Dtype = "int32",
): Tensor => tensor(Array.from(some(shape, { from, to, seed }).data, Math.floor), shape, dtype);
export const bools = (shape: Shape, seed = 0): Tensor =>
  ints(shape, { from: 0, to: 2, seed }, "bool");
export const int32s = (...values: number[]): Tensor => tensor(values, [values.length], "int32");

/** Cases of an op that rounds nothing. */
export const exactly = (list: readonly Case[]): readonly Case[] =>
  list.map((c) => ({ ...c, exact: true }));
/** One case a row of a table. */
export const many = <T extends readonly unknown[]>(
  rows: readonly T[],
  make: (...row: T) => Case,
): readonly Case[] => rows.map((row) => make(...row));
export const titled = (title: string, list: readonly Case[]): readonly Case[] =>
  list.map((c) => ({ ...c, name: `${title}, ${c.name}` }));
