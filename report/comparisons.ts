/** Sentences that set the arms side by side: time to the target, weight normalization, pace, cost. */
import type { Measure, Results } from "../runs/records.ts";
import { chanceBetween, verdictOf } from "./chance.ts";
import { columnsOf } from "./columns.ts";
import { scoreOf, type Standing } from "./headline.ts";
import { differenceInUnit, targetText } from "./measure.ts";
import type { Row } from "./rows.ts";
import { capital, count, fixed, list, one, sentences, singular } from "./words.ts";

export function target(results: Results, { rows }: Standing): string {
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
export function verdict(results: Results, { ranking, leaders, unknown }: Standing): string {
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
export function pace(results: Results, { rows, nothing }: Standing): string {
  const column = columnsOf(results, rows).find(({ from }) => from === "epochs to plain's loss");
  const plain = rows.find(({ arm }) => arm === "plain");
  if (column === undefined || plain === undefined || plain.at === null) return "";
  if ([...nothing.keys()].some((row) => row === plain)) return ""; // there was nothing to reach
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

export function cost(results: Results, { rows }: Standing): string {
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
