/** Losses: scalars, the mean over the batch. */
import {
  abs,
  add,
  exp,
  logSoftmax,
  maximum,
  mean,
  minimum,
  mul,
  neg,
  oneHot,
  optionsOf,
  softplus,
  square,
  sub,
  sum,
  type Node,
} from "../graph/index.ts";

const sameShape = (loss: string, a: Node, b: Node): void => {
  if (`${a.shape}` !== `${b.shape}`)
    throw new Error(
      `${loss}: shapes differ, got [${a.shape}] and [${b.shape}]; give both one shape`,
    );
};
/** Sums over everything but the batch, then the mean over the batch. */
const batchMean = (x: Node): Node => mul(sum(x), 1 / x.shape[0]);

/** logits [batch, classes]; labels int32 [batch], or a distribution [batch, classes]. In nats. */
export function softmaxCrossEntropy(logits: Node, labels: Node): Node {
  const target = labels.dtype === "int32" ? oneHot(labels, logits.shape.at(-1)!) : labels;
  sameShape("softmaxCrossEntropy", logits, target);
  return neg(batchMean(mul(target, logSoftmax(logits))));
}

/** -log p(targets) of independent Bernoulli variables given by logits, summed over all but the batch, whose mean it is. In nats. */
export function binaryCrossEntropy(logits: Node, targets: Node): Node {
  sameShape("binaryCrossEntropy", logits, targets);
  return batchMean(sub(softplus(logits), mul(logits, targets)));
}

/** The mean of (y - target)^2 over all elements. */
export function meanSquaredError(y: Node, target: Node): Node {
  sameShape("meanSquaredError", y, target);
  return mean(square(sub(y, target)));
}

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
