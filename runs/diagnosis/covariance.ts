/** Covariances of samples: their spectra, how far they are from a multiple of the identity, and how a direction lies to them. */
import { eigenOf } from "./eigen.ts";
import type { Alignment, Spectrum } from "./record.ts";

/** Samples of a vector, row by row. */
export interface Samples {
  /** [n, d] */
  readonly rows: Float32Array | Float64Array;
  readonly d: number;
}

/** With fewer samples for each dimension the smallest eigenvalues are chance. */
export const LEAST_PER_DIMENSION = 4;
/** Where there are too few of them, so many samples do for the rest. */
const FEW = 400;
const MOST_KEPT = 64;
/** Below this share of the largest an eigenvalue is rounding. */
const ROUNDING = 1e-10;

const countOf = ({ rows, d }: Samples): number => rows.length / d;

/** Without their mean. */
export function centred({ rows, d }: Samples): Samples {
  const mean = new Float64Array(d);
  const n = rows.length / d;
  for (let at = 0; at < rows.length; at += d) for (let i = 0; i < d; i++) mean[i] += rows[at + i];
  const out = Float64Array.from(rows);
  for (let at = 0; at < out.length; at += d) for (let i = 0; i < d; i++) out[at + i] -= mean[i] / n;
  return { rows: out, d };
}

/** M_w x of every sample x, M_w = I - w w' / |w|^2: what is at right angles to w. */
export function projected({ rows, d }: Samples, w: ArrayLike<number>): Samples {
  const u = unitOf(w);
  const out = Float64Array.from(rows);
  for (let at = 0; at < out.length; at += d)
    for (let twice = 0; twice < 2; twice++) {
      // Twice is enough: what rounding leaves of w the second time takes out.
      const along = dot(out, at, u);
      for (let i = 0; i < d; i++) out[at + i] -= along * u[i];
    }
  return { rows: out, d };
}

/** C = sum x x' / (n - 1) of centred samples, [d, d]. */
export function covarianceOf({ rows, d }: Samples): Float64Array {
  const c = new Float64Array(d * d);
  for (let at = 0; at < rows.length; at += d)
    for (let i = 0; i < d; i++) {
      const x = rows[at + i];
      if (x === 0) continue; // most are, of units that are off
      for (let j = 0; j <= i; j++) c[i * d + j] += x * rows[at + j];
    }
  const n = rows.length / d;
  for (let i = 0; i < d; i++)
    for (let j = 0; j <= i; j++) c[j * d + i] = c[i * d + j] /= n - 1;
  return c;
}

export interface Looked {
  readonly spectrum: Spectrum;
  /** The eigenvector of the largest eigenvalue. */
  readonly top: Float64Array;
}

/**
 * The covariance of samples that vary in `dimensions` (default: all): of those from which a direction was taken out one less.
 * Null where they do not vary at all.
 */
export function looked(samples: Samples, dimensions: number = samples.d): Looked | null {
  const { d } = samples;
  const n = countOf(samples);
  const all = centred(samples);
  const trace = squareOf(all.rows) / (n - 1);
  if (!(trace > 0)) return null;
  const mean = trace / dimensions;
  const k = dimensions;
  const halves = correctedOf(n < LEAST_PER_DIMENSION * d ? first(samples, FEW) : samples, k);
  const effective = effectiveOf(all);
  const known = { dimensions: k, samples: n, effective, mean, corrected: halves };
  if (n < LEAST_PER_DIMENSION * d) {
    const { value, vector } = strongest(centred(first(samples, FEW)));
    return {
      spectrum: {
        ...known,
        ...{ eigenvalues: null, largest: value / mean, overMedian: null, overSmallest: null },
        distance: null,
      },
      top: vector,
    };
  }
  const { values, vectors } = eigenOf(covarianceOf(all));
  const down = values.toReversed().map((x) => Math.max(0, x) / mean);
  const [own, largest] = [down.subarray(0, k), down[0]]; // what was taken out is 0, and last
  const over = (x: number): number | null => (x > ROUNDING * largest ? largest / x : null);
  const squares = own.reduce((sum, x) => sum + (x - 1) ** 2, 0);
  return {
    spectrum: {
      ...known,
      eigenvalues: thinned(own),
      largest,
      overMedian: over((own[(k - 1) >> 1] + own[k >> 1]) / 2),
      overSmallest: over(own[k - 1]),
      distance: Math.sqrt(squares / k),
    },
    top: Float64Array.from({ length: d }, (_, i) => vectors[i * d + d - 1]),
  };
}

/** How w lies to the covariance of samples; `top` is that of their spectrum. */
export function alignmentOf(
  samples: Samples,
  w: ArrayLike<number>,
  { spectrum, top }: Looked,
): Alignment {
  const u = unitOf(w);
  const { rows, d } = centred(samples);
  let square = 0;
  for (let at = 0; at < rows.length; at += d) square += dot(rows, at, u) ** 2;
  return {
    cosine: Math.abs(dot(top, 0, u)),
    share: square / (countOf(samples) - 1) / spectrum.mean,
  };
}

/**
 * |C - m I| / |m I| in k dimensions, squared: k tr C^2 / (tr C)^2 - 1. Of two halves of the samples with covariances A and B tr AB is
 * tr C^2 in the mean, whatever the distribution, since they are independent: nothing is added by there being few.
 */
function correctedOf(samples: Samples, k: number): number {
  const { rows, d } = samples;
  const half = Math.floor(countOf(samples) / 2);
  const [a, b] = [0, half].map((from) =>
    centred({ rows: rows.subarray(from * d, (from + half) * d), d }),
  );
  const product = half < d ? crossOf(a, b) : innerOf(a, b);
  const traces = squareOf(a.rows) * squareOf(b.rows);
  return traces > 0 ? Math.sqrt(Math.max(0, (k * product) / traces - 1)) : 0;
}

/** tr X'X Y'Y by the products of samples. */
function crossOf(a: Samples, b: Samples): number {
  const { d } = a;
  let sum = 0;
  for (let i = 0; i < a.rows.length; i += d) {
    const x = a.rows.subarray(i, i + d);
    for (let j = 0; j < b.rows.length; j += d) sum += dot(b.rows, j, x) ** 2;
  }
  return sum;
}
/** The same by the covariances. */
function innerOf(a: Samples, b: Samples): number {
  const [ca, cb] = [covarianceOf(a), covarianceOf(b)];
  const n = countOf(a) - 1;
  return n * n * dot(ca, 0, cb);
}

/** (sum |x|^2)^2 / sum |x|^4: n, where all samples are of one length. */
function effectiveOf({ rows, d }: Samples): number {
  let [squares, fourths] = [0, 0];
  for (let at = 0; at < rows.length; at += d) {
    const square = squareOf(rows.subarray(at, at + d));
    squares += square;
    fourths += square * square;
  }
  return squares ** 2 / fourths;
}

const MOST_POWERS = 300;
/** The largest eigenvalue of the covariance of centred samples, by powers of it. */
function strongest(samples: Samples): { readonly value: number; readonly vector: Float64Array } {
  const { rows, d } = samples;
  // The longest sample has some of every direction that matters.
  let longest = 0;
  for (let at = 0, most = -1; at < rows.length; at += d) {
    const square = squareOf(rows.subarray(at, at + d));
    if (square > most) [most, longest] = [square, at];
  }
  let vector = unitOf(rows.subarray(longest, longest + d));
  let value = 0;
  for (let power = 0; power < MOST_POWERS; power++) {
    const next = new Float64Array(d);
    for (let at = 0; at < rows.length; at += d) {
      const along = dot(rows, at, vector);
      for (let i = 0; i < d; i++) next[i] += along * rows[at + i];
    }
    const now = Math.sqrt(squareOf(next)) / (countOf(samples) - 1);
    vector = unitOf(next);
    const still = Math.abs(now - value) <= 1e-7 * now;
    value = now;
    if (still) break;
  }
  return { value, vector };
}

const first = ({ rows, d }: Samples, n: number): Samples => ({ rows: rows.subarray(0, n * d), d });

function squareOf(x: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += x[i] * x[i];
  return sum;
}
/** Of a row that begins at `at` with `u`. */
function dot(rows: ArrayLike<number>, at: number, u: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < u.length; i++) sum += rows[at + i] * u[i];
  return sum;
}
function unitOf(w: ArrayLike<number>): Float64Array {
  const length = Math.sqrt(squareOf(w));
  return Float64Array.from(w, (x) => (length > 0 ? x / length : 0));
}

/** At most so many of them, evenly spaced, the first and the last among them. */
function thinned(values: Float64Array): readonly number[] {
  const n = Math.min(MOST_KEPT, values.length);
  return Array.from({ length: n }, (_, i) =>
    Number(values[n === 1 ? 0 : Math.round((i * (values.length - 1)) / (n - 1))].toPrecision(5)),
  );
}
