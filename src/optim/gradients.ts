/** What may be done to gradients before an optimizer takes them. */
import {
  add,
  clip,
  constant,
  minimum,
  mul,
  safeReciprocal,
  sqrt,
  square,
  sum,
  type Node,
  type Parameter,
} from "../graph/index.ts";

/** The Euclidean norm of all gradients together, a scalar. */
export const globalNorm = (gradients: readonly Node[]): Node =>
  sqrt(gradients.map((g) => sum(square(g))).reduce((a, b) => add(a, b), constant(0)));

/** Scaled down together, where their common norm is above `most`, to that norm. */
export function clipByNorm(gradients: readonly Node[], most: number): readonly Node[] {
  const factor = minimum(1, mul(most, safeReciprocal(globalNorm(gradients))));
  return gradients.map((g) => mul(g, factor)); // where all are zero the factor is 0 too
}

/** Every element cut off at +-most. */
export const clipByValue = (gradients: readonly Node[], most: number): readonly Node[] =>
  gradients.map((g) => clip(g, -most, most));

/** Scales, shifts and biases: what is not decayed unless asked for. */
const undecayed = /(^|\.)(g|s|b|gamma|beta)$/;
/** Whether a parameter is a weight (v or w), by its name. */
export const isWeight = (name: string): boolean => !undecayed.test(name);

/** Gradients plus rate * p, for weights alone (v or w); `match` chooses other parameters. */
export const weightDecay = (
  parameters: readonly Parameter[],
  gradients: readonly Node[],
  { rate, match = isWeight }: { readonly rate: number; readonly match?: (name: string) => boolean },
): readonly Node[] =>
  gradients.map((g, i) => (match(parameters[i].attrs.name) ? add(g, mul(parameters[i], rate)) : g));
