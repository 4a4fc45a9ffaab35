/** What a random direction would measure, of the same density all around. */
import { hash, type Key } from "../../src/index.ts";
import { unitOf } from "./vectors.ts";

/**
 * How often |cos| between a random direction in d dimensions and any other is at least this large. The density of the cosine is
 * proportional to (1 - x^2)^((d - 3) / 2), so that its square has a beta distribution: this is I of 1 - cos^2 at (d - 1) / 2, 1/2.
 */
export function tailOf(cosine: number, d: number): number {
  const x = 1 - Math.min(1, cosine * cosine);
  if (d < 2) return 1;
  const a = (d - 1) / 2;
  // The continued fraction is quick on this side alone; on the other nothing is lost, since the tail is large there.
  if (x < (a + 1) / (a + 2.5)) return fraction(a, 0.5, x);
  return 1 - fraction(0.5, a, 1 - x);
}

/** The median of |cos|, about 0.674 / sqrt(d). */
export function medianCosine(d: number): number {
  let [low, high] = [0, 1];
  for (let i = 0; i < 50; i++) {
    const middle = (low + high) / 2;
    if (tailOf(middle, d) > 0.5) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** Independent directions in k dimensions, [n, k], row by row of length 1: the same for one key everywhere. */
export function directions(n: number, k: number, key: Key): Float64Array {
  const rows = new Float64Array(n * k);
  // Normal numbers (Box and Muller) have no preferred direction.
  for (let i = 0; i < rows.length; i += 2) {
    const radius = Math.sqrt(-2 * Math.log(uniform(i, key)));
    const angle = 2 * Math.PI * uniform(i + 1, key);
    rows[i] = radius * Math.cos(angle);
    if (i + 1 < rows.length) rows[i + 1] = radius * Math.sin(angle);
  }
  for (let at = 0; at < rows.length; at += k) rows.set(unitOf(rows.subarray(at, at + k)), at);
  return rows;
}

/** Between 0 and 1, neither of them. */
const uniform = (i: number, key: Key): number => (hash(i, key) + 0.5) / 2 ** 32;

const MOST_TERMS = 300;
/** The regularized incomplete beta function I_x(a, b) of x < (a + 1) / (a + b + 2), one of a and b being 1/2 (DLMF 8.17.22, by Lentz's method). */
function fraction(a: number, b: number, x: number): number {
  if (x <= 0) return 0;
  const tiny = 1e-300;
  const kept = (y: number): number => (Math.abs(y) < tiny ? tiny : y);
  let c = 1;
  let d = 1 / kept(1 - ((a + b) * x) / (a + 1));
  let value = d;
  for (let m = 1; m <= MOST_TERMS; m++) {
    const before = value;
    for (const term of [
      (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m)),
      (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1)),
    ]) {
      d = 1 / kept(1 + term * d);
      c = kept(1 + term / c);
      value *= c * d;
    }
    if (Math.abs(value - before) <= 1e-15 * Math.abs(value)) break;
  }
  const front = a * Math.log(x) + b * Math.log1p(-x) - Math.log(a) - logBeta(Math.max(a, b));
  return Math.min(1, Math.exp(front) * value);
}

/** ln B(a, 1/2) of a half or a whole number. */
function logBeta(a: number): number {
  let [at, log] = a % 1 === 0 ? [1, Math.log(2)] : [0.5, Math.log(Math.PI)];
  for (; at < a; at++) log += Math.log(at / (at + 0.5));
  return log;
}
