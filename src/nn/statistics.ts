/** What is done to t = w x before the activation: a bias added, the minibatch's mean removed, or its mean and variance. */
import {
  add,
  constant,
  div,
  mul,
  neg,
  ones,
  optionsOf,
  relu,
  reshape,
  sizeOf,
  sqrt,
  square,
  sub,
  zeros,
  type Node,
} from "../graph/index.ts";
import {
  initialization,
  moments,
  needSeveral,
  perUnit,
  reportDead,
  type Statistics,
} from "./norm.ts";
import type { Scope, UnitOptions } from "./scope.ts";

/**
 * t + b. In mode `init`, weights are scaled by 1/sigma and b = -mu/sigma (eq. 5 and 6), both times `initScale`. Without a
 * bias t as it is: initialization scales weights and leaves the mean.
 */
export const bias: Statistics = (scope, options) => {
  const { units, initScale, rescale, bias: hasBias = true, trained } = options;
  const b = hasBias ? biasParameter(scope, "b", options) : undefined;
  let initial: ReturnType<typeof initialization> | undefined;
  return (t) => {
    if (scope.mode !== "init" || trained) return b ? add(t, perUnit(b, t)) : t;
    if (!initial) {
      initial = initialization(scope, t, initScale);
      rescale(initial.scale);
      if (b) scope.update(b, reshape(neg(mul(initial.mu, initial.scale)), [units]));
    }
    return mul(b ? sub(t, initial.mu) : t, initial.scale);
  };
};

/** How running averages follow. */
export interface RunningOptions {
  /** The share of the old value in running averages (default 0.9). */
  readonly decay?: number;
}

const knownOfMeanOnly = optionsOf<RunningOptions>("meanOnly", { decay: "optional" });
/**
 * Mean-only batch normalization, t - mu[t] + b (section 4); a running mean takes mu's place in mode `eval`.
 * Initialization scales weights by 1/sigma. Without a bias t - mu[t].
 */
export const meanOnly = (options: RunningOptions = {}): Statistics => {
  const { decay = 0.9 } = knownOfMeanOnly(options);
  return (scope, options) => {
    const { units, initScale, rescale, bias: hasBias = true, trained } = options;
    const b = hasBias || trained ? biasParameter(scope, "b", options) : undefined;
    const means = runningAverages(scope, "mean", { units, first: 0, decay });
    let scale: Node | undefined;
    return (t) => {
      const average = means();
      if (scope.mode === "eval")
        return b ? add(t, perUnit(sub(b, average.value), t)) : sub(t, perUnit(average.value, t));
      needSeveral(scope, t);
      const { mu } = moments(t);
      if (scope.mode === "train") {
        average.take(ofWhole(scope, mu));
        return b ? add(t, sub(perUnit(b, t), mu)) : sub(t, mu);
      }
      if (trained) {
        average.take(mu);
        const before = firstBias(options);
        if (b) scope.update(b, add(reshape(mu, [units]), before));
        return add(t, perUnit(before, t));
      }
      if (!scale) {
        ({ scale } = initialization(scope, t, initScale));
        rescale(scale);
        if (b) scope.update(b, zeros([units]));
      }
      average.take(mul(mu, scale));
      return mul(sub(t, mu), scale);
    };
  };
};

/** Options of {@link batchNorm}. */
export interface BatchNormOptions extends RunningOptions {
  /** Added to the variance (default 1e-6). */
  readonly epsilon?: number;
}

const knownOfBatchNorm = optionsOf<BatchNormOptions>("batchNorm", {
  decay: "optional",
  epsilon: "optional",
});
/**
 * Batch normalization (Ioffe & Szegedy 2015), gamma (t - mu) / sqrt(sigma^2 + epsilon) + beta, with running averages in
 * mode `eval`, that of the variance without bias. Initialization sets gamma = initScale, beta = 0 and the running averages.
 * Without a bias there is no beta.
 */
export const batchNorm = (options: BatchNormOptions = {}): Statistics => {
  const { decay = 0.9, epsilon = 1e-6 } = knownOfBatchNorm(options);
  return (scope, options) => {
    const { units, initScale, bias: hasBias = true, trained } = options;
    const gamma = constantParameter(scope, "gamma", units, 1);
    const beta = hasBias || trained ? biasParameter(scope, "beta", options) : undefined;
    const means = runningAverages(scope, "mean", { units, first: 0, decay });
    const variances = runningAverages(scope, "variance", { units, first: 1, decay });
    const used =
      scope.mode === "init"
        ? { gamma: mul(ones([units]), initScale), beta: beta && zeros([units]) }
        : { gamma, beta };
    const draws = scope.mode === "init" && !trained;
    if (draws) scope.update(gamma, used.gamma);
    if (draws && beta && used.beta) scope.update(beta, used.beta);
    return (t) => {
      needSeveral(scope, t);
      const [average, spread] = [means(), variances()];
      const { mu, variance } =
        scope.mode === "eval"
          ? { mu: perUnit(average.value, t), variance: perUnit(spread.value, t) }
          : moments(t);
      if (scope.mode === "init") reportDead(scope, { mu, variance });
      average.take(ofWhole(scope, mu));
      const n = Math.round((sizeOf(t.shape) / units) * (scope.part?.times ?? 1));
      // In mode `init` it is that of the batch, which `eval` then normalizes exactly.
      const about = perUnit(average.value, t);
      const spreads = varianceOfWhole(scope, { mu, variance, about });
      spread.take(scope.mode === "train" ? mul(spreads, n / (n - 1)) : spreads);
      if (scope.mode === "init" && trained) {
        // gamma = sigma and beta = mu + b: the layer computes what it did.
        const before = firstBias(options);
        scope.update(gamma, reshape(sqrt(add(variance, epsilon)), [units]));
        if (beta) scope.update(beta, add(reshape(mu, [units]), before));
        return add(t, perUnit(before, t));
      }
      const factor = div(perUnit(used.gamma, t), sqrt(add(variance, epsilon)));
      const scaled = mul(sub(t, mu), factor);
      return used.beta ? add(scaled, perUnit(used.beta, t)) : scaled;
    };
  };
};

/** The mean over the whole batch, of which a process may have a part. */
const ofWhole = ({ part }: Scope, mean: Node): Node => (part ? part.mean(mean) : mean);

/**
 * The variance over the whole batch: the mean of those of its parts, and what their means differ, which is reckoned from the running mean, as
 * squares of large means would leave nothing of it.
 */
function varianceOfWhole(
  { part }: Scope,
  { mu, variance, about }: Readonly<Record<"mu" | "variance" | "about", Node>>,
): Node {
  if (!part) return variance;
  const away = sub(mu, about);
  const between = sub(part.mean(square(away)), square(part.mean(away)));
  return add(part.mean(variance), relu(between));
}

/** The bias of a layer that was trained before, 0 where it had none. */
const firstBias = ({ units, trained }: UnitOptions): Node =>
  trained?.bias ? constant(trained.bias, [units]) : zeros([units]);

const biasParameter = (
  scope: Scope,
  name: string,
  { units, trained }: UnitOptions,
): Node & { readonly op: "parameter" } =>
  trained?.bias
    ? scope.parameter(name, [units], { init: { kind: "values", values: trained.bias } })
    : constantParameter(scope, name, units, 0);

const constantParameter = (
  scope: Scope,
  name: string,
  units: number,
  value: number,
): Node & { readonly op: "parameter" } =>
  scope.parameter(name, [units], { init: { kind: "constant", value } });

interface RunningAverage {
  readonly value: Node;
  /** Takes this batch's statistics as they are in mode `init`, a share of them in mode `train`, nothing in `eval`. */
  take(now: Node): void;
}

/** Running averages of one layer, not trained: a new one for every call, since each step of a recurrent cell has statistics of its own. */
function runningAverages(
  scope: Scope,
  name: string,
  {
    units,
    first,
    decay,
  }: { readonly units: number; readonly first: number; readonly decay: number },
): () => RunningAverage {
  let calls = 0;
  return () => {
    const full = ++calls === 1 ? name : `${name}${calls}`;
    const p = scope.parameter(full, [units], {
      init: { kind: "constant", value: first },
      trainable: false,
    });
    return {
      value: p,
      take(now) {
        const flat = reshape(now, [units]);
        if (scope.mode === "init") scope.update(p, flat);
        if (scope.mode === "train") scope.update(p, add(mul(p, decay), mul(flat, 1 - decay)));
      },
    };
  };
}
