/** The same elements in another shape or order, or some of them. */
import { isWhole, show, sizeOf, wholeAxes } from "../check.ts";
import { node } from "../node.ts";
import type { Dtype, Node, Shape } from "../op.ts";
import { optionsOf } from "../options.ts";
import { axisOf, constant, needNode } from "./arguments.ts";
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
  const rest = sizeOf(needNode("reshape", x).shape) / sizeOf(shape.filter((d) => d !== -1));
  const full = shape.map((d) => (d === -1 ? rest : d));
  return `${full}` === `${x.shape}` ? x : node("reshape", [x], { shape: full });
}
/** [n, ...] -> [n, the product of the rest]. */
export const flatten = (x: Node): Node =>
  reshape(x, [needNode("flatten", x).shape[0], sizeOf(x.shape.slice(1))]);
/** The same elements with an axis of size 1 at `axis`. */
export const expandDims = (x: Node, axis: number): Node =>
  reshape(x, needNode("expandDims", x).shape.toSpliced(axisOf(axis, x.shape.length + 1), 0, 1));
/** The same elements without `axis`, whose size is 1. */
export const squeeze = (x: Node, axis: number): Node =>
  reshape(x, needNode("squeeze", x).shape.toSpliced(axis, 1));
/** Axes in the order of `perm`; the last two swapped if it is not given. */
export function transpose(x: Node, perm?: readonly number[]): Node {
  const axes = needNode("transpose", x).shape.map((_, i) => i);
  const list = perm ?? [...axes.slice(0, -2), axes.length - 1, axes.length - 2];
  return list.every((a, i) => a === i) && list.length === axes.length
    ? x
    : node("transpose", [x], { perm: list });
}
/** x repeated to a shape that it broadcasts to, as in NumPy. */
export const broadcastTo = (x: Node, shape: Shape): Node =>
  `${needNode("broadcastTo", x).shape}` === `${shape}` ? x : node("broadcastTo", [x], { shape });
/** Nodes one after the other along `axis`; their other axes are alike. */
export const concat = (xs: readonly Node[], axis: number): Node =>
  node("concat", xs, { axis: axisOf(axis, xs[0]?.shape.length ?? 0) });

/** Tensors of one shape and dtype along a new axis, which is the first by default. */
export function stack(xs: readonly Node[], axis = 0): Node {
  const first = xs.at(0);
  if (!first) throw new Error("stack: no inputs, got []; give at least one");
  for (const { dtype, shape } of xs)
    if (dtype !== first.dtype || show(shape) !== show(first.shape))
      throw new Error(
        `stack: ${dtype} ${show(shape)} does not go with ${first.dtype} ${show(first.shape)}; give tensors of one shape and dtype`,
      );
  const at = axisOf(axis, first.shape.length + 1);
  wholeAxes("stack", [at], first.shape.length + 1);
  return concat(
    xs.map((x) => expandDims(x, at)),
    at,
  );
}
/** x cut along `axis` into so many equal parts, or into parts of these sizes. */
export function split(x: Node, parts: number | readonly number[], axis = 0): readonly Node[] {
  const along = axisOf(axis, x.shape.length);
  wholeAxes("split", [along], x.shape.length);
  const size = x.shape[along];
  if (typeof parts === "number" && !(isWhole(parts) && parts > 0 && size % parts === 0))
    throw new Error(
      `split: axis ${along} of ${show(x.shape)} does not divide into ${parts} equal parts; give a divisor of ${size}, or the sizes of the parts`,
    );
  const sizes = typeof parts === "number" ? new Array<number>(parts).fill(size / parts) : parts;
  if (!sizes.every(isWhole) || sizes.reduce((a, b) => a + b, 0) !== size)
    throw new Error(
      `split: sizes [${sizes}] do not add up to the ${size} of axis ${along} of ${show(x.shape)}; give whole numbers that do`,
    );
  let start = 0;
  return sizes.map((n) => slice(x, { axis: along, start, end: (start += n) }));
}
/** x over and over, so many times along each axis: [n, m] by [2, 3] -> [2 n, 3 m]. */
export function tile(x: Node, repeats: readonly number[]): Node {
  if (repeats.length !== x.shape.length || !repeats.every(isWhole))
    throw new Error(
      `tile: repeats [${repeats}] do not fit ${show(x.shape)}; give a whole number for every axis`,
    );
  // A new axis before each that repeats, so that the copies of an axis come one after the other.
  const axes = (count: (repeat: number) => number): number[] =>
    x.shape.flatMap((d, i) => (repeats[i] === 1 ? [d] : [count(repeats[i]), d]));
  const copies = broadcastTo(
    reshape(
      x,
      axes(() => 1),
    ),
    axes((n) => n),
  );
  return reshape(
    copies,
    x.shape.map((d, i) => d * repeats[i]),
  );
}
/** x backwards along axes: one, several, or all by default. */
export function flip(x: Node, axes: number | readonly number[] = [...x.shape.keys()]): Node {
  const list = (typeof axes === "number" ? [axes] : axes).map((a) => axisOf(a, x.shape.length));
  wholeAxes("flip", list, x.shape.length);
  const turned = list.filter((a) => x.shape[a] > 1);
  return slice(x, ...turned.map((axis) => ({ axis, step: -1 })));
}

/** A part of one axis, as start:end:step in NumPy. */
export interface SliceRange {
  readonly axis: number;
  readonly start?: number;
  readonly end?: number;
  readonly step?: number;
}
const knownOfSlice = optionsOf<SliceRange>("slice", {
  axis: "required",
  start: "optional",
  end: "optional",
  step: "optional",
});
/** Like x[start:end:step] along one axis or several; negative positions count from the end. */
export function slice(x: Node, ...ranges: readonly SliceRange[]): Node {
  const starts = needNode("slice", x).shape.map(() => 0);
  const ends = [...x.shape];
  const steps = x.shape.map(() => 1);
  for (const range of ranges) {
    const { axis, start, end, step = 1 } = knownOfSlice(range);
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
