/** Deep Q-learning as an experiment: settings, what does not go together, and what is done with a trained agent. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { isDeepStrictEqual } from "node:util";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { presets, type DqnConfig } from "../../experiments/dqn/config.ts";
import { dqn } from "../../experiments/dqn/index.ts";
import { UsageError, type Places, type Trained } from "../../runs/experiment.ts";
import { objectOf, valueOf } from "../../runs/setting-values.ts";
import { initialState } from "../../src/index.ts";
import { configOf, world } from "./dqn-world.ts";

vi.setConfig({ testTimeout: 120_000 }); // seconds, where the cores are free

const CATCH = fileURLToPath(
  new URL("../../experiments/dqn/atari/catch/catch.bin", import.meta.url),
);
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "weightnorm-agents-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const said = (run: () => unknown): string => {
  try {
    run();
    return "nothing";
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}`;
  }
};
const saidBy = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => "nothing",
    (error: unknown) => `${(error as Error).name}: ${(error as Error).message}`,
  );

describe("a configuration", () => {
  const complete = (asked: Partial<DqnConfig> = {}, places: Places = {}): DqnConfig =>
    dqn.complete(asked, places);

  test("is completed by the preset of its game", () => {
    expect(complete()).toEqual({
      ...{ game: "breakout", preset: "small", arms: ["plain", "weight"], seeds: [1] },
      ...presets.minatar["small"],
    });
    expect(complete({}, { rom: "x.bin" })).toMatchObject({ game: "rom", network: "nature" });
    expect(complete({ game: "catch", preset: "paper", double: true })).toMatchObject({
      ...{ frames: 50_000_000, history: 4, threads: 2, double: true },
    });
    expect(complete({ frames: 2000 })).toMatchObject({
      ...{ learnFrom: 200, exploration: { frames: 666, to: 0.1 } },
    });
    expect(complete({ frames: 150 })).toMatchObject({
      ...{ learnFrom: 100, exploration: { frames: 50, to: 0.1 } },
    });
  });

  test("is described, every one that there is and nothing else", () => {
    const { preset: _, ...config } = complete();
    const described = objectOf(dqn.settings);
    const fits = (value: unknown): boolean => described.safeParse(value).success;
    expect(fits(config)).toBe(true);
    expect(fits({ ...config, plays: "breakout" })).toBe(true);
    for (const family of Object.values(presets))
      for (const settings of Object.values(family))
        expect(fits({ ...settings, game: "catch", arms: ["plain"], seeds: [1] })).toBe(true);
    for (const wrong of [
      ...[{ rom: "x.bin" }, { plays: "pong" }, { network: null }, { optimizer: "constructor" }],
      ...[{ arms: [] }, { threads: 100_000 }, { frames: 0.5 }, { exploration: {} }, { gamma: 2 }],
    ])
      expect(fits({ ...config, ...wrong })).toBe(false);
    expect(valueOf("--game", dqn.settings["game"], "pong")).toEqual({
      unfit: {
        expected: "one of breakout, space-invaders, seaquest, catch, rom",
        ...{ got: "pong", advice: "try --game breakout" },
      },
    });
    expect(valueOf("--frames", dqn.settings["frames"], "0")).toEqual({
      unfit: {
        expected: "a whole number of at least 1 and at most 1000000000",
        ...{ got: "0", advice: "try --frames 20000" },
      },
    });
  });

  test("that does not go together", () => {
    expect(
      [
        () => complete({ game: "rom" }),
        () => complete({ game: "breakout" }, { rom: "cut.bin" }),
        () => complete({ preset: "small-attention" }),
        () => complete({ frames: 100 }),
        () => complete({ lr: [0.1, 0.01] }),
      ].map(said),
    ).toMatchInlineSnapshot(`
      [
        "UsageError: --rom: expected the file of a cartridge with --game rom, got none; add --rom FILE",
        "UsageError: --rom: expected it alone or with --game rom, got --game breakout; leave one of them away",
        "UsageError: --preset: expected small or paper for dqn, got "small-attention"; try --preset small",
        "UsageError: --frames: expected more than the 100 frames of random play at the start, got 100; try --frames 20000",
        "UsageError: --lr: expected one learning rate for dqn, got 0.1,0.01; start a run for each",
      ]
    `);
  });
});

describe("a game that agents are to be trained in", () => {
  const opened = (places: Places, changes: Partial<DqnConfig> = {}): Promise<string> =>
    saidBy(dqn.open({ ...configOf({ game: "rom" }), ...changes }, world({ places })));

  test("cartridges that there are not", async () => {
    const [cut, unknown] = [join(folder, "cut.bin"), join(folder, "unknown.bin")];
    await writeFile(cut, new Uint8Array(1000));
    await writeFile(unknown, new Uint8Array(4096));
    const messages = [
      ...[await opened({ rom: cut }), await opened({ rom: unknown })],
      await opened({ rom: CATCH }, { plays: "breakout" }),
      await opened({}),
    ].map((message) => message.replaceAll(folder, "TMP").replaceAll(CATCH, "catch.bin"));
    expect(messages).toMatchInlineSnapshot(`
      [
        "Error: TMP/cut.bin: a cartridge must have 2048, 4096, 8192, 16384, 32768 or 65536 bytes, got 1000; give the whole image of its ROM, unpacked",
        "Error: TMP/unknown.bin: the ROM must be one of breakout (md5 f34f08e5eb96e500e851a80be3277a56), enduro (md5 94b92a882f6dbaa6993a46e2dcc58402), seaquest (md5 240bfbac5163af4df5ae713985386f92), space-invaders (md5 72ffbef6504b75e69ee1045af9075f66), catch (md5 225115fa9423fb951f9589cbde2ae0a8), got one with md5 620f0b67a91f7f74151bc5be745b7110; find that very version, as others keep score and lives elsewhere in memory",
        "Error: catch.bin: the run began with the game breakout, got catch; give the right cartridge with --rom",
        "Error: --rom: expected the file of a cartridge, got none; say where it is now with --rom FILE",
      ]
    `);
    await mkdir(join(folder, "games"));
    for (const name of ["a.bin", "b.bin"]) await writeFile(join(folder, "games", name), "");
    expect((await opened({ rom: join(folder, "games") })).replace(folder, "TMP")).toBe(
      "Error: TMP/games: expected the file of a cartridge, got 2 files; name one of them",
    );
    expect((await opened({ rom: join(folder, "nowhere.bin") })).replace(folder, "TMP")).toMatch(
      /^Error: TMP\/nowhere\.bin: .* got ENOENT; check the path$/,
    );
  });

  test("replay memories that do not fit", async () => {
    const seeds = Array.from({ length: 99 }, (_, i) => i);
    const asked = { game: "catch", preset: "paper", arms: ["plain", "weight", "batch"] } as const;
    const config = dqn.complete({ ...asked, seeds }, {});
    const error: unknown = await dqn
      .open(config, world({ freeMemory: () => 8e9 }))
      .catch((e: unknown) => e);
    expect(error).toBeInstanceOf(UsageError);
    expect((error as Error).message).toBe(
      "--arms: expected runs whose replay memories fit, got 297 that take 2095.6 GB, with 8.0 GB free; train fewer arms or seeds at a time",
    );
  });

  test("what random play gets in an emulated game takes a while, and is said to", async () => {
    const progress = vi.fn();
    const config = dqn.complete({ game: "catch", frames: 1000, limit: 5 }, {});
    const short = { ...config, test: { episodes: 2, epsilon: 0.05 } };
    const field = await dqn.open(short, world({ progress }));
    expect(field.facts).toEqual([
      ["game", "catch"],
      ["actions", "noop, right, left"],
    ]);
    expect(progress).not.toHaveBeenCalled();
    expect(await field.baseline!()).toMatchObject({ name: "random play", count: 2 });
    expect(progress.mock.calls.at(-1)).toEqual(["random play", 1]);
  });
});

describe("what agents share", () => {
  const config = configOf({ arms: ["plain", "weight"], limit: 50 });
  let field: Awaited<ReturnType<typeof dqn.open>>;
  let trained: Trained<DqnConfig>;
  beforeAll(async () => {
    field = await dqn.open(config, world());
    const key = { arm: "weight", seed: 1, lr: config.lr[0] } as const;
    const run = await field.start(key);
    const { state, step } = (await run.saved()).checkpoint;
    trained = { key, config: { ...field.config, arms: ["weight"] }, state, step, world: world() };
  }, 120_000);
  afterAll(() => field.release());

  test("what random play gets in a thousand episodes, and the game's name", async () => {
    const { plays: _, ...asked } = configOf({ test: { episodes: 100, epsilon: 0 } });
    const { baseline, config: whole } = await dqn.open(asked, world());
    expect(whole).toEqual({ ...asked, plays: "breakout" });
    // To the last bit what earlier code measured.
    expect(await baseline!()).toEqual({
      name: "random play",
      test: { return: 0.505, steps: 11.17 },
      errors: { return: 0.024094720491334966 },
      count: 1000,
    });
  });

  test("runs of one arm share programs, and rest without being let go", async () => {
    const run = await field.start({ arm: "weight", seed: 2, lr: config.lr[0] });
    expect([run.step(), run.begun, run.wall()]).toEqual([0, [], 0]);
    await field.rest("weight");
    const { values, events } = await run.advance();
    expect([values, events, run.step()]).toEqual([{ return: null }, [], 1]);
  });

  test("an agent is tested, plays, and has a game to show", async () => {
    const { test: measured, errors } = await field.measure(trained, "weight-1.safetensors");
    expect(measured["return"]).toBeGreaterThanOrEqual(0);
    expect(measured["steps"]).toBeGreaterThan(4);
    expect(errors!["return"]).toBeGreaterThanOrEqual(0);
    const { measured: none, pictures } = await field.exhibit!(trained);
    expect(none).toEqual({});
    expect(pictures).toHaveLength(1);
    const [{ name, caption, frames, delay }] = pictures;
    const said_ = /^(\d+) points in (\d+) steps$/.exec(caption)!;
    expect([name, delay, frames.length]).toEqual(["game", 100, Number(said_[2]) + 1]);
    expect(frames[0]).toMatchObject({ width: 161, height: 161, channels: 3 });

    const played = await dqn.play!(trained, { seed: 1, most: 3 });
    expect(played).toMatchObject({
      ...{ game: "breakout", score: Number(said_[1]), steps: Number(said_[2]), delay: 100 },
      frames: frames.slice(0, 3), // the same game
    });
    const other = await dqn.play!(trained, { seed: 7, most: 60 });
    expect(isDeepStrictEqual(other.frames, frames)).toBe(false);
  });

  test("parameters of another network", async () => {
    const state = initialState([], 1);
    const message = (where: string): RegExp =>
      new RegExp(`^Error: ${where}: the state does not fit the model, got no "`);
    expect(await saidBy(field.measure({ ...trained, state }, "x.safetensors"))).toMatch(
      message("x\\.safetensors"),
    );
    expect(await saidBy(dqn.play!({ ...trained, state }, { seed: 1, most: 1 }))).toMatch(
      message("the checkpoint of weight-1"),
    );
  });
});
