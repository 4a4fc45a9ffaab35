/** What may be done to gradients before an optimizer takes them. */
import {
  abs,
  add,
  clip,
  concat,
  constant,
  described,
  less,
  log,
  minimum,
  mul,
  norm,
  optionsOf,
  reshape,
  safeReciprocal,
  select,
  sqrt,
  square,
  sub,
  sum,
  type Node,
  type Parameter,
} from "../graph/index.ts";
import { needPairs } from "./optimizer.ts";

/** The Euclidean norm of all gradients together, a scalar. */
export function globalNorm(gradients: readonly Node[]): Node {
  if (gradients.length === 0) return constant(0);
  const squares = sqrt(
    gradients.map((g) => sum(square(g))).reduce((a, b) => add(a, b), constant(0)),
  );
  // Where squares leave float32, or nearly do, the norm of the norms, which do not.
  const norms = norm(
    concat(
      gradients.map((g) => reshape(norm(g), [1])),
      0,
    ),
  );
  return select(less(abs(log(squares)), 40 * Math.LN2), squares, norms);
}

/**
 * Scaled down together, where their common norm is above `most`, to that norm. Where float32 does not hold the norm, they
 * become NaN.
 */
export function clipByNorm(gradients: readonly Node[], most: number): readonly Node[] {
  needLimit("clipByNorm", gradients, most);
  const length = globalNorm(gradients);
  const factor = add(minimum(1, mul(most, safeReciprocal(length))), sub(length, length)); // NaN of infinity, or 0
  return gradients.map((g) => mul(g, factor)); // where all are zero the factor is 0 too
}

/** Every element cut off at +-most. */
export function clipByValue(gradients: readonly Node[], most: number): readonly Node[] {
  needLimit("clipByValue", gradients, most);
  return gradients.map((g) => clip(g, -most, most));
}

/** Whether a parameter is a weight, by the end of its name: v or w, of recurrent cells wih and whh; no scale, shift, slope or bias. */
export const isWeight = (name: string): boolean => /(^|\.)(v|w|wih|whh)$/.test(name);

/** Options of {@link weightDecay}. */
export interface WeightDecayOptions {
  readonly rate: number;
  /** Which parameters are decayed, by name. */
  readonly match?: (name: string) => boolean;
}
const knownOfWeightDecay = optionsOf<WeightDecayOptions>("weightDecay", {
  rate: "required",
  match: "optional",
});
/** Gradients plus rate * p, for weights alone (v or w); `match` chooses other parameters. */
export function weightDecay(
  parameters: readonly Parameter[],
  gradients: readonly Node[],
  options: WeightDecayOptions,
): readonly Node[] {
  const { rate, match = isWeight } = knownOfWeightDecay(options);
  if (!(rate >= 0 && rate < Infinity))
    throw new Error(`weightDecay: rate must be at least 0, got ${described(rate)}; try 1e-4`);
  if (typeof match !== "function")
    throw new Error(
      `weightDecay: match must be a function of a name, got ${described(match)}; write (name) => name.endsWith(".v")`,
    );
  needPairs("weightDecay", parameters, gradients);
  return gradients.map((g, i) =>
    match(parameters[i].attrs.name) ? add(g, mul(parameters[i], rate)) : g,
  );
}

function needLimit(where: string, gradients: readonly Node[], most: number): void {
  if (!Array.isArray(gradients))
    throw new Error(
      `${where}: gradients must be a list, got ${described(gradients)}; pass grad(loss, parameters)`,
    );
  if (!(typeof most === "number" && most > 0))
    throw new Error(`${where}: the most must be a number above 0, got ${described(most)}; try 1`);
}
