/** What samples of a normal distribution with covariance m I measure in closed form: what the draws of `chanceOf` are checked against. */
import type { Noise } from "../../../runs/records.ts";

/**
 * In k dimensions with n samples. The distance is exact: tr S and tr S^2 / (tr S)^2 of a covariance S of m = n - 1 degrees of freedom are
 * independent (Basu), E tr S^2 = k (1 + (k + 1) / m) and E (tr S)^2 = k^2 + 2 k / m, so that the square of |S - s I| / |s I|, which
 * is k tr S^2 / (tr S)^2 - 1, is in the mean (k - 1) (k + 2) / (k m + 2). Of halves A and B of h degrees k tr AB / (tr A tr B) - 1 is
 * k times the product of what each has beside its multiple of the identity. That has N = (k - 1) (k + 2) / 2 directions, all alike (no
 * rotation tells them apart), with (k - 1) (k + 2) / (k (k h + 2)) of square in all: the variance is 2 (k - 1) (k + 2) / (k h + 2)^2, and
 * the root of its root about sqrt(2 sqrt(2) / (n - 2)). Eigenvalues are those of Marchenko and Pastur (Mathematics of the USSR-Sbornik 1,
 * 1967), the largest by Geman (Annals of Probability 8, 1980).
 */
export function noiseOf(k: number, n: number): Noise {
  const m = n - 1;
  const h = Math.floor(n / 2) - 1;
  const distance = Math.sqrt(((k - 1) * (k + 2)) / (k * m + 2));
  const corrected = Math.sqrt(Math.sqrt(2 * (k - 1) * (k + 2)) / (k * h + 2));
  const ratio = k / m;
  const largest = (1 + Math.sqrt(ratio)) ** 2;
  if (ratio >= 1) return { distance, corrected, largest, overMedian: null, overSmallest: null };
  return {
    ...{ distance, corrected, largest },
    overMedian: largest / medianOf(ratio),
    overSmallest: largest / (1 - Math.sqrt(ratio)) ** 2,
  };
}

const POINTS = 2000;
/** The median of Marchenko and Pastur's distribution: with x = 1 + r - 2 sqrt(r) cos t its density is (2 / pi) sin^2 t / x. */
function medianOf(ratio: number): number {
  const at = (t: number): number => 1 + ratio - 2 * Math.sqrt(ratio) * Math.cos(t);
  let below = 0;
  for (let i = 0; i < POINTS; i++) {
    const t = ((i + 0.5) * Math.PI) / POINTS;
    below += ((2 / POINTS) * Math.sin(t) ** 2) / at(t);
    if (below >= 0.5) return at(t);
  }
  return 1;
}
