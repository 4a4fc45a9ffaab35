/** Dropout and noise: nothing in mode `eval`. */
import { add, mul, randomBernoulli, randomNormal } from "../../graph/index.ts";
import type { Layer } from "../scope.ts";

/** Zero with probability p, else x / (1 - p); x itself in mode `eval`. */
export const dropout =
  (p: number): Layer =>
  (scope, x) => {
    if (!(p >= 0 && p < 1))
      throw new Error(`dropout: p is a probability below 1, got ${p}; use e.g. 0.5`);
    if (scope.mode === "eval" || p === 0) return x;
    const { key, stream } = scope.random();
    return mul(x, mul(randomBernoulli(key, 1 - p, { shape: x.shape, stream }), 1 / (1 - p)));
  };

/** x plus N(0, sigma^2); x itself in mode `eval`. */
export const gaussianNoise =
  (sigma: number): Layer =>
  (scope, x) => {
    if (scope.mode === "eval" || sigma === 0) return x;
    const { key, stream } = scope.random();
    return add(x, mul(randomNormal(key, { shape: x.shape, stream }), sigma));
  };
