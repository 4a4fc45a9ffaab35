/** What many rules share: axes, numbers that moved from attributes to inputs, and parts of a tensor by index. */
import {
  arange,
  broadcastTo,
  cast,
  concat,
  constant,
  expandDims,
  gather,
  mul,
  reshape,
  slice,
  sizeOf,
  transpose,
} from "../../graph/index.ts";
import { DataType } from "../../onnx/index.ts";
import type { Call, Node, Shape, Value } from "../call.ts";
import { axisOf } from "./axes.ts";

/** Axes counted from the front, each at most once. */
export function axesIn(call: Call, axes: readonly number[], rank: number): readonly number[] {
  const list = axes.map((axis) => axisOf(call, axis, rank));
  if (new Set(list).size === list.length) return list;
  throw call.fail(`expected different axes, got [${axes}]; check the file`);
}

/** Numbers that older operator sets have as attribute `name` and newer ones as input `i`; undefined where there are none. */
export const listOf = (
  call: Call,
  name: string,
  i: number,
  what: string,
): readonly number[] | undefined =>
  call.has(name) ? call.ints(name) : call.optional(i) && call.known(i, what);
/** The same where they must be there. */
export function needList(call: Call, name: string, i: number, what: string): readonly number[] {
  const list = listOf(call, name, i, what);
  if (list) return list;
  throw call.fail(
    `expected ${what} as attribute "${name}" or input ${i}, got neither; check the file`,
  );
}

/** Sizes of axes as int64, which Shape and its like give whatever they are asked about. */
export const int64 = (data: readonly number[], shape: Shape = [data.length]): Value => ({
  node: constant(data, shape, "int32"),
  type: DataType.INT64,
});

/** Elements that a rule may write down one by one. */
const MOST = 2 ** 24;
/** `count`, refused where it is more than a rule may write down one by one. */
export function few(call: Pick<Call, "fail">, count: number): number {
  if (count <= MOST) return count;
  throw call.fail(
    `expected at most ${MOST} elements to write down, got ${count}; cut the model before it`,
  );
}

/** A constant of `shape`, element by element; refused before it is made where it is too large to be written down. */
export function written(
  call: Call,
  shape: Shape,
  of: (i: number) => number,
  dtype: Node["dtype"] = "float",
): Node {
  const size = sizeOf(shape);
  if (!(size <= MOST))
    throw call.fail(
      `expected at most ${MOST} elements in a constant, got [${shape}]; cut the model before it`,
    );
  return constant(
    Float64Array.from({ length: size }, (_, i) => of(i)),
    shape,
    dtype,
  );
}

/** `f` of a bool by way of int32, for what the language does to numbers alone. */
export const asNumbers = (x: Node, f: (x: Node) => Node): Node =>
  x.dtype === "bool" ? cast(f(cast(x, "int32")), "bool") : f(x);

/** x with `axis` moved to the front. */
export const toFront = (x: Node, axis: number): Node =>
  transpose(
    x,
    [axis, ...x.shape.keys()].filter((a, i) => i === 0 || a !== axis),
  );

/** 0, 1, ... along `axis` of a tensor of `rank`, times `stride`: int32, of size 1 along the others. */
export function coordinates(size: number, axis: number, rank: number, stride = 1): Node {
  if (!(size <= MOST))
    throw new Error(
      `expected an axis of at most ${MOST} elements to count, got ${size}; cut the model before it`,
    );
  const shape = new Array<number>(rank).fill(1).with(axis, size);
  const count = reshape(arange(size), shape);
  return stride === 1 ? count : mul(count, stride);
}

/** Runs that are worth a slice each instead of a gather. */
const FEW = 8;
/** The elements of x at known indices along `axis`: by slices where these are few, by repetition where all repeat alike. */
export function take(x: Node, axis: number, indices: readonly number[]): Node {
  const size = x.shape[axis];
  const times = size > 0 ? indices.length / size : 0;
  if (
    times >= 1 &&
    Number.isInteger(times) &&
    indices.every((at, i) => at === Math.floor(i / times))
  )
    return repeat(x, axis, times);
  const runs = runsOf(indices);
  if (runs.length > FEW || runs.length === 0) {
    const rows = gather(toFront(x, axis), constant(indices, [indices.length], "int32"));
    return transpose(
      rows,
      [...x.shape.keys()].map((a) => (a === axis ? 0 : a < axis ? a + 1 : a)),
    );
  }
  const parts = runs.map(({ first, step, count }) => {
    if (step === 0) {
      const one = slice(x, { axis, start: first, end: first + 1 });
      return broadcastTo(one, x.shape.with(axis, count));
    }
    const end = first + step * count;
    return slice(x, { axis, start: first, step, ...(end < 0 ? {} : { end }) });
  });
  return parts.length === 1 ? parts[0] : concat(parts, axis);
}

/** Every element `times` times in a row along `axis`. */
function repeat(x: Node, axis: number, times: number): Node {
  if (times === 1) return x;
  const copies = x.shape.toSpliced(axis + 1, 0, times);
  return reshape(
    broadcastTo(expandDims(x, axis + 1), copies),
    x.shape.with(axis, x.shape[axis] * times),
  );
}

interface Run {
  readonly first: number;
  readonly step: number;
  readonly count: number;
}
/** Indices as runs that go up by 1, down by 1 or stay. */
function runsOf(indices: readonly number[]): readonly Run[] {
  const runs: Run[] = [];
  for (let i = 0; i < indices.length && runs.length <= FEW;) {
    const difference = indices[i + 1] - indices[i];
    const step = Math.abs(difference) <= 1 ? difference : 1;
    let count = 1;
    while (i + count < indices.length && indices[i + count] === indices[i] + step * count) count++;
    runs.push({ first: indices[i], step, count });
    i += count;
  }
  return runs;
}
