/** Over axes. */
import { sizeOf } from "../infer.ts";
import { node } from "../node.ts";
import type { Node } from "../op.ts";
import { optionsOf, type OptionNames } from "../options.ts";
import { axisOf, needNode } from "./arguments.ts";
import { add, exp, log, mul, stopGradient, sub } from "./elementwise.ts";
import { reshape } from "./shape.ts";

export interface ReductionOptions {
  /** One axis or several; all of them by default. */
  readonly axes?: number | readonly number[];
  /** Whether reduced axes stay, with size 1 (default false). */
  readonly keepDims?: boolean;
}
const names: OptionNames<ReductionOptions> = { axes: "optional", keepDims: "optional" };
const reduction = (op: "sum" | "max" | "norm"): ((x: Node, options?: ReductionOptions) => Node) => {
  const known = optionsOf<ReductionOptions>(op, names);
  return (x, options = {}) => {
    needNode(op, x);
    const { axes = x.shape.map((_, i) => i), keepDims = false } = known(options);
    const list = (typeof axes === "number" ? [axes] : axes).map((a) => axisOf(a, x.shape.length));
    return node(op, [x], { axes: list.toSorted((a, b) => a - b), keepDims });
  };
};
export const sum: (x: Node, options?: ReductionOptions) => Node = reduction("sum");
/** The largest element; the gradient is shared equally among equals. */
export const max: (x: Node, options?: ReductionOptions) => Node = reduction("max");
/** The Euclidean norm; its gradient at 0 is 0. */
export const norm: (x: Node, options?: ReductionOptions) => Node = reduction("norm");
const knownOfMean = optionsOf<ReductionOptions>("mean", names);
export function mean(x: Node, options: ReductionOptions = {}): Node {
  const total = sum(needNode("mean", x), knownOfMean(options));
  return mul(total, sizeOf(total.shape) / sizeOf(x.shape));
}
/** The index of the first largest element along `axis`, int32. */
export const argmax = (x: Node, axis = -1): Node =>
  node("argmax", [x], { axis: axisOf(axis, needNode("argmax", x).shape.length) });
const knownOfLogSumExp = optionsOf<ReductionOptions>("logSumExp", names);
/** log(sum(exp(x))), without overflow. */
export function logSumExp(x: Node, options: ReductionOptions = {}): Node {
  needNode("logSumExp", x);
  knownOfLogSumExp(options);
  const top = stopGradient(max(x, { ...options, keepDims: true }));
  const result = add(log(sum(exp(sub(x, top)), { ...options, keepDims: true })), top);
  return options.keepDims ? result : reshape(result, sum(x, options).shape);
}
export const logSoftmax = (x: Node, axis = -1): Node =>
  sub(x, logSumExp(x, { axes: axis, keepDims: true }));
export const softmax = (x: Node, axis = -1): Node => exp(logSoftmax(x, axis));
