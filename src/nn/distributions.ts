/** Distributions: log densities and divergences of every example of a batch, in nats, and draws from a scope's key. */
import {
  add,
  broadcastShapes,
  cast,
  clip,
  exp,
  less,
  log,
  mul,
  neg,
  optionsOf,
  randomBernoulli,
  randomNormal,
  randomUniform,
  softplus,
  square,
  sub,
  sum,
  tanh,
  zeros,
  type Node,
  type Shape,
} from "../graph/index.ts";
import type { Scope } from "./scope.ts";

/** A Gaussian with independent components: N(mu, e^logVariance), both of the shape of what it is over. */
export interface Gaussian {
  readonly mu: Node;
  readonly logVariance: Node;
}

/** N(0, 1) over a shape. */
export const standardGaussian = (shape: Shape): Gaussian => ({
  mu: zeros(shape),
  logVariance: zeros(shape),
});

/** A draw from N(0, 1), anew at every call: in mode `eval` too, unlike the layers that add noise. */
export function standardNormal(scope: Scope, shape: Shape): Node {
  const { key, stream } = scope.random();
  return randomNormal(key, { shape, stream });
}

/** A draw mu + sigma eps from N(mu, sigma^2), eps from N(0, 1): gradients reach mu and logVariance (Kingma & Welling 2014, sec. 2.4). */
export const gaussianSample = (scope: Scope, mu: Node, logVariance: Node): Node =>
  add(mu, mul(exp(mul(logVariance, 0.5)), standardNormal(scope, mu.shape)));

/** x [batch, ...] -> [batch]: log N(x; mu, sigma^2) = -((x - mu)^2 / sigma^2 + log sigma^2 + log 2 pi) / 2, summed. */
export function gaussianLogProb(x: Node, mu: Node, logVariance: Node): Node {
  needFit("gaussianLogProb", x, { mu, logVariance });
  const distance = mul(square(sub(x, mu)), exp(neg(logVariance)));
  return perExample(mul(add(distance, add(logVariance, Math.log(2 * Math.PI))), -0.5));
}

/**
 * KL(q || p) of Gaussians over [batch, ...] -> [batch]: (log sigma_p^2 - log sigma_q^2 + (sigma_q^2 + (mu_q - mu_p)^2) /
 * sigma_p^2 - 1) / 2, summed. `gaussianKl` is its mean over the batch for p = N(0, 1).
 */
export function klDivergence(q: Gaussian, p: Gaussian): Node {
  needFit("klDivergence", q.mu, { "q.logVariance": q.logVariance });
  needFit("klDivergence", q.mu, { "p.mu": p.mu, "p.logVariance": p.logVariance });
  const ratio = sub(q.logVariance, p.logVariance);
  const distance = mul(square(sub(q.mu, p.mu)), exp(neg(p.logVariance)));
  return perExample(mul(sub(add(exp(ratio), distance), add(ratio, 1)), 0.5));
}

/** 1 with probability p, else 0, of the shape of p: grey images made black and white anew at every step. No gradient flows. */
export function binarize(scope: Scope, p: Node): Node {
  const { key, stream } = scope.random();
  return randomBernoulli(key, p, { shape: p.shape, stream });
}

/** x [batch, ...], 0 or 1, -> [batch]: log p(x) = x t - log(1 + e^t) with p(1) = sigmoid(t), t the logits, summed. */
export function bernoulliLogProb(logits: Node, x: Node): Node {
  needFit("bernoulliLogProb", x, { logits });
  return perExample(sub(mul(x, logits), softplus(logits)));
}

/** How fine a discretized distribution is. */
export interface BinOptions {
  /** How many values a pixel has: k / (bins - 1), k = 0 ... bins - 1 (default 256). */
  readonly bins?: number;
}

const knownOfLogProb = optionsOf<BinOptions>("discretizedLogisticLogProb", { bins: "optional" });
const knownOfSample = optionsOf<BinOptions>("discretizedLogisticSample", { bins: "optional" });

/** From a quarter of one of 256 bins to a thousand times the range of x: beyond, e^-logScale would only overflow or vanish. */
const LOG_SCALES = { min: -7, max: 7 };

/**
 * x [batch, ...] with values k / (bins - 1) from 0 to 1 -> [batch]: the log probability of every pixel's bin under a
 * logistic distribution whose tails belong to the outermost bins, summed (Kingma et al. 2016, arXiv 1606.04934; Salimans
 * et al. 2017, arXiv 1701.05517, eq. 2), P(x) = sigmoid(b) - sigmoid(a) with a, b = (x -+ d/2 - mean) / s, d = 1 / (bins - 1),
 * s = e^logScale; a = -infinity in the first bin, b = infinity in the last.
 *
 * Their code takes the difference and the logarithm of the larger of it and 1e-12 (or of it plus 1e-7), which is wrong and
 * without gradient far from the mean. The same as a product needs no such floor: sigmoid(b) - sigmoid(a) =
 * sigmoid(b) sigmoid(-a) (1 - e^-(b - a)), and an outermost bin lacks two of the three factors.
 */
export function discretizedLogisticLogProb(
  mean: Node,
  logScale: Node,
  x: Node,
  options: BinOptions = {},
): Node {
  const { bins = 256 } = knownOfLogProb(options);
  needFit("discretizedLogisticLogProb", x, { mean, logScale });
  const half = 0.5 / (bins - 1);
  const bounded = clip(logScale, LOG_SCALES.min, LOG_SCALES.max);
  const inverse = exp(neg(bounded));
  const distance = sub(x, mean);
  const logBelow = neg(softplus(neg(mul(add(distance, half), inverse)))); // log sigmoid(b)
  const logAbove = neg(softplus(mul(sub(distance, half), inverse))); // log sigmoid(-a)
  // 1 - e^-2u = tanh(u) (1 + e^-2u), which keeps its digits where u is small.
  const u = mul(inverse, half);
  const logWidth = add(log(tanh(u)), softplus(mul(u, -2)));
  const notFirst = cast(less(half, x), "float");
  const notLast = cast(less(x, 1 - half), "float");
  const ends = add(mul(notLast, logBelow), mul(notFirst, logAbove));
  return perExample(add(ends, mul(mul(notFirst, notLast), logWidth)));
}

/** A draw of pixels from what `discretizedLogisticLogProb` is the probability of, [...] as `mean`; no gradient flows. */
export function discretizedLogisticSample(
  scope: Scope,
  mean: Node,
  logScale: Node,
  options: BinOptions = {},
): Node {
  const { bins = 256 } = knownOfSample(options);
  const { key, stream } = scope.random();
  const tail = 2 ** -24;
  const u = clip(randomUniform(key, { shape: mean.shape, stream }), tail, 1 - tail);
  const scale = exp(clip(logScale, LOG_SCALES.min, LOG_SCALES.max));
  const x = clip(add(mean, mul(scale, sub(log(u), log(sub(1, u))))), 0, 1);
  const bin = cast(add(mul(x, bins - 1), 0.5), "int32"); // rounds toward zero
  return mul(cast(bin, "float"), 1 / (bins - 1));
}

/** Sums over all axes but the batch. */
const perExample = (x: Node): Node => sum(x, { axes: x.shape.slice(1).map((_, i) => i + 1) });

/** A parameter of another shape than the variable would silently make a density over something larger. */
function needFit(where: string, x: Node, parameters: Readonly<Record<string, Node>>): void {
  for (const [name, { shape }] of Object.entries(parameters))
    if (`${broadcastShapes(where, shape, x.shape)}` !== `${x.shape}`)
      throw new Error(
        `${where}: ${name} is larger than the variable, got [${shape}] and [${x.shape}]; give it the variable's shape`,
      );
}
