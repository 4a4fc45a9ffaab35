/** What the results say, in words computed from them: the same words whoever did well. */
import type { DqnResults } from "../../../experiments/dqn/results.ts";
import { rowsOf, type Row } from "./summary.ts";

export interface Findings {
  readonly headline: string;
  readonly sentences: readonly string[];
}

export function findingsOf(results: DqnResults): Findings {
  const { random, game, config, lost, soFar } = results;
  const ranking = rowsOf(results).toSorted((a, b) => scoreOf(b) - scoreOf(a));
  const [first, second] = ranking;
  const all = Number(config["frames"]);
  const frames = (soFar ?? all).toLocaleString("en-US");
  const alone = ranking.length < 2 || scoreOf(first) === scoreOf(second);
  const points = `${scoreOf(first).toFixed(2)} points an episode after ${frames} frames`;
  return {
    headline: alone
      ? `${game.name}: ${points}`
      : `${game.name}: ${first.arm} scored highest, ${points}`,
    sentences: [
      ...(soFar === undefined
        ? []
        : [`Unfinished: this is after ${frames} of ${all.toLocaleString("en-US")} frames.`]),
      ...ranking.map((row) => spoken(row, random.mean)),
      ...(ranking.length > 1 ? [leadOf(first, second)] : []),
      ...lost.map(
        ({ arm, seed, frame }) =>
          `${arm} with seed ${seed} diverged after frame ${frame} and is in no mean.`,
      ),
    ],
  };
}

const scoreOf = ({ test }: Row): number => test.mean ?? -Infinity;

function spoken(row: Row, random: number): string {
  const times =
    random > 0 ? `, ${(scoreOf(row) / random).toFixed(1)} times what random play gets` : "";
  const evidence =
    row.seeds > 1
      ? `mean of ${row.seeds} seeds, standard deviation ${row.test.deviation!.toFixed(2)}`
      : `one seed, standard error of its episodes ${row.error.toFixed(2)}`;
  return `${row.arm}: ${scoreOf(row).toFixed(2)} points an episode in the last test (${evidence})${times}.`;
}

/** Two-sided 5 % points of Student's t by degrees of freedom, from 1. */
const STUDENT = [12.71, 4.3, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26, 2.23];

/** Whether the first one's lead means anything, by Welch's test over the seeds. */
function leadOf(first: Row, second: Row): string {
  const said = `The lead of ${first.arm} over ${second.arm} is ${(scoreOf(first) - scoreOf(second)).toFixed(2)}`;
  const variances = [first, second].map((r) => (r.test.deviation ?? NaN) ** 2 / r.seeds);
  const sum = variances[0] + variances[1];
  if (!(sum > 0))
    return `${said}; without several seeds of both nobody knows what chance does to it.`;
  const freedom =
    sum ** 2 /
    variances.reduce((total, v, i) => total + v ** 2 / ([first, second][i].seeds - 1), 0);
  const t = STUDENT[Math.min(STUDENT.length, Math.floor(freedom)) - 1];
  const chance = (t * Math.sqrt(sum)).toFixed(2);
  return scoreOf(first) - scoreOf(second) > t * Math.sqrt(sum)
    ? `${said}, more than the ${chance} that chance makes in 19 of 20 such comparisons.`
    : `${said}, within the ${chance} that chance can make between so few seeds: a tie.`;
}
