/** What the results say, in words computed from them: whoever won, and whether the lead means anything. */
import type { Results } from "../../experiments/results.ts";
import { percent, rowsOf, thousands } from "./summary.ts";
import type { Row } from "./summary.ts";

export interface Findings {
  /** Which arm had the lowest test error. */
  readonly headline: string;
  readonly sentences: readonly string[];
}

/** The headline and the sentences below it; the same words whether or not weight normalization did well. */
export function findingsOf(results: Results): Findings {
  const rows = rowsOf(results);
  const ranking = rows
    .filter((row) => row.testError.mean !== null)
    .sort((a, b) => error(a) - error(b));
  return {
    headline: headline(ranking),
    sentences: [
      lead(ranking, results.data.test),
      target(rows, results.targetError),
      verdict(ranking, results.data.test),
      cost(rows),
      failures(rows),
    ].filter((sentence) => sentence !== ""),
  };
}

function headline(ranking: readonly Row[]): string {
  if (ranking.length === 0) return "No arm ended with a test error";
  const [best] = ranking;
  const ending = `${points(error(best))}% after ${count(best.epochs, "epoch")}`;
  if (ranking.length === 1) return `${best.arm} ended with a test error of ${ending}`;
  const tied = ranking.filter((row) => error(row) === error(best)).map((row) => row.arm);
  if (tied.length > 1) return `${list(tied)} tied for the lowest test error: ${ending}`;
  return `${best.arm} had the lowest test error: ${ending}`;
}

/** Two standard errors of a difference, in points: by the seeds or by the size of the test set, whichever is more. */
function chance(a: Row, b: Row, testImages: number): number {
  const ofSeeds = [a, b].reduce((sum, r) => sum + (r.testError.deviation ?? 0) ** 2 / r.seeds, 0);
  const ofImages = [a, b].reduce((sum, r) => sum + (error(r) * (100 - error(r))) / testImages, 0);
  return 2 * Math.sqrt(Math.max(ofSeeds, ofImages));
}

function lead(ranking: readonly Row[], testImages: number): string {
  if (ranking.length < 2 || error(ranking[0]) === error(ranking[1])) return "";
  const [best, second] = ranking;
  const gap = error(second) - error(best);
  const noise = chance(best, second, testImages);
  const from =
    best.seeds > 1
      ? `${best.seeds} seeds and ${thousands(testImages)} test images`
      : `one seed and ${thousands(testImages)} test images`;
  const reading =
    gap < noise
      ? `with ${from} chance alone can make ${points(noise)}, so read it as a tie`
      : `more than the ${points(noise)} that chance can make with ${from}`;
  return `Its lead over ${second.arm} is ${points(gap)} percentage points; ${reading}.`;
}

function target(rows: readonly Row[], targetError: number): string {
  const goal = `${percent(targetError)} test error`;
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
function verdict(ranking: readonly Row[], testImages: number): string {
  const weight = ranking.find((row) => row.arm === "weight");
  if (weight === undefined || ranking.length < 2) return "";
  const plain = ranking.find((row) => row.arm === "plain");
  // Against plain it is in the lead's own sentence then.
  const said = ranking[0] === weight && ranking[1] === plain && error(weight) < error(plain);
  const against = plain === undefined || said ? "" : againstPlain(weight, plain, testImages);
  return sentences([standing(weight, ranking), against]);
}

function standing(weight: Row, ranking: readonly Row[]): string {
  const [best] = ranking;
  if (error(weight) === error(best)) return "";
  const better = ranking.filter((row) => error(row) < error(weight)).length;
  const place = `${ordinal(better + 1)} of ${ranking.length}`;
  return best.arm === "weight+mean-only"
    ? `Weight normalization came first only together with mean-only batch normalization; alone it came ${place}.`
    : `Weight normalization alone did not win: it came ${place}, at ${points(error(weight))}%.`;
}

function againstPlain(weight: Row, plain: Row, testImages: number): string {
  const difference = error(weight) - error(plain);
  const start = "Against plain, weight normalization alone";
  if (difference === 0) return `${start} made no difference to the test error.`;
  const noise = chance(weight, plain, testImages);
  const size = `${points(Math.abs(difference))} percentage points ${difference < 0 ? "lower" : "higher"}`;
  const reading = Math.abs(difference) < noise ? "within" : "more than";
  return `${start} ended ${size}, ${reading} the ${points(noise)} that chance can make.`;
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

function failures(rows: readonly Row[]): string {
  const diverged = rows.filter((row) => row.trainLoss.mean === null).map((row) => row.arm);
  const lengths = new Set(rows.map((row) => row.epochs));
  return sentences([
    diverged.length > 0
      ? `The training loss of ${list(diverged)} ended as no number: it diverged.`
      : "",
    lengths.size > 1 ? "The arms were not trained for equally many epochs." : "",
  ]);
}

const sentences = (all: readonly string[]): string => all.filter((s) => s !== "").join(" ");

const error = (row: Row): number => row.testError.mean ?? NaN;

const points = (x: number): string => x.toFixed(2);

/** `1 seed`, `2 seeds`. */
export const count = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? "" : "s"}`;

const list = (words: readonly string[]): string =>
  words.length < 2
    ? words.join("")
    : `${words.slice(0, -1).join(", ")} and ${words[words.length - 1]}`;

const ordinal = (n: number): string => ["first", "second", "third", "fourth", "fifth"][n - 1];
