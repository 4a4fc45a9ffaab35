/** The numbers of the table, and what they say in words. */
import type { DqnResults } from "../../../experiments/dqn/results.ts";
import type { Point } from "../../../experiments/dqn/run.ts";
import type { Arm } from "../../../experiments/results.ts";
import { statOf, type Stat } from "../../report/summary.ts";
import { armsIn, runsOf } from "./lines.ts";

export interface Row {
  readonly arm: Arm;
  readonly seeds: number;
  /** The mean return of the last test. */
  readonly test: Stat;
  /** The mean standard error of such a test. */
  readonly error: number;
  /** Steps of an episode of it. */
  readonly steps: Stat;
  /** Mean return of training episodes in the last tenth of the frames. */
  readonly training: Stat;
  readonly q: Stat;
  readonly framesPerSecond: Stat;
  readonly update: Stat;
}

export const rowsOf = (results: DqnResults): readonly Row[] =>
  armsIn(results).map((arm) => {
    const runs = runsOf(results, arm);
    return {
      arm,
      seeds: runs.length,
      test: statOf(runs.map((r) => r.final.mean)),
      error: runs.reduce((sum, r) => sum + r.final.error, 0) / runs.length,
      steps: statOf(runs.map((r) => r.final.steps)),
      training: statOf(runs.map(({ curve }) => lastTenth(curve))),
      q: statOf(runs.map(({ curve }) => curve.at(-1)!.q)),
      framesPerSecond: statOf(runs.map((r) => r.framesPerSecond)),
      update: statOf(runs.map((r) => r.milliseconds.update)),
    };
  });

function lastTenth(curve: readonly Point[]): number | null {
  const end = curve.slice(Math.floor(0.9 * curve.length)).filter((p) => p.score !== null);
  const episodes = end.reduce((n, p) => n + p.episodes, 0);
  return episodes === 0 ? null : end.reduce((sum, p) => sum + p.episodes * p.score!, 0) / episodes;
}

export interface Column {
  readonly key: Exclude<keyof Row, "arm" | "seeds" | "error">;
  readonly head: string;
  readonly digits: number;
}
export const COLUMNS: readonly Column[] = [
  { key: "test", head: "test return", digits: 2 },
  { key: "steps", head: "steps an episode", digits: 0 },
  { key: "training", head: "training return", digits: 2 },
  { key: "q", head: "Q", digits: 2 },
  { key: "framesPerSecond", head: "frames/s", digits: 0 },
  { key: "update", head: "ms an update", digits: 2 },
];

/** "8.61 \u00b1 0.20" */
export const textOf = ({ mean, deviation }: Stat, { digits }: Column): string =>
  mean === null
    ? "\u2013"
    : `${mean.toFixed(digits)}${deviation === null ? "" : ` \u00b1 ${deviation.toFixed(digits)}`}`;

/** What random play gets, as a row of the same columns. */
export const randomRow = ({ random }: DqnResults): readonly string[] =>
  COLUMNS.map(({ key, digits }) =>
    key === "test"
      ? random.mean.toFixed(digits)
      : key === "steps"
        ? random.steps.toFixed(digits)
        : "\u2013",
  );

/** What the numbers of the table are. */
export const notes = (results: DqnResults): readonly string[] => {
  const counts = [...new Set(rowsOf(results).map((r) => r.seeds))].sort((a, b) => a - b);
  const tests = armsIn(results).flatMap((arm) => runsOf(results, arm).map((r) => r.final));
  const error = Math.max(...tests.map((t) => t.error));
  const seeds = `mean \u00b1 standard deviation of ${counts.join(" to ")} seeds; `;
  const { soFar, config } = results;
  return [
    ...(soFar === undefined
      ? []
      : [`unfinished: after ${soFar} of ${Number(config["frames"])} frames`]),
    `${Math.max(...counts) > 1 ? seeds : ""}test: ${tests[0].episodes} episodes a seed after the last of these frames, the mean of a seed with a standard error of at most ${error.toFixed(2)}; training: episodes of the last tenth, exploring; random play: ${results.random.episodes} episodes, standard error ${results.random.error.toFixed(2)}`,
    ...results.lost.map((l) => `${l.arm} with seed ${l.seed} diverged after frame ${l.frame}`),
  ];
};
