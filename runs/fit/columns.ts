/** Examples as people have them (arrays, nested arrays, names of classes, tensors) as what a network takes. */
import {
  input,
  sizeOf,
  tensor,
  type Dtype,
  type Input,
  type Shape,
  type Tensor,
  type TensorData,
} from "../../src/index.ts";
import { described } from "../../src/graph/index.ts";
import type { DataSet } from "../minibatch/task.ts";

/** Values of one input for all examples: a tensor [examples, ...], an array a number or a name each, or nested arrays. */
export type Column = Tensor | ArrayLike<number> | readonly string[] | Nested;
export type Nested = readonly (readonly number[] | ArrayLike<number> | Nested)[];
/** Columns by the input that they are of, all of one length. */
export type Columns = Readonly<Record<string, Column>>;
/** Columns by input, or a set that makes its examples itself: pictures that do not fit in memory, augmentation. */
export type Data = Columns | DataSet;

/** One input of a model. */
export interface InputSpec {
  /** Without the batch. */
  readonly shape: Shape;
  readonly dtype: Dtype;
  /** Taken away from it first, [channels, 1, ...] or one a feature; what it is divided by then. */
  readonly standardized?: {
    readonly mean: readonly number[];
    readonly deviation: readonly number[];
  };
}
/** The inputs of a model, by name. */
export type InputSpecs = Readonly<Record<string, InputSpec>>;

export interface Reading {
  /** The input that holds classes. */
  readonly labels?: string | undefined;
  /** Their names, in order. */
  readonly classes?: readonly string[] | undefined;
  /** What the examples must look like; found out if it is not given. */
  readonly specs?: InputSpecs;
  /** Who asks, for messages. */
  readonly where: string;
}

/** What programs call inputs of their own. */
const RESERVED = ["key", "lr"];
export function checkNames(where: string, names: readonly string[]): void {
  const taken = names.find((name) => RESERVED.includes(name));
  if (taken !== undefined)
    throw new Error(
      `${where}: "${taken}" is an input of every training, got one of the data of that name; call it something else`,
    );
}

export const isDataSet = (data: Data): data is DataSet =>
  typeof (data as Partial<DataSet>).feeds === "function";

/** What the inputs of a set look like. */
export const specsOf = (set: DataSet): InputSpecs =>
  Object.fromEntries(
    set
      .inputs(1)
      .map(({ attrs: { name, shape, dtype } }) => [name, { shape: shape.slice(1), dtype }]),
  );

export const inputsOf = (specs: InputSpecs, size: number): readonly Input[] =>
  Object.entries(specs).map(([name, { shape, dtype }]) => input(name, [size, ...shape], dtype));

/** Columns of equal length as a set. */
export function readColumns(columns: Columns, reading: Reading): DataSet {
  const { where } = reading;
  if (typeof (columns as unknown) !== "object" || (columns as unknown) === null)
    throw new Error(
      `${where}: data must be columns by input, got ${described(columns)}; give e.g. { x, y }`,
    );
  checkNames(where, Object.keys(columns));
  const entries = Object.entries(columns).map(
    ([name, column]) => [name, tensorOf(name, column, reading)] as const,
  );
  const first = entries.at(0);
  if (!first) throw new Error(`${where}: data has no inputs, got {}; give e.g. { x, y }`);
  const count = first[1].shape[0];
  for (const [name, x] of entries)
    if (x.shape[0] !== count)
      throw new Error(
        `${where}: "${first[0]}" has ${count} examples, got ${x.shape[0]} of "${name}"; give every input one row an example`,
      );
  if (count === 0)
    throw new Error(`${where}: data holds no example, got 0 of "${first[0]}"; give at least one`);
  const specs = Object.fromEntries(
    entries.map(([name, { shape, dtype }]) => [name, { shape: shape.slice(1), dtype }]),
  );
  return {
    count,
    inputs: (size) => inputsOf(specs, size),
    feeds: (rows) =>
      Object.fromEntries(entries.map(([name, x]) => [name, rowsOf(x, rows)] as const)),
  };
}

/** Those rows of a set. */
export const subset = (set: DataSet, rows: Uint32Array): DataSet => ({
  count: rows.length,
  inputs: (size) => set.inputs(size),
  feeds: (some) => set.feeds(some.map((row) => rows[row])),
  ...(set.varied
    ? {
        varied: (some, key) =>
          set.varied!(
            some.map((row) => rows[row]),
            key,
          ),
      }
    : {}),
});

/** [examples, ...] -> [rows.length, ...] */
function rowsOf({ data, shape, dtype }: Tensor, rows: Uint32Array): Tensor {
  const size = sizeOf(shape.slice(1));
  const result = new (data.constructor as new (length: number) => TensorData)(rows.length * size);
  rows.forEach((row, i) => result.set(data.subarray(row * size, (row + 1) * size), i * size));
  return { dtype, shape: [rows.length, ...shape.slice(1)], data: result };
}

function tensorOf(name: string, column: Column, reading: Reading): Tensor {
  const { where, labels, specs } = reading;
  const spec = specs?.[name];
  if (specs && !spec)
    throw new Error(
      `${where}: there is no input "${name}", got it beside ${Object.keys(specs).join(", ")}; leave it away`,
    );
  const read =
    isTensor(column) || name !== labels
      ? asTensor(name, column, { where, dtype: spec?.dtype })
      : labelTensor(name, column, reading);
  checkFinite(name, read, where);
  if (read.shape.slice(1).includes(0))
    throw new Error(
      `${where}: "${name}" has no numbers in its examples, got shape [${read.shape}]; give rows of at least one`,
    );
  if (read.shape.length === 0)
    throw new Error(
      `${where}: "${name}" holds one number, got shape []; give a row an example, [examples, ...]`,
    );
  if (spec && `${read.shape.slice(1)}` !== `${spec.shape}`)
    throw new Error(
      `${where}: "${name}" is [${["examples", ...spec.shape].join(", ")}] of this model, got [${read.shape}]; give it that shape`,
    );
  if (spec && read.dtype !== spec.dtype)
    throw new Error(
      `${where}: "${name}" is ${spec.dtype} of this model, got ${read.dtype}; make it with tensor(data, shape, "${spec.dtype}")`,
    );
  return read;
}

const isTensor = (x: Column): x is Tensor =>
  typeof (x as Partial<Tensor> | null | undefined)?.dtype === "string";

/** Numbers alone: one that is none would make every loss NaN, and the rate would get the blame. */
function checkFinite(name: string, { data, shape, dtype }: Tensor, where: string): void {
  if (dtype !== "float") return;
  const bad = data.findIndex((x) => !Number.isFinite(x));
  if (bad < 0) return;
  const example = Math.floor(bad / Math.max(1, sizeOf(shape.slice(1))));
  throw new Error(
    `${where}: "${name}" must hold finite numbers, got ${data[bad]} in example ${example}; fill it in, or leave that example out`,
  );
}

/** Names or numbers of classes as int32. */
function labelTensor(name: string, column: Column, { classes, where }: Reading): Tensor {
  if (!isList(column))
    throw new Error(
      `${where}: "${name}" must be a list of classes, got ${described(column)}; give one for every example`,
    );
  const list = Array.from(column as ArrayLike<string | number>);
  const numbers = list.map((value, i) => {
    if (typeof value === "number" && !classes?.includes(String(value))) return value;
    const found = classes?.indexOf(String(value)) ?? -1;
    if (found >= 0) return found;
    throw new Error(
      `${where}: "${name}" holds classes ${classes?.join(", ") ?? "by number"}, got ${JSON.stringify(value)} at ${i}; use one of these`,
    );
  });
  return tensor(numbers, [numbers.length], "int32");
}

function asTensor(
  name: string,
  column: Column,
  { where, dtype }: { readonly where: string; readonly dtype: Dtype | undefined },
): Tensor {
  if (isTensor(column)) return column;
  if (!isList(column))
    throw new Error(
      `${where}: "${name}" must be a list or a tensor, got ${described(column)}; give a row an example`,
    );
  if (ArrayBuffer.isView(column)) {
    const whole = column instanceof Int32Array ? "int32" : "float";
    return tensor(column as unknown as ArrayLike<number>, [column.length], dtype ?? whole);
  }
  const shape: number[] = [];
  for (let x: unknown = column; isList(x); x = x[0]) shape.push(x.length);
  const flat: number[] = [];
  const put = (x: unknown, level: number): void => {
    if (!isList(x)) {
      if (typeof x !== "number" || level !== shape.length)
        throw new Error(
          `${where}: "${name}" is [${shape}] of numbers, got ${typeof x === "number" ? "a row that is shorter than the others" : JSON.stringify(x)}; give numbers in rows of one length${typeof x === "string" ? ", or, if these are classes, make the network with classifier" : ""}`,
        );
      flat.push(x);
      return;
    }
    if (x.length !== shape[level])
      throw new Error(
        `${where}: "${name}" has rows of ${shape[level]}, got one of ${x.length}; give rows of one length`,
      );
    for (let i = 0; i < x.length; i++) put(x[i], level + 1);
  };
  put(column, 0);
  return tensor(flat, shape, dtype ?? "float");
}

const isList = (x: unknown): x is ArrayLike<unknown> => Array.isArray(x) || ArrayBuffer.isView(x);

/** The classes of a column of names, in the order of the alphabet; undefined for one of numbers. */
export function classesIn(column: Column | undefined): readonly string[] | undefined {
  if (!Array.isArray(column) || !column.some((name) => typeof name === "string")) return undefined;
  return [...new Set((column as readonly unknown[]).map(String))].sort();
}
