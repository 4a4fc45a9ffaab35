/** The numbers of the tables, computed once for the terminal and the page alike. */
import type { Arm, EpochResult, Results } from "../../experiments/results.ts";
import { armsOf } from "./curves.ts";

/** A mean over the seeds and their standard deviation; `null` where there is nothing to tell. */
export interface Stat {
  readonly mean: number | null;
  readonly deviation: number | null;
}

/** What an arm ended with. */
export interface Row {
  readonly arm: Arm;
  readonly seeds: number;
  /** Epochs trained. */
  readonly epochs: number;
  /** In percent. */
  readonly testError: Stat;
  readonly trainLoss: Stat;
  readonly imagesPerSecond: Stat;
  readonly relativeStepTime: Stat;
  readonly secondsToTarget: Stat;
}

/** One row an arm, in the fixed order of the arms; the numbers are those after the last epoch, not of the best one. */
export const rowsOf = (results: Results): readonly Row[] =>
  armsOf(results).map((arm) => {
    const { epochs, runs, ...result } = results.arms[arm]!;
    const last = epochs[epochs.length - 1];
    const final = (key: keyof EpochResult, unit = 1): Stat => ({
      mean: scaled(last[key], unit),
      deviation: deviation(runs.map((run) => scaled(run.epochs.at(-1)?.[key], unit))),
    });
    const reached = runs.map((run) => {
      const end = run.epochs.find((e) => (finite(e.testError) ?? Infinity) <= results.targetError);
      return finite(end?.seconds);
    });
    return {
      arm,
      seeds: runs.length,
      epochs: epochs.length,
      testError: final("testError", 100),
      trainLoss: final("trainLoss"),
      imagesPerSecond: {
        mean: finite(result.imagesPerSecond),
        deviation: deviation(runs.map((run) => run.imagesPerSecond)),
      },
      relativeStepTime: { mean: finite(result.relativeStepTime), deviation: null },
      secondsToTarget: {
        mean: finite(result.secondsToTarget),
        // Seeds that never got there have no time to deviate by.
        deviation: result.secondsToTarget === null ? null : deviation(reached),
      },
    };
  });

export type StatKey =
  "testError" | "trainLoss" | "imagesPerSecond" | "relativeStepTime" | "secondsToTarget";

export interface Column {
  readonly key: StatKey;
  readonly head: string;
  readonly best: "lowest" | "highest" | null;
  /** `12.3 ± 0.4`, or without the deviation on request or where there is none. */
  readonly text: (stat: Stat, deviation?: boolean) => string;
}

/** The columns of the results table, after the arm's name. */
export const columnsOf = (results: Results): readonly Column[] => [
  { key: "testError", head: "test error %", best: "lowest", text: fixed(2) },
  { key: "trainLoss", head: "train loss", best: "lowest", text: significant },
  { key: "imagesPerSecond", head: "images/s", best: "highest", text: whole },
  // The baseline of the ratio is an arm itself, so the lowest one is no news.
  { key: "relativeStepTime", head: "step time", best: null, text: times },
  {
    key: "secondsToTarget",
    head: `s to ${percent(results.targetError)} error`,
    best: "lowest",
    text: fixed(1),
  },
];

/** The arms with the best value of a column; none if there is no competition. */
export function bestOf(rows: readonly Row[], { key, best }: Column): readonly Arm[] {
  const values = rows.flatMap(({ [key]: { mean } }) => (mean === null ? [] : [mean]));
  if (best === null || rows.length < 2 || values.length === 0) return [];
  const limit = best === "lowest" ? Math.min(...values) : Math.max(...values);
  return rows.filter((row) => row[key].mean === limit).map((row) => row.arm);
}

/** 0.02 -> `2%`. */
export const percent = (fraction: number): string => `${Number((100 * fraction).toPrecision(3))}%`;

/** 12345.6 -> `12,346`. */
export const thousands = (x: number): string => Math.round(x).toLocaleString("en-US");

const NOTHING = "\u2013";

const written =
  (format: (x: number, like: number) => string) =>
  ({ mean, deviation }: Stat, withDeviation = true): string => {
    if (mean === null) return NOTHING;
    const text = format(mean, mean);
    return deviation === null || !withDeviation ? text : `${text} ± ${format(deviation, mean)}`;
  };

const fixed = (digits: number): Column["text"] => written((x) => x.toFixed(digits));
const whole: Column["text"] = written(thousands);
const times: Column["text"] = written((x) => `${x.toFixed(2)}×`);

/** Three significant digits of the mean, and the deviation to the same place. */
const significant: Column["text"] = written((x, like) => {
  if (like !== 0 && Math.abs(like) < 1e-4) return x.toExponential(2);
  const digits = like === 0 ? 3 : 2 - Math.floor(Math.log10(Math.abs(like)));
  return x.toFixed(Math.max(0, digits));
});

/** Of a sample; `null` for a single value, and if any is missing. */
function deviation(samples: readonly (number | null)[]): number | null {
  const values = samples.map(finite).filter((x) => x !== null);
  if (values.length < 2 || values.length < samples.length) return null;
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  const squares = values.reduce((sum, x) => sum + (x - mean) ** 2, 0);
  return Math.sqrt(squares / (values.length - 1));
}

const scaled = (x: number | undefined, unit: number): number | null => {
  const value = finite(x);
  return value === null ? null : unit * value;
};

/** JSON has no NaN and says null, whatever the type says. */
const finite = (x: unknown): number | null =>
  typeof x === "number" && Number.isFinite(x) ? x : null;
