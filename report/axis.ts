/** Domains, ticks and tick labels: few, round and the same for all panels of a row. */

export interface Axis {
  readonly title: string;
  readonly type: "linear" | "log";
  readonly domain: readonly [number, number];
  readonly ticks: readonly number[];
  readonly labels: readonly string[];
}

export interface LinearOptions {
  /** About how many ticks. */
  readonly count?: number;
  /** Ticks at whole numbers only. */
  readonly integer?: boolean;
  readonly from?: number;
}

/** From 0 (or `from`) to just the largest value. */
export function linearAxis(
  title: string,
  values: readonly number[],
  { count = 5, integer = false, from = 0 }: LinearOptions = {},
): Axis {
  const top = values.reduce((most, x) => Math.max(most, x), from);
  const max = top > from ? top : from + 1;
  const ticks = linearTicks(from, max, { count, integer });
  return { title, type: "linear", domain: [from, max], ticks, labels: labelsOf(ticks) };
}

/** Whether a logarithmic axis has a place for it. */
export const hasLogarithm = (x: number): boolean => x > 1e-200;

/** Labels of a logarithmic axis that are closer together than this share of it may run into each other. */
const CLOSE = 0.12;

/**
 * Around the values, logarithmic; values that a logarithm cannot take are the caller's to lift first. `own` puts ticks at the values themselves
 * where they are few and short to write.
 */
export function logAxis(
  title: string,
  values: readonly number[],
  { most = 6, own = false }: { readonly most?: number; readonly own?: boolean } = {},
): Axis {
  const positive = values.filter(hasLogarithm);
  const low = positive.length > 0 ? positive.reduce((a, b) => Math.min(a, b)) : 0.1;
  const high = positive.length > 0 ? positive.reduce((a, b) => Math.max(a, b)) : 1;
  // Some air, and more of it where all values are nearly equal: their differences are no news.
  const air = Math.max(0.05 * Math.log(high / low), 0.5 * (Math.log(1.3) - Math.log(high / low)));
  const domain = [low / Math.exp(air), high * Math.exp(air)] as const;
  const mine = own ? [...new Set(positive)].sort((a, b) => a - b) : [];
  const close = CLOSE * Math.log(domain[1] / domain[0]);
  const areClear = mine.every((x, i) => i === 0 || Math.log(x / mine[i - 1]) >= close);
  const areShort = mine.every((x) => x === Number(x.toPrecision(2)));
  const fit = mine.length > 1 && mine.length <= most && areClear && areShort;
  const ticks = fit ? mine : logTicks(domain[0], domain[1], most);
  return { title, type: "log", domain, ticks, labels: labelsOf(ticks) };
}

function linearTicks(
  low: number,
  high: number,
  { count, integer }: { count: number; integer: boolean },
): readonly number[] {
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= rough * (1 - 1e-9))!;
  const whole = integer ? Math.max(1, Math.round(step)) : step;
  const first = Math.ceil(low / whole - 1e-9);
  const last = Math.floor(high / whole + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => exact((first + i) * whole));
}

const MANTISSAS = [[1], [1, 3], [1, 2, 5], [1, 2, 3, 5], [1, 1.5, 2, 3, 5, 7]];

/** The sparsest of whole decades, 1-3, 1-2-5, ... that still gives three ticks; or linear ones in a short interval. */
function logTicks(low: number, high: number, most: number): readonly number[] {
  const first = Math.floor(Math.log10(low));
  const decades = Array.from(
    { length: Math.ceil(Math.log10(high)) - first + 1 },
    (_, i) => 10 ** (first + i),
  );
  for (const mantissas of MANTISSAS) {
    const ticks = decades
      .flatMap((decade) => mantissas.map((m) => exact(m * decade)))
      .filter((x) => x >= low && x <= high);
    const stride = Math.ceil(ticks.length / most);
    if (ticks.length >= 3) return ticks.filter((_, i) => i % stride === 0);
  }
  return linearTicks(low, high, { count: most - 1, integer: false });
}

/** 3 * 0.1 is not 0.3; a tick is. */
const exact = (x: number): number => Number(x.toPrecision(12));

/** Plain decimals down to a thousandth, then powers of ten: on one axis all the one or all the other. */
function labelsOf(ticks: readonly number[]): readonly string[] {
  const plain = ticks.every((x) => x === 0 || (Math.abs(x) >= 0.001 && Math.abs(x) < 1e5));
  return ticks.map((x) => (plain || x === 0 ? String(x).replace("-", "\u2212") : powerOf(x)));
}

function powerOf(x: number): string {
  const exponent = Math.floor(Math.log10(Math.abs(x)) + 1e-9);
  const mantissa = exact(x / 10 ** exponent);
  const power = `10${superscript(exponent)}`;
  return mantissa === 1 ? power : `${String(mantissa).replace("-", "\u2212")}\u00b7${power}`;
}

const superscript = (n: number): string =>
  String(n).replace(/./g, (c) => (c === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(c)]));
