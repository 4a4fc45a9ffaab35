/** The two special functions that the language rests on, in float64. */

/** The error function, to about 1e-15: 2/sqrt(pi) e^(-x^2) sum of 2^n x^(2n+1) / (2n+1)!!, whose terms are all of one sign. */
export function erf(x: number): number {
  if (Number.isNaN(x)) return NaN;
  if (Math.abs(x) > 6) return Math.sign(x);
  let term = x;
  let total = x;
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(total); n++) {
    term *= (2 * x * x) / (2 * n + 1);
    total += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * total;
}

/**
 * How `randomNormal` splits its random bits. Quantiles are multiples of 2^-12 below 2^3 and fractions multiples of 2^-9,
 * so results are multiples of 2^-21 below 2^3: 24 bits, which float32 holds exactly.
 */
export const QUANTILE_BITS: {
  readonly cell: number;
  readonly fraction: number;
  readonly precision: number;
} = {
  cell: 12,
  fraction: 9,
  precision: 12,
};

/** The quantiles k / 2^12 of the standard normal, k = 0 ... 2^12, rounded; the outermost make the variance 1. */
export function normalQuantiles(): readonly number[] {
  return (quantiles ??= Object.freeze(computeQuantiles()));
}
let quantiles: readonly number[] | undefined; // computed when first asked for, then the same for ever

function computeQuantiles(): readonly number[] {
  const cells = 2 ** QUANTILE_BITS.cell;
  const upper = [0]; // quantiles of 1/2 + k / cells
  for (let k = 1; k < cells / 2; k++) {
    let z = upper[k - 1];
    for (let i = 0; i < 8; i++)
      z -= (erf(z / Math.SQRT2) / 2 - k / cells) * Math.sqrt(2 * Math.PI) * Math.exp((z * z) / 2); // Newton
    upper.push(z);
  }
  // Uniform on [a, b] has second moment (a^2 + ab + b^2) / 3; the last cell gets what is missing from cells / 2.
  const moment = (a: number, b: number): number => (a * a + a * b + b * b) / 3;
  const rest = upper.slice(1).reduce((left, b, i) => left - moment(upper[i], b), cells / 2);
  const a = upper.at(-1)!;
  upper.push((-a + Math.sqrt(a * a - 4 * (a * a - 3 * rest))) / 2);
  const rounded = upper.map(
    (z) => Math.round(z * 2 ** QUANTILE_BITS.precision) / 2 ** QUANTILE_BITS.precision,
  );
  return [
    ...rounded
      .slice(1)
      .reverse()
      .map((z) => -z),
    ...rounded,
  ];
}
