/** Whole episodes without learning: tests of an agent, random play to compare with, and one to look at. */
import type { Raster } from "../../runs/experiment.ts";
import type { Game } from "../../runs/looks.ts";
import { hash, keyOf, tensor, type State } from "../../src/index.ts";
import type { DqnConfig } from "./config.ts";
import type { Environment } from "./environment.ts";
import type { EnvironmentMaker } from "./games.ts";
import type { Programs } from "./programs.ts";

/** Chooses an action for each of some stacks of frames, which lie in `x` one after the other. */
type Policy = (x: Float32Array, stackShape: readonly number[]) => Promise<ArrayLike<number>>;

/** What an agent takes for the best, seen by as many lanes as its program has. */
export const greedy =
  ({ play, lanes }: Programs, state: State): Policy =>
  async (x, stackShape) =>
    (await play.run({ x: tensor(x, [lanes, ...stackShape]) }, state))["action"].data;

export const nothing: Policy = () => Promise.resolve([]);

export interface EpisodeOptions {
  readonly history: number;
  /** The share of random actions. */
  readonly epsilon: number;
  readonly seed: number;
}

/** A return is the sum of an episode's rewards, as the game counts. */
export interface Episode {
  readonly score: number;
  readonly steps: number;
}

/** How episodes stand. */
interface Standing {
  readonly environments: readonly Environment[];
  /** The share of the episodes that are over. */
  readonly over: number;
  /** What was done last in each environment. */
  readonly actions: readonly number[];
  /** The scores so far. */
  readonly scores: readonly number[];
}

/** An episode in each of `lanes` environments, all at the same time. */
export async function episodes(
  maker: EnvironmentMaker,
  lanes: number,
  policy: Policy,
  options: EpisodeOptions & {
    /** At the start, and after every step. */
    readonly onStep?: (at: Standing) => void;
  },
): Promise<readonly Episode[]> {
  const { history, epsilon, seed } = options;
  const environments: Environment[] = [];
  for (let i = 0; i < lanes; i++) environments.push(await maker(hash(i, keyOf(seed, "test"))));
  const [{ shape, actions }] = environments;
  const size = shape.reduce((a, b) => a * b);
  const stack = history * size;
  const x = new Float32Array(lanes * stack);
  const frame = new Uint8Array(size);
  const results = environments.map(() => ({ score: 0, steps: 0, action: 0, over: false }));
  /** Moves the stack of a lane on by a frame. */
  const look = (lane: number): void => {
    x.copyWithin(lane * stack, lane * stack + size, (lane + 1) * stack);
    x.set(environments[lane].observe(frame), (lane + 1) * stack - size);
  };
  for (const [lane, environment] of environments.entries()) {
    environment.reset();
    look(lane);
  }
  const tell = (): void =>
    options.onStep?.({
      environments,
      over: results.filter(({ over }) => over).length / lanes,
      actions: results.map(({ action }) => action),
      scores: results.map(({ score }) => score),
    });
  tell();
  const stackShape = [history * shape[0], ...shape.slice(1)];
  // A lane's chance is its own: it plays the same whatever the others do, and however many there are.
  const keys = environments.map((_, lane) => keyOf(seed, "test actions", lane));
  const uniform = (lane: number, draw: number): number => hash(draw, keys[lane]) / 2 ** 32;
  while (results.some(({ over }) => !over)) {
    const best = await policy(x, stackShape);
    for (const [lane, result] of results.entries()) {
      if (result.over) continue;
      const action =
        uniform(lane, 2 * result.steps) < epsilon
          ? Math.floor(uniform(lane, 2 * result.steps + 1) * actions.length)
          : best[lane];
      const { reward, ended, truncated } = environments[lane].step(action);
      result.score += reward;
      result.steps++;
      result.action = action;
      result.over = ended || truncated;
      look(lane);
    }
    tell();
  }
  return results;
}

/** Mean, and its standard error. */
export interface Score {
  readonly mean: number;
  readonly error: number;
  /** Mean steps of an episode. */
  readonly steps: number;
  readonly episodes: number;
}
export function scoreOf(played: readonly Episode[]): Score {
  const n = played.length;
  const mean = played.reduce((sum, { score }) => sum + score, 0) / n;
  const variance =
    played.reduce((sum, { score }) => sum + (score - mean) ** 2, 0) / Math.max(1, n - 1);
  const steps = played.reduce((sum, e) => sum + e.steps, 0) / n;
  return { mean, error: Math.sqrt(variance / n), steps, episodes: n };
}

/** What random play gets: in as many episodes as a test has, or in ten times as many of a game that takes no time. */
export async function randomPlay(
  maker: EnvironmentMaker,
  config: Pick<DqnConfig, "network" | "test">,
  onProgress: (done: number) => void = () => undefined,
): Promise<Score> {
  const lanes = config.test.episodes * (config.network === "minatar" ? 10 : 1);
  const onStep = ({ over }: Standing): void => onProgress(over);
  const options = { history: 1, epsilon: 1, seed: 0, onStep };
  return scoreOf(await episodes(maker, lanes, nothing, options));
}

/** What it takes to act. */
export interface Agent {
  readonly maker: EnvironmentMaker;
  readonly programs: Programs;
  readonly config: DqnConfig;
  readonly state: State;
  readonly seed: number;
}

/** One episode of an agent, with what it expects of every action. */
export async function watched({
  maker,
  programs,
  config,
  state,
  seed,
}: Agent): Promise<Omit<Game, "name" | "actions">> {
  const frames: { -readonly [K in keyof Game["frames"][number]]: Game["frames"][number][K] }[] = [];
  const policy: Policy = async (x, stackShape) => {
    const asked = await programs.values.run({ x: tensor(x, [1, ...stackShape]) }, state);
    const q = Array.from(asked["values"].data);
    frames.at(-1)!.q = q;
    return [q.indexOf(Math.max(...q))];
  };
  const [{ score, steps }] = await episodes(maker, 1, policy, {
    ...{ history: config.history, epsilon: config.test.epsilon, seed },
    onStep({ environments: [environment], actions: [action], scores: [soFar] }) {
      const last = frames.at(-1);
      if (last) last.action = action;
      frames.push({ picture: environment.picture(), score: soFar });
    },
  });
  return { score, steps, frames, delay: delayOf(config) };
}

/** Episodes without learning, as many as a test has; the same ones with the same seed. */
export async function tested({ maker, programs, config, state, seed }: Agent): Promise<Score> {
  const { history, test } = config;
  const options = { history, epsilon: test.epsilon, seed };
  return scoreOf(await episodes(maker, test.episodes, greedy(programs, state), options));
}

/** One episode of an agent, the first of a test with the same seed, and its first `most` pictures. */
export async function recorded(
  { maker, programs, config, state, seed }: Agent,
  most: number,
): Promise<Episode & { readonly frames: readonly Raster[] }> {
  const frames: Raster[] = [];
  const policy: Policy = async (x, stackShape) =>
    (await programs.act.run({ x: tensor(x, [1, ...stackShape]) }, state))["action"].data;
  const [episode] = await episodes(maker, 1, policy, {
    ...{ history: config.history, epsilon: config.test.epsilon, seed },
    onStep({ environments: [environment] }) {
      if (frames.length < most) frames.push(environment.picture());
    },
  });
  return { ...episode, frames };
}

/** Milliseconds a frame: four of Atari at 60 a second, and a pace of MinAtar that people can follow. */
export const delayOf = ({ network }: DqnConfig): number => (network === "nature" ? 67 : 100);
