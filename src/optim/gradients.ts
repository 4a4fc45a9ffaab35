/** What may be done to gradients before an optimizer takes them. */
import {
  abs,
  add,
  clip,
  concat,
  constant,
  less,
  log,
  minimum,
  mul,
  norm,
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
  const length = globalNorm(gradients);
  const factor = add(minimum(1, mul(most, safeReciprocal(length))), sub(length, length)); // NaN of infinity, or 0
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
