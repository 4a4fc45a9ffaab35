/**
 * What people call. First the primitive ops as functions, then what is built from them.
 * Wherever a node is expected in arithmetic a number will do; negative axes count from the end.
 */
import { sizeOf } from "./infer.ts";
import { node } from "./node.ts";
import { normalQuantiles, QUANTILE_BITS } from "./special.ts";
import type { Dtype, Node, Pool2dAttrs, Shape, Window2d } from "./op.ts";

export type Arg = Node | number;

/** A constant tensor; nested arrays are not taken, give flat row-major `data` and a `shape`. */
export const constant = (
  data: ArrayLike<number> | number,
  shape?: Shape,
  dtype: Dtype = "float",
): Node =>
  typeof data === "number"
    ? node("constant", [], {
        data: new Array<number>(sizeOf(shape ?? [])).fill(data),
        shape: shape ?? [],
        dtype,
      })
    : node("constant", [], { data: copied(data), shape: shape ?? [data.length], dtype });

/** A node owns its data: what the caller does to an array later is no business of the graph. Frozen data needs no copy. */
const copied = (data: ArrayLike<number>): ArrayLike<number> =>
  Object.isFrozen(data)
    ? data
    : ArrayBuffer.isView(data)
      ? Float64Array.from(data)
      : Object.freeze(Array.from(data));

export const zeros = (shape: Shape): Node => broadcastTo(constant(0), shape);
export const ones = (shape: Shape): Node => broadcastTo(constant(1), shape);
export const zerosLike = (x: Node): Node => broadcastTo(constant(0, [], x.dtype), x.shape);
/** 0, 1, ..., n - 1. */
export const arange = (n: number, dtype: Dtype = "int32"): Node =>
  constant(
    Array.from({ length: n }, (_, i) => i),
    [n],
    dtype,
  );

const axisOf = (axis: number, rank: number): number =>
  axis < 0 && axis >= -rank ? axis + rank : axis;
const pair = (a: Arg, b: Arg): readonly [Node, Node] => {
  const dtype = typeof a !== "number" ? a.dtype : typeof b !== "number" ? b.dtype : "float";
  const lift = (x: Arg): Node => (typeof x === "number" ? constant(x, [], dtype) : x);
  return [lift(a), lift(b)];
};
const lift = (x: Arg): Node => pair(x, x)[0];

// elementwise
export const neg = (x: Arg): Node => node("neg", [lift(x)], {});
export const abs = (x: Arg): Node => node("abs", [lift(x)], {});
export const sign = (x: Arg): Node => node("sign", [lift(x)], {});
export const exp = (x: Arg): Node => node("exp", [lift(x)], {});
export const log = (x: Arg): Node => node("log", [lift(x)], {});
export const sqrt = (x: Arg): Node => node("sqrt", [lift(x)], {});
/** 1 / x, and exactly 0 where x = 0. */
export const safeReciprocal = (x: Arg): Node => node("safeReciprocal", [lift(x)], {});
export const tanh = (x: Arg): Node => node("tanh", [lift(x)], {});
export const sigmoid = (x: Arg): Node => node("sigmoid", [lift(x)], {});
/** log(1 + e^x), without overflow. */
export const softplus = (x: Arg): Node => node("softplus", [lift(x)], {});
export const erf = (x: Arg): Node => node("erf", [lift(x)], {});
/** x where x > 0, alpha x elsewhere; alpha from 0 to 1, 0.01 as in ONNX. */
export const leakyRelu = (x: Arg, alpha = 0.01): Node => node("leakyRelu", [lift(x)], { alpha });
export const relu = (x: Arg): Node => leakyRelu(x, 0);
/** 1 where x > 0, alpha elsewhere. */
export const leakyStep = (x: Arg, alpha = 0): Node => node("leakyStep", [lift(x)], { alpha });
/** x where x > 0, alpha (e^x - 1) elsewhere. */
export const elu = (x: Arg, alpha = 1): Node => node("elu", [lift(x)], { alpha });
export const clip = (x: Arg, min: number, max: number): Node =>
  node("clip", [lift(x)], { min, max });
export const cast = (x: Node, dtype: Dtype): Node =>
  x.dtype === dtype ? x : node("cast", [x], { dtype });
/** x itself, through which no gradient flows. */
export const stopGradient = (x: Node): Node => node("stopGradient", [x], {});
export const add = (a: Arg, b: Arg): Node => node("add", pair(a, b), {});
export const sub = (a: Arg, b: Arg): Node => node("sub", pair(a, b), {});
export const mul = (a: Arg, b: Arg): Node => node("mul", pair(a, b), {});
export const div = (a: Arg, b: Arg): Node => node("div", pair(a, b), {});
export const pow = (a: Arg, b: Arg): Node => node("pow", pair(a, b), {});
export const maximum = (a: Arg, b: Arg): Node => node("maximum", pair(a, b), {});
export const minimum = (a: Arg, b: Arg): Node => node("minimum", pair(a, b), {});
export const equal = (a: Arg, b: Arg): Node => node("equal", pair(a, b), {});
export const less = (a: Arg, b: Arg): Node => node("less", pair(a, b), {});
export const lessOrEqual = (a: Arg, b: Arg): Node => node("lessOrEqual", pair(a, b), {});
export const greater = (a: Arg, b: Arg): Node => less(b, a);
export const greaterOrEqual = (a: Arg, b: Arg): Node => lessOrEqual(b, a);
/** x where `condition` holds, y elsewhere. */
export const select = (condition: Node, x: Arg, y: Arg): Node =>
  node("select", [condition, ...pair(x, y)], {});
export const square = (x: Node): Node => mul(x, x);

// reductions
export interface ReductionOptions {
  /** One axis or several; all of them by default. */
  readonly axes?: number | readonly number[];
  /** Whether reduced axes stay, with size 1 (default false). */
  readonly keepDims?: boolean;
}
const reduction =
  (op: "sum" | "max" | "norm") =>
  (x: Node, { axes = x.shape.map((_, i) => i), keepDims = false }: ReductionOptions = {}): Node => {
    const list = (typeof axes === "number" ? [axes] : axes).map((a) => axisOf(a, x.shape.length));
    return node(op, [x], { axes: list.toSorted((a, b) => a - b), keepDims });
  };
export const sum: (x: Node, options?: ReductionOptions) => Node = reduction("sum");
/** The largest element; the gradient is shared equally among equals. */
export const max: (x: Node, options?: ReductionOptions) => Node = reduction("max");
/** The Euclidean norm; its gradient at 0 is 0. */
export const norm: (x: Node, options?: ReductionOptions) => Node = reduction("norm");
export function mean(x: Node, options: ReductionOptions = {}): Node {
  const total = sum(x, options);
  return mul(total, sizeOf(total.shape) / sizeOf(x.shape));
}
/** The index of the first largest element along `axis`, int32. */
export const argmax = (x: Node, axis = -1): Node =>
  node("argmax", [x], { axis: axisOf(axis, x.shape.length) });
/** log(sum(exp(x))), without overflow. */
export function logSumExp(x: Node, options: ReductionOptions = {}): Node {
  const top = stopGradient(max(x, { ...options, keepDims: true }));
  const result = add(log(sum(exp(sub(x, top)), { ...options, keepDims: true })), top);
  return options.keepDims ? result : reshape(result, sum(x, options).shape);
}
export const logSoftmax = (x: Node, axis = -1): Node =>
  sub(x, logSumExp(x, { axes: axis, keepDims: true }));
export const softmax = (x: Node, axis = -1): Node => exp(logSoftmax(x, axis));

// products
/** [..., n, k] @ [..., k, m] -> [..., n, m]. */
export const matmul = (a: Node, b: Node): Node => node("matmul", [a, b], {});

type Both<T> = T | readonly [T, T];
export interface WindowOptions {
  readonly strides?: Both<number>;
  /** One padding for all sides, [vertical, horizontal], or [top, left, bottom, right]. */
  readonly pads?: Both<number> | readonly [number, number, number, number];
  readonly dilations?: Both<number>;
}
export interface Conv2dOptions extends WindowOptions {
  readonly groups?: number;
}
const both = (x: Both<number>): readonly [number, number] => (typeof x === "number" ? [x, x] : x);
function windowOf({ strides = 1, pads = 0, dilations = 1 }: WindowOptions): Window2d {
  const [top, left, bottom, right] = typeof pads === "number" ? [pads, pads] : pads;
  return {
    strides: both(strides),
    pads: [top, left, bottom ?? top, right ?? left],
    dilations: both(dilations),
  };
}
/** x [n, c, h, w], w [out, c / groups, kh, kw] -> [n, out, h', w']: cross-correlation, as in every such library. */
export const conv2d = (x: Node, w: Node, options: Conv2dOptions = {}): Node =>
  node("conv2d", [x, w], { ...windowOf(options), groups: options.groups ?? 1 });

/**
 * x [n, in, h, w], w [in, out / groups, kh, kw] -> [n, out, h', w'], the transpose of `conv2d` with the same options.
 * `outputPadding` rows and columns are added at the end, as in ONNX.
 */
export function convTranspose2d(
  x: Node,
  w: Node,
  options: Conv2dOptions & { readonly outputPadding?: Both<number> } = {},
): Node {
  const attrs = { ...windowOf(options), groups: options.groups ?? 1 };
  const extra = both(options.outputPadding ?? 0);
  const extent = (i: 0 | 1): number =>
    (x.shape[i + 2] - 1) * attrs.strides[i] +
    (w.shape[i + 2] - 1) * attrs.dilations[i] +
    1 +
    extra[i] -
    attrs.pads[i] -
    attrs.pads[i === 0 ? 2 : 3];
  return node("convTranspose2d", [x, w], { ...attrs, size: [extent(0), extent(1)] });
}
/** x [n, c, length], w [out, c / groups, k] -> [n, out, length']. */
export function conv1d(
  x: Node,
  w: Node,
  {
    stride = 1,
    pad = 0,
    dilation = 1,
    groups = 1,
  }: {
    readonly stride?: number;
    readonly pad?: number;
    readonly dilation?: number;
    readonly groups?: number;
  } = {},
): Node {
  const y = conv2d(expandDims(x, 2), expandDims(w, 2), {
    strides: [1, stride],
    pads: [0, pad],
    dilations: [1, dilation],
    groups,
  });
  return squeeze(y, 2);
}

export interface PoolOptions extends WindowOptions {
  readonly kernel: Both<number>;
}
/** Strides are the kernel's size unless given. */
const poolOf = ({ kernel, strides = kernel, ...rest }: PoolOptions): Pool2dAttrs => ({
  ...windowOf({ strides, ...rest }),
  kernel: both(kernel),
});
/** x [n, c, h, w] -> [n, c, h', w']. */
export const maxPool2d = (x: Node, options: PoolOptions): Node =>
  node("maxPool2d", [x], poolOf(options));
/** x [n, c, h, w] -> [n, c, h', w']; padding counts as zeros. */
export function averagePool2d(x: Node, options: PoolOptions): Node {
  const { kernel, ...window } = poolOf(options);
  const [n, c, ...size] = x.shape;
  const w = constant(1 / sizeOf(kernel), [1, 1, ...kernel]);
  const y = conv2d(reshape(x, [n * c, 1, ...size]), w, window);
  return reshape(y, [n, c, ...y.shape.slice(2)]);
}
/** x [n, c, h, w] -> [n, c]. */
export const globalAveragePool = (x: Node): Node => mean(x, { axes: [2, 3] });

// shape
/** One axis of `shape` may be -1: what is left over. */
export function reshape(x: Node, shape: Shape): Node {
  const rest = sizeOf(x.shape) / sizeOf(shape.filter((d) => d !== -1));
  const full = shape.map((d) => (d === -1 ? rest : d));
  return `${full}` === `${x.shape}` ? x : node("reshape", [x], { shape: full });
}
/** [n, ...] -> [n, the product of the rest]. */
export const flatten = (x: Node): Node => reshape(x, [x.shape[0], sizeOf(x.shape.slice(1))]);
export const expandDims = (x: Node, axis: number): Node =>
  reshape(x, x.shape.toSpliced(axisOf(axis, x.shape.length + 1), 0, 1));
export const squeeze = (x: Node, axis: number): Node => reshape(x, x.shape.toSpliced(axis, 1));
/** Axes in the order of `perm`; the last two swapped if it is not given. */
export function transpose(x: Node, perm?: readonly number[]): Node {
  const axes = x.shape.map((_, i) => i);
  const list = perm ?? [...axes.slice(0, -2), axes.length - 1, axes.length - 2];
  return list.every((a, i) => a === i) && list.length === axes.length
    ? x
    : node("transpose", [x], { perm: list });
}
export const broadcastTo = (x: Node, shape: Shape): Node =>
  `${x.shape}` === `${shape}` ? x : node("broadcastTo", [x], { shape });
export const concat = (xs: readonly Node[], axis: number): Node =>
  node("concat", xs, { axis: axisOf(axis, xs[0]?.shape.length ?? 0) });

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

// randomness: pure functions of (key, stream, element), the same bits on every runtime
export interface RandomOptions {
  readonly shape: Shape;
  /** Tells call sites with one key apart. */
  readonly stream: number;
}
/** int32 on [0, 2^bits), bits at most 24; `key` is a uint32 [2] node. */
export const randomBits = (key: Node, bits: number, { shape, stream }: RandomOptions): Node =>
  node("randomBits", [key], { shape, stream, bits });
/** Uniform on [0, 1): multiples of 2^-24. */
export const randomUniform = (key: Node, options: RandomOptions): Node =>
  mul(cast(randomBits(key, 24, options), "float"), 2 ** -24);
/** 1 with probability p, else 0; a number p is rounded to float32 first, so that all runtimes compare with the same one. */
export const randomBernoulli = (key: Node, p: Arg, options: RandomOptions): Node => {
  const limit = typeof p === "number" ? Math.fround(p) : p;
  return cast(less(randomUniform(key, options), limit), "float");
};
/**
 * Standard normal, by linear interpolation in a table of quantiles. The table and the position in a cell are dyadic
 * fractions chosen so that every operation is exact in float32; so, unlike with logarithms, all runtimes agree.
 */
export function randomNormal(key: Node, options: RandomOptions): Node {
  const position = mul(
    cast(randomBits(key, QUANTILE_BITS.cell + QUANTILE_BITS.fraction, options), "float"),
    2 ** -QUANTILE_BITS.fraction,
  );
  const cell = cast(position, "int32"); // rounds toward zero
  const quantiles = normalQuantiles();
  const low = gather(constant(quantiles.slice(0, -1)), cell);
  const width = gather(constant(quantiles.slice(1).map((q, i) => q - quantiles[i])), cell);
  return add(low, mul(width, sub(position, cast(cell, "float"))));
}
