/** Over axes, and along one. */
import { need, show, sizeOf, wholeAxes } from "../check.ts";
import { node } from "../node.ts";
import type { Axes, Node } from "../op.ts";
import { optionsOf, type OptionNames } from "../options.ts";
import { axisOf, needNode } from "./arguments.ts";
import { add, exp, log, mul, neg, square, stopGradient, sub } from "./elementwise.ts";
import { arange, concat, gather, ones, reshape, slice } from "./shape.ts";

/** Which axes a reduction runs over. */
export interface ReductionOptions {
  /** One axis or several; all of them by default. */
  readonly axes?: number | readonly number[];
  /** Whether reduced axes stay, with size 1 (default false). */
  readonly keepDims?: boolean;
}
/** The axes that `op` reduces, in order, or its complaint. */
function axesOf(
  op: string,
  x: Node,
  { axes = x.shape.map((_, i) => i) }: ReductionOptions = {},
): Axes {
  const list = (typeof axes === "number" ? [axes] : axes).map((a) => axisOf(a, x.shape.length));
  need(op, x, "float");
  wholeAxes(op, list, x.shape.length);
  return list.toSorted((a, b) => a - b);
}
const names: OptionNames<ReductionOptions> = { axes: "optional", keepDims: "optional" };
const reduction = (op: "sum" | "max" | "norm"): ((x: Node, options?: ReductionOptions) => Node) => {
  const known = optionsOf<ReductionOptions>(op, names);
  return (x, options = {}) => {
    needNode(op, x);
    const { keepDims = false } = known(options);
    return node(op, [x], { axes: axesOf(op, x, options), keepDims });
  };
};
/** The sum over all axes, or over `axes`. */
export const sum: (x: Node, options?: ReductionOptions) => Node = reduction("sum");
/** The largest element; the gradient is shared equally among equals. */
export const max: (x: Node, options?: ReductionOptions) => Node = reduction("max");
const knownOfMin = optionsOf<ReductionOptions>("min", names);
/** The smallest element; the gradient is shared equally among equals. */
export function min(x: Node, options: ReductionOptions = {}): Node {
  needNode("min", x);
  const axes = axesOf("min", x, knownOfMin(options));
  return neg(max(neg(x), { ...options, axes }));
}
/** The Euclidean norm; its gradient at 0 is 0. */
export const norm: (x: Node, options?: ReductionOptions) => Node = reduction("norm");
const knownOfMean = optionsOf<ReductionOptions>("mean", names);
/** The mean over all axes, or over `axes`. */
export function mean(x: Node, options: ReductionOptions = {}): Node {
  const total = sum(needNode("mean", x), knownOfMean(options));
  return mul(total, sizeOf(total.shape) / sizeOf(x.shape));
}
export interface VarianceOptions extends ReductionOptions {
  /** Taken from the number of elements that the squares are divided by: 1 for a sample's (default 0; NumPy's ddof). */
  readonly correction?: number;
}
const knownOfVariance = optionsOf<VarianceOptions>("variance", {
  ...names,
  correction: "optional",
});
/** The mean square distance from the mean. */
export function variance(x: Node, given: VarianceOptions = {}): Node {
  needNode("variance", x);
  const { correction = 0, ...options } = knownOfVariance(given);
  const axes = axesOf("variance", x, options);
  const count = sizeOf(axes.map((a) => x.shape[a]));
  if (!(count - correction > 0))
    throw new Error(
      `variance: expected more elements than the correction of ${correction}, got ${count} over axes [${axes}] of ${show(x.shape)}; reduce more of them or correct less`,
    );
  const centred = sub(x, mean(x, { axes, keepDims: true }));
  return mul(sum(square(centred), { ...options, axes }), 1 / (count - correction));
}
const knownOfProduct = optionsOf<ReductionOptions>("product", names);
/** The product of all elements. Nothing is divided, so its gradient is right where some of them are 0, too. */
export function product(x: Node, options: ReductionOptions = {}): Node {
  needNode("product", x);
  const axes = axesOf("product", x, knownOfProduct(options));
  const multiplied = axes.reduce(multiplyAlong, x);
  return options.keepDims
    ? multiplied
    : reshape(
        multiplied,
        x.shape.filter((_, i) => !axes.includes(i)),
      );
}
/** Half of an axis times the other half, until one element is left. */
function multiplyAlong(x: Node, axis: number): Node {
  const size = x.shape[axis];
  if (size === 0) return ones(x.shape.with(axis, 1));
  if (size === 1) return x;
  const half = Math.floor(size / 2);
  const last = slice(x, { axis, start: 2 * half });
  const halves = [slice(x, { axis, end: half }), slice(x, { axis, start: half, end: 2 * half })];
  const pairs = mul(halves[0], halves[1]);
  return multiplyAlong(size % 2 === 0 ? pairs : concat([pairs, last], axis), axis);
}
/** The index of the first largest element along `axis`, int32. */
export const argmax = (x: Node, axis = -1): Node =>
  node("argmax", [x], { axis: axisOf(axis, needNode("argmax", x).shape.length) });
/** The index of the first smallest element along `axis`, int32. */
export function argmin(x: Node, axis = -1): Node {
  axesOf("argmin", x, { axes: axis });
  return argmax(neg(x), axis);
}
/** The largest elements, and where they are. */
export interface TopK {
  readonly values: Node;
  /** int32. */
  readonly indices: Node;
}
/** The k largest elements along `axis`, the largest first and of equals the first, in place of that axis. */
export function topK(x: Node, k: number, axis = -1): TopK {
  const along = axisOf(axis, x.shape.length);
  const indices = node("topKIndices", [x], { axis: along, k });
  return { values: gather(reshape(x, [-1]), positions(x, indices, along)), indices };
}
/** Where the elements lie in row-major x that `indices`, of its shape but along `axis`, name along that axis. */
function positions({ shape }: Node, indices: Node, axis: number): Node {
  const starts = shape.flatMap((size, a) => {
    const coordinates = (): Node =>
      reshape(
        arange(size),
        shape.map((_, i) => (i === a ? size : 1)),
      );
    return a === axis || size === 1 ? [] : [mul(coordinates(), sizeOf(shape.slice(a + 1)))];
  });
  return [...starts, mul(indices, sizeOf(shape.slice(axis + 1)))].reduce((a, b) => add(a, b));
}
/** Options of {@link cumulativeSum}. */
export interface CumulativeSumOptions {
  /** Whether an element is left out of its own sum (default false). */
  readonly exclusive?: boolean;
  /** Whether sums run from the end (default false). */
  readonly reverse?: boolean;
}
const knownOfCumulativeSum = optionsOf<CumulativeSumOptions>("cumulativeSum", {
  exclusive: "optional",
  reverse: "optional",
});
/** The sums of x up to every element along `axis`; float or int32. */
export function cumulativeSum(x: Node, axis = -1, options: CumulativeSumOptions = {}): Node {
  const { exclusive = false, reverse = false } = knownOfCumulativeSum(options);
  const along = axisOf(axis, needNode("cumulativeSum", x).shape.length);
  return node("cumulativeSum", [x], { axis: along, exclusive, reverse });
}
const knownOfLogSumExp = optionsOf<ReductionOptions>("logSumExp", names);
/** log(sum(exp(x))), without overflow. */
export function logSumExp(x: Node, options: ReductionOptions = {}): Node {
  needNode("logSumExp", x);
  knownOfLogSumExp(options);
  const top = stopGradient(max(x, { ...options, keepDims: true }));
  const result = add(log(sum(exp(sub(x, top)), { ...options, keepDims: true })), top);
  return options.keepDims ? result : reshape(result, sum(x, options).shape);
}
/** log(softmax(x)) along `axis`, without overflow. */
export const logSoftmax = (x: Node, axis = -1): Node =>
  sub(x, logSumExp(x, { axes: axis, keepDims: true }));
/** e^x / sum(e^x) along `axis`, without overflow. */
export const softmax = (x: Node, axis = -1): Node => exp(logSoftmax(x, axis));
