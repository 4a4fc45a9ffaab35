/** Who did best, if anybody can tell: the headline, by a rule. */
import type { Measure, Results } from "../runs/records.ts";
import { verdictOf } from "./chance.ts";
import { chanceOf, nothingLearned, type Nothing } from "./learning.ts";
import { inUnit, unitAfter } from "./measure.ts";
import { leadersOf, rankedBy, rowsOf, type Row } from "./rows.ts";
import { count, fixed, list, stepName, thousands } from "./words.ts";

/** The arms by the first measure of the last test. */
export interface Standing {
  readonly rows: readonly Row[];
  /** From the best to the worst, as far as they have results. */
  readonly ranking: readonly Row[];
  /** Those that cannot be told apart from the best one, which is the first of them. */
  readonly leaders: readonly Row[];
  /** Whether nothing tells how far chance moves the best two. */
  readonly unknown: boolean;
  readonly nothing: ReadonlyMap<Row, Nothing>;
}

export function standingOf(results: Results): Standing {
  const rows = rowsOf(results);
  const { better } = results.sheet.measures[0];
  const estimate = ({ score }: Row): Row["score"] => score;
  const ranking = rankedBy(rows, estimate, better);
  const [best, second] = ranking;
  return {
    ...{ rows, ranking },
    leaders: leadersOf(rows, estimate, better),
    unknown: ranking.length > 1 && verdictOf(best.score!, second.score!) === "unknown",
    nothing: new Map(
      ranking.flatMap((row) => {
        const why = nothingLearned(results, row);
        return why === null ? [] : [[row, why] as const];
      }),
    ),
  };
}

export function headlineOf(results: Results, standing: Standing): string {
  const said = headline(results, standing);
  return results.soFar === undefined
    ? said
    : `So far ${said.replace(/^(All|No|One|A|Test)\b/, (word) => word.toLowerCase())}`;
}

function headline(results: Results, { ranking, leaders, unknown, nothing }: Standing): string {
  const [measure] = results.sheet.measures;
  const name = `test ${measure.key}`;
  if (ranking.length === 0) return withoutTests(results, name);
  const after = afterOf(results, ranking);
  const [best] = ranking;
  const alone = ranking.length === 1;
  const value = text(measure, scoreOf(best));
  if (nothing.size === ranking.length) {
    const why = besides(results, nothing.get(best)!);
    return alone
      ? `${best.arm} learned nothing: a ${name} of ${value}${after}, ${why}`
      : `No arm learned anything: ${plural(name)} of ${range(measure, ranking)}${after}, ${why}`;
  }
  if (alone)
    return `${best.arm} ${results.soFar ? "has" : "ended with"} a ${name} of ${value}${after}`;
  if (unknown) {
    const all = ranking.length === 2 ? ranking : [ranking[0], ranking[ranking.length - 1]];
    const [first, last] = all.map((row) => `${fixed(scoreOf(row), measure.digits)} (${row.arm})`);
    const span = ranking.length === 2 ? `${first} and ${last}` : `${first} to ${last}`;
    return `One seed cannot tell which arm is best: ${plural(name)} of ${span}${spaced(measure)}${after}`;
  }
  const superlative = measure.better === "lower" ? "lowest" : "highest";
  if (leaders.length > 1) {
    if (leaders.length === ranking.length && ranking.length > 2)
      return `All ${ranking.length} arms tie: ${plural(name)} of ${range(measure, ranking)}${after}`;
    return `${list(leaders.map(({ arm }) => arm))} tie for the ${superlative} ${name}: ${range(measure, leaders)}${after}`;
  }
  const seeds = best.runs.length === 1 ? ", with one seed" : "";
  return `${best.arm} had the ${superlative} ${name}: ${value}${after}${seeds}`;
}

function withoutTests({ lost, arms, sheet }: Results, name: string): string {
  if (lost.length === 0 || Object.values(arms).some(({ runs }) => runs.length > 0))
    return `No arm has a ${name} yet`;
  const [{ arm, step }] = lost;
  if (lost.some((other) => other.arm !== arm)) return "All arms diverged: there is no result";
  return lost.length > 1
    ? `${arm} diverged every time: there is no result`
    : `${arm} diverged after ${stepName(sheet)} ${thousands(step)}: there is no result`;
}

/** " after 3 epochs", or nothing where the arms went differently far. */
function afterOf({ sheet }: Results, rows: readonly Row[]): string {
  const ats = new Set(rows.map(({ at }) => at));
  const [at] = ats;
  return ats.size === 1 && at !== null ? ` after ${count(at, sheet.axis.name)}` : "";
}

/** What those get who know nothing. */
function besides(results: Results, why: Nothing): string {
  const { measures, baseline } = results.sheet;
  const [measure] = measures;
  switch (why) {
    case "no better than guessing":
      return `and guessing gets ${text(measure, chanceOf(measure)!)}`;
    case "no better than the baseline":
      return `and ${baseline!.name} gets ${inUnit(measure, baseline!.test[measure.key])}`;
    case "loss rose":
      return "with a training loss above where it began";
  }
}

const text = (measure: Measure, score: number): string =>
  `${fixed(score, measure.digits)}${unitAfter(measure)}`;
const spaced = (measure: Measure): string => unitAfter(measure);

/** "0.95% to 1.34%", "1.35%". */
function range(measure: Measure, rows: readonly Row[]): string {
  const [first, last] = [rows[0], rows[rows.length - 1]].map((row) =>
    fixed(scoreOf(row), measure.digits),
  );
  const unit = unitAfter(measure);
  if (first === last) return `${first}${unit}`;
  return rows.length === 2
    ? `${first}${unit === "%" ? unit : ""} and ${last}${unit}`
    : `${first}${unit === "%" ? unit : ""} to ${last}${unit}`;
}

/** "test errors", "test losses", "test accuracies" */
const plural = (name: string): string =>
  name.endsWith("s") ? `${name}es` : `${name.replace(/([^aeiou])y$/, "$1ie")}s`;

export const scoreOf = ({ score }: Row): number => score?.mean ?? NaN;
