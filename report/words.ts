/** How numbers and lists are written. */
import type { Sheet } from "../runs/records.ts";

/** What stands where there is nothing to tell. */
export const NOTHING = "\u2013";

/** 12345.6 -> "12,346". */
export const thousands = (x: number): string =>
  Math.abs(x) < 1e15 ? Math.round(x).toLocaleString("en-US") : power(x, 2);

/** So many decimals, or a power of ten where they would mean nothing: "1.35", "6.0e22". */
export const fixed = (x: number, digits: number): string =>
  Math.abs(x) < 1e7 ? x.toFixed(digits) : power(x, 1);

/** Three significant digits of `like`, or one decimal, and `x` to the same place. */
export function significant(x: number, like: number = x): string {
  if (like !== 0 && (Math.abs(like) < 1e-4 || Math.abs(like) >= 1e5)) return power(x, 2);
  const digits = like === 0 ? 3 : 2 - Math.floor(Math.log10(Math.abs(like)));
  return digits > -2 ? x.toFixed(Math.max(1, digits)) : thousands(x);
}

const power = (x: number, digits: number): string => x.toExponential(digits).replace("e+", "e");

/** As short as it can be said, to so many significant digits: "0.5", "12". */
export const short = (x: number, digits = 3): string => {
  const rounded = Number(x.toPrecision(digits));
  return Math.abs(rounded) >= 10_000 ? thousands(rounded) : String(rounded);
};

/** Of a test by chance: "0.031", "< 0.001". */
export const probability = (p: number): string =>
  p < 0.001 ? "< 0.001" : String(Number(p.toPrecision(2)));

/** "1 seed", "2 seeds", "180,000 frames", "1.5 epochs". */
export const count = (n: number, noun: string): string =>
  `${Number.isInteger(n) ? thousands(n) : String(Number(n.toFixed(2)))} ${noun}${n === 1 ? "" : "s"}`;

/** "update" of "updates". */
export const singular = (plural: string): string => plural.replace(/s$/, "");

/** "a step", "an update". */
export const one = (noun: string): string => `${/^[aeiou]/i.test(noun) ? "an" : "a"} ${noun}`;

/** "plain, weight and batch". */
export const list = (words: readonly string[]): string =>
  words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)!}`;

export const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

export const sentences = (all: readonly string[]): string => all.filter((s) => s !== "").join(" ");

/** "48.2 s", "3 min 7 s", "1 h 2 min". */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return NOTHING;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${thousands(Math.floor(whole / 3600))} h ${Math.floor((whole % 3600) / 60)} min`;
}

/** "2026-07-01 12:30 UTC" */
export const moment = (time: string): string => time.replace(/T(\d\d:\d\d).*Z$/, " $1 UTC");

/** What a step of training is called: "frame" where each works on one of these, else "step". */
export const stepName = ({ work }: Pick<Sheet, "work">): string =>
  work.perStep === 1 ? singular(work.unit) : "step";
