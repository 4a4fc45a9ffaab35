/** Covariances of samples: their spectra, how far they are from a multiple of the identity, and how a direction lies to them. */
import { eigenOf } from "./eigen.ts";
import { tailOf } from "./random-direction.ts";
import { LEAST_PER_DIMENSION, type Alignment, type Spectrum } from "./record.ts";
import { strongest } from "./strongest.ts";
import { centred, countOf, dot, squareOf, squaresOf, unitOf, type Samples } from "./vectors.ts";

const MOST_KEPT = 64;
/** Below this share of the largest an eigenvalue is rounding. */
const ROUNDING = 1e-10;

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
  const all = centred(samples);
  const n = countOf(samples);
  const trace = squareOf(all.rows) / (n - 1);
  if (!(trace > 0)) return null;
  const mean = trace / dimensions;
  const { top, ...eigenvalues } = eigenvaluesOf(all, { dimensions, mean });
  return {
    spectrum: {
      ...{ dimensions, samples: n, effective: effectiveOf(squaresOf(all)), mean, ...eigenvalues },
      corrected: correctedOf(samples, dimensions),
    },
    top,
  };
}

type Eigenvalues = Omit<Spectrum, "dimensions" | "samples" | "effective" | "mean" | "corrected">;
/** Of centred samples, in units of their mean. */
export function eigenvaluesOf(
  all: Samples,
  { dimensions, mean }: { readonly dimensions: number; readonly mean: number },
): Eigenvalues & Pick<Looked, "top"> {
  const { d } = all;
  if (countOf(all) < LEAST_PER_DIMENSION * d) {
    const { value, vector, converged } = strongest(all);
    return {
      ...{ eigenvalues: null, largest: value / mean, converged, top: vector },
      ...{ overMedian: null, overSmallest: null, distance: null },
    };
  }
  const { values, vectors } = eigenOf(covarianceOf(all));
  const down = values.toReversed().map((x) => Math.max(0, x) / mean);
  const [own, largest] = [down.subarray(0, dimensions), down[0]]; // what was taken out is 0, and last
  const over = (x: number): number | null => (x > ROUNDING * largest ? largest / x : null);
  const middle = (own[(dimensions - 1) >> 1] + own[dimensions >> 1]) / 2;
  return {
    ...{ eigenvalues: thinned(own), largest, converged: true },
    ...{ overMedian: over(middle), overSmallest: over(own[dimensions - 1]) },
    distance: Math.sqrt(own.reduce((sum, x) => sum + (x - 1) ** 2, 0) / dimensions),
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
  const cosine = Math.abs(dot(top, 0, u));
  return {
    ...{ cosine, p: tailOf(cosine, d) },
    share: square / (countOf(samples) - 1) / spectrum.mean,
  };
}

/** The two halves of samples that are compared, by their first and last rows. */
export const halvesOf = (n: number): readonly (readonly [number, number])[] => {
  const half = Math.floor(n / 2);
  return [
    [0, half],
    [half, 2 * half],
  ];
};

/**
 * |C - m I| / |m I| in k dimensions, squared: k tr C^2 / (tr C)^2 - 1. Of two halves of the samples with covariances A and B tr AB is
 * tr C^2 in the mean, whatever the distribution, since they are independent: nothing is added by there being few. Chance may make it
 * negative, which is 0 here. Null where a half does not vary.
 */
function correctedOf({ rows, d }: Samples, k: number): number | null {
  const [a, b] = halvesOf(rows.length / d).map(([from, to]) =>
    centred({ rows: rows.subarray(from * d, to * d), d }),
  );
  const product = countOf(a) < d ? crossOf(a, b) : innerOf(a, b);
  const traces = squareOf(a.rows) * squareOf(b.rows);
  return traces > 0 ? Math.sqrt(Math.max(0, (k * product) / traces - 1)) : null;
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
export function effectiveOf(squares: Float64Array): number {
  const sum = squares.reduce((total, x) => total + x, 0);
  return sum ** 2 / squareOf(squares);
}

/** At most so many of them, evenly spaced, the first and the last among them. */
function thinned(values: Float64Array): readonly number[] {
  const n = Math.min(MOST_KEPT, values.length);
  return Array.from({ length: n }, (_, i) =>
    Number(values[n === 1 ? 0 : Math.round((i * (values.length - 1)) / (n - 1))].toPrecision(5)),
  );
}
