/** What a run has measured so far and where it is, as its checkpoint has it; and the events that follow from that. */
import * as z from "zod/mini";
import { checked } from "../../runs/checked.ts";
import type { Happening, Measured, RunKey } from "../../runs/events.ts";
import { quantile } from "../../runs/quantile.ts";
import type { Checkpoint, LayerStats, State } from "../../src/index.ts";
import type { DqnConfig } from "./config.ts";
import type { Score } from "./play.ts";
import { trainedNumbers } from "./programs.ts";

/** What happened since the point before. */
export interface Point {
  readonly frame: number;
  /** Acting and learning so far, without tests. */
  readonly seconds: number;
  /** Episodes that ended, with their mean return and steps; null where none did. */
  readonly episodes: number;
  readonly score: number | null;
  readonly steps: number | null;
  /** Means over updates, null before the first: the loss, and the value of the best action. */
  readonly loss: number | null;
  readonly q: number | null;
  /** The share of random actions. */
  readonly epsilon: number;
  readonly layers: readonly LayerStats[];
  /** Episodes without learning, from time to time. */
  readonly test?: Score;
}

export interface Progress {
  frame: number;
  updates: number;
  /** By layer how many units initialization found that do not vary; null before it. */
  dead: Readonly<Record<string, number>> | null;
  /** The environment's snapshot. */
  environment: unknown;
  /** Replay entries at this frame. */
  entries: number;
  seconds: number;
  /** Tests included, over all processes that went on with the run. */
  wallSeconds: number;
  /** Return and steps of the episode under way. */
  episode: { score: number; steps: number };
  /** Sums since the last point. */
  sums: {
    episodes: number;
    score: number;
    steps: number;
    updates: number;
    loss: number;
    q: number;
  };
  readonly curve: Point[];
  /** Milliseconds point by point: the median of an update, its batch drawn and fed, and the mean of a whole frame. */
  readonly milliseconds: { update: number[]; frame: number[] };
}

const real = z.number();
const count = z.int().check(z.minimum(0));
const seconds = z.number().check(z.minimum(0));
const point = z.strictObject({
  ...{ frame: z.int().check(z.minimum(1)), seconds, episodes: count },
  ...{ score: z.nullable(real), steps: z.nullable(real) },
  ...{ loss: z.nullable(real), q: z.nullable(real), epsilon: real },
  layers: z.array(z.strictObject({ layer: z.string(), v: real, g: real, effectiveStep: real })),
  test: z.exactOptional(
    z.strictObject({ mean: real, error: real, steps: real, episodes: z.int().check(z.minimum(1)) }),
  ),
});
/** More points than a run ever has. */
const MOST = 1000;
const schema: z.ZodMiniType<Progress> = z.strictObject({
  ...{ frame: count, updates: count },
  dead: z.nullable(z.record(z.string(), count)),
  environment: z.unknown(),
  ...{ entries: count, seconds, wallSeconds: seconds },
  episode: z.strictObject({ score: real, steps: count }),
  sums: z.strictObject({
    ...{ episodes: count, score: real, steps: count },
    ...{ updates: count, loss: real, q: real },
  }),
  curve: z.array(point).check(
    z.maxLength(MOST),
    z.refine((points) => points.every(({ frame }, i) => i === 0 || frame > points[i - 1].frame), {
      message: "points one after the other",
    }),
  ),
  milliseconds: z.strictObject({
    update: z.array(seconds).check(z.maxLength(MOST)),
    frame: z.array(seconds).check(z.maxLength(MOST)),
  }),
});

export const newProgress = (): Progress => ({
  ...{ frame: 0, updates: 0, dead: null, environment: null, entries: 0 },
  ...{ seconds: 0, wallSeconds: 0 },
  episode: { score: 0, steps: 0 },
  sums: noSums(),
  curve: [],
  milliseconds: { update: [], frame: [] },
});
export const noSums = (): Progress["sums"] => ({
  ...{ episodes: 0, score: 0, steps: 0 },
  ...{ updates: 0, loss: 0, q: 0 },
});

/** What messages call a checkpoint. */
export const whereOf = ({ arm, seed }: Pick<RunKey, "arm" | "seed">): string =>
  `the checkpoint of ${arm}-${seed}`;

/** The progress of a checkpoint, which may come from anywhere: a copy. */
export function progressOf({ step, progress }: Checkpoint, where: string): Progress {
  const advice = "use an earlier checkpoint";
  const found = checked(schema, progress, { where, advice });
  const { frame, entries, curve } = found;
  const furthest = Math.max(frame, curve.at(-1)?.frame ?? 0);
  if (furthest !== step || frame !== step)
    throw new Error(
      `${where}: expected the progress of step ${step}, got that of frame ${furthest}; ${advice}`,
    );
  // One entry before the first frame, one after each, and another one where an episode was cut off.
  if (entries <= frame || entries > 2 * frame + 1)
    throw new Error(
      `${where}: expected ${frame + 1} to ${2 * frame + 1} entries after frame ${frame}, got ${entries}; ${advice}`,
    );
  return structuredClone(found);
}

/** What of a configuration it takes to tell what happened. */
type Pace = Pick<DqnConfig, "frames" | "learnFrom" | "updateEvery">;
const atLeastOne = z.int().check(z.minimum(1));
const pace: z.ZodMiniType<Pace> = z.object({
  ...{ frames: atLeastOne, learnFrom: atLeastOne, updateEvery: atLeastOne },
});

/** All that happened in a run, from its checkpoint. */
export function history(checkpoint: Checkpoint, key: RunKey): readonly Happening[] {
  const where = whereOf(key);
  const config = checked(pace, checkpoint.config, { where, advice: "use an earlier checkpoint" });
  return happenings(progressOf(checkpoint, where), config, checkpoint.state);
}

/** The same while it is under way. */
export function happenings(progress: Progress, config: Pace, state: State): readonly Happening[] {
  const { frame, dead, curve } = progress;
  const first = updatesBefore(config).first + 1;
  const initialized: readonly Happening[] =
    dead === null ? [] : [{ type: "initialized", step: first, dead }];
  const told = curve.flatMap((p, i) => [
    pointOf(p),
    ...(p.test ? [measuredOf(curve, i, config)] : []),
  ]);
  return [
    ...told.filter(({ step }) => step < first),
    ...initialized,
    ...told.filter(({ step }) => step >= first),
    ...(frame >= config.frames ? [finishedOf(progress, state)] : []),
  ];
}

const pointOf = ({ frame, score, seconds: s, layers, test: _, ...values }: Point): Happening => ({
  ...{ type: "point", step: frame, at: frame, seconds: s },
  values: { return: score, ...values },
  layers,
});

/** The test at a point, with means over training since the test before. */
function measuredOf(curve: readonly Point[], i: number, config: Pace): Measured {
  const { frame, seconds: s, test } = curve[i];
  const from = curve.findLastIndex((p, j) => j < i && p.test !== undefined) + 1;
  const since = curve.slice(from, i + 1);
  const updates = updatesBefore(config);
  const learned = since.map(
    (p, j) => updates.count(p.frame) - updates.count(curve[from + j - 1]?.frame ?? 0),
  );
  const mean = (values: readonly (number | null)[], weights: readonly number[]): number | null => {
    const total = weights.reduce((a, b, j) => a + (values[j] === null ? 0 : b), 0);
    const sum = values.reduce<number>((a, x, j) => a + (x ?? 0) * weights[j], 0);
    return total === 0 ? null : sum / total;
  };
  return {
    ...{ type: "measured", step: frame, at: frame, seconds: s },
    test: { return: test!.mean, steps: test!.steps },
    errors: { return: test!.error },
    train: {
      return: mean(
        since.map((p) => p.score),
        since.map((p) => p.episodes),
      ),
      loss: mean(
        since.map((p) => p.loss),
        learned,
      ),
      q: mean(
        since.map((p) => p.q),
        learned,
      ),
    },
  };
}

function finishedOf(
  { frame, seconds: s, wallSeconds, milliseconds: { update } }: Progress,
  state: State,
): Happening {
  const [low, median, high] = [0.25, 0.5, 0.75].map((q) => quantile(update, q));
  return {
    ...{ type: "finished", step: frame, parameters: trainedNumbers(state) },
    timing: {
      perSecond: s > 0 ? frame / s : 0,
      milliseconds: update.length === 0 ? null : { median, low, high },
    },
    wall: wallSeconds,
  };
}

/** Updates that were made when so many frames are done, and the frame of the first one. */
function updatesBefore({ learnFrom, updateEvery }: Pace): {
  readonly first: number;
  readonly count: (frame: number) => number;
} {
  const first = Math.ceil(learnFrom / updateEvery) * updateEvery;
  return { first, count: (frame) => Math.max(0, Math.ceil((frame - first) / updateEvery)) };
}
