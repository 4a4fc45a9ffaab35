/** One agent, from random play to the last frame: acting and learning, in the open. */
import {
  checkState,
  hash,
  item,
  keyOf,
  layerStats,
  linearRate,
  type Arm,
  type Checkpoint,
  type LayerStats,
  type State,
  type Tensor,
} from "../../src/index.ts";
import { Diverged } from "../training/run.ts";
import type { DqnConfig } from "./config.ts";
import type { EnvironmentMaker } from "./games.ts";
import { episodes, greedy, scoreOf, type Score } from "./play.ts";
import { INITIAL_BATCH, isTarget, type Programs } from "./programs.ts";
import { replayMemory, type Replay } from "./replay.ts";

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

/** What a run has measured so far, and where it is: part of its checkpoint. */
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

/** A run under way. */
export interface DqnRun {
  readonly arm: Arm;
  readonly seed: number;
  readonly lr: number;
  readonly steps: number;
  readonly parameters: number;
  readonly progress: Progress;
  readonly replay: Replay;
  /** Frames done. */
  readonly step: () => number;
  /** One frame: an action and, where it is time, an update; a point of the curve when one is complete. */
  advance(): Promise<{ readonly point?: Point }>;
  /** What to save, beside the replay memory; throws `Diverged` where it could not be gone on from. */
  checkpoint(): Checkpoint;
  /** Parameters as they are now. */
  readonly state: State;
}

export interface DqnRunOptions {
  readonly config: DqnConfig;
  readonly seed: number;
  readonly programs: Programs;
  readonly maker: EnvironmentMaker;
  /** Goes on from a checkpoint, with a replay memory that `remember` fills with its first `entries` entries. */
  readonly from?: {
    readonly checkpoint: Checkpoint;
    readonly remember: (replay: Replay, entries: number) => Promise<void>;
  };
}

/** Points of the curve, and tests: the last one is at the end. */
const POINTS = 100;
const TESTS = 10;

export async function startDqn(options: DqnRunOptions): Promise<DqnRun> {
  const { config, seed, programs, maker, from } = options;
  const { arm } = programs;
  const lr = config.lr[0];
  const [explore, choose] = ["explore", "choose"].map((use) => keyOf(seed, use));
  const epsilonAt = linearRate({
    from: 1,
    to: config.exploration.to,
    start: config.learnFrom,
    end: config.learnFrom + config.exploration.frames,
  });
  const environment = await maker(seed);
  const replay = replayMemory({
    capacity: Math.min(config.replay, 2 * config.frames), // one a frame, and one more where an episode is cut off
    shape: environment.shape,
    history: config.history,
  });
  const state: State = from ? savedState(from.checkpoint) : programs.initial(seed);
  const progress: Progress = from
    ? (structuredClone(from.checkpoint.progress) as unknown as Progress)
    : newProgress();
  const frame = new Uint8Array(environment.shape.reduce((a, b) => a * b));
  const timings = { update: [] as number[], frame: [] as number[] };

  if (from) {
    await from.remember(replay, progress.entries);
    environment.restore(progress.environment);
  } else {
    environment.reset();
    replay.see(environment.observe(frame), true);
  }
  return {
    ...{ arm, seed, lr, progress, replay, state, advance, checkpoint },
    steps: config.frames,
    parameters: programs.parameters,
    step: () => progress.frame,
  };

  async function advance(): Promise<{ readonly point?: Point }> {
    const began = performance.now();
    await act();
    const learns = progress.frame >= config.learnFrom && progress.frame % config.updateEvery === 0;
    if (learns) await learn();
    progress.frame++;
    const milliseconds = performance.now() - began;
    timings.frame.push(milliseconds);
    progress.seconds += milliseconds / 1000;
    const ended = completes(POINTS);
    const point = ended ? { point: await endPoint() } : {};
    progress.wallSeconds += (performance.now() - began) / 1000;
    return point;
  }

  /** One action and what comes of it, into the memory. */
  async function act(): Promise<void> {
    const action = explores()
      ? Math.floor((hash(progress.frame, choose) / 2 ** 32) * environment.actions.length)
      : item((await programs.act.run({ x: replay.latest() }, state))["action"]);
    const { reward, ended, truncated } = environment.step(action);
    replay.act({
      action,
      reward: config.clip ? Math.sign(reward) * Math.min(1, Math.abs(reward)) : reward,
      ended,
    });
    const { episode, sums } = progress;
    episode.score += reward;
    episode.steps++;
    if (ended || truncated) {
      sums.episodes++;
      sums.score += episode.score;
      sums.steps += episode.steps;
      progress.episode = { score: 0, steps: 0 };
      if (truncated) replay.see(environment.observe(frame), false); // it would have gone on: the last frame counts
      environment.reset();
    }
    replay.see(environment.observe(frame), ended || truncated);
  }

  function explores(): boolean {
    return hash(progress.frame, explore) / 2 ** 32 < epsilonAt(progress.frame);
  }

  /** One update from transitions drawn from memory; the first one is preceded by initialization from it. */
  async function learn(): Promise<void> {
    if (progress.updates === 0) {
      const x = replay.observations(
        Math.min(INITIAL_BATCH, replay.count() - 1),
        keyOf(seed, "init"),
      );
      progress.dead = await programs.initialize(x, state);
      await programs.copy.run({}, state);
    }
    const began = performance.now();
    const feeds = replay.sample(config.batchSize, keyOf(seed, "sample", progress.updates));
    const outputs = await programs.learn.run(feeds, state);
    const [loss, q] = [item(outputs["loss"]), item(outputs["q"])];
    if (!Number.isFinite(loss)) throw await diverged(loss, feeds["x"]);
    progress.updates++;
    if (progress.updates % config.targetEvery === 0) await programs.copy.run({}, state);
    timings.update.push(performance.now() - began);
    const { sums } = progress;
    sums.updates++;
    sums.loss += loss;
    sums.q += q;
  }

  async function diverged(loss: number, x: Tensor): Promise<Diverged> {
    const layer = await programs.blame(x, state);
    const where =
      layer === undefined ? "no layer overflows" : `it overflows first in layer ${layer}`;
    return new Diverged(
      `train: the loss of ${arm} must be a finite number, got ${loss} at frame ${progress.frame} (${where}); lower --lr`,
    );
  }

  async function endPoint(): Promise<Point> {
    const { frame: at, seconds, sums, curve, milliseconds } = progress;
    const each = (sum: number, n: number): number | null => (n === 0 ? null : sum / n);
    if (timings.update.length > 0) milliseconds.update.push(median(timings.update));
    milliseconds.frame.push(timings.frame.reduce((a, b) => a + b, 0) / timings.frame.length);
    Object.assign(timings, { update: [], frame: [] });
    const online = new Map([...state].filter(([name]) => !isTarget(name)));
    const point: Point = {
      ...{ frame: at, seconds, episodes: sums.episodes },
      score: each(sums.score, sums.episodes),
      steps: each(sums.steps, sums.episodes),
      loss: each(sums.loss, sums.updates),
      q: each(sums.q, sums.updates),
      epsilon: epsilonAt(at),
      layers: layerStats(online, lr),
      ...(completes(TESTS) ? { test: await test() } : {}),
    };
    curve.push(point);
    progress.sums = noSums();
    return point;
  }

  async function test(): Promise<Score> {
    const {
      history,
      test: { episodes: count, epsilon },
    } = config;
    const played = await episodes(maker, count, greedy(programs, state), {
      history,
      epsilon,
      seed,
    });
    return scoreOf(played);
  }

  /** Whether the frame that was just done completes one of so many equal parts of the run. */
  function completes(parts: number): boolean {
    const done = (frame: number): number => Math.floor((frame * parts) / config.frames);
    return done(progress.frame) > done(progress.frame - 1);
  }

  function savedState({ state: saved }: Checkpoint): State {
    checkState(programs.all, saved, `the checkpoint of ${arm}-${seed}`);
    return new Map(programs.all.map(({ attrs: { name } }) => [name, saved.get(name)!]));
  }

  function checkpoint(): Checkpoint {
    for (const [name, { data: values }] of state) {
      const bad = values.find((x) => !Number.isFinite(x));
      if (bad !== undefined)
        throw new Diverged(
          `train: the parameters of ${arm} must be finite numbers, got ${bad} in ${name} after frame ${progress.frame}; lower --lr`,
        );
    }
    const { arms: _arms, seeds: _seeds, lr: _lr, ...rest } = config;
    progress.environment = environment.snapshot();
    progress.entries = replay.count();
    return {
      state: new Map(state),
      step: progress.frame,
      seed,
      config: { experiment: "dqn", arm, lr, ...rest },
      progress: { ...structuredClone(progress) },
    };
  }
}

const noSums = (): Progress["sums"] => ({
  episodes: 0,
  score: 0,
  steps: 0,
  updates: 0,
  loss: 0,
  q: 0,
});
const newProgress = (): Progress => ({
  ...{
    frame: 0,
    updates: 0,
    dead: null,
    environment: null,
    entries: 0,
    seconds: 0,
    wallSeconds: 0,
  },
  episode: { score: 0, steps: 0 },
  sums: noSums(),
  curve: [],
  milliseconds: { update: [], frame: [] },
});

const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
};
