/** Checkpoints of agents, and the parts of their memories, from wherever they come: earlier code, other hands. */
import { readFile } from "node:fs/promises";
import { beforeAll, describe, expect, test } from "vitest";
import { dqn } from "../../experiments/dqn/index.ts";
import { makerOf } from "../../experiments/dqn/games.ts";
import { memoryParts } from "../../experiments/dqn/memory-parts.ts";
import { programsOf } from "../../experiments/dqn/programs.ts";
import type { Progress } from "../../experiments/dqn/progress.ts";
import { replayMemory, type Replay } from "../../experiments/dqn/replay.ts";
import { startDqn } from "../../experiments/dqn/run.ts";
import type { Kept } from "../../runs/experiment.ts";
import { objectOf } from "../../runs/setting-values.ts";
import { whole } from "../../runs/settings.ts";
import { encodeSafetensors, tensor, type Checkpoint, type Tensor } from "../../src/index.ts";
import { gunzipSync } from "node:zlib";
import { bitsOfAll, configOf, FRAMES, runtime, world } from "./dqn-world.ts";

const key = { arm: "weight", seed: 1, lr: 0.00025 } as const;
const config = configOf({
  ...{ arms: ["weight"], limit: 7, history: 3, double: true, updateEvery: 2 },
});
const maker = makerOf(config, world());
const programs = programsOf(config, "weight", await maker(0), runtime);

/** Written by the code before experiments had a contract, after 145 of 400 frames: nothing was learned yet. */
interface Golden extends Omit<Checkpoint, "state"> {
  readonly parts: Readonly<Record<string, string>>;
}
const golden = JSON.parse(
  await readFile(new URL("../golden/dqn-checkpoint.json", import.meta.url), "utf8"),
) as Golden;
const { parts, ...saved } = golden;
const keptOf = (
  changes: Partial<Checkpoint> = {},
  held: ReadonlyMap<string, Uint8Array> = partsOf(),
): Kept => ({
  checkpoint: { ...structuredClone(saved), state: programs.initial(1), ...changes },
  attachment(name, most) {
    const part = held.get(name);
    if (!part) return Promise.reject(new Error(`${name}: expected a part, got none`));
    expect(part.length).toBeLessThanOrEqual(most);
    return Promise.resolve(part);
  },
});
const partsOf = (): Map<string, Uint8Array> =>
  new Map(
    Object.entries(parts).map(([name, text]) => [name, gunzipSync(Buffer.from(text, "base64"))]),
  );
const start = (from?: Kept): ReturnType<typeof startDqn> =>
  startDqn({ config, key, maker, programs, ...(from ? { from } : {}) });
const said = async (from: Kept): Promise<string> =>
  start(from).then(
    () => "nothing",
    (error: unknown) => (error as Error).message,
  );

describe("a checkpoint of earlier code", () => {
  test("has settings that are still described, and a history", () => {
    const { experiment, arm, lr, ...rest } = golden.config;
    expect([experiment, arm, lr]).toEqual(["dqn", "weight", 0.00025]);
    const described = objectOf({ ...dqn.settings, preset: whole("") });
    const old = { ...rest, arms: [arm], seeds: [1], lr: [lr], preset: 1 };
    expect(described.safeParse(old).error).toBeUndefined();
    const events = dqn.history(keptOf().checkpoint, key);
    const { curve } = golden.progress as unknown as Progress;
    expect(events.filter(({ type }) => type === "point")).toHaveLength(curve.length);
    expect(events.filter(({ type }) => type === "measured").map(({ step }) => step)).toEqual([
      ...[40, 80, 120],
    ]);
    expect(events.at(-1)).toEqual({
      ...{ type: "point", step: 144, at: 144, seconds: curve.at(-1)!.seconds },
      values: { return: 0, episodes: 1, steps: 6, loss: null, q: null, epsilon: 1 },
      layers: curve.at(-1)!.layers,
    });
  });

  test("is gone on from, to the bits of a run from its start", async () => {
    const bits = async (from?: Kept): Promise<unknown> => {
      const run = await start(from);
      while (run.step() < FRAMES / 2) await run.advance();
      const { state, progress } = (await run.saved()).checkpoint;
      const { curve, sums, environment, entries } = progress as unknown as Progress;
      return {
        ...{ sums, environment, entries, tensors: bitsOfAll(state) },
        curve: curve.map((point) => ({ ...point, seconds: 0 })),
      };
    };
    expect(await bits(keptOf())).toEqual(await bits());
  });
});

describe("progress that cannot be", () => {
  const messageOf = (run: () => unknown): string => {
    try {
      run();
      return "nothing";
    } catch (error) {
      return (error as Error).message;
    }
  };
  test.each<[string, (p: Progress) => unknown, string]>([
    ["nothing", () => null, "expected an object, got null"],
    ["no curve", (p) => ({ ...p, curve: undefined }), "expected an array in curve, got nothing"],
    ["a frame", (p) => ({ ...p, frame: "x" }), 'expected a number in frame, got "x"'],
    [
      "another step",
      (p) => ({ ...p, frame: 144 }),
      "expected the progress of step 145, got that of frame 144",
    ],
    [
      "the future",
      (p) => ({ ...p, curve: [{ ...p.curve[0], frame: 999 }] }),
      "expected the progress of step 145, got that of frame 999",
    ],
    [
      "two points at once",
      (p) => ({ ...p, curve: [p.curve[0], p.curve[0]] }),
      'expected points one after the other in curve, got [{"frame":4,',
    ],
    [
      "a score",
      (p) => ({ ...p, curve: [{ ...p.curve[0], score: "7" }] }),
      'expected a number in curve.0.score, got "7"',
    ],
    [
      "entries",
      (p) => ({ ...p, entries: 0 }),
      "expected 146 to 291 entries after frame 145, got 0",
    ],
  ])("%s", async (_, change, message) => {
    const progress = change(structuredClone(golden.progress) as unknown as Progress);
    const kept = keptOf({ progress: progress as Checkpoint["progress"] });
    const [got, told] = [await said(kept), messageOf(() => dqn.history(kept.checkpoint, key))];
    expect(got.slice(0, message.length + 28)).toBe(`the checkpoint of weight-1: ${message}`);
    expect(got).toMatch(/; use an earlier checkpoint$/);
    expect(told).toBe(got);
  });

  test("a game in another state than it can be in", async () => {
    const environment = (golden.progress as unknown as Progress).environment as object;
    const changed = (change: object): Kept =>
      keptOf({ progress: { ...golden.progress, environment: { ...environment, ...change } } });
    expect(await said(changed({ game: "seaquest" }))).toBe(
      "the checkpoint of weight-1: breakout: a snapshot must be of the same game, got one of seaquest; restore it there",
    );
    expect(await said(changed({ state: { row: 1 } }))).toMatch(
      /^the checkpoint of weight-1: breakout: expected a.* in state\.column, got nothing; use an earlier checkpoint$/,
    );
    expect(await said(changed({ last: "jump" }))).toBe(
      'the checkpoint of weight-1: breakout: expected one of noop, left, up, right, down, fire in last, got "jump"; use an earlier checkpoint',
    );
  });

  test("another network, another pace", async () => {
    const state = programs.initial(1);
    state.delete("conv1.g");
    expect(await said(keptOf({ state }))).toBe(
      'the checkpoint of weight-1: the state does not fit the model, got no "conv1.g"; use the configuration that it was saved with',
    );
    const { checkpoint } = keptOf({ config: { ...golden.config, updateEvery: 0 } });
    expect(() => dqn.history(checkpoint, key)).toThrow(
      "the checkpoint of weight-1: expected at least 1 in updateEvery, got 0; use an earlier checkpoint",
    );
  });
});

describe("parts of a memory", () => {
  const shape = [1, 2, 2];
  const fresh = (capacity = 40): Replay => replayMemory({ capacity, shape, history: 2 });
  /** So many entries; every fifth episode is cut off after three steps, and leaves a frame. */
  const live = (replay: Replay, entries: number): void => {
    while (replay.count() < entries) {
      const n = replay.count();
      const first = n % 4 === 0;
      replay.see(Uint8Array.of(n & 255, n >> 8, 3, 4), first);
      if (n % 4 !== 3 && n + 1 < entries)
        replay.act({ action: n % 3, reward: n / 2, ended: false });
    }
  };
  const contents = (replay: Replay): unknown =>
    bitsOfAll(replay.slice(replay.oldest(), replay.count()));
  let lived: Replay;
  let held: Map<string, Uint8Array>;
  beforeAll(() => {
    lived = fresh();
    live(lived, 65);
    const { fresh: made } = memoryParts(lived, "m").attachments();
    held = new Map([...made].map(([name, bytes]) => [name, bytes()]));
  });
  const restored = async (entries: number, from = held): Promise<Replay> => {
    const copy = fresh();
    await memoryParts(copy, "the replay memory of weight-1").restore(keptOf({}, from), entries);
    return copy;
  };

  test("hold what is remembered, and no more is read of them than they can have", async () => {
    expect([...held.keys()]).toEqual(["2", "3", "4", "5", "6"].map((n) => `00000${n}.safetensors`));
    expect(contents(await restored(65))).toEqual(contents(lived)); // entries 20 to 24 were overwritten before they were saved
  });

  test("each is saved until it is complete, and needed until it is forgotten", () => {
    const replay = fresh();
    const memory = memoryParts(replay, "m");
    const names = (): readonly string[] => {
      const all = [...memory.attachments().fresh];
      for (const [, bytes] of all) bytes();
      return all.map(([name]) => name.slice(4, 6));
    };
    const at = (entries: number): readonly string[] => {
      live(replay, entries);
      return names();
    };
    expect([at(1), at(10), at(11), at(12), at(40)]).toEqual([
      ...[["00"], ["00"], ["00", "01"], ["01"], ["01", "02", "03"]],
    ]);
    expect(memory.attachments().obsolete("000000.safetensors")).toBe(false);
    expect([...memory.attachments().fresh.keys()]).toEqual(["000003.safetensors"]); // looking changes nothing
    expect([...memory.attachments().fresh.keys()]).toEqual(["000003.safetensors"]);
    live(replay, 50);
    const { obsolete } = memory.attachments();
    expect(["000000", "000001", "notes"].map((n) => obsolete(`${n}.safetensors`))).toEqual([
      ...[true, false, false],
    ]);
  });

  const damaged = async (change: (all: Map<string, Tensor>) => void): Promise<string> => {
    const all = new Map(lived.slice(60, 65));
    change(all);
    const from = new Map([...held, ["000006.safetensors", encodeSafetensors(all)] as const]);
    return restored(65, from).then(
      () => "nothing",
      (error: unknown) => (error as Error).message,
    );
  };
  const wrong = (why: string): string =>
    `the replay memory of weight-1, 000006.safetensors: expected a part of the replay memory, got a damaged one (${why}); put it back, or remove the checkpoint of that run, which then starts anew while the others go on`;

  test("that are missing, short, of another kind, or would never give a transition", async () => {
    const gone = new Map([...held].slice(1));
    await expect(restored(65, gone)).rejects.toThrow(
      "000002.safetensors: expected a part, got none",
    );
    expect(await damaged(() => undefined)).toBe("nothing");
    expect(
      await damaged((all) => {
        for (const [name, t] of lived.slice(60, 63)) all.set(name, t);
      }),
    ).toBe(wrong("it holds 3 entries instead of 5"));
    expect(await damaged((all) => all.set("rewards", tensor(new Float64Array(5))))).toMatch(
      /got a damaged one \(replay: expected frames of 4 bytes with actions, rewards and flags, got [^;]*\); put/,
    );
    expect(await damaged((all) => all.set("flags", tensor(new Int32Array(5), [5], "int32")))).toBe(
      wrong(
        "replay: expected something done in every entry but the last one of an episode, got nothing in entry 59",
      ),
    );
    const short = held.get("000006.safetensors")!.subarray(0, 90);
    await expect(restored(65, new Map([...held, ["000006.safetensors", short]]))).rejects.toThrow(
      /^the replay memory of weight-1, 000006\.safetensors: expected a part of the replay memory, got a damaged one \([^;]+\); put it back/,
    );
  });
});
