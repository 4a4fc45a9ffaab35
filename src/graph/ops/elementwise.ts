/** Element by element; two tensors are broadcast against each other. */
import { need } from "../check.ts";
import { node } from "../node.ts";
import type { Dtype, Node } from "../op.ts";
import { lift, pair, type Arg } from "./arguments.ts";

/** -x. */
export const neg = (x: Arg): Node => node("neg", [lift(x)], {});
/** |x|; the gradient at 0 is 0. */
export const abs = (x: Arg): Node => node("abs", [lift(x)], {});
/** -1, 0 or 1; no gradient flows. */
export const sign = (x: Arg): Node => node("sign", [lift(x)], {});
/** e^x. */
export const exp = (x: Arg): Node => node("exp", [lift(x)], {});
/** e^x - 1, to full precision near 0. */
export const expm1 = (x: Arg): Node => node("expm1", [lift(x)], {});
/** The natural logarithm. */
export const log = (x: Arg): Node => node("log", [lift(x)], {});
/** log(1 + x), to full precision near 0. */
export const log1p = (x: Arg): Node => node("log1p", [lift(x)], {});
/** The square root. */
export const sqrt = (x: Arg): Node => node("sqrt", [lift(x)], {});
/** 1 / sqrt(x). */
export function rsqrt(x: Arg): Node {
  need("rsqrt", lift(x), "float");
  return div(1, sqrt(x));
}
/** 1 / x, and exactly 0 where x = 0. */
export const safeReciprocal = (x: Arg): Node => node("safeReciprocal", [lift(x)], {});
/** The sine of x in radians. */
export const sin = (x: Arg): Node => node("sin", [lift(x)], {});
/** The cosine of x in radians. */
export const cos = (x: Arg): Node => node("cos", [lift(x)], {});
/** The hyperbolic tangent. */
export const tanh = (x: Arg): Node => node("tanh", [lift(x)], {});
/** 1 / (1 + e^-x). */
export const sigmoid = (x: Arg): Node => node("sigmoid", [lift(x)], {});
/** log(1 + e^x), without overflow. */
export const softplus = (x: Arg): Node => node("softplus", [lift(x)], {});
/** The error function. */
export const erf = (x: Arg): Node => node("erf", [lift(x)], {});
/** x where x > 0, alpha x elsewhere; alpha from 0 to 1, 0.01 as in ONNX. */
export const leakyRelu = (x: Arg, alpha = 0.01): Node => node("leakyRelu", [lift(x)], { alpha });
/** max(x, 0). */
export const relu = (x: Arg): Node => leakyRelu(x, 0);
/** 1 where x > 0, alpha elsewhere. */
export const leakyStep = (x: Arg, alpha = 0): Node => node("leakyStep", [lift(x)], { alpha });
/** x where x > 0, alpha (e^x - 1) elsewhere. */
export const elu = (x: Arg, alpha = 1): Node => node("elu", [lift(x)], { alpha });
/** x, but at least `min` and at most `max`; no gradient flows beyond. */
export const clip = (x: Arg, min: number, max: number): Node =>
  node("clip", [lift(x)], { min, max });
/** The largest whole number that is not above x; no gradient flows. */
export const floor = (x: Arg): Node => node("floor", [lift(x)], {});
/** To the nearest whole number, halves to the even one. */
export const round = (x: Arg): Node => node("round", [lift(x)], {});
/** bool: true for NaN and for nothing else. */
export const isNaN = (x: Node): Node => node("isNaN", [x], {});
/** bool: false for NaN and for both infinities. */
export function isFinite(x: Node): Node {
  need("isFinite", x, "float");
  return less(abs(x), Infinity);
}
/** The same values as another dtype; floats are rounded toward zero to whole numbers. */
export const cast = (x: Node, dtype: Dtype): Node =>
  x.dtype === dtype ? x : node("cast", [x], { dtype });
/** x itself, through which no gradient flows. */
export const stopGradient = (x: Node): Node => node("stopGradient", [x], {});
/** Options of {@link within}. */
export interface WithinOptions {
  readonly least: number;
  readonly most: number;
  /** A number outside the range that is let through, e.g. of labels to ignore. */
  readonly or?: number | undefined;
  /** Whose numbers they are, in messages. */
  readonly what: string;
}
/** int32 x itself, of which running makes sure that it lies in [least, most]: no program's state changes where it does not. */
export const within = (x: Node, options: WithinOptions): Node =>
  node("within", [x], { ...options });
/** a + b. */
export const add = (a: Arg, b: Arg): Node => node("add", pair(a, b), {});
/** a - b. */
export const sub = (a: Arg, b: Arg): Node => node("sub", pair(a, b), {});
/** a b, element by element. */
export const mul = (a: Arg, b: Arg): Node => node("mul", pair(a, b), {});
/** a / b. */
export const div = (a: Arg, b: Arg): Node => node("div", pair(a, b), {});
/** a^b. */
export const pow = (a: Arg, b: Arg): Node => node("pow", pair(a, b), {});
/** The larger of a and b, element by element. */
export const maximum = (a: Arg, b: Arg): Node => node("maximum", pair(a, b), {});
/** The smaller of a and b, element by element. */
export const minimum = (a: Arg, b: Arg): Node => node("minimum", pair(a, b), {});
/** Whether a = b: bool. */
export const equal = (a: Arg, b: Arg): Node => node("equal", pair(a, b), {});
/** Whether a < b: bool. */
export const less = (a: Arg, b: Arg): Node => node("less", pair(a, b), {});
/** Whether a <= b: bool. */
export const lessOrEqual = (a: Arg, b: Arg): Node => node("lessOrEqual", pair(a, b), {});
/** Whether a > b: bool. */
export const greater = (a: Arg, b: Arg): Node => less(b, a);
/** Whether a >= b: bool. */
export const greaterOrEqual = (a: Arg, b: Arg): Node => lessOrEqual(b, a);
/** Whether both of two bools are true. */
export const logicalAnd = (a: Node, b: Node): Node => node("logicalAnd", [a, b], {});
/** Whether one of two bools is true. */
export const logicalOr = (a: Node, b: Node): Node => node("logicalOr", [a, b], {});
/** Whether a bool is false. */
export const logicalNot = (x: Node): Node => node("logicalNot", [x], {});
/** x where `condition` holds, y elsewhere. */
export const select = (condition: Node, x: Arg, y: Arg): Node =>
  node("select", [condition, ...pair(x, y)], {});
/** x a b, with a and b broadcast to x; where a is far from 1, as 1 / |x| is for tiny x, not by way of a b. */
export const scaled = (x: Node, a: Node, b: Node): Node => node("scaled", [x, a, b], {});
/** x^2. */
export const square = (x: Node): Node => mul(x, x);
