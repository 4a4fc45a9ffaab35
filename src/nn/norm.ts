/**
 * A normalization is two choices that know nothing of each other: how weights are parameterized (as they are, or as
 * w = g v / |v|) and which statistics of the minibatch are removed from pre-activations (none, the mean, or both).
 * Layers ask it for weights and hand it their pre-activations; they never learn which one they got.
 */
import {
  abs,
  cast,
  described,
  less,
  lessOrEqual,
  max,
  mean,
  mul,
  reshape,
  safeReciprocal,
  select,
  sizeOf,
  sqrt,
  square,
  sub,
  sum,
  type Node,
  type Update,
} from "../graph/index.ts";
import type { Norm, Scope, UnitOptions, WeightSpec } from "./scope.ts";

/** A weight in the graph, and how to set its scale at initialization. */
export interface Weight {
  readonly w: Node;
  /** Makes every unit's weight `scale` (of the shape of g) times what `w` is in mode `init`. */
  rescale(scale: Node): readonly Update[];
}
/** From the name and shape of a weight to the {@link Weight}: as it is, or as w = g v / |v|. */
export type Parameterization = (scope: Scope, name: string, spec: WeightSpec) => Weight;

/** What statistics are made for: a layer's units. */
export interface StatisticsOptions extends UnitOptions {
  /** Multiplies the layer's weights, in mode `init`; `scale` is [1, units, 1, ...]. */
  rescale(scale: Node): void;
}
/** From the linear part of a layer to its pre-activation: bias and all. One is made per layer; a recurrent cell calls it every step. */
export type Statistics = (scope: Scope, options: StatisticsOptions) => (t: Node) => Node;

/** Any parameterization with any statistics. */
export const combine = (parameterization: Parameterization, statistics: Statistics): Norm => ({
  layer(scope, specs, options) {
    needHalves(parameterization, statistics);
    const made = Object.entries<WeightSpec>(specs).map(([name, spec]) => ({
      name,
      spec,
      weight: parameterization(scope, name, spec),
    }));
    const rescale = (scale: Node): void => {
      for (const { spec, weight } of made)
        for (const { parameter, next } of weight.rescale(reshape(scale, spec.g)))
          scope.update(parameter, next);
    };
    const finish = statistics(scope, { ...options, rescale });
    return {
      weights: Object.fromEntries(made.map(({ name, weight }) => [name, weight.w])) as Record<
        keyof typeof specs,
        Node
      >,
      preactivation(t) {
        const y = finish(t);
        scope.report("preactivations", y);
        return y;
      },
    };
  },
});

function needHalves(...halves: readonly unknown[]): void {
  if (halves.every((half) => typeof half === "function")) return;
  throw new Error(
    `combine: expected a parameterization and statistics, got ${halves.map(described).join(" and ")}; write e.g. combine(weightNorm(), meanOnly())`,
  );
}

/** [units] as it broadcasts against t [batch, units, ...]. */
export const perUnit = (b: Node, t: Node): Node =>
  reshape(
    b,
    t.shape.map((d, i) => (i === 1 ? d : 1)),
  );

/** Mean and variance of t [batch, units, ...] per unit, over the batch and all positions: [1, units, 1, ...]. */
export function moments(t: Node): { readonly mu: Node; readonly variance: Node } {
  const axes = t.shape.flatMap((_, i) => (i === 1 ? [] : [i]));
  const mu = mean(t, { axes, keepDims: true });
  return { mu, variance: mean(square(sub(t, mu)), { axes, keepDims: true }) };
}

/** Refuses statistics of a single value, which varies from nothing: all that a unit would learn from then on is its bias. */
export function needSeveral(scope: Scope, t: Node): void {
  if (scope.mode === "eval" || sizeOf(t.shape) !== t.shape[1]) return;
  const doing =
    scope.mode === "init" ? "data-dependent initialization" : "normalization by the batch";
  throw new Error(
    `${scope.path || "the network"}: ${doing} needs several values a unit, got one in [${t.shape}]; use a larger batch${scope.mode === "init" ? "" : ", or the arm weight"}`,
  );
}

/**
 * The mean of t and `initScale` / sigma, per unit. Dead units, whose variance is nothing but rounding, keep their scale
 * of 1, and the scope gets their number reported.
 */
export function initialization(
  scope: Scope,
  t: Node,
  initScale: number,
): { readonly mu: Node; readonly scale: Node } {
  needSeveral(scope, t);
  // By powers of two, which round nothing, so that no square leaves float32.
  const largest = max(abs(t), {
    axes: t.shape.flatMap((_, i) => (i === 1 ? [] : [i])),
    keepDims: true,
  });
  const by = (small: number, large: number): Node =>
    select(less(largest, 2 ** -40), small, select(less(2 ** 40, largest), large, 1));
  const [up, down] = [by(2 ** 90, 2 ** -80), by(2 ** -90, 2 ** 80)];
  const { mu, variance } = moments(mul(t, up));
  const dead = reportDead(scope, { mu, variance });
  const scale = mul(mul(safeReciprocal(sqrt(variance)), initScale), up);
  return { mu: mul(mu, down), scale: select(dead, 1, scale) };
}

/** Which units do not vary on the batch but by rounding; the scope gets their number. */
export function reportDead(
  scope: Scope,
  { mu, variance }: { readonly mu: Node; readonly variance: Node },
): Node {
  const dead = lessOrEqual(variance, mul(square(mu), 1e-10));
  scope.report("dead", sum(cast(dead, "float")));
  return dead;
}
