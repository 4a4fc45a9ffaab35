/** How far chance alone can move a difference: the one place that tells a lead from a tie. */

/** A mean, and what is known of how far chance moved it. */
export interface Estimate {
  readonly mean: number;
  /** The variance of the mean by its spread over the seeds, with its degrees of freedom; null where one seed tells nothing. */
  readonly seeds: { readonly variance: number; readonly freedom: number } | null;
  /** The same by what the test is of: so many examples, so many episodes; null where that is not known. */
  readonly test: number | null;
}

export interface Chance {
  /** In 19 of 20 comparisons chance alone makes no larger difference. */
  readonly size: number;
  /** Whether several seeds told so, or the size of the test alone. */
  readonly bySeeds: boolean;
  readonly byTest: boolean;
}

export interface Evidence {
  /** Values of the seeds. */
  readonly values: readonly number[];
  /** Of a measure that counts each example 0 or 1: of how many, and how much one counts. All seeds are tested on the same. */
  readonly share?: { readonly examples: number; readonly whole: number } | undefined;
  /** Standard errors of the seeds' own tests. */
  readonly errors?: readonly number[] | undefined;
}

export function estimateOf({ values, share, errors }: Evidence): Estimate {
  const n = values.length;
  const mean = meanOf(values);
  const deviation = deviationOf(values);
  const seeds = deviation === null ? null : { variance: deviation ** 2 / n, freedom: n - 1 };
  return { mean, seeds, test: testVariance() };

  function testVariance(): number | null {
    if (share !== undefined) return share.whole ** 2 * binomial(mean / share.whole, share.examples);
    return errors?.length === n && n > 0 ? meanOf(errors.map((e) => e ** 2)) / n : null;
  }
}

/** The variance of a share of so many examples, one success and one failure added, so that a share of 0 is not certain (Agresti and Caffo 2000). */
function binomial(share: number, examples: number): number {
  const p = Math.min(1, Math.max(0, (share * examples + 1) / (examples + 2)));
  return (p * (1 - p)) / (examples + 2);
}

/** What is known exactly, or with a standard error of its own. */
export const known = (mean: number, error = 0): Estimate => ({
  mean,
  seeds: { variance: error ** 2, freedom: Infinity },
  test: error ** 2,
});

/** By Welch's test over the seeds and by the size of the test, whichever is more; null where nothing tells. */
export function chanceBetween(a: Estimate, b: Estimate): Chance | null {
  const sizes = [
    welch(a.seeds, b.seeds),
    a.test === null || b.test === null ? null : normal(a.test + b.test),
  ];
  const [bySeeds, byTest] = sizes.map((size) => size !== null && size > 0);
  if (!bySeeds && !byTest) return null;
  return { size: Math.max(...sizes.map((size) => size ?? 0)), bySeeds, byTest };
}

const normal = (variance: number): number => 1.96 * Math.sqrt(variance);

function welch(a: Estimate["seeds"], b: Estimate["seeds"]): number | null {
  if (a === null || b === null) return null;
  const sum = a.variance + b.variance;
  if (!(sum > 0 && sum < Infinity)) return null; // equal to the last digit: that tells nothing of chance
  const part = a.variance / sum;
  const freedom = 1 / (part ** 2 / a.freedom + (1 - part) ** 2 / b.freedom);
  return student(freedom) * Math.sqrt(sum);
}

/** Two-sided 5 % points of Student's t by degrees of freedom, from 1. */
const STUDENT = [12.71, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228];

/** Of degrees that are no whole number the next lower one's; beyond the table a little more than it is. */
export const student = (freedom: number): number =>
  STUDENT[Math.max(1, Math.floor(freedom)) - 1] ?? 1.96 + 2.68 / freedom;

/** Two of each of several seeds, compared seed by seed. */
export interface Paired {
  /** The mean of the differences. */
  readonly mean: number;
  readonly deviation: number | null;
  readonly pairs: number;
  /** How often chance alone makes as large a mean (two-sided, paired t test); null where one pair, or equal differences, tell nothing. */
  readonly p: number | null;
}

/** What is left of the spread of seeds where both of a pair share theirs: the paired t test of differences. */
export function pairedTest(differences: readonly number[]): Paired {
  const pairs = differences.length;
  const [mean, deviation] = [meanOf(differences), deviationOf(differences)];
  const p =
    deviation === null || !(deviation > 0)
      ? null
      : studentTails(mean / (deviation / Math.sqrt(pairs)), pairs - 1);
  return { mean, deviation, pairs, p };
}

/** The probability of more than |t| by Student's distribution, for whole degrees of freedom (Abramowitz and Stegun 26.7.3, 26.7.4). */
export function studentTails(t: number, freedom: number): number {
  const angle = Math.atan(Math.abs(t) / Math.sqrt(freedom));
  const [sine, cosine] = [Math.sin(angle), Math.cos(angle)];
  const isOdd = freedom % 2 === 1;
  let [sum, term] = [0, isOdd ? cosine : 1];
  for (let k = isOdd ? 1 : 0; k <= freedom - 2; k += 2) {
    sum += term;
    term *= (cosine ** 2 * (k + 1)) / (k + 2);
  }
  const within = isOdd ? (2 / Math.PI) * (angle + sine * sum) : sine * sum;
  return Math.max(0, 1 - within);
}

export type Verdict = "apart" | "within chance" | "unknown";

/** Whether two means can be told apart. */
export function verdictOf(a: Estimate, b: Estimate): Verdict {
  if (a.mean === b.mean) return "within chance";
  const chance = chanceBetween(a, b);
  if (chance === null) return "unknown";
  return Math.abs(a.mean - b.mean) > chance.size ? "apart" : "within chance";
}

export const meanOf = (values: readonly number[]): number =>
  values.reduce((sum, x) => sum + x, 0) / values.length;

/** Of an even number the mean of the two in the middle. */
export function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** How often chance alone makes the probabilities of independent tests as small as these (Fisher's method); NaN of none. */
export function combined(probabilities: readonly number[]): number {
  if (probabilities.length === 0) return NaN;
  const x = -probabilities.reduce((sum, p) => sum + Math.log(Math.max(p, Number.MIN_VALUE)), 0);
  // Twice that has a chi-squared distribution of an even number of degrees.
  let [sum, term] = [0, 1];
  for (let k = 1; k <= probabilities.length; k++) {
    sum += term;
    term *= x / k;
  }
  return Math.min(1, Math.exp(-x) * sum);
}

/** Of a sample; null for a single value. */
export function deviationOf(values: readonly number[]): number | null {
  if (values.length < 2) return null;
  const mean = meanOf(values);
  return Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (values.length - 1));
}
