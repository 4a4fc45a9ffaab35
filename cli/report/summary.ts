/** The numbers of the tables, computed once for the terminal and the page alike. */
import type { Arm, EpochResult, Results, RunResult } from "../../experiments/results.ts";
import { unitAfter } from "../measure.ts";
import { armsOf, smoothedLoss } from "./curves.ts";

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
  /** The first measure on the test set, in its unit. */
  readonly test: Stat;
  readonly trainLoss: Stat;
  /** Epochs until the training loss was where that of plain, of the same seed, ended. */
  readonly epochsToPlain: Stat;
  readonly imagesPerSecond: Stat;
  readonly relativeStepTime: Stat;
  readonly secondsToTarget: Stat;
}

/** One row an arm, in the fixed order of the arms; the numbers are those after the last epoch, not of the best one. */
export function rowsOf(results: Results): readonly Row[] {
  const [{ key, scale }] = results.measures;
  return armsOf(results).map((arm) => {
    const { epochs, runs, ...result } = results.arms[arm]!;
    const final = (of: (epoch: EpochResult) => number): Stat => ({
      mean: finite(of(epochs[epochs.length - 1])),
      deviation: deviation(runs.map((run) => run.epochs.slice(-1).map(of)[0])),
    });
    const reached = runs.map((run) => {
      const end = run.epochs.find((e) => (finite(e.test[key]) ?? Infinity) <= results.target);
      return finite(end?.seconds);
    });
    return {
      arm,
      seeds: runs.length,
      epochs: epochs.length,
      test: final((e) => scaled(e.test[key], scale)),
      trainLoss: final((e) => e.train["loss"]),
      epochsToPlain: statOf(runs.map((run) => epochsToPlain(run, results))),
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
}

/** Both losses smoothed as in the figure; `null` where there is no plain run of the seed, or it never got there. */
function epochsToPlain(run: RunResult, results: Results): number | null {
  const plain = results.arms.plain?.runs.find(({ seed }) => seed === run.seed);
  const goal = plain && smoothedLoss(plain).at(-1)?.y;
  const losses = smoothedLoss(run);
  // From where on it stays there: a loss that is low before it jumps has not arrived.
  const before = losses.findLastIndex(({ y }) => goal === undefined || !(y <= goal));
  return finite(losses.at(before + 1)?.at);
}

export type StatKey = Exclude<keyof Row, "arm" | "seeds" | "epochs">;

export interface Column {
  readonly key: StatKey;
  readonly head: string;
  readonly best: "lowest" | "highest" | null;
  /** `12.3 ± 0.4`, or without the deviation on request or where there is none. */
  readonly text: (stat: Stat, deviation?: boolean) => string;
}

/** The columns of the results table, after the arm's name. */
export const columnsOf = (results: Results): readonly Column[] => {
  const [measure] = results.measures;
  return [
    {
      key: "test",
      head: `test ${measure.key} ${measure.unit}`,
      best: "lowest",
      text: fixed(measure.digits),
    },
    { key: "trainLoss", head: "train loss", best: "lowest", text: significant },
    { key: "epochsToPlain", head: "epochs to plain's", best: "lowest", text: fixed(2) },
    { key: "imagesPerSecond", head: "images/s", best: "highest", text: whole },
    // The baseline of the ratio is an arm itself, so the lowest one is no news.
    { key: "relativeStepTime", head: "step time", best: null, text: times },
    {
      key: "secondsToTarget",
      head: `s to ${targetText(results)} ${measure.key}`,
      best: "lowest",
      text: fixed(1),
    },
  ];
};

/** The target in the unit of the measure: `1.5%`, `100 nats`. */
export const targetText = ({ measures: [measure], target }: Results): string =>
  `${Number((measure.scale * target).toPrecision(4))}${unitAfter(measure)}`;

/** The arms with the best value of a column; none if there is no competition. */
export function bestOf(rows: readonly Row[], { key, best }: Column): readonly Arm[] {
  const values = rows.flatMap(({ [key]: { mean } }) => (mean === null ? [] : [mean]));
  if (best === null || rows.length < 2 || values.length === 0) return [];
  const limit = best === "lowest" ? Math.min(...values) : Math.max(...values);
  return rows.filter((row) => row[key].mean === limit).map((row) => row.arm);
}

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
  if (like !== 0 && (Math.abs(like) < 1e-4 || Math.abs(like) >= 1e5)) return x.toExponential(2);
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

/** Of a sample, all of whose values are there. */
export const statOf = (samples: readonly (number | null)[]): Stat => {
  const values = samples.filter((x) => x !== null);
  const all = values.length > 0 && values.length === samples.length;
  return {
    mean: all ? values.reduce((sum, x) => sum + x, 0) / values.length : null,
    deviation: deviation(samples),
  };
};

/** JSON's null times a unit would be 0. */
const scaled = (x: number, unit: number): number => unit * (finite(x) ?? NaN);

/** JSON has no NaN and says null, whatever the type says. */
const finite = (x: unknown): number | null =>
  typeof x === "number" && Number.isFinite(x) ? x : null;
