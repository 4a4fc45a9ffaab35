/** The numbers of the table, and what they say in words. */
import type { DqnResults } from "../../../experiments/dqn/results.ts";
import type { Point } from "../../../experiments/dqn/run.ts";
import type { Arm } from "../../../experiments/results.ts";
import { armsIn, runsOf } from "./lines.ts";

/** A mean over seeds, and their standard deviation where there are several. */
export interface Stat {
  readonly mean: number | null;
  readonly deviation: number | null;
}
export interface Row {
  readonly arm: Arm;
  readonly seeds: number;
  /** The mean return of the last test. */
  readonly test: Stat;
  /** Steps of an episode of it. */
  readonly steps: Stat;
  /** Mean return of training episodes in the last tenth of the frames. */
  readonly training: Stat;
  readonly q: Stat;
  readonly framesPerSecond: Stat;
  readonly update: Stat;
}

const statOf = (values: readonly (number | null)[]): Stat => {
  const known = values.filter((x) => x !== null);
  if (known.length === 0) return { mean: null, deviation: null };
  const mean = known.reduce((a, b) => a + b, 0) / known.length;
  const squares = known.reduce((sum, x) => sum + (x - mean) ** 2, 0);
  return { mean, deviation: known.length < 2 ? null : Math.sqrt(squares / (known.length - 1)) };
};

export const rowsOf = (results: DqnResults): readonly Row[] =>
  armsIn(results).map((arm) => {
    const runs = runsOf(results, arm);
    return {
      arm,
      seeds: runs.length,
      test: statOf(runs.map((r) => r.final.mean)),
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
  readonly key: Exclude<keyof Row, "arm" | "seeds">;
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

export const notes = (results: DqnResults): readonly string[] => {
  const seeds = Math.max(0, ...rowsOf(results).map((r) => r.seeds));
  const { episodes } = results.random;
  return [
    `${seeds > 1 ? `mean \u00b1 standard deviation of ${seeds} seeds; ` : ""}test: ${episodes} episodes after the last frame; training: episodes of the last tenth, exploring`,
    ...results.lost.map((l) => `${l.arm} with seed ${l.seed} diverged after frame ${l.frame}`),
  ];
};

/** A headline and sentences, the same words whoever won. */
export function findingsOf(results: DqnResults): {
  readonly headline: string;
  readonly sentences: readonly string[];
} {
  const { random, game } = results;
  const ranking = rowsOf(results)
    .filter((r) => r.test.mean !== null)
    .toSorted((a, b) => b.test.mean! - a.test.mean!);
  const [first, second] = ranking;
  const frames = Number(results.config["frames"]).toLocaleString("en-US");
  const times = (r: Row): string =>
    random.mean > 0
      ? `, ${(r.test.mean! / random.mean).toFixed(1)} times what random play gets`
      : "";
  const sentences = ranking.map(
    (r) =>
      `${r.arm}: ${r.test.mean!.toFixed(2)} points an episode in the last test (${r.seeds > 1 ? `${r.seeds} seeds, ${r.test.deviation!.toFixed(2)} between them` : "one seed"})${times(r)}.`,
  );
  return {
    headline: `${game.name}: ${first.arm} scored highest after ${frames} frames, ${first.test.mean!.toFixed(2)} points an episode`,
    sentences: [...sentences, ...(ranking.length > 1 ? [leadOf(first, second)] : [])],
  };
}

/** Whether the first one's lead means anything: two standard errors of a difference of means over seeds. */
function leadOf(first: Row, second: Row): string {
  const lead = first.test.mean! - second.test.mean!;
  const [a, b] = [first, second].map((r) => (r.test.deviation ?? NaN) ** 2 / r.seeds);
  const chance = 2 * Math.sqrt(a + b);
  const said = `The lead of ${first.arm} over ${second.arm} is ${lead.toFixed(2)}`;
  if (!Number.isFinite(chance))
    return `${said}; with one seed nobody knows what chance does to it.`;
  return lead > chance
    ? `${said}, more than the ${chance.toFixed(2)} that chance can make between so few seeds.`
    : `${said}, within the ${chance.toFixed(2)} that chance can make between so few seeds: a tie.`;
}
