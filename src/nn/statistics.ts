/** What is done to t = w x before the activation: a bias added, the minibatch's mean removed, or its mean and variance. */
import {
  add,
  div,
  mul,
  neg,
  ones,
  optionsOf,
  reshape,
  sizeOf,
  sqrt,
  sub,
  zeros,
  type Node,
} from "../graph/index.ts";
import { initialization, moments, perUnit, reportDead, type Statistics } from "./norm.ts";
import type { Scope } from "./scope.ts";

/** t + b. In mode `init`, weights are scaled by 1/sigma and b = -mu/sigma (eq. 5 and 6), both times `initScale`. */
export const bias: Statistics = (scope, { units, initScale, rescale }) => {
  const b = constantParameter(scope, "b", units, 0);
  let initial: ReturnType<typeof initialization> | undefined;
  return (t) => {
    if (scope.mode !== "init") return add(t, perUnit(b, t));
    if (!initial) {
      initial = initialization(scope, t, initScale);
      rescale(initial.scale);
      scope.update(b, reshape(neg(mul(initial.mu, initial.scale)), [units]));
    }
    return mul(sub(t, initial.mu), initial.scale);
  };
};

export interface RunningOptions {
  /** The share of the old value in running averages (default 0.9). */
  readonly decay?: number;
}

const knownOfMeanOnly = optionsOf<RunningOptions>("meanOnly", { decay: "optional" });
/**
 * Mean-only batch normalization, t - mu[t] + b (section 4); a running mean takes mu's place in mode `eval`.
 * Initialization scales weights by 1/sigma.
 */
export const meanOnly = (options: RunningOptions = {}): Statistics => {
  const { decay = 0.9 } = knownOfMeanOnly(options);
  return (scope, { units, initScale, rescale }) => {
    const b = constantParameter(scope, "b", units, 0);
    const means = runningAverages(scope, "mean", { units, first: 0, decay });
    let scale: Node | undefined;
    return (t) => {
      const average = means();
      if (scope.mode === "eval") return add(t, perUnit(sub(b, average.value), t));
      const { mu } = moments(t);
      if (scope.mode === "train") {
        average.take(mu);
        return add(t, sub(perUnit(b, t), mu));
      }
      if (!scale) {
        ({ scale } = initialization(scope, t, initScale));
        rescale(scale);
        scope.update(b, zeros([units]));
      }
      average.take(mul(mu, scale));
      return mul(sub(t, mu), scale);
    };
  };
};

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
 */
export const batchNorm = (options: BatchNormOptions = {}): Statistics => {
  const { decay = 0.9, epsilon = 1e-6 } = knownOfBatchNorm(options);
  return (scope, { units, initScale }) => {
    const gamma = constantParameter(scope, "gamma", units, 1);
    const beta = constantParameter(scope, "beta", units, 0);
    const means = runningAverages(scope, "mean", { units, first: 0, decay });
    const variances = runningAverages(scope, "variance", { units, first: 1, decay });
    const initial = { gamma: mul(ones([units]), initScale), beta: zeros([units]) };
    if (scope.mode === "init") {
      scope.update(gamma, initial.gamma);
      scope.update(beta, initial.beta);
    }
    const used = scope.mode === "init" ? initial : { gamma, beta };
    return (t) => {
      const [average, spread] = [means(), variances()];
      const { mu, variance } =
        scope.mode === "eval"
          ? { mu: perUnit(average.value, t), variance: perUnit(spread.value, t) }
          : moments(t);
      if (scope.mode === "init") reportDead(scope, { mu, variance });
      average.take(mu);
      const n = sizeOf(t.shape) / units;
      // In mode `init` it is that of the batch, which `eval` then normalizes exactly.
      spread.take(scope.mode === "train" ? mul(variance, n / Math.max(1, n - 1)) : variance);
      const factor = div(perUnit(used.gamma, t), sqrt(add(variance, epsilon)));
      return add(mul(sub(t, mu), factor), perUnit(used.beta, t));
    };
  };
};

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
