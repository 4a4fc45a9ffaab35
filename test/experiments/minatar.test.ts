/** MinAtar against figures made by others: traces of the original, step by step, and what random play gets in it. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ACTIONS, games, minAtar, type Action } from "../../experiments/dqn/minatar/index.ts";
import type { Environment } from "../../experiments/dqn/environment.ts";

/** s <- 1664525 s + 1013904223 mod 2^32. */
function congruential(seed: number): () => number {
  let s = seed;
  return () => (s = (Math.imul(1664525, s) + 1013904223) >>> 0);
}

type Policy = (step: number, environment: Environment) => Action;
interface Trace {
  readonly steps: number;
  readonly score: number;
  readonly ended: boolean;
  /** The steps that were rewarded, from 1. */
  readonly rewarded: readonly number[];
  /** Of all observations: h <- 31 h + the sum of 100 channel + 10 row + column + 1 over all cells that are on. */
  readonly digest: number;
}
function play(name: string, policy: Policy, cap = 3000): Trace {
  const next = congruential(1);
  const environment = minAtar(name, {
    ...{ sticky: 0, limit: Infinity },
    random: () => next() / 2 ** 32,
  });
  let [steps, score, digest, ended] = [0, 0, 0, false];
  const rewarded: number[] = [];
  const look = (): void => {
    const sum = environment.observe().reduce((s, on, i) => s + on * (i + 1), 0);
    digest = (Math.imul(31, digest) + sum) >>> 0;
  };
  look();
  while (!ended && steps < cap) {
    const outcome = environment.step(ACTIONS.indexOf(policy(steps, environment)));
    steps++;
    score += outcome.reward;
    if (outcome.reward > 0) rewarded.push(steps);
    ({ ended } = outcome);
    look();
  }
  return { steps, score, ended, rewarded, digest };
}

/** The column of the first cell of a channel that is on. */
const columnOf = (observation: Uint8Array, channel: number): number =>
  observation.subarray(100 * channel, 100 * (channel + 1)).indexOf(1) % 10;
const follow: Policy = (_, environment) => {
  const seen = environment.observe();
  const [paddle, ball] = [columnOf(seen, 0), columnOf(seen, 1)];
  return ball < paddle ? "left" : ball > paddle ? "right" : "noop";
};
const noop: Policy = () => "noop";
const anything = (): Policy => {
  const next = congruential(1001);
  return () => ACTIONS[(next() >>> 16) % 6];
};
const dive: Policy = (n) => (n < 4 ? "down" : (["left", "fire", "right", "fire"] as const)[n % 4]);

describe("traces of the original, without sticky actions", () => {
  test.each<[string, string, Policy, Partial<Trace>]>([
    ["breakout", "noop", noop, { steps: 6, score: 0, ended: true, digest: 3193187088 }],
    ["breakout", "follow", follow, { steps: 3000, score: 251, ended: false, digest: 207975315 }],
    ["space-invaders", "noop", noop, { steps: 17, score: 0, ended: true, digest: 1046320070 }],
    ["space-invaders", "any", anything(), { steps: 28, score: 3, ended: true, digest: 3550117682 }],
    ["seaquest", "noop", noop, { steps: 3000, score: 0, ended: false, digest: 2282278827 }],
    ["seaquest", "dive", dive, { steps: 201, score: 1, ended: true, digest: 54977352 }],
  ])("%s, %s", (name, _, policy, expected) => {
    expect(play(name, policy)).toMatchObject(expected);
  });

  test("when points are made", () => {
    expect(play("breakout", follow).rewarded.slice(0, 5)).toEqual([11, 21, 32, 43, 53]);
    expect(play("space-invaders", () => "fire")).toMatchObject({
      ...{ steps: 18, score: 3, rewarded: [6, 12, 16] },
    });
  });
});

describe("what random play gets in the original, sticky actions on", () => {
  // Of the original: mean and standard error. Ours must not be further off than four standard errors of both together.
  test.each<[string, number, ...(readonly [mean: number, error: number])[]]>([
    ["breakout", 4000, [0.5135, 0.0052], [11.24, 0.05]],
    ["space-invaders", 2000, [2.84, 0.036], [51.28, 0.61]],
    ["seaquest", 4000, [0.1018, 0.0027], [30.16, 0.26]],
  ])("%s", (name, episodes, ...expected) => {
    const environment = minAtar(name, { seed: 1 });
    const next = congruential(7);
    const played = Array.from({ length: episodes }, () => {
      environment.reset();
      let [score, steps, over] = [0, 0, false];
      while (!over) {
        const { reward, ended, truncated } = environment.step((next() >>> 16) % 6);
        score += reward;
        steps++;
        over = ended || truncated;
      }
      return [score, steps];
    });
    for (const [i, [mean, error]] of expected.entries()) {
      const ours = played.map((p) => p[i]);
      const average = ours.reduce((a, b) => a + b) / episodes;
      const variance = ours.reduce((s, x) => s + (x - average) ** 2, 0) / (episodes - 1);
      const both = Math.sqrt(variance / episodes + error ** 2);
      expect(Math.abs(average - mean) / both).toBeLessThan(4);
    }
  });
});

describe("every game as an environment", () => {
  const named = games.map(({ name }) => name);

  test.each(named)("%s goes on from a snapshot as it did, also through JSON", (name) => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(5), { minLength: 1, maxLength: 200 }),
        fc.nat(),
        fc.nat(200),
        (actions, seed, cut) => {
          const environment = minAtar(name, { seed });
          const act = (action: number): unknown => {
            const outcome = environment.step(action);
            if (outcome.ended || outcome.truncated) environment.reset();
            return [outcome, [...environment.observe()]];
          };
          actions.slice(0, cut).forEach(act);
          const saved: unknown = JSON.parse(JSON.stringify(environment.snapshot()));
          const once = actions.map(act);
          environment.restore(saved);
          expect(actions.map(act)).toEqual(once);
        },
      ),
      { numRuns: 30 },
    );
  });

  test.each(named)("%s is cut off at its limit, not ended", (name) => {
    const environment = minAtar(name, { limit: 3 });
    expect([0, 0, 0].map((action) => environment.step(action).truncated)).toEqual([
      ...[false, false, true],
    ]);
    expect(() => environment.step(0)).toThrow(/after its end; reset first/);
    environment.reset();
    expect(environment.step(0).ended).toBe(false);
  });

  test.each<[string, object, string?]>([
    ["seaquest", { aboard: -2 }], // six were brought up, and then nobody: the original has it so
    ["seaquest", { oxygen: 1e15 }, "expected at most 200 in state.oxygen, got 1000000000000000"],
    ["space-invaders", { aliens: [-1] }, "expected at least 0 in state.aliens.0, got -1"],
    ["space-invaders", { cannon: 10 }, "expected at most 9 in state.cannon, got 10"],
    ["breakout", { bricks: [] }, "expected at least 100 entries in state.bricks, got []"],
    ["breakout", { lives: 3 }, 'expected nothing but what is described in state, got "lives"'],
  ])("%s with %o in a snapshot from a file", (name, change, refused) => {
    const environment = minAtar(name);
    const snapshot = environment.snapshot() as { readonly state: object };
    const restore = (): void =>
      environment.restore({ ...snapshot, state: { ...snapshot.state, ...change } });
    if (refused) expect(restore).toThrow(`${name}: ${refused}; use an earlier checkpoint`);
    else expect(restore).not.toThrow();
  });

  test("what there is not", () => {
    expect(() => minAtar("pong")).toThrow(
      'minAtar: game must be one of breakout, space-invaders, seaquest, got "pong"; choose one of them',
    );
    expect(() => minAtar("breakout").step(6)).toThrow(
      "breakout: an action must be 0 to 5, got 6; see actions",
    );
    expect(() => minAtar("breakout", { sticky: 2 })).toThrow(/sticky must be a probability, got 2/);
    expect(() => minAtar("breakout").restore(minAtar("seaquest").snapshot())).toThrow(
      /must be of the same game, got one of seaquest/,
    );
  });
});
