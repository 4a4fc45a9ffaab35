/** Samples of a vector, and the little algebra that they need. */

/** Samples of a vector, row by row. */
export interface Samples {
  /** [n, d] */
  readonly rows: Float32Array | Float64Array;
  readonly d: number;
}

export const countOf = ({ rows, d }: Samples): number => rows.length / d;

/** Without their mean. */
export function centred({ rows, d }: Samples): Samples {
  const mean = new Float64Array(d);
  const n = rows.length / d;
  for (let at = 0; at < rows.length; at += d) for (let i = 0; i < d; i++) mean[i] += rows[at + i];
  const out = Float64Array.from(rows);
  for (let at = 0; at < out.length; at += d) for (let i = 0; i < d; i++) out[at + i] -= mean[i] / n;
  return { rows: out, d };
}

/** |x|^2 of every sample. */
export const squaresOf = (samples: Samples): Float64Array =>
  Float64Array.from({ length: countOf(samples) }, (_, i) =>
    squareOf(samples.rows.subarray(i * samples.d, (i + 1) * samples.d)),
  );

export function squareOf(x: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += x[i] * x[i];
  return sum;
}

/** Of a row that begins at `at` with `u`. */
export function dot(rows: ArrayLike<number>, at: number, u: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < u.length; i++) sum += rows[at + i] * u[i];
  return sum;
}

/** Of length 1, or 0 where w is. */
export function unitOf(w: ArrayLike<number>): Float64Array {
  const length = Math.sqrt(squareOf(w));
  return Float64Array.from(w, (x) => (length > 0 ? x / length : 0));
}
