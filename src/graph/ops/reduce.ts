/** Over axes. */
import { sizeOf } from "../infer.ts";
import { node } from "../node.ts";
import type { Node } from "../op.ts";
import { axisOf } from "./arguments.ts";
import { add, exp, log, mul, stopGradient, sub } from "./elementwise.ts";
import { reshape } from "./shape.ts";

/** Which axes a reduction runs over. */
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
/** The sum over all axes, or over `axes`. */
export const sum: (x: Node, options?: ReductionOptions) => Node = reduction("sum");
/** The largest element; the gradient is shared equally among equals. */
export const max: (x: Node, options?: ReductionOptions) => Node = reduction("max");
/** The Euclidean norm; its gradient at 0 is 0. */
export const norm: (x: Node, options?: ReductionOptions) => Node = reduction("norm");
/** The mean over all axes, or over `axes`. */
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
/** log(softmax(x)) along `axis`, without overflow. */
export const logSoftmax = (x: Node, axis = -1): Node =>
  sub(x, logSumExp(x, { axes: axis, keepDims: true }));
/** e^x / sum(e^x) along `axis`, without overflow. */
export const softmax = (x: Node, axis = -1): Node => exp(logSoftmax(x, axis));
