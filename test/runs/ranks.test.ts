/** What processes share without MPI: shares of batches, votes, and states that are compared. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { crewOf, oneRank, shareOf, type Ranks } from "../../runs/ranks.ts";
import { checkAgreed, checkSame } from "../../runs/minibatch/together.ts";
import { tensor, type State } from "../../src/index.ts";

describe("shares", () => {
  const few = { min: 0, max: 300 };
  test("are all of a batch, in order, and none is smaller than is asked for", () => {
    fc.assert(
      fc.property(
        fc.integer(few),
        fc.integer({ min: 1, max: 17 }),
        fc.constantFrom(1, 2),
        (rows, size, least) => {
          const shares = Array.from({ length: size }, (_, rank) =>
            shareOf(rows, { rank, size }, least),
          );
          let next = 0;
          for (const { from, count } of shares.filter((share) => share.count > 0)) {
            expect(from).toBe(next);
            next += count;
            if (rows >= least) expect(count).toBeGreaterThanOrEqual(least);
          }
          expect(next).toBe(rows);
          const counts = shares.map(({ count }) => count);
          expect(counts).toEqual(counts.toSorted((a, b) => b - a));
        },
      ),
    );
  });
});

describe("a vote", () => {
  const two: Ranks = { ...oneRank, size: 2, hosts: ["a", "b"] };
  test("stops one by itself at once, and several when all have heard of it", () => {
    expect(crewOf(oneRank, () => true).vote.aborted).toBe(true);
    const { vote } = crewOf(two, () => true);
    expect([vote.own(), vote.aborted]).toEqual([1, false]);
    vote.count(2);
    expect(vote.aborted).toBe(true);
  });
  test("gives a run up on all, once, whoever else stops", () => {
    const [a, b] = [crewOf(two), crewOf(two)];
    a.vote.giveUp();
    const sum = a.vote.own() + b.vote.own();
    for (const { vote } of [a, b]) {
      vote.count(sum);
      expect([vote.givenUp(), vote.givenUp(), vote.aborted, vote.own()]).toEqual([
        true,
        false,
        false,
        0,
      ]);
    }
  });
});

describe("two ranks", () => {
  const stateOf = (w: number): State =>
    new Map([
      ["w", tensor([w, 2])],
      ["b", tensor([0])],
    ]);
  /** One rank after the other: the first notes what it hands over, the second meets it. */
  const both = async (act: (ranks: Ranks, which: number) => unknown): Promise<void> => {
    const noted: Int32Array[] = [];
    const pair: Ranks = { ...oneRank, size: 2, hosts: ["a", "b"] };
    await act({ ...pair, least: (values) => void noted.push((values as Int32Array).slice()) }, 0);
    const meet = (values: Parameters<Ranks["least"]>[0]): void => {
      const other = noted.shift()!;
      values.forEach((x, i) => (values[i] = Math.min(x, other[i])));
    };
    await act({ ...pair, least: meet }, 1);
  };
  test("with the same parameters go on", () =>
    both((ranks) => checkSame(stateOf(1), crewOf(ranks), 7)));
  test("with a bit of difference stop, and say where it is", async () => {
    const act = both((ranks, which) =>
      checkSame(stateOf(which === 0 ? 1 : 1 + 2 ** -23), crewOf(ranks), 7),
    );
    await expect(act).rejects.toThrow(
      "ranks: expected the same parameters on all 2 after step 7, got different w; check that",
    );
  });
  test("with other settings do not begin", async () => {
    const act = both((ranks, which) => checkAgreed(crewOf(ranks), "run", `seed ${which}`));
    await expect(act).rejects.toThrow("ranks: expected the same run on all 2, got different ones");
  });
});
