/** Games of the Atari 2600: our own is played; of the others, whose ROMs are not ours to keep, formulas are checked. */
import { createHash } from "node:crypto";
import { deflateRawSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { gain, type Game } from "../../experiments/dqn/atari/games.ts";
import { md5 } from "../../experiments/dqn/atari/md5.ts";
import {
  atari,
  catchRom,
  gameOf,
  games,
  type AtariOptions,
} from "../../experiments/dqn/atari/index.ts";
import type { Environment } from "../../experiments/dqn/environment.ts";
import { asset, require } from "./dqn-world.ts";

vi.setConfig({ testTimeout: 120_000 }); // some ten seconds, where the cores are free

const { rom, where } = await catchRom({ asset });
const catching = (options: Partial<AtariOptions> = {}): Promise<Environment> =>
  atari(rom, { where, load: require, ...options });

/** s <- 1664525 s + 1013904223 mod 2^32. */
function congruential(seed: number): () => number {
  let s = seed;
  return () => (s = (Math.imul(1664525, s) + 1013904223) >>> 0) >>> 16;
}

type Policy = (environment: Environment) => number;
const anything = (seed = 1): Policy => {
  const next = congruential(seed);
  return ({ actions }) => next() % actions.length;
};
const [NOOP, RIGHT, LEFT] = [0, 1, 2];

/** The middle of what is brighter than a limit in some rows, or nothing. */
function middle(seen: Uint8Array, from: number, to: number, limit: number): number | undefined {
  let [sum, count] = [0, 0];
  for (let y = from; y < to; y++)
    for (let x = 3; x < 81; x++) if (seen[84 * y + x] > limit) [sum, count] = [sum + x, count + 1];
  return count === 0 ? undefined : sum / count;
}
/** Sees what a network sees. */
const follow: Policy = (environment) => {
  const seen = environment.observe();
  const [ball, paddle] = [middle(seen, 16, 67, 80), middle(seen, 69, 71, 80)];
  if (ball === undefined || paddle === undefined || Math.abs(ball - paddle) < 6) return NOOP;
  return ball > paddle ? RIGHT : LEFT;
};

function episode(environment: Environment, policy: Policy): { score: number; decisions: number } {
  environment.reset();
  let [score, decisions, over] = [0, 0, false];
  while (!over) {
    const { reward, ended, truncated } = environment.step(policy(environment));
    score += reward;
    decisions++;
    over = ended || truncated;
  }
  return { score, decisions };
}

/** So many decisions, with what each led to; new episodes are started where one ends. */
function trajectory(environment: Environment, policy: Policy, decisions: number): unknown[] {
  return Array.from({ length: decisions }, () => {
    const outcome = environment.step(policy(environment));
    const seen = Buffer.from(environment.observe()).toString("base64");
    if (outcome.ended || outcome.truncated) environment.reset();
    return [outcome, seen];
  });
}

test("catch: following the ball wins, random play and what was learnt by heart get a few points", async () => {
  const environment = await catching();
  const learnt: number[] = [];
  const won = episode(environment, (e) => {
    learnt.push(follow(e));
    return learnt.at(-1)!;
  });
  expect(won.score).toBe(40);
  expect(won.decisions).toBeLessThan(250);
  const policy = anything();
  const random = Array.from({ length: 5 }, () => episode(environment, policy).score);
  const mean = random.reduce((a, b) => a + b) / random.length;
  expect(mean).toBeGreaterThan(0.5);
  expect(mean).toBeLessThan(2.5);
  const again = Array.from({ length: 2 }, () => {
    let n = 0;
    return episode(environment, () => learnt[n++] ?? NOOP).score;
  });
  expect(Math.max(...again)).toBeLessThan(10);
  expect(episode(environment, follow).score).toBe(40); // whatever came before
});

describe("an environment", () => {
  test("what it says of itself", async () => {
    const environment = await catching();
    expect(environment).toMatchObject({
      ...{ name: "catch", shape: [1, 84, 84], most: 255, actions: ["noop", "right", "left"] },
    });
    const { width, height, channels, pixels } = environment.picture();
    expect([width, height, channels, pixels.length]).toEqual([160, 210, 3, 160 * 210 * 3]);
    expect(environment.observe()).toHaveLength(84 * 84);
    const into = new Uint8Array(84 * 84);
    expect(environment.observe(into)).toBe(into);
  });

  test("the same seed makes the same trajectory, another one another", async () => {
    const play = async (seed: number): Promise<unknown[]> =>
      trajectory(await catching({ seed, sticky: 0.25 }), anything(), 20);
    const [once, again, other] = await Promise.all([1, 1, 2].map(play));
    expect(again).toEqual(once);
    expect(other).not.toEqual(once);
  });

  test("goes on from a snapshot as it did: here, elsewhere, and through JSON", async () => {
    const environment = await catching({ seed: 3, sticky: 0.25 });
    trajectory(environment, anything(5), 30);
    const saved = JSON.stringify(environment.snapshot());
    const seen = environment.observe();
    const picture = environment.picture();
    const once = trajectory(environment, anything(6), 20);
    const elsewhere = await catching({ seed: 3, sticky: 0.25 });
    for (const other of [environment, elsewhere]) {
      other.restore(JSON.parse(saved));
      expect(JSON.stringify(other.snapshot())).toBe(saved);
      expect(other.observe()).toEqual(seen);
      expect(other.picture()).toEqual(picture);
      expect(trajectory(other, anything(6), 20)).toEqual(once);
    }
  });

  test("without idling every episode is alike, with it they differ", async () => {
    const different = async (noops: number): Promise<number> => {
      const environment = await catching({ noops });
      const played = Array.from({ length: 6 }, () => {
        environment.reset();
        return JSON.stringify(trajectory(environment, () => NOOP, 10));
      });
      return new Set(played).size;
    };
    expect(await different(0)).toBe(1);
    expect(await different(30)).toBeGreaterThan(3);
  });

  test("is cut off at its limit, not ended", async () => {
    const environment = await catching({ noops: 0, limit: 10 });
    const outcomes = [0, 0, 0].map((action) => environment.step(action));
    expect(outcomes.map(({ truncated }) => truncated)).toEqual([false, false, true]);
    expect(outcomes.map(({ ended }) => ended)).toEqual([false, false, false]);
    expect(() => environment.step(0)).toThrowErrorMatchingInlineSnapshot(
      `[Error: catch: a step must be in an episode, got one after its end; reset first]`,
    );
    environment.reset();
    expect(environment.step(0).truncated).toBe(false);
  });

  test("what there is not", async () => {
    const environment = await catching();
    expect(() => environment.step(3)).toThrow(RangeError);
    expect(() => environment.step(3)).toThrowErrorMatchingInlineSnapshot(
      `[RangeError: catch: an action must be 0 to 2, got 3; see actions]`,
    );
    expect(() => {
      environment.restore({ game: "pong" });
    }).toThrowErrorMatchingInlineSnapshot(
      `[Error: catch: a snapshot must be of the same game, got one of pong; restore it there]`,
    );
    const saved = environment.snapshot() as { readonly console: object };
    const changed = (change: object) => (): void => {
      environment.restore({ ...saved, console: { ...saved.console, ...change } });
    };
    const unlike = /^atari: a snapshot must be what this emulator wrote, got .*; use an earlier/;
    for (const change of [
      ...[{ values: [[1e9, 0]] }, { values: [[0, { thing: 1e9 }]] }, { arrays: [[1e9, ""]] }],
      ...[{ arrays: [[0, "no base64!"]] }, { arrays: [[0, btoa("not deflated")]] }],
      { arrays: [[0, bomb()]] },
    ])
      expect(changed(change)).toThrow(unlike);
    expect(changed({ places: 3 })).toThrow(
      /^atari: a snapshot must be of the same emulator, got one/,
    );
    expect(changed({ values: "none" })).toThrowErrorMatchingInlineSnapshot(
      `[Error: catch: expected an array in console.values, got "none"; use an earlier checkpoint]`,
    );
    expect(environment.snapshot()).toEqual(saved); // nothing was changed
    await expect(catching({ sticky: 2 })).rejects.toThrowErrorMatchingInlineSnapshot(
      `[RangeError: atari: sticky must be a probability, got 2; pass 0 to 1]`,
    );
    await expect(catching({ noops: -1 })).rejects.toThrowErrorMatchingInlineSnapshot(
      `[RangeError: atari: noops must be a whole number, got -1; pass 0 or more]`,
    );
  });
});

/** Ten million zeros in ten thousand bytes. */
const bomb = (): string => deflateRawSync(new Uint8Array(10_000_000)).toString("base64");

describe("games by their memory", () => {
  const game = (name: string): Game => games.find((g) => g.name === name)!;
  const memory = (bytes: Readonly<Record<number, number>>): Uint8Array => {
    const all = new Uint8Array(128);
    for (const [address, byte] of Object.entries(bytes)) all[Number(address) & 0x7f] = byte;
    return all;
  };
  const read = (name: string, bytes: Readonly<Record<number, number>>): unknown => {
    const { score, lives, ended } = game(name);
    return [score(memory(bytes)), lives?.(memory(bytes)), ended(memory(bytes))];
  };

  test("Breakout: three digits", () => {
    expect(read("breakout", { 76: 0xf8, 77: 0x64, 57: 3 })).toEqual([864, 3, false]);
    expect(read("breakout", { 57: 0 })).toEqual([0, 0, true]);
    expect([0, 4, 5].map((b) => game("breakout").begun!(memory({ 57: b })))).toEqual([
      ...[false, false, true],
    ]);
  });

  test("Enduro: cars that are left, of 200 on the first day and of 300 on others", () => {
    expect(read("enduro", { 0xad: 0, 0xac: 0x02, 0xab: 0 })).toEqual([0, undefined, false]);
    expect(read("enduro", { 0xad: 1, 0xac: 0x02, 0xab: 0 })).toEqual([0, undefined, false]);
    expect(read("enduro", { 0xad: 1, 0xac: 0x01, 0xab: 0x37 })).toEqual([63, undefined, false]);
    expect(read("enduro", { 0xad: 2, 0xac: 0x03, 0xab: 0 })).toEqual([200, undefined, false]);
    expect(read("enduro", { 0xad: 4, 0xac: 0x02, 0xab: 0x99 })).toEqual([801, undefined, false]);
    expect(read("enduro", { 0xaf: 0xff })).toEqual([0, undefined, true]);
  });

  test("Seaquest: six digits", () => {
    const bytes = { 0xb8: 0x12, 0xb9: 0x34, 0xba: 0x56, 0xbb: 3 };
    expect(read("seaquest", bytes)).toEqual([123_456, 4, false]);
    expect(read("seaquest", { 0xa3: 1 })).toEqual([0, 1, true]);
  });

  test("Space Invaders: four digits, after which the score starts again", () => {
    expect(read("space-invaders", { 0xe6: 0x98, 0xe8: 0x75, 0xc9: 3 })).toEqual([9875, 3, false]);
    expect(read("space-invaders", { 0xc9: 0 })).toEqual([0, 0, true]);
    expect(read("space-invaders", { 0xc9: 2, 0x98: 0x80 })).toEqual([0, 2, true]);
    expect(gain(game("space-invaders"), 9995, 5)).toBe(10);
    expect(gain(game("space-invaders"), 100, 130)).toBe(30);
    expect(gain(game("breakout"), 3, 4)).toBe(1);
  });

  test("actions in ALE's order", () => {
    const counts = games.map(({ name, actions }) => [name, new Set(actions).size]);
    expect(Object.fromEntries(counts)).toEqual({
      ...{ breakout: 4, enduro: 9, seaquest: 18, "space-invaders": 6, catch: 3 },
    });
    expect(game("seaquest").actions.slice(4, 12)).toEqual([
      ...["left", "down", "upright", "upleft", "downright", "downleft", "upfire", "rightfire"],
    ]);
  });
});

test("files that are no cartridge, and ROMs that are not known", () => {
  expect(() => gameOf(new Uint8Array(0), "empty.bin")).toThrowErrorMatchingInlineSnapshot(
    `[Error: empty.bin: a cartridge must have 2048, 4096, 8192, 16384, 32768 or 65536 bytes, got 0; give the whole image of its ROM, unpacked]`,
  );
  expect(() => gameOf(rom.subarray(0, 1500), "cut.bin")).toThrowErrorMatchingInlineSnapshot(
    `[Error: cut.bin: a cartridge must have 2048, 4096, 8192, 16384, 32768 or 65536 bytes, got 1500; give the whole image of its ROM, unpacked]`,
  );
  const nonsense = Uint8Array.from({ length: 4096 }, (_, i) => (i * 2654435761) >>> 13);
  expect(() => gameOf(nonsense, "x.bin")).toThrowErrorMatchingInlineSnapshot(
    `[Error: x.bin: the ROM must be one of breakout (md5 f34f08e5eb96e500e851a80be3277a56), enduro (md5 94b92a882f6dbaa6993a46e2dcc58402), seaquest (md5 240bfbac5163af4df5ae713985386f92), space-invaders (md5 72ffbef6504b75e69ee1045af9075f66), catch (md5 225115fa9423fb951f9589cbde2ae0a8), got one with md5 b7090435438a63bb1e356332971a6689; find that very version, as others keep score and lives elsewhere in memory]`,
  );
});

test("MD5 is Node's", () => {
  const sizes = fc.oneof(fc.nat(130), fc.constantFrom(2048, 4096, 65_536));
  fc.assert(
    fc.property(sizes, fc.nat(255), (size, salt) => {
      const bytes = Uint8Array.from({ length: size }, (_, i) => (i * i + salt) >> 3);
      expect(md5(bytes)).toBe(createHash("md5").update(bytes).digest("hex"));
    }),
    { numRuns: 60 },
  );
});
