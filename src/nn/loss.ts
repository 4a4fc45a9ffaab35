/** Losses: scalars, the mean over the batch. Those of classes are in cross-entropy.ts. */
import {
  abs,
  add,
  exp,
  maximum,
  mean,
  minimum,
  mul,
  neg,
  optionsOf,
  softplus,
  square,
  sub,
  sum,
  type Arg,
  type Node,
} from "../graph/index.ts";

export const sameShape = (loss: string, a: Node, b: Node): void => {
  if (`${a.shape}` !== `${b.shape}`)
    throw new Error(
      `${loss}: shapes differ, got [${a.shape}] and [${b.shape}]; give both one shape`,
    );
};
/** Sums over everything but the batch, then the mean over the batch. */
const batchMean = (x: Node): Node => mul(sum(x), 1 / x.shape[0]);

/** Options of {@link binaryCrossEntropy}. */
export interface BinaryCrossEntropyOptions {
  /** What a target of 1 counts for, a number or a node that broadcasts to the targets: as PyTorch's pos_weight (default 1). */
  readonly positiveWeight?: Arg;
}
const knownOfBinaryCrossEntropy = optionsOf<BinaryCrossEntropyOptions>("binaryCrossEntropy", {
  positiveWeight: "optional",
});
/** -log p(targets) of independent Bernoulli variables given by logits, summed over all but the batch, whose mean it is. In nats. */
export function binaryCrossEntropy(
  logits: Node,
  targets: Node,
  options: BinaryCrossEntropyOptions = {},
): Node {
  const { positiveWeight } = knownOfBinaryCrossEntropy(options);
  sameShape("binaryCrossEntropy", logits, targets);
  const terms = sub(softplus(logits), mul(logits, targets)); // t softplus(-x) + (1 - t) softplus(x)
  if (positiveWeight === undefined) return batchMean(terms);
  const more = mul(mul(targets, softplus(neg(logits))), sub(positiveWeight, 1));
  sameShape("binaryCrossEntropy with positiveWeight", logits, more);
  return batchMean(add(terms, more));
}

/** The mean of |y - target| over all elements. */
export function meanAbsoluteError(y: Node, target: Node): Node {
  sameShape("meanAbsoluteError", y, target);
  return mean(abs(sub(y, target)));
}

/** The mean of (y - target)^2 over all elements. */
export function meanSquaredError(y: Node, target: Node): Node {
  sameShape("meanSquaredError", y, target);
  return mean(square(sub(y, target)));
}

/** Options of {@link huber}. */
export interface HuberOptions {
  readonly delta?: number;
}
const knownOfHuber = optionsOf<HuberOptions>("huber", { delta: "optional" });
/** Quadratic within `delta` of the target, linear beyond: the mean over all elements. */
export function huber(y: Node, target: Node, options: HuberOptions = {}): Node {
  const { delta = 1 } = knownOfHuber(options);
  sameShape("huber", y, target);
  const distance = abs(sub(y, target));
  const inside = minimum(distance, delta);
  return mean(add(mul(square(inside), 0.5), mul(maximum(sub(distance, delta), 0), delta)));
}

/** KL(N(mu, e^logVariance) || N(0, 1)), summed over all but the batch, whose mean it is. In nats. */
export function gaussianKl(mu: Node, logVariance: Node): Node {
  sameShape("gaussianKl", mu, logVariance);
  return mul(batchMean(sub(add(square(mu), exp(logVariance)), add(logVariance, 1))), 0.5);
}
