/** Results of agents as they were written before: "weightnorm-dqn/1". */
import * as z from "zod/mini";
import { checked } from "../../runs/checked.ts";
import { settingsTold } from "../../runs/results.ts";
import type { Results, RunRecord } from "../../runs/records.ts";
import { resultsIn } from "../../runs/schema.ts";
import {
  arm as armName,
  byArm,
  configuration,
  label,
  layers,
  listOf,
  machine,
  number,
  picture,
  text,
  whole,
} from "../../runs/schema-parts.ts";
import type { Settings } from "../../runs/settings.ts";
import { sheetOf } from "./sheet.ts";

const score = z.object({ mean: number, error: number, steps: number, episodes: whole });
const maybe = z.nullable(number);
const point = z.object({
  ...{ frame: whole, seconds: number, episodes: whole, layers, epsilon: number },
  ...{ score: maybe, steps: maybe, loss: maybe, q: maybe },
  test: z.optional(score),
});
const run = z.object({
  seed: whole,
  curve: listOf(point, { least: 1, most: 100_000 }),
  final: score,
  framesPerSecond: number,
  milliseconds: z.object({ update: maybe }),
});
const schema = z.object({
  format: z.literal("weightnorm-dqn/1"),
  ...{ command: text, config: configuration, machine, startedAt: label, seconds: number },
  game: z.object({ name: label, actions: listOf(label, { most: 100 }) }),
  soFar: z.optional(number),
  random: score,
  arms: byArm(z.object({ parameters: whole, runs: listOf(run, { most: 1000 }) })),
  lost: listOf(z.object({ arm: armName, seed: whole, frame: whole, why: text }), { most: 10_000 }),
  pictures: listOf(z.intersection(picture, z.object({ arm: armName, seed: whole })), {
    most: 10_000,
  }),
});
type Earlier = z.infer<typeof schema>;
type Point = z.infer<typeof point>;

export interface EarlierOptions {
  /** What describes the configuration. */
  readonly settings: Settings;
  /** What messages call the file. */
  readonly where?: string;
}

/** As they are written now; undefined for what is of another format. Throws for what is damaged. */
export function earlierResults(results: unknown, options: EarlierOptions): Results | undefined {
  const { settings, where = "results.json" } = options;
  const { format } = (results ?? {}) as { readonly format?: unknown };
  if (format !== "weightnorm-dqn/1") return undefined;
  const advice = "restore the file, or compare again";
  const old = checked(schema, results, { where, advice });
  const { config, command, startedAt, seconds, random, game, soFar } = old;
  const [rate] = [config["lr"]].flat();
  const lr = typeof rate === "number" && Number.isFinite(rate) ? rate : 0;
  const sheet = sheetOf(
    { game: game.name, plays: "", test: { episodes: episodesOf(old), epsilon: 0 } },
    {
      name: "random play",
      test: { return: random.mean, steps: random.steps },
      errors: { return: random.error },
      count: random.episodes,
    },
  );
  const { frames } = config;
  const upgraded: Results = {
    format: "weightnorm-results/3",
    experiment: "dqn",
    ...{ command, startedAt, config, machine: old.machine, seconds },
    settings: settingsTold(settings, config),
    facts: [
      ["game", game.name],
      ["actions", game.actions.join(", ")],
    ],
    sheet: {
      ...sheet,
      notes: {
        ...sheet.notes,
        table: "That is the last tenth of the frames, by agents that explore.",
      },
    },
    ...(soFar === undefined
      ? {}
      : { soFar: { at: soFar, of: typeof frames === "number" ? frames : soFar } }),
    arms: Object.fromEntries(
      Object.entries(old.arms).map(([arm, { parameters, runs }]) => [
        arm,
        { parameters, lr, runs: runs.map((one) => runOf(old, arm, one)) },
      ]),
    ),
    lost: old.lost.map(({ arm, seed, frame: step, why }) => ({ arm, seed, lr, step, why })),
    changes: [],
  };
  return resultsIn(upgraded, where);
}

const episodesOf = ({ arms }: Earlier): number =>
  Object.values(arms).flatMap(({ runs }) => runs.map((one) => one.final.episodes))[0] ?? 0;

function runOf(old: Earlier, arm: string, one: z.infer<typeof run>): RunRecord {
  const { seed, curve, final, framesPerSecond, milliseconds } = one;
  const last = curve[curve.length - 1];
  const { update } = milliseconds;
  const tested = curve.flatMap((p) => (p.test && p !== last ? [testOf(p, p.test)] : []));
  return {
    seed,
    step: last.frame,
    points: curve.map(({ frame, seconds, score: mean, layers: of, test: _, ...values }) => ({
      ...{ step: frame, at: frame, seconds, layers: of },
      values: { ...values, return: mean },
    })),
    tests: [...tested, { ...testOf(last, final), train: endOf(curve) }],
    dead: {},
    timing: {
      perSecond: framesPerSecond,
      milliseconds: update === null ? null : { median: update, low: update, high: update },
    },
    final: {},
    pictures: old.pictures
      .filter((p) => p.arm === arm && p.seed === seed)
      .map(({ name, caption, file }) => ({ name, caption, file })),
  };
}

const testOf = (
  { frame, seconds }: Point,
  { mean, error, steps }: z.infer<typeof score>,
): RunRecord["tests"][number] => ({
  ...{ step: frame, at: frame, seconds },
  test: { return: mean, steps },
  errors: { return: error },
});

/** Means over the last tenth: of episodes that ended, and of points that had updates. */
function endOf(curve: readonly Point[]): Readonly<Record<string, number | null>> {
  const end = curve.slice(Math.floor(0.9 * curve.length));
  const scored = end.filter((p) => p.score !== null);
  const episodes = scored.reduce((n, p) => n + p.episodes, 0);
  const total = scored.reduce((sum, p) => sum + p.episodes * p.score!, 0);
  const mean = (values: readonly (number | null)[]): number | null => {
    const there = values.filter((x) => x !== null);
    return there.length === 0 ? null : there.reduce((a, b) => a + b, 0) / there.length;
  };
  return {
    return: episodes === 0 ? null : total / episodes,
    loss: mean(end.map((p) => p.loss)),
    q: mean(end.map((p) => p.q)),
  };
}
