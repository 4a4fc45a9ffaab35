/** The same elements in another shape or order, or some of them. */
import { sizeOf } from "../infer.ts";
import { node } from "../node.ts";
import type { Dtype, Node, Shape } from "../op.ts";
import { axisOf, constant } from "./arguments.ts";
import { cast, equal } from "./elementwise.ts";

/** Zeros of a shape. */
export const zeros = (shape: Shape): Node => broadcastTo(constant(0), shape);
/** Ones of a shape. */
export const ones = (shape: Shape): Node => broadcastTo(constant(1), shape);
/** Zeros of the shape and dtype of x. */
export const zerosLike = (x: Node): Node => broadcastTo(constant(0, [], x.dtype), x.shape);
/** 0, 1, ..., n - 1. */
export const arange = (n: number, dtype: Dtype = "int32"): Node =>
  constant(
    Array.from({ length: n }, (_, i) => i),
    [n],
    dtype,
  );
/** One axis of `shape` may be -1: what is left over. */
export function reshape(x: Node, shape: Shape): Node {
  const rest = sizeOf(x.shape) / sizeOf(shape.filter((d) => d !== -1));
  const full = shape.map((d) => (d === -1 ? rest : d));
  return `${full}` === `${x.shape}` ? x : node("reshape", [x], { shape: full });
}
/** [n, ...] -> [n, the product of the rest]. */
export const flatten = (x: Node): Node => reshape(x, [x.shape[0], sizeOf(x.shape.slice(1))]);
/** The same elements with an axis of size 1 at `axis`. */
export const expandDims = (x: Node, axis: number): Node =>
  reshape(x, x.shape.toSpliced(axisOf(axis, x.shape.length + 1), 0, 1));
/** The same elements without `axis`, whose size is 1. */
export const squeeze = (x: Node, axis: number): Node => reshape(x, x.shape.toSpliced(axis, 1));
/** Axes in the order of `perm`; the last two swapped if it is not given. */
export function transpose(x: Node, perm?: readonly number[]): Node {
  const axes = x.shape.map((_, i) => i);
  const list = perm ?? [...axes.slice(0, -2), axes.length - 1, axes.length - 2];
  return list.every((a, i) => a === i) && list.length === axes.length
    ? x
    : node("transpose", [x], { perm: list });
}
/** x repeated to a shape that it broadcasts to, as in NumPy. */
export const broadcastTo = (x: Node, shape: Shape): Node =>
  `${x.shape}` === `${shape}` ? x : node("broadcastTo", [x], { shape });
/** Nodes one after the other along `axis`; their other axes are alike. */
export const concat = (xs: readonly Node[], axis: number): Node =>
  node("concat", xs, { axis: axisOf(axis, xs[0]?.shape.length ?? 0) });

/** A part of one axis, as start:end:step in NumPy. */
export interface SliceRange {
  readonly axis: number;
  readonly start?: number;
  readonly end?: number;
  readonly step?: number;
}
/** Like x[start:end:step] along one axis or several; negative positions count from the end. */
export function slice(x: Node, ...ranges: readonly SliceRange[]): Node {
  const starts = x.shape.map(() => 0);
  const ends = [...x.shape];
  const steps = x.shape.map(() => 1);
  for (const { axis, start, end, step = 1 } of ranges) {
    const a = axisOf(axis, x.shape.length);
    if (!(a in starts))
      throw new Error(
        `slice: axis ${axis} is outside a tensor of rank ${x.shape.length}; use 0 to ${x.shape.length - 1}, or negative ones from the end`,
      );
    const size = x.shape[a];
    const from = (p: number): number => (p < 0 ? p + size : p);
    starts[a] = start === undefined ? (step > 0 ? 0 : size - 1) : from(start);
    ends[a] = end === undefined ? (step > 0 ? size : -1) : from(end);
    steps[a] = step;
  }
  const whole = steps.every((step, i) => step === 1 && starts[i] === 0 && ends[i] === x.shape[i]);
  return whole ? x : node("slice", [x], { starts, ends, steps });
}
/** Zeros around: [before, after] per axis. */
export const pad = (x: Node, pads: readonly (readonly [number, number])[]): Node =>
  pads.flat().every((p) => p === 0) ? x : node("pad", [x], { pads });
/** x [n, ...], indices int32 [...] -> [...indices, ...]. */
export const gather = (x: Node, indices: Node): Node => node("gather", [x, indices], {});
/** indices int32 [...], y [...indices, ...] -> [size, ...]: rows of y added up at their indices. */
export const scatterAdd = (indices: Node, y: Node, size: number): Node =>
  node("scatterAdd", [indices, y], { size });
/** indices int32 [...] -> float [..., depth]. */
export const oneHot = (indices: Node, depth: number): Node =>
  cast(equal(expandDims(indices, indices.shape.length), arange(depth)), "float");
