/** One agent, from random play to the last frame: acting and learning, in the open. */
import type { RunKey } from "../../runs/events.ts";
import { Diverged, type Contestant, type Kept, type Saved } from "../../runs/experiment.ts";
import {
  checkState,
  hash,
  item,
  keyOf,
  layerStats,
  linearRate,
  read,
  weightNames,
  type Checkpoint,
  type State,
  type Tensor,
} from "../../src/index.ts";
import type { DqnConfig } from "./config.ts";
import type { EnvironmentMaker } from "./games.ts";
import { memoryParts } from "./memory-parts.ts";
import { tested } from "./play.ts";
import { INITIAL_BATCH, isTarget, type Programs } from "./programs.ts";
import { happenings, newProgress, noSums, progressOf, whereOf, type Point } from "./progress.ts";
import { replayMemory } from "./replay.ts";

export interface DqnRunOptions {
  readonly config: DqnConfig;
  readonly key: RunKey;
  readonly programs: Programs;
  readonly maker: EnvironmentMaker;
  readonly from?: Kept;
}

/** Points of the curve, and tests: the last one is at the end. */
const POINTS = 100;
const TESTS = 10;
/** Turns from the first frame to the last. */
const TURNS = 20;

export async function startDqn(options: DqnRunOptions): Promise<Contestant> {
  const { config, key, programs, maker, from } = options;
  const { arm, seed, lr } = key;
  const where = whereOf(key);
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
  const memory = memoryParts(replay, `the replay memory of ${arm}-${seed}`);
  const state: State = from ? savedState(from.checkpoint) : programs.initial(seed);
  const progress = from ? progressOf(from.checkpoint, where) : newProgress();
  const frame = new Uint8Array(environment.shape.reduce((a, b) => a * b));
  const timings = { update: [] as number[], frame: [] as number[] };
  const isOver = (): boolean => progress.frame >= config.frames;

  if (from) {
    if (!isOver()) await memory.restore(from, progress.entries); // nobody needs it any more
    restoreEnvironment();
  } else {
    environment.reset();
    replay.see(environment.observe(frame), true);
  }
  let told = happenings(progress, config, state).length;
  let values = lastValues();
  return {
    ...{ key, advance, saved },
    steps: config.frames,
    turn: Math.ceil(config.frames / TURNS),
    step: () => progress.frame,
    wall: () => progress.wallSeconds,
    begun: [], // it begins with random play, and is initialized when it begins to learn
  };

  async function advance(): ReturnType<Contestant["advance"]> {
    const began = performance.now();
    const { dead } = progress;
    await act();
    const learns = progress.frame >= config.learnFrom && progress.frame % config.updateEvery === 0;
    if (learns) await learn();
    progress.frame++;
    const milliseconds = performance.now() - began;
    timings.frame.push(milliseconds);
    progress.seconds += milliseconds / 1000;
    const ended = completes(POINTS);
    if (ended) await endPoint();
    progress.wallSeconds += (performance.now() - began) / 1000;
    if (!ended && progress.dead === dead) return { values, events: [] };
    const all = happenings(progress, config, state);
    const events = all.slice(told);
    told = all.length;
    values = lastValues();
    return { values, events };
  }

  /** What displays show: the mean return of episodes that ended last. */
  function lastValues(): { readonly return: number | null } {
    return { return: progress.curve.findLast(({ score }) => score !== null)?.score ?? null };
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

  async function endPoint(): Promise<void> {
    const { frame: at, seconds, sums, curve, milliseconds } = progress;
    const each = (sum: number, n: number): number | null => (n === 0 ? null : sum / n);
    if (timings.update.length > 0) milliseconds.update.push(median(timings.update));
    milliseconds.frame.push(timings.frame.reduce((a, b) => a + b, 0) / timings.frame.length);
    Object.assign(timings, { update: [], frame: [] });
    const online = weightNames(state).filter((name) => !isTarget(name));
    const agent = { maker, programs, config, state, seed };
    const point: Point = {
      ...{ frame: at, seconds, episodes: sums.episodes },
      score: each(sums.score, sums.episodes),
      steps: each(sums.steps, sums.episodes),
      loss: each(sums.loss, sums.updates),
      q: each(sums.q, sums.updates),
      epsilon: epsilonAt(at),
      layers: layerStats(await read(state, online), lr),
      ...(completes(TESTS) ? { test: await tested(agent) } : {}),
    };
    curve.push(point);
    progress.sums = noSums();
  }

  /** Whether the frame that was just done completes one of so many equal parts of the run. */
  function completes(parts: number): boolean {
    const done = (frame: number): number => Math.floor((frame * parts) / config.frames);
    return done(progress.frame) > done(progress.frame - 1);
  }

  function savedState({ state: saved }: Checkpoint): State {
    checkState(programs.all, saved, where);
    return new Map(programs.all.map(({ attrs: { name } }) => [name, saved.get(name)!]));
  }

  function restoreEnvironment(): void {
    try {
      environment.restore(progress.environment);
    } catch (error) {
      throw error instanceof Error
        ? new Error(`${where}: ${error.message}`, { cause: error })
        : error;
    }
  }

  async function saved(): Promise<Saved> {
    const all = await read(state);
    for (const [name, { data: values }] of all) {
      const bad = values.find((x) => !Number.isFinite(x));
      if (bad !== undefined)
        throw new Diverged(
          `train: the parameters of ${arm} must be finite numbers, got ${bad} in ${name} after frame ${progress.frame}; lower --lr`,
        );
    }
    const { arms: _arms, seeds: _seeds, lr: _lr, ...rest } = config;
    progress.environment = environment.snapshot();
    if (replay.count() > 0) progress.entries = replay.count(); // a run that is over went on without its memory
    const checkpoint: Checkpoint = {
      state: all,
      step: progress.frame,
      seed,
      config: { experiment: "dqn", arm, lr, ...rest },
      progress: { ...structuredClone(progress) },
    };
    const nothing = { fresh: new Map<string, never>(), obsolete: () => true };
    return { checkpoint, attachments: isOver() ? nothing : memory.attachments() };
  }
}

const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
};
