/** What the results say, in words computed from them: whoever won, and whether the lead means anything. */
import type { Results } from "../../experiments/results.ts";
import { unitAfter } from "../measure.ts";
import { rowsOf, targetText, thousands } from "./summary.ts";
import type { Row } from "./summary.ts";

export interface Findings {
  /** Which arm did best by the first measure. */
  readonly headline: string;
  readonly sentences: readonly string[];
}

/** The headline and the sentences below it; the same words whether or not weight normalization did well. */
export function findingsOf(results: Results): Findings {
  const rows = rowsOf(results);
  const ranking = rows.filter((row) => row.test.mean !== null).sort((a, b) => score(a) - score(b));
  const scale = scaleOf(results);
  return {
    headline: headline(ranking, scale),
    sentences: [
      lead(ranking, scale),
      target(rows, results),
      verdict(ranking, scale),
      pace(rows),
      cost(rows),
      failures(rows, results),
    ].filter((sentence) => sentence !== ""),
  };
}

/** How scores are spoken of, and how far chance can move them. */
interface Scale {
  /** "test error" */
  readonly name: string;
  /** "1.35%" */
  readonly text: (score: number) => string;
  /** "1.35 percentage points" */
  readonly difference: (size: number) => string;
  /** Two standard errors of a difference, by the seeds or, for an error, by the size of the test set, whichever is more; `null` where nothing tells. */
  readonly chance: (a: Row, b: Row) => number | null;
  /** "2 seeds and 10,000 test images" */
  readonly evidence: (row: Row) => string;
}
function scaleOf({ measures: [measure], data }: Results): Scale {
  const { key, unit, digits } = measure;
  const isShare = unit === "%";
  const digitsOf = (x: number): string => x.toFixed(digits);
  return {
    name: `test ${key}`,
    text: (x) => `${digitsOf(x)}${unitAfter(measure)}`,
    difference: (x) => `${digitsOf(x)} ${isShare ? "percentage points" : unit}`,
    chance(a, b) {
      const seeds = [a, b].map((r) => (r.test.deviation ?? NaN) ** 2 / r.seeds);
      const images = [a, b].map((r) => (isShare ? (score(r) * (100 - score(r))) / data.test : NaN));
      const variances = [seeds, images].map(([x, y]) => x + y).filter((x) => x >= 0);
      return variances.length > 0 ? 2 * Math.sqrt(Math.max(...variances)) : null;
    },
    evidence: ({ seeds }) =>
      `${seeds > 1 ? `${seeds} seeds` : "one seed"}${isShare ? ` and ${thousands(data.test)} test images` : ""}`,
  };
}

function headline(ranking: readonly Row[], { name, text }: Scale): string {
  if (ranking.length === 0) return `No arm ended with a ${name}`;
  const [best] = ranking;
  const ending = `${text(score(best))} after ${count(best.epochs, "epoch")}`;
  if (ranking.length === 1) return `${best.arm} ended with a ${name} of ${ending}`;
  const tied = ranking.filter((row) => score(row) === score(best)).map((row) => row.arm);
  if (tied.length > 1) return `${list(tied)} tied for the lowest ${name}: ${ending}`;
  return `${best.arm} had the lowest ${name}: ${ending}`;
}

function lead(ranking: readonly Row[], { difference, chance, evidence, text }: Scale): string {
  if (ranking.length < 2 || score(ranking[0]) === score(ranking[1])) return "";
  const [best, second] = ranking;
  const gap = score(second) - score(best);
  const noise = chance(best, second);
  const start = `Its lead over ${second.arm} is ${difference(gap)}`;
  if (noise === null) return `${start}; one seed does not tell how much of that is chance.`;
  const size = text(noise).replace("%", "");
  return gap < noise
    ? `${start}; with ${evidence(best)} chance alone can make ${size}, so read it as a tie.`
    : `${start}; more than the ${size} that chance can make with ${evidence(best)}.`;
}

function target(rows: readonly Row[], results: Results): string {
  const goal = `${targetText(results)} test ${results.measures[0].key}`;
  const time = (row: Row): number => row.secondsToTarget.mean ?? Infinity;
  const sorted = rows.filter((row) => time(row) < Infinity).sort((a, b) => time(a) - time(b));
  const missed = rows.filter((row) => time(row) === Infinity).map((row) => row.arm);
  if (rows.length === 0) return "";
  if (sorted.length === 0) {
    return rows.length === 1
      ? `It did not reach the target of ${goal}.`
      : `No arm reached the target of ${goal}.`;
  }
  const [first, ...others] = sorted;
  const seconds = `${time(first).toFixed(1)} s of training`;
  if (rows.length === 1) return `It reached the target of ${goal} after ${seconds}.`;
  const rest = [
    ...others.map((row) => `${row.arm} after ${time(row).toFixed(1)} s`),
    ...(missed.length > 0 ? [`${list(missed)} never did`] : []),
  ];
  return `${first.arm} reached the target of ${goal} first, after ${seconds}; ${rest.join(", ")}.`;
}

/** Where weight normalization came, said as plainly when it lost. */
function verdict(ranking: readonly Row[], scale: Scale): string {
  const weight = ranking.find((row) => row.arm === "weight");
  if (weight === undefined || ranking.length < 2) return "";
  const plain = ranking.find((row) => row.arm === "plain");
  // Against plain it is in the lead's own sentence then.
  const said = ranking[0] === weight && ranking[1] === plain && score(weight) < score(plain);
  const against = plain === undefined || said ? "" : againstPlain(weight, plain, scale);
  return sentences([standing(weight, ranking, scale), against]);
}

function standing(weight: Row, ranking: readonly Row[], { text }: Scale): string {
  const [best] = ranking;
  if (score(weight) === score(best)) return "";
  const better = ranking.filter((row) => score(row) < score(weight)).length;
  const place = `${ordinal(better + 1)} of ${ranking.length}`;
  return best.arm === "weight+mean-only"
    ? `Weight normalization came first only together with mean-only batch normalization; alone it came ${place}.`
    : `Weight normalization alone did not win: it came ${place}, at ${text(score(weight))}.`;
}

function againstPlain(weight: Row, plain: Row, { name, difference, chance, text }: Scale): string {
  const gap = score(weight) - score(plain);
  const start = "Against plain, weight normalization alone";
  if (gap === 0) return `${start} made no difference to the ${name}.`;
  const noise = chance(weight, plain);
  const end = `${start} ended ${difference(Math.abs(gap))} ${gap < 0 ? "lower" : "higher"}`;
  if (noise === null) return `${end}, with one seed.`;
  const reading = Math.abs(gap) < noise ? "within" : "more than";
  return `${end}, ${reading} the ${text(noise).replace("%", "")} that chance can make.`;
}

/** How soon the others had learned what plain ended with. */
function pace(rows: readonly Row[]): string {
  const plain = rows.find((row) => row.arm === "plain");
  const others = rows.filter((row) => row !== plain && row.epochsToPlain.mean !== null);
  const never = rows.filter((row) => row !== plain && row.epochsToPlain.mean === null);
  if (!plain || rows.length < 2) return "";
  const said = others.map((row) => `${row.arm} after ${row.epochsToPlain.mean!.toFixed(2)}`);
  const parts = [
    ...(said.length > 0
      ? [`was reached by ${list(said)} of its ${count(plain.epochs, "epoch")}`]
      : []),
    ...(never.length > 0 ? [`was not reached by ${list(never.map((row) => row.arm))}`] : []),
  ];
  return `The training loss that plain ended with ${parts.join("; it ")}.`;
}

function cost(rows: readonly Row[]): string {
  const others = rows.filter((row) => row.arm !== "plain" && row.relativeStepTime.mean !== null);
  if (others.length === 0) return "";
  const times = (row: Row): string => row.relativeStepTime.mean!.toFixed(2);
  const [first, ...rest] = others;
  const start = `A training step with ${first.arm} took ${times(first)} times as long as with plain`;
  if (rest.length === 0) return `${start}.`;
  return `${start}; ${list(rest.map((row) => `with ${row.arm} ${times(row)} times`))}.`;
}

function failures(rows: readonly Row[], { lost = [] }: Results): string {
  const lengths = new Set(rows.map((row) => row.epochs));
  return sentences([
    ...lost.map(
      ({ arm, seed, lr, step }) =>
        `${arm} with seed ${seed} and learning rate ${lr} diverged after step ${thousands(step)} and is in no mean.`,
    ),
    lengths.size > 1 ? "The arms were not trained for equally many epochs." : "",
  ]);
}

const sentences = (all: readonly string[]): string => all.filter((s) => s !== "").join(" ");

const score = (row: Row): number => row.test.mean ?? NaN;

/** `1 seed`, `2 seeds`. */
export const count = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? "" : "s"}`;

const list = (words: readonly string[]): string =>
  words.length < 2
    ? words.join("")
    : `${words.slice(0, -1).join(", ")} and ${words[words.length - 1]}`;

const ordinal = (n: number): string => ["first", "second", "third", "fourth", "fifth"][n - 1];
