/** Eigenvalues and eigenvectors of symmetric matrices: Householder's reflections, then QL with implicit shifts (EISPACK's tred2 and tql2, as JAMA has them). */

export interface Eigen {
  /** Smallest first. */
  readonly values: Float64Array;
  /** [d, d]; the eigenvector of `values[j]` is column j. */
  readonly vectors: Float64Array;
}

/** Steps of QL for one eigenvalue: two or three are usual. */
const MOST_STEPS = 100;

/** Of a symmetric matrix [d, d], row-major, which stays as it is. */
export function eigenOf(matrix: Float64Array): Eigen {
  const d = Math.round(Math.sqrt(matrix.length));
  const z = matrix.slice();
  const values = new Float64Array(d);
  const off = new Float64Array(d);
  tridiagonalize(z, d, values, off);
  diagonalize(z, d, values, off);
  return sorted(z, values);
}

/** Leaves the diagonal in `values`, what is beside it in `off`, and the rotation in z. */
function tridiagonalize(z: Float64Array, d: number, values: Float64Array, off: Float64Array): void {
  for (let j = 0; j < d; j++) values[j] = z[(d - 1) * d + j];
  for (let i = d - 1; i > 0; i--) {
    let [scale, h] = [0, 0];
    for (let k = 0; k < i; k++) scale += Math.abs(values[k]);
    if (scale === 0) {
      off[i] = values[i - 1];
      for (let j = 0; j < i; j++) {
        values[j] = z[(i - 1) * d + j];
        z[i * d + j] = 0;
        z[j * d + i] = 0;
      }
    } else {
      for (let k = 0; k < i; k++) {
        values[k] /= scale;
        h += values[k] * values[k];
      }
      const f = values[i - 1];
      const g = f > 0 ? -Math.sqrt(h) : Math.sqrt(h);
      off[i] = scale * g;
      h -= f * g;
      values[i - 1] = f - g;
      off.fill(0, 0, i);
      reflect(z, d, { i, h, values, off });
    }
    values[i] = h;
  }
  accumulate(z, d, values);
  off[0] = 0;
}

interface Reflection {
  readonly i: number;
  readonly h: number;
  readonly values: Float64Array;
  readonly off: Float64Array;
}
/** One similarity transformation of the part of z that is left. */
function reflect(z: Float64Array, d: number, { i, h, values, off }: Reflection): void {
  for (let j = 0; j < i; j++) {
    const f = values[j];
    z[j * d + i] = f;
    let g = off[j] + z[j * d + j] * f;
    for (let k = j + 1; k < i; k++) {
      g += z[k * d + j] * values[k];
      off[k] += z[k * d + j] * f;
    }
    off[j] = g;
  }
  let f = 0;
  for (let j = 0; j < i; j++) {
    off[j] /= h;
    f += off[j] * values[j];
  }
  const hh = f / (h + h);
  for (let j = 0; j < i; j++) off[j] -= hh * values[j];
  for (let j = 0; j < i; j++) {
    const [fj, gj] = [values[j], off[j]];
    for (let k = j; k < i; k++) z[k * d + j] -= fj * off[k] + gj * values[k];
    values[j] = z[(i - 1) * d + j];
    z[i * d + j] = 0;
  }
}

/** The product of all reflections. */
function accumulate(z: Float64Array, d: number, values: Float64Array): void {
  const last = (d - 1) * d;
  for (let i = 0; i < d - 1; i++) {
    z[last + i] = z[i * d + i];
    z[i * d + i] = 1;
    const h = values[i + 1];
    if (h !== 0) {
      for (let k = 0; k <= i; k++) values[k] = z[k * d + i + 1] / h;
      for (let j = 0; j <= i; j++) {
        let g = 0;
        for (let k = 0; k <= i; k++) g += z[k * d + i + 1] * z[k * d + j];
        for (let k = 0; k <= i; k++) z[k * d + j] -= g * values[k];
      }
    }
    for (let k = 0; k <= i; k++) z[k * d + i + 1] = 0;
  }
  for (let j = 0; j < d; j++) {
    values[j] = z[last + j];
    z[last + j] = 0;
  }
  z[last + d - 1] = 1;
}

function diagonalize(z: Float64Array, d: number, values: Float64Array, off: Float64Array): void {
  for (let i = 1; i < d; i++) off[i - 1] = off[i];
  off[d - 1] = 0;
  let [shift, largest] = [0, 0];
  for (let l = 0; l < d; l++) {
    largest = Math.max(largest, Math.abs(values[l]) + Math.abs(off[l]));
    let m = l;
    while (m < d - 1 && Math.abs(off[m]) > Number.EPSILON * largest) m++;
    for (let step = 0; m > l; step++) {
      if (step > MOST_STEPS)
        throw new Error(
          `eigenOf: did not converge after ${MOST_STEPS} steps, got ${off[l]} beside the diagonal; check that the matrix is finite`,
        );
      shift += sweep(z, d, { values, off, l, m });
      if (!(Math.abs(off[l]) > Number.EPSILON * largest)) break;
    }
    values[l] += shift;
    off[l] = 0;
  }
}

interface Block {
  readonly values: Float64Array;
  readonly off: Float64Array;
  /** The block from l to m is of one piece. */
  readonly l: number;
  readonly m: number;
}
/** One QL step; gives the shift that was taken from all values from l on. */
function sweep(z: Float64Array, d: number, { values, off, l, m }: Block): number {
  const g = values[l];
  let p = (values[l + 1] - g) / (2 * off[l]);
  const r0 = p < 0 ? -Math.hypot(p, 1) : Math.hypot(p, 1);
  values[l] = off[l] / (p + r0);
  values[l + 1] = off[l] * (p + r0);
  const next = values[l + 1];
  const h = g - values[l];
  for (let i = l + 2; i < d; i++) values[i] -= h;
  p = values[m];
  let [c, c2, c3] = [1, 1, 1];
  const beside = off[l + 1];
  let [s, s2] = [0, 0];
  for (let i = m - 1; i >= l; i--) {
    [c3, c2, s2] = [c2, c, s];
    const cg = c * off[i];
    const ch = c * p;
    const r = Math.hypot(p, off[i]);
    off[i + 1] = s * r;
    s = off[i] / r;
    c = p / r;
    p = c * values[i] - s * cg;
    values[i + 1] = ch + s * (c * cg + s * values[i]);
    for (let k = 0, at = i; k < d; k++, at += d) {
      const upper = z[at + 1];
      z[at + 1] = s * z[at] + c * upper;
      z[at] = c * z[at] - s * upper;
    }
  }
  p = (-s * s2 * c3 * beside * off[l]) / next;
  off[l] = s * p;
  values[l] = c * p;
  return h;
}

function sorted(z: Float64Array, values: Float64Array): Eigen {
  const d = values.length;
  const order = [...values.keys()].sort((a, b) => values[a] - values[b]);
  const vectors = new Float64Array(d * d);
  for (const [to, from] of order.entries())
    for (let k = 0; k < d; k++) vectors[k * d + to] = z[k * d + from];
  return { values: Float64Array.from(order, (i) => values[i]), vectors };
}
