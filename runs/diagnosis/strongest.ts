/** The largest eigenvalue of a covariance that is too large to be written out: Lanczos' method, every vector kept orthogonal to all before. */
import { keyOf } from "../../src/index.ts";
import { eigenOf } from "./eigen.ts";
import { directions } from "./random-direction.ts";
import { countOf, dot, squareOf, unitOf, type Samples } from "./vectors.ts";

export interface Strongest {
  readonly value: number;
  readonly vector: Float64Array;
  /** Whether it is an eigenvalue but for rounding; if not, it is one from below. */
  readonly converged: boolean;
}

const MOST_STEPS = 240;
/** Steps from one look at what has come of it to the next. */
const LOOK = 20;
/** |C x - value x| over the value, for a vector of length 1. */
const EXACT = 1e-6;

/** Of centred samples. */
export function strongest(samples: Samples, most: number = MOST_STEPS): Strongest {
  const { rows, d } = samples;
  const basis: Float64Array[] = [];
  const [diagonal, beside]: [number[], number[]] = [[], []];
  // Begun in a random direction, which has some of every other.
  let next = applied(samples, directions(1, d, keyOf("strongest")));
  for (;;) {
    const q = unitOf(next);
    basis.push(q);
    next = applied(samples, q);
    diagonal.push(dot(next, 0, q));
    for (let twice = 0; twice < 2; twice++)
      for (const b of basis) {
        const along = dot(next, 0, b);
        for (let i = 0; i < d; i++) next[i] -= along * b[i];
      }
    const rest = Math.sqrt(squareOf(next));
    beside.push(rest);
    const m = basis.length;
    const isOver = m === most || m === Math.min(d, rows.length / d) || !(rest > 1e-13 * diagonal[0]);
    if (!isOver && m % LOOK > 0) continue;
    const { values, vectors } = eigenOf(tridiagonal(diagonal, beside));
    const [value, last] = [values[m - 1], m * m - 1];
    const converged = rest * Math.abs(vectors[last]) <= EXACT * value;
    if (!isOver && !converged) continue;
    const vector = new Float64Array(d);
    for (const [j, b] of basis.entries())
      for (let i = 0; i < d; i++) vector[i] += vectors[j * m + m - 1] * b[i];
    return { value, vector: unitOf(vector), converged };
  }
}

/** C x */
function applied(samples: Samples, x: ArrayLike<number>): Float64Array {
  const { rows, d } = samples;
  const out = new Float64Array(d);
  const n = countOf(samples);
  for (let at = 0; at < rows.length; at += d) {
    const along = dot(rows, at, x) / (n - 1);
    for (let i = 0; i < d; i++) out[i] += along * rows[at + i];
  }
  return out;
}

function tridiagonal(diagonal: readonly number[], beside: readonly number[]): Float64Array {
  const m = diagonal.length;
  const t = new Float64Array(m * m);
  for (let i = 0; i < m; i++) {
    t[i * m + i] = diagonal[i];
    if (i + 1 < m) t[i * m + i + 1] = t[(i + 1) * m + i] = beside[i];
  }
  return t;
}
