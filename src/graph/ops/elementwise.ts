/** Element by element; two tensors are broadcast against each other. */
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
/** The natural logarithm. */
export const log = (x: Arg): Node => node("log", [lift(x)], {});
/** The square root. */
export const sqrt = (x: Arg): Node => node("sqrt", [lift(x)], {});
/** 1 / x, and exactly 0 where x = 0. */
export const safeReciprocal = (x: Arg): Node => node("safeReciprocal", [lift(x)], {});
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
/** The same values as another dtype; floats are rounded toward zero to whole numbers. */
export const cast = (x: Node, dtype: Dtype): Node =>
  x.dtype === dtype ? x : node("cast", [x], { dtype });
/** x itself, through which no gradient flows. */
export const stopGradient = (x: Node): Node => node("stopGradient", [x], {});
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
/** x where `condition` holds, y elsewhere. */
export const select = (condition: Node, x: Arg, y: Arg): Node =>
  node("select", [condition, ...pair(x, y)], {});
/** x^2. */
export const square = (x: Node): Node => mul(x, x);
