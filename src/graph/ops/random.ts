/** Randomness: pure functions of (key, stream, element), the same bits on every runtime. */
import { node } from "../node.ts";
import type { Node, Shape } from "../op.ts";
import { optionsOf } from "../options.ts";
import { normalQuantiles, QUANTILE_BITS } from "../special.ts";
import { constant, type Arg } from "./arguments.ts";
import { add, cast, less, mul, sub } from "./elementwise.ts";
import { gather } from "./shape.ts";

/** The shape of what is drawn, and from which stream of its key. */
export interface RandomOptions {
  readonly shape: Shape;
  /** Tells call sites with one key apart. */
  readonly stream: number;
  /** The index of the first element (default 0), for a part of a larger tensor. */
  readonly first?: number;
}
const known = optionsOf<RandomOptions>("random", {
  ...{ shape: "required", stream: "required" },
  first: "optional",
});
/** int32 on [0, 2^bits), bits at most 24; `key` is a uint32 [2] node. */
export const randomBits = (key: Node, bits: number, options: RandomOptions): Node => {
  const { shape, stream, first = 0 } = known(options);
  return node("randomBits", [key], { shape, stream, bits, ...(first === 0 ? {} : { first }) });
};
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
