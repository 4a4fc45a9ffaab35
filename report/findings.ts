/** What the results say, in words computed from them: the same words whoever did well. */
import type { Changed } from "../runs/events.ts";
import type { Measure, Results } from "../runs/records.ts";
import { chanceBetween, verdictOf, type Chance } from "./chance.ts";
import { columnsOf } from "./columns.ts";
import { headlineOf, scoreOf, standingOf, type Standing } from "./headline.ts";
import { differenceInUnit, targetText } from "./measure.ts";
import { baselineOf, type Row } from "./rows.ts";
import {
  capital,
  count,
  fixed,
  list,
  one,
  sentences,
  settingName,
  short,
  singular,
  thousands,
  written,
} from "./words.ts";

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

function target(results: Results, { rows }: Standing): string {
  const { sheet } = results;
  const column = columnsOf(results, rows).find(({ from }) => from === "seconds to target");
  if (sheet.target === undefined || column === undefined || rows.length === 0) return "";
  const [measure] = sheet.measures;
  const goal = `the target of ${targetText(measure, sheet.target)} test ${measure.key}`;
  const times = rows.map((row) => ({ row, arm: row.arm, seconds: column.stat(row).mean }));
  const reached = times
    .filter((one): one is typeof one & { seconds: number } => one.seconds !== null)
    .toSorted((a, b) => a.seconds - b.seconds);
  const missed = times.filter(({ seconds }) => seconds === null).map(({ row }) => row);
  const some = missed.filter((row) => column.some(row)).map(({ arm }) => arm);
  const never = missed.filter((row) => !column.some(row)).map(({ arm }) => arm);
  const others = [
    ...(some.length > 0 ? [`${list(some)} not with every seed`] : []),
    ...(never.length > 0 ? [`${list(never)} never did`] : []),
  ];
  if (reached.length === 0) {
    const who = rows.length === 1 ? "It did not reach" : "No arm reached";
    return `${who} ${goal}${some.length > 0 ? " with every seed" : ""}.`;
  }
  const [first, ...later] = reached.map(({ arm, seconds }) => ({
    arm,
    time: `${seconds.toFixed(1)} s`,
  }));
  if (rows.length === 1) return `It reached ${goal} after ${first.time} of training.`;
  const said = [
    `${first.arm} reached ${goal} after ${first.time} of training`,
    ...later.map(({ arm, time }) => `${arm} after ${time}`),
  ];
  return `${[list(said), ...others].join("; ")}.`;
}

/** Where weight normalization came, said as plainly when it lost. */
function verdict(results: Results, { ranking, leaders, unknown }: Standing): string {
  const weight = ranking.find(({ arm }) => arm === "weight");
  if (weight === undefined || ranking.length < 2 || unknown) return "";
  const [measure] = results.sheet.measures;
  const plain = ranking.find(({ arm }) => arm === "plain");
  // Against plain it is in the lead's own sentence then.
  const said =
    ranking.length === 2 || (leaders.length === 1 && leaders[0] === weight && ranking[1] === plain);
  const behind = differenceInUnit(measure, Math.abs(scoreOf(weight) - scoreOf(ranking[0])));
  const standing = leaders.includes(weight)
    ? ""
    : ranking[0].arm === "weight+mean-only" && leaders.length === 1
      ? `Weight normalization led only together with mean-only batch normalization; alone it was ${behind} behind.`
      : `Weight normalization alone did not lead: it was ${behind} behind.`;
  return sentences([
    standing,
    plain === undefined || said ? "" : againstPlain(measure, weight, plain),
  ]);
}

function againstPlain(measure: Measure, weight: Row, plain: Row): string {
  const gap = scoreOf(weight) - scoreOf(plain);
  const start = "Against plain, weight normalization alone";
  if (gap === 0) return `${start} made no difference to the test ${measure.key}.`;
  const end = `${start} ended ${differenceInUnit(measure, Math.abs(gap))} ${gap < 0 ? "lower" : "higher"}`;
  const chance = chanceBetween(weight.score!, plain.score!);
  if (chance === null) return `${end}, with one seed.`;
  const reading = verdictOf(weight.score!, plain.score!) === "apart" ? "more than" : "within";
  return `${end}, ${reading} the ${fixed(chance.size, measure.digits)} that chance can make.`;
}

/** How soon the others had learned what plain ended with. */
function pace(results: Results, { rows }: Standing): string {
  const column = columnsOf(results, rows).find(({ from }) => from === "epochs to plain's loss");
  const plain = rows.find(({ arm }) => arm === "plain");
  if (column === undefined || plain === undefined || plain.at === null) return "";
  const others = rows
    .filter((row) => row !== plain)
    .map((row) => ({ row, stat: column.stat(row) }));
  const there = others.filter(({ stat }) => stat.mean !== null);
  const never = others.filter(({ stat }) => stat.mean === null).map(({ row }) => row.arm);
  const said = there.map(
    ({ row, stat }) => `${row.arm} after ${column.write(stat.mean!, stat.mean!)}`,
  );
  const parts = [
    ...(said.length > 0
      ? [`was reached by ${list(said)} of its ${count(plain.at, results.sheet.axis.name)}`]
      : []),
    ...(never.length > 0 ? [`was not reached by ${list(never)}`] : []),
  ];
  return `The training loss that plain ended with ${parts.join("; it ")}.`;
}

function cost(results: Results, { rows }: Standing): string {
  const column = columnsOf(results, rows).find(({ from }) => from === "step time");
  if (column === undefined) return "";
  const others = rows.filter((row) => row.arm !== "plain" && column.stat(row).mean !== null);
  if (others.length === 0) return "";
  const [first, ...rest] = others.map((row) => ({
    arm: row.arm,
    times: `${column.stat(row).mean!.toFixed(2)} times`,
  }));
  const step = one(singular(results.sheet.work.step));
  const start = `${capital(step)} with ${first.arm} took ${first.times} as long as with plain`;
  if (rest.length === 0) return `${start}.`;
  return `${start}; ${list(rest.map(({ arm, times }) => `with ${arm} ${times}`))}.`;
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
      const each = runs.map(({ seed, step }) => `seed ${seed} at step ${thousands(step)}`);
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
export function changeText({ setting, from, to, steps }: Omit<Changed, "type">): string {
  const done = [...new Set(Object.values(steps))].sort((a, b) => a - b);
  const where =
    done.length === 0
      ? ""
      : done.length === 1
        ? ` at step ${thousands(done[0])}`
        : ` between steps ${thousands(done[0])} and ${thousands(done[done.length - 1])}`;
  return `${settingName(setting)} changed from ${written(from)} to ${written(to)}${where}`;
}
