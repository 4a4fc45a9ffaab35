/** What the results say, in words computed from them: the same words whoever did well. */
import type { ChangeRecord, Results } from "../runs/records.ts";
import { chanceBetween, type Chance } from "./chance.ts";
import { cost, pace, target, verdict } from "./comparisons.ts";
import { headlineOf, scoreOf, standingOf, type Standing } from "./headline.ts";
import { differenceInUnit } from "./measure.ts";
import { baselineOf, type Row } from "./rows.ts";
import { capital, count, fixed, list, sentences, stepName, short, thousands } from "./words.ts";

export interface Findings {
  /** Which arms did best by the first measure, if anybody can tell. */
  readonly headline: string;
  readonly sentences: readonly string[];
}

export function findingsOf(results: Results): Findings {
  const standing = standingOf(results);
  const learned = standing.ranking.length > standing.nothing.size;
  return {
    headline: headlineOf(results, standing),
    sentences: [
      unfinished(results),
      lead(results, standing),
      learned ? idle(standing) : "",
      baseline(results, standing),
      learned ? target(results, standing) : "",
      learned ? verdict(results, standing) : "",
      learned ? pace(results, standing) : "",
      cost(results, standing),
      failures(results, standing),
      ...changes(results),
    ].filter((sentence) => sentence !== ""),
  };
}

function unfinished({ soFar, sheet }: Results): string {
  if (soFar === undefined) return "";
  const whole = count(soFar.of, sheet.axis.name);
  return `Unfinished: all of this is after ${thousands(soFar.at)} of ${whole}.`;
}

/** How far the best one is ahead, and what chance can make. */
function lead(results: Results, { ranking, leaders, nothing }: Standing): string {
  if (ranking.length < 2 || nothing.size === ranking.length) return "";
  const [measure] = results.sheet.measures;
  const [best, second] = ranking;
  // Where others are within chance of the best, the last of them says how far chance reaches.
  const other = leaders.length > 1 ? leaders[leaders.length - 1] : second;
  const gap = Math.abs(scoreOf(best) - scoreOf(other));
  const size = differenceInUnit(measure, gap);
  if (gap === 0) return `${list(leaders.map(({ arm }) => arm))} ended equal.`;
  const chance = chanceBetween(best.score!, other.score!);
  if (chance === null)
    return `Between ${best.arm} and ${other.arm} lie ${size}; with one seed each nobody knows what chance does to that.`;
  const noise = fixed(chance.size, measure.digits);
  const because = evidence(results, chance, [best, other]);
  if (leaders.length > 1) {
    const pair =
      leaders.length === 2
        ? "They"
        : `The first and the last of them, ${best.arm} and ${other.arm},`;
    return `${pair} are ${size} apart, and chance can make ${noise} ${because}.`;
  }
  return `Its lead over ${second.arm} is ${size}, more than the ${noise} that chance can make ${because}.${doubt(chance)}`;
}

/** "between 3 seeds each and on 10,000 test images" */
function evidence({ sheet }: Results, { bySeeds, byTest }: Chance, rows: readonly Row[]): string {
  const counts = [...new Set(rows.map(({ runs }) => runs.length))];
  const seeds = counts.length === 1 ? `${counts[0]} seeds each` : `${counts.join(" and ")} seeds`;
  const { count: n, unit } = sheet.tested;
  const parts = [
    ...(bySeeds ? [`between ${seeds}`] : []),
    ...(byTest ? [`on ${thousands(n)} ${unit}`] : []),
  ];
  return list(parts);
}

const doubt = ({ bySeeds }: Chance): string =>
  bySeeds ? "" : " Another seed may change more than that: one does not tell.";

/** Those that learned nothing, where others did. */
function idle({ nothing }: Standing): string {
  if (nothing.size === 0) return "";
  const arms = [...nothing.keys()].map(({ arm }) => arm);
  const reasons = [...new Set(nothing.values())];
  const why = reasons.map((reason) =>
    reason === "loss rose"
      ? "the training loss ended above where it began"
      : `the test is ${reason}`,
  );
  return `${list(arms)} learned nothing: ${list(why)}.`;
}

/** Beside what knowing nothing gets. */
function baseline(results: Results, { ranking, nothing }: Standing): string {
  const level = baselineOf(results);
  const { baseline: base, measures } = results.sheet;
  if (level === null || base === undefined || ranking.length === 0) return "";
  const [measure] = measures;
  if (nothing.size === ranking.length) return "";
  const start = `${base.name} gets ${fixed(level.mean, measure.digits)} ${measure.unit}`;
  if (!(level.mean > 0)) return `${capital(start)}.`;
  const said = ranking.map((row) => `${row.arm} ${short(scoreOf(row) / level.mean, 2)}`);
  return `${capital(start)}: ${list(said)} times as much.`;
}

function failures(results: Results, { rows }: Standing): string {
  const { lost, sheet } = results;
  const ats = new Set(rows.map(({ at }) => at));
  // That there is no result is the headline then, and with a single run that is all.
  const left = lost.length === 1 && rows.length === 0 ? [] : lost;
  const nameOf = ({ arm, lr }: (typeof lost)[number]): string => `${arm} with learning rate ${lr}`;
  return sentences([
    ...[...new Set(left.map(nameOf))].map((name) => {
      const runs = left.filter((run) => nameOf(run) === name);
      const each = runs.map(
        ({ seed, step }) => `seed ${seed} after ${stepName(sheet)} ${thousands(step)}`,
      );
      return `${name} diverged with ${list(each)}${remains(results, runs[0])}.`;
    }),
    ats.size > 1 ? `The arms were not trained for equally many ${sheet.axis.name}s.` : "",
  ]);
}

/** What there is of an arm whose run was lost. */
function remains({ arms }: Results, { arm, lr }: Results["lost"][number]): string {
  const own = arms[arm];
  if (Object.values(arms).every(({ runs }) => runs.length === 0)) return "";
  if (own === undefined || own.runs.length === 0) return ": it has no result";
  if (own.lr !== lr) return `: its results are those with ${own.lr}`;
  return `: its results are those of the ${count(own.runs.length, "seed")} that did not`;
}

/** "Epochs changed from 5 to 10 at step 3,000." */
function changes({ changes: all }: Results): readonly string[] {
  return all.map((change) => sentences([`The setting ${changeText(change)}.`, change.note]));
}

/** "epochs changed from 5 to 10 at step 3,000" */
export function changeText({ setting, from, to, steps }: ChangeRecord): string {
  const done = [...new Set(Object.values(steps))].sort((a, b) => a - b);
  const where =
    done.length === 0
      ? ""
      : done.length === 1
        ? ` at step ${thousands(done[0])}`
        : ` between steps ${thousands(done[0])} and ${thousands(done[done.length - 1])}`;
  return `${setting} changed from ${from} to ${to}${where}`;
}
