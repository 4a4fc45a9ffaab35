/** The replay memory against a slow obvious model: a list of everything that ever happened. */
import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { replayMemory, type Replay } from "../../experiments/dqn/replay.ts";
import { keyOf, tensor, type Tensor } from "../../src/index.ts";

/** Frames of four bytes; what the n-th of all shows is n. */
const SHAPE = [1, 2, 2];
const frameOf = (n: number): number[] => [n & 255, n >> 8, 7, 9];
const numberOf = (frame: ArrayLike<number>): number => frame[0] + 256 * frame[1];

interface Episode {
  readonly length: number;
  /** Over because it took too long, not because the game ended. */
  readonly cut: boolean;
}
interface Script {
  readonly capacity: number;
  readonly history: number;
  readonly episodes: readonly Episode[];
  /** Steps of an episode that is still under way. */
  readonly rest: number;
}
const script: fc.Arbitrary<Script> = fc.record({
  capacity: fc.integer({ min: 2, max: 16 }),
  history: fc.integer({ min: 1, max: 4 }),
  episodes: fc.array(fc.record({ length: fc.integer({ min: 1, max: 6 }), cut: fc.boolean() }), {
    maxLength: 8,
  }),
  rest: fc.nat(5),
});

interface Transition {
  readonly x: readonly number[];
  readonly next: readonly number[];
  readonly action: number;
  readonly reward: number;
  readonly ended: boolean;
}

/** Lives through a script, with a memory and with a list of all transitions by the number of the frame they start at. */
function live({ capacity, history, episodes, rest }: Script): {
  readonly replay: Replay;
  readonly all: ReadonlyMap<number, Transition>;
} {
  const replay = replayMemory({ capacity, shape: SHAPE, history });
  const all = new Map<number, Transition>();
  let seen = 0;
  const stackOf = (frames: readonly number[]): number[] => {
    const missing = Math.max(0, history - frames.length);
    return [...Array<number>(4 * missing).fill(0), ...frames.slice(-history).flatMap(frameOf)];
  };
  const under = rest === 0 ? [] : [{ length: rest, cut: true }];
  for (const [i, { length, cut }] of [...episodes, ...under].entries()) {
    const frames = [seen];
    replay.see(Uint8Array.from(frameOf(seen++)), true);
    for (let step = 1; step <= length; step++) {
      const ended = step === length && !cut;
      const done = { action: (3 * i + step) % 5, reward: (i - step) / 4, ended };
      const x = stackOf(frames);
      replay.act(done);
      if (!ended) {
        frames.push(seen);
        replay.see(Uint8Array.from(frameOf(seen++)), false);
      }
      all.set(ended ? frames.at(-1)! : frames.at(-2)!, {
        ...{ x, ...done },
        next: ended ? stackOf([]) : stackOf(frames),
      });
    }
  }
  if (rest === 0) replay.see(Uint8Array.from(frameOf(seen++)), true); // the next episode has begun
  return { replay, all };
}

/** Transitions that may be drawn: of entries that are remembered with all places of their stack, but for the newest. */
const drawable = (
  { capacity, history }: Script,
  { replay, all }: ReturnType<typeof live>,
): number[] => {
  const count = replay.count();
  const first = count <= capacity ? 0 : count - capacity + history - 1;
  return [...all.keys()].filter((n) => n >= first && n < count - 1);
};

const rows = (drawn: Readonly<Record<string, Tensor>>): readonly Transition[] => {
  const { x, next, actions, rewards, ended } = drawn;
  const size = x.shape.slice(1).reduce((a, b) => a * b);
  const row = ({ data }: Tensor, i: number): number[] => [
    ...data.subarray(i * size, (i + 1) * size),
  ];
  return Array.from({ length: x.shape[0] }, (_, i) => ({
    ...{ x: row(x, i), next: row(next, i), action: actions.data[i] },
    ...{ reward: rewards.data[i], ended: ended.data[i] === 1 },
  }));
};
const newestIn = ({ x }: Transition): number => numberOf(x.slice(-4));

describe("a memory", () => {
  test("gives every transition that it remembers, sooner or later, and nothing that did not happen", () => {
    fc.assert(
      fc.property(script, fc.nat(), (given, seed) => {
        const lived = live(given);
        const expected = drawable(given, lived);
        const key = keyOf(seed, "sample");
        if (expected.length === 0) {
          expect(() => lived.replay.sample(1, key)).toThrow(/needs transitions/);
          return;
        }
        const drawn = rows(lived.replay.sample(40 * given.capacity, key));
        for (const one of drawn) {
          const happened = lived.all.get(newestIn(one));
          if (!isDeepStrictEqual(one, happened)) expect(one).toEqual(happened); // which takes a while
        }
        expect([...new Set(drawn.map(newestIn))].sort((a, b) => a - b)).toEqual(expected);
      }),
      { numRuns: 300 },
    );
  });

  test("draws uniformly", () => {
    const given = { capacity: 100, history: 2, rest: 1, episodes: [{ length: 9, cut: true }] };
    const { replay } = live(given);
    const counts = new Map<number, number>();
    const draws = 10_000;
    for (const one of rows(replay.sample(draws, keyOf(1, "sample"))))
      counts.set(newestIn(one), (counts.get(newestIn(one)) ?? 0) + 1);
    expect(counts.size).toBe(10);
    const expected = draws / 10; // with a standard deviation of 30
    for (const n of counts.values()) expect(Math.abs(n - expected)).toBeLessThan(150);
  });

  test("shows what is seen now, with zeros before the episode", () => {
    const replay = replayMemory({ capacity: 5, shape: SHAPE, history: 3 });
    const latest = (): number[] => [...replay.latest().data];
    const zero = [0, 0, 0, 0];
    replay.see(Uint8Array.from(frameOf(1)), true);
    expect(replay.latest().shape).toEqual([1, 3, 2, 2]);
    expect(latest()).toEqual([zero, zero, frameOf(1)].flat());
    for (let n = 2; n < 9; n++) replay.see(Uint8Array.from(frameOf(n)), false);
    expect(latest()).toEqual([6, 7, 8].flatMap(frameOf));
    replay.see(Uint8Array.from(frameOf(9)), true);
    expect(latest()).toEqual([zero, zero, frameOf(9)].flat());
    expect([replay.count(), replay.oldest()]).toEqual([9, 4]);
  });
});

describe("slice and restore", () => {
  test("give a memory that goes on to the same bits", () => {
    fc.assert(
      fc.property(script, fc.integer({ min: 1, max: 5 }), fc.nat(), (given, part, seed) => {
        const { replay } = live(given);
        const { capacity, history } = given;
        const copy = replayMemory({ capacity, shape: SHAPE, history });
        for (let from = replay.oldest(); from < replay.count(); from += part)
          copy.restore(from, replay.slice(from, Math.min(replay.count(), from + part)));
        expect([copy.count(), copy.oldest()]).toEqual([replay.count(), replay.oldest()]);
        const bits = (memory: Replay): unknown => [
          [...memory.latest().data],
          structuredClone([...memory.slice(memory.oldest(), memory.count())]),
          memory.count() > 3 && capacity > history + 2
            ? structuredClone(memory.sample(20, keyOf(seed, "sample")))
            : null,
        ];
        expect(bits(copy)).toEqual(bits(replay));
        for (let n = 500; n < 506; n++)
          for (const memory of [replay, copy]) {
            memory.act({ action: n % 3, reward: n, ended: n === 503 });
            memory.see(Uint8Array.from(frameOf(n)), n === 503);
          }
        expect(bits(copy)).toEqual(bits(replay));
      }),
    );
  });
});

test("what cannot be", () => {
  const fresh = (): Replay => replayMemory({ capacity: 4, shape: SHAPE, history: 1 });
  const said = (run: () => unknown): string => {
    try {
      run();
      return "nothing";
    } catch (error) {
      return (error as Error).message;
    }
  };
  const other = replayMemory({ capacity: 4, shape: [2, 2, 2], history: 1 });
  other.see(new Uint8Array(8), true);
  expect(
    [
      () => fresh().sample(1, keyOf(1, "sample")),
      () => fresh().restore(0, new Map()),
      () => fresh().restore(0, new Map([["frames", tensor([1, 2], [1, 2], "uint32")]])),
      () => fresh().restore(0, other.slice(0, 1)),
    ].map(said),
  ).toMatchInlineSnapshot(`
    [
      "replay: needs transitions to sample from, got 0 entries; act some more first",
      "replay: expected frames of 4 bytes with actions, rewards and flags, got nothing; restore what this game wrote",
      "replay: expected frames of 4 bytes with actions, rewards and flags, got frames [1,2]; restore what this game wrote",
      "replay: expected frames of 4 bytes with actions, rewards and flags, got frames [1,2], actions [1], rewards [1], flags [1]; restore what this game wrote",
    ]
  `);
});
