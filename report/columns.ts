/** The columns of the table of results, and which of their numbers are the best ones. */
import type { Arm, Column, Results, RunRecord } from "../runs/records.ts";
import { deviationOf, estimateOf, meanOf, type Estimate } from "./chance.ts";
import { smoothedLoss } from "./curves.ts";
import { targetText } from "./measure.ts";
import { estimateOfTest, lastTest, leadersOf, present, scaled, type Row } from "./rows.ts";
import { fixed, NOTHING, one, significant, singular, thousands } from "./words.ts";

/** A mean over the seeds and their standard deviation; null where there is nothing to tell. */
export interface Stat {
  readonly mean: number | null;
  readonly deviation: number | null;
}

export interface TableColumn {
  /** What it is, for programs: "test error", "milliseconds". */
  readonly key: string;
  readonly head: string;
  readonly unit: string;
  readonly better: "lower" | "higher" | null;
  readonly stat: (row: Row) => Stat;
  readonly estimate: (row: Row) => Estimate | null;
  /** Whether any run of it has something in this column. */
  readonly some: (row: Row) => boolean;
  /** A number as it is written in this column, to the places that `like` has. */
  readonly write: (x: number, like: number) => string;
  /** Of the sheet's columns the one that this is. */
  readonly from: Column;
}

/** The columns that any arm has something in, after the arm's name; those that compare with plain only where there are both. */
export function columnsOf(results: Results, rows: readonly Row[]): readonly TableColumn[] {
  const compares = rows.length > 1 && rows.some(({ arm }) => arm === "plain");
  return results.sheet.table
    .map((column) => resolved(column, results, rows))
    .filter(({ from, stat }) =>
      typeof from !== "string"
        ? from.set === "test" || rows.some((row) => stat(row).mean !== null)
        : from === "seconds to target"
          ? results.sheet.target !== undefined
          : rows.some((row) => stat(row).mean !== null) && (compares || !COMPARING.has(from)),
    );
}

const COMPARING: ReadonlySet<Column> = new Set(["epochs to plain's loss", "step time"]);

function resolved(column: Column, results: Results, rows: readonly Row[]): TableColumn {
  const { sheet } = results;
  const [measure] = sheet.measures;
  if (typeof column === "object") {
    const { set, key, scale, digits, head, better = null } = column;
    const measured = sheet.measures.find((m) => m.key === key && m.scale === scale);
    const values = ofRuns((run) => scaled(lastTest(run, set, key), scale));
    const estimate =
      set === "test"
        ? (row: Row) => estimateOfTest(results, row.runs, { unit: "", ...measured, key, scale })
        : values.estimate;
    return {
      ...{ key: `${set} ${key}`, head, better, from: column, unit: measured?.unit ?? "" },
      ...{ stat: values.stat, some: values.some, estimate },
      write: digits === undefined ? significant : (x) => fixed(x, digits),
    };
  }
  const milliseconds = (run: RunRecord): number | null => run.timing?.milliseconds?.median ?? null;
  const { unit, step } = sheet.work;
  const decimals = (digits: number) => (x: number) => fixed(x, digits);
  switch (column) {
    case "epochs to plain's loss": {
      const plain = new Map(
        rows.find(({ arm }) => arm === "plain")?.runs.map((run) => [run.seed, run]),
      );
      const axis = `${sheet.axis.name}s`;
      return {
        ...{ key: column, head: `${axis} to plain's`, unit: axis, better: "lower", from: column },
        ...ofRuns((run) => untilPlain(run, plain.get(run.seed))),
        write: decimals(sheet.axis.per === 1 ? 2 : 0),
      };
    }
    case "work a second":
      return {
        ...{ key: `${unit} a second`, head: `${unit}/s`, unit: `${unit}/s`, better: "higher" },
        ...ofRuns((run) => run.timing?.perSecond ?? null),
        ...{ write: thousands, from: column },
      };
    case "milliseconds":
      return {
        ...{ key: column, head: `ms ${one(singular(step))}`, unit: "ms", better: "lower" },
        ...ofRuns(milliseconds),
        ...{ write: decimals(2), from: column },
      };
    case "step time":
      return {
        ...{ key: column, head: `${singular(step)} time`, unit: "\u00d7", better: null },
        ...relativeTo(rows, "plain", milliseconds),
        ...{ write: (x) => `${x.toFixed(2)}\u00d7`, from: column },
      };
    case "seconds to target": {
      const target = sheet.target ?? NaN;
      const there = (x: number): boolean =>
        measure.better === "lower" ? x <= target : x >= target;
      const head = `s to ${targetText(measure, target)} ${measure.key}`;
      return {
        ...{ key: column, head, unit: "s", better: "lower", from: column },
        ...ofRuns(
          (run) => run.tests.find(({ test }) => reaches(test[measure.key], there))?.seconds ?? null,
        ),
        write: decimals(1),
      };
    }
  }
}

const reaches = (x: unknown, there: (x: number) => boolean): boolean =>
  typeof x === "number" && there(x);

type Numbers = Pick<TableColumn, "stat" | "estimate" | "some">;

/** A number of each run: mean and deviation over the seeds where all of them have it. */
const ofRuns = (of: (run: RunRecord) => number | null): Numbers => ({
  stat({ runs }) {
    const values = present(runs.map(of));
    return values === null
      ? { mean: null, deviation: null }
      : { mean: meanOf(values), deviation: deviationOf(values) };
  },
  estimate({ runs }) {
    const values = present(runs.map(of));
    return values === null ? null : estimateOf({ values });
  },
  some: ({ runs }) => runs.some((run) => of(run) !== null),
});

/** Means over those of one arm. */
function relativeTo(
  rows: readonly Row[],
  arm: Arm,
  of: (run: RunRecord) => number | null,
): Numbers {
  const { stat } = ofRuns(of);
  const base = rows.find((row) => row.arm === arm);
  const whole = base === undefined ? null : stat(base).mean;
  const mean = (row: Row): number | null => {
    const own = stat(row).mean;
    return own === null || whole === null || !(whole > 0) ? null : own / whole;
  };
  return {
    stat: (row) => ({ mean: mean(row), deviation: null }),
    estimate: () => null,
    some: (row) => mean(row) !== null,
  };
}

/** How far training was when the loss, smoothed as in the figure, was where that of plain ended; null where that never was. */
function untilPlain(run: RunRecord, plain: RunRecord | undefined): number | null {
  const goal = plain && smoothedLoss(plain).at(-1)?.y;
  if (goal === undefined) return null;
  const losses = smoothedLoss(run);
  // From where on it stays there: a loss that is low before it jumps has not arrived.
  const before = losses.findLastIndex(({ y }) => !(y <= goal));
  return losses.at(before + 1)?.at ?? null;
}

/** `12.3 ± 0.4`, or without the deviation on request or where there is none. */
export function textOf(
  { write }: TableColumn,
  { mean, deviation }: Stat,
  withDeviation = true,
): string {
  if (mean === null) return NOTHING;
  const text = write(mean, mean);
  return deviation === null || !withDeviation ? text : `${text} \u00b1 ${write(deviation, mean)}`;
}

/** The arms with the best value of a column, and all that are within chance of it; none where all are. */
export function bestOf(rows: readonly Row[], { estimate, better }: TableColumn): ReadonlySet<Arm> {
  if (better === null) return new Set();
  const there = rows.filter((row) => estimate(row) !== null);
  const best = leadersOf(there, estimate, better);
  return new Set(best.length < there.length ? best.map(({ arm }) => arm) : []);
}
