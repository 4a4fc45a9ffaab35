/** What each arm ended with, in numbers: what tables, findings and bold type are all made of. */
import { ARMS } from "../runs/records.ts";
import type { Arm, ArmRecord, Measure, Results, RunRecord } from "../runs/records.ts";
import { estimateOf, known, meanOf, verdictOf, type Estimate } from "./chance.ts";

/** What an arm ended with. */
export interface Row {
  readonly arm: Arm;
  readonly record: ArmRecord;
  readonly runs: readonly RunRecord[];
  /** How far training was at the last test, the mean of the runs; null where there was none. */
  readonly at: number | null;
  /** The first measure in its unit; null where a run has none. */
  readonly score: Estimate | null;
}

/** The arms that have something to show, in their fixed order. */
export const armsOf = (results: Results): readonly Arm[] =>
  ARMS.filter((arm) => (results.arms[arm]?.runs.length ?? 0) > 0);

/** One row an arm; the numbers are those of the last test, not of the best one. */
export const rowsOf = (results: Results): readonly Row[] =>
  armsOf(results).map((arm) => {
    const record = results.arms[arm]!;
    const { runs } = record;
    const ats = present(runs.map((run) => run.tests.at(-1)?.at));
    return {
      ...{ arm, record, runs },
      at: ats === null ? null : meanOf(ats),
      score: estimateOfTest(results, runs, results.sheet.measures[0]),
    };
  });

/** A measure of the last test in its unit, with what is known of chance. */
export function estimateOfTest(
  { sheet }: Results,
  runs: readonly RunRecord[],
  { key, scale, unit, share = false }: Pick<Measure, "key" | "scale" | "unit" | "share">,
): Estimate | null {
  const values = present(runs.map((run) => scaled(lastTest(run, "test", key), scale)));
  if (values === null) return null;
  const errors = present(runs.map((run) => scaled(lastError(run, key), scale)));
  return estimateOf({
    values,
    share: share ? { examples: sheet.tested.count, whole: unit === "%" ? 100 : scale } : undefined,
    errors: errors?.map(Math.abs),
  });
}

/** What those get who learn nothing, in the measure's unit. */
export function baselineOf({ sheet }: Results): Estimate | null {
  const [{ key, scale }] = sheet.measures;
  const mean = scaled(valueOf(sheet.baseline?.test, key), scale);
  const error = scaled(valueOf(sheet.baseline?.errors, key), scale) ?? 0;
  return mean === null ? null : known(mean, Math.abs(error));
}

/** What stands in a column of numbers; null where it is no number, whatever a type says. */
export function valueOf(
  values: Readonly<Record<string, unknown>> | undefined,
  key: string,
): number | null {
  const x = values !== undefined && Object.hasOwn(values, key) ? values[key] : null;
  return typeof x === "number" && Number.isFinite(x) ? x : null;
}

/** A value of the last test, or of the training before the last one that ended a turn. */
export const lastTest = (run: RunRecord, set: "test" | "train", key: string): number | null =>
  valueOf(run.tests.findLast((test) => test[set] !== undefined)?.[set], key);
const lastError = (run: RunRecord, key: string): number | null =>
  valueOf(run.tests.at(-1)?.errors, key);

export const scaled = (x: number | null, scale: number): number | null =>
  x === null || !Number.isFinite(x * scale) ? null : x * scale;

/** All of them, or null where there is none or one is missing. */
export function present(values: readonly (number | null | undefined)[]): readonly number[] | null {
  const found = values.filter((x) => x !== null && x !== undefined);
  return found.length > 0 && found.length === values.length ? found : null;
}

/** Those that cannot be told apart from the best one, the best one first; the order of the others is that of their means. */
export function leadersOf<T>(
  all: readonly T[],
  estimateOf: (x: T) => Estimate | null,
  better: "lower" | "higher",
): readonly T[] {
  const ranked = rankedBy(all, estimateOf, better);
  if (ranked.length === 0) return [];
  const best = estimateOf(ranked[0])!;
  return ranked.filter((x) => verdictOf(best, estimateOf(x)!) !== "apart");
}

/** From the best to the worst; those without an estimate are left out. */
export function rankedBy<T>(
  all: readonly T[],
  estimateOf: (x: T) => Estimate | null,
  better: "lower" | "higher",
): readonly T[] {
  const sign = better === "lower" ? 1 : -1;
  return all
    .filter((x) => estimateOf(x) !== null)
    .toSorted((a, b) => sign * (estimateOf(a)!.mean - estimateOf(b)!.mean));
}
