/** Activation functions made of other ops. */
import type { Node } from "../op.ts";
import { optionsOf } from "../options.ts";
import type { Arg } from "./arguments.ts";
import { add, erf, greater, mul, select, sigmoid, square, tanh } from "./elementwise.ts";

/** Options of {@link gelu}. */
export interface GeluOptions {
  /** By the error function, as it is defined (default), or by a tanh that is within 5e-4 of it. */
  readonly approximate?: "none" | "tanh";
}
const knownOfGelu = optionsOf<GeluOptions>("gelu", { approximate: "optional" });
/** x Phi(x), Phi the cumulative distribution of N(0, 1) (Hendrycks & Gimpel 2016). */
export function gelu(x: Node, options: GeluOptions = {}): Node {
  const { approximate = "none" } = knownOfGelu(options);
  if (!["none", "tanh"].includes(approximate))
    throw new Error(
      `gelu: approximate is "none" or "tanh", got "${approximate}"; leave it out for the exact function`,
    );
  const inner =
    approximate === "none"
      ? erf(mul(x, Math.SQRT1_2))
      : tanh(mul(mul(x, add(mul(square(x), 0.044715), 1)), Math.sqrt(2 / Math.PI)));
  return mul(mul(x, 0.5), add(inner, 1));
}
/** x sigmoid(x), also called swish. */
export const silu = (x: Node): Node => mul(x, sigmoid(x));
/** x where x > 0, slope x elsewhere; `slope` broadcasts against x. */
export const prelu = (x: Node, slope: Arg): Node => select(greater(x, 0), x, mul(x, slope));
