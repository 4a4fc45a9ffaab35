/** A run of deep Q-learning: the same bits whether or not it was stopped, and that it learns what is known to be best. */
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { memoryFiles, type MemoryFiles } from "../../cli/dqn/memory.ts";
import { presets, type DqnConfig } from "../../experiments/dqn/config.ts";
import { makerOf, type EnvironmentMaker } from "../../experiments/dqn/games.ts";
import { programsOf, type Programs } from "../../experiments/dqn/programs.ts";
import { startDqn, type DqnRun } from "../../experiments/dqn/run.ts";
import { Diverged } from "../../experiments/training/run.ts";
import {
  decodeCheckpoint,
  encodeCheckpoint,
  tensor,
  type Arm,
  type Checkpoint,
} from "../../src/index.ts";
import { nodeRuntime } from "../../src/node/index.ts";
import { DOORS, lookAt, twoRooms, valuesIn } from "./two-rooms.ts";

vi.setConfig({ testTimeout: 60_000 }); // seconds, where the cores are free

const runtime = nodeRuntime({ threads: 1 });
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "weightnorm-dqn-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const FRAMES = 600;
/** So short that the memory comes around several times. */
const configOf = (changes: Partial<DqnConfig> = {}): DqnConfig => ({
  ...presets.minatar["small"],
  ...{
    game: "breakout",
    plays: "breakout",
    preset: "small",
    arms: ["plain"],
    seeds: [1],
    frames: FRAMES,
  },
  ...{ learnFrom: 200, replay: 150, targetEvery: 40, batchSize: 16 },
  exploration: { frames: 200, to: 0.1 },
  test: { episodes: 3, epsilon: 0.05 },
  ...changes,
});

interface Bench {
  readonly config: DqnConfig;
  readonly maker: EnvironmentMaker;
  readonly programs: Programs;
}
async function benchOf(
  config: DqnConfig,
  arm: Arm,
  maker: EnvironmentMaker = makerOf(config),
): Promise<Bench> {
  return { config, maker, programs: programsOf(config, arm, await maker(0), runtime) };
}

async function advance(run: DqnRun, to: number): Promise<DqnRun> {
  while (run.step() < to) await run.advance();
  return run;
}
const trained = async (bench: Bench, seed = 1): Promise<DqnRun> =>
  advance(await startDqn({ ...bench, seed }), bench.config.frames);

/** All that configuration and seed decide: curve, world and sums, tensors, and the replay memory. */
function bitsOf({ checkpoint, replay }: DqnRun): unknown {
  const { state, config, seed, step, progress } = checkpoint();
  const { seconds: _s, wallSeconds: _w, milliseconds: _m, ...measured } = progress;
  const curve = (progress["curve"] as object[]).map((point) => ({ ...point, seconds: 0 }));
  return {
    ...{ config, seed, step, measured: { ...measured, curve } },
    tensors: [...state].map(([name, { data, shape }]) => [name, shape, bytesOf(data)]),
    replay: [...replay.slice(replay.oldest(), replay.count())].map(([name, { data }]) => [
      name,
      bytesOf(data),
    ]),
  };
}
const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): string =>
  Buffer.from(buffer, byteOffset, byteLength).toString("base64");

describe.each<[Arm, string, Partial<DqnConfig>]>([
  ["plain", "as in the paper", {}],
  ["weight", "as in the paper", {}],
  ["weight", "cut off, in stacks, double", { limit: 7, history: 3, double: true, updateEvery: 2 }],
])("a run of %s, %s", (arm, kind, changes) => {
  let bench: Bench;
  let whole: DqnRun;
  beforeAll(async () => {
    bench = await benchOf(configOf(changes), arm);
    whole = await trained(bench);
  }, 60_000);
  afterAll(() => bench.programs.release());

  test("measures what it says", () => {
    const { curve, updates, frame, entries } = whole.progress;
    expect([frame, curve.length]).toEqual([FRAMES, 100]);
    const { learnFrom, updateEvery } = bench.config;
    expect(updates).toBe((FRAMES - learnFrom) / updateEvery);
    expect(curve.map((p) => p.frame)).toEqual(curve.map((_, i) => 6 * (i + 1)));
    expect(curve.filter((p) => p.test).map((p) => p.frame)).toEqual(
      Array.from({ length: 10 }, (_, i) => 60 * (i + 1)),
    );
    for (const { frame: at, loss, q, epsilon, episodes, score, steps, layers } of curve) {
      expect([loss === null, q === null]).toEqual([at <= learnFrom, at <= learnFrom]);
      expect(epsilon).toBeCloseTo(Math.max(0.1, Math.min(1, 1 - 0.9 * ((at - learnFrom) / 200))));
      expect([score === null, steps === null]).toEqual([episodes === 0, episodes === 0]);
      expect(layers.map((l) => l.layer)).toEqual(["conv1", "dense1", "values"]); // the target network is none
    }
    const played = curve.reduce((sum, p) => sum + p.episodes * (p.steps ?? 0), 0);
    expect(played + whole.progress.episode.steps).toBeCloseTo(FRAMES, 9);
    expect(entries).toBe(0); // it is counted when there is a checkpoint
    const cut = changes.limit === 7;
    if (cut) for (const p of curve) expect(p.steps ?? 0).toBeLessThanOrEqual(7);
    expect(whole.replay.count() > FRAMES + 1).toBe(cut); // an episode that is cut off leaves its last frame
  });

  test("is another one with another seed", async () => {
    const other = await advance(await startDqn({ ...bench, seed: 2 }), 210);
    const losses = ({ progress }: DqnRun): unknown => progress.curve[34].loss; // of frames 205 to 210
    expect(losses(other)).not.toBe(losses(whole));
  });

  test("goes on to the same bits from a checkpoint and the files of its memory", async () => {
    const dir = join(folder, `${arm} ${kind}`);
    const files = (): MemoryFiles => memoryFiles(dir, `${arm}-1`);
    const writing = files();
    const first = await startDqn({ ...bench, seed: 1 });
    let saved: Checkpoint | undefined;
    // At 36 frames the newest entry, in which nothing was done yet, is the last of a part of 37.
    for (const frame of [0, 36, 90, 310, 433]) {
      await advance(first, frame);
      const checkpoint = first.checkpoint();
      await writing.save(first.replay);
      saved = decodeCheckpoint(encodeCheckpoint(checkpoint), "memory");
      await writing.prune(first.replay);
    }
    const kept = (await readdir(dir)).length;
    expect(kept).toBeLessThanOrEqual(6); // of more than a dozen parts of 37 entries
    await advance(first, 470); // and dies after its memory was written and before the checkpoint was
    await writing.save(first.replay);

    const second = await startDqn({
      ...{ ...bench, seed: 1 },
      from: { checkpoint: saved!, remember: files().restore },
    });
    expect(second.step()).toBe(433);
    expect(second.replay.count()).toBe(saved!.progress["entries"]);
    expect(bitsOf(await advance(second, FRAMES))).toEqual(bitsOf(whole));
    expect(bitsOf(await advance(first, FRAMES))).toEqual(bitsOf(whole)); // the same seed, and checkpoints change nothing
  });
});

test.each([
  ["plain", "conv1"],
  ["weight", "conv1"],
] as const)("%s that diverges is named, with its layer %s", async (arm, layer) => {
  const bench = await benchOf(configOf({ lr: [1e30] }), arm);
  const run = await advance(await startDqn({ ...bench, seed: 1 }), 200);
  const error = await advance(run, FRAMES).catch((e: unknown) => e);
  expect(error).toBeInstanceOf(Diverged);
  const { message } = error as Diverged;
  expect(message.replace(/got \S+ at frame \d+/, "got X at frame N")).toBe(
    `train: the loss of ${arm} must be a finite number, got X at frame N (it overflows first in layer ${layer}); lower --lr`,
  );
  await bench.programs.release();
});

describe.each(["plain", "weight"] as const)("two rooms, whose values are known: %s", (arm) => {
  test("learns them, and which doors to take", async () => {
    const [gamma, looks, limit] = [0.5, 50, 20];
    const config = configOf({
      ...{ frames: 1500, learnFrom: 500, replay: 1500, batchSize: 32, targetEvery: 25, gamma },
      ...{ updateEvery: 2, optimizer: "adam", lr: [0.002], exploration: { frames: 1, to: 1 } },
      test: { episodes: looks, epsilon: 0 },
    });
    const maker: EnvironmentMaker = (seed) => Promise.resolve(twoRooms({ limit, seed }));
    const bench = await benchOf(config, arm, maker);
    const { play } = bench.programs;
    const run = await advance(await startDqn({ ...bench, seed: 1 }), config.learnFrom);
    const tested = (): number => run.progress.curve.findLast((p) => p.test)!.test!.mean;
    expect(tested()).toBeLessThan(0.3 * limit);
    await advance(run, config.frames);
    expect(tested()).toBeGreaterThan(0.42 * limit); // 10 is the most

    for (const [room, value] of valuesIn(gamma).entries()) {
      const x = Array.from({ length: looks }, (_, i) => [...lookAt(room, 20_000 + i)]).flat(); // never seen before
      const seen = await play.run({ x: tensor(x, [looks, 1, 10, 10]) }, run.state);
      const right = [...seen["action"].data].filter((action) => action === DOORS[room]);
      expect(right.length / looks).toBeGreaterThan(0.9);
      const mean = [...seen["value"].data].reduce((a, b) => a + b) / looks;
      expect(Math.abs(mean - value)).toBeLessThan(0.15);
    }
    await bench.programs.release();
  });
});
