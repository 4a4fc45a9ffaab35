/** What many processes are foretold to cost: closed forms, and links that made-up sums are of. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  halfAt,
  linkOf,
  secondsOf,
  strongEfficiency,
  weakEfficiency,
  type Link,
} from "../../bench/scale/model.ts";

const link: Link = { latency: 30e-6, bandwidth: 1.1e9 };

describe("a sum over a ring", () => {
  test("of 10 MB over 10 GbE takes what others reckoned", () => {
    const at = (ranks: number): number => 1000 * secondsOf(link, { ranks, bytes: 1e7 });
    expect([2, 8, 32].map(at).map((ms) => Number(ms.toFixed(1)))).toEqual([9.2, 16.3, 19.5]);
  });
  test("gives back the link that its times are of", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 1e-6, max: 1e-3, noNaN: true }),
        fc.double({ min: 1e7, max: 1e11, noNaN: true }),
        (latency, bandwidth) => {
          const sums = [1e3, 1e5, 1e8].flatMap((bytes) =>
            [2, 4].map((ranks) => ({
              ...{ ranks, bytes },
              seconds: secondsOf({ latency, bandwidth }, { ranks, bytes }),
            })),
          );
          const found = linkOf(sums);
          expect(found.latency / latency).toBeCloseTo(1, 4);
          expect(found.bandwidth / bandwidth).toBeCloseTo(1, 4);
        },
      ),
    );
  });
});

test("a divided batch loses more than one for every rank, and half where it is said to", () => {
  const work = { seconds: 0.25, bytes: 5.6e6 };
  for (const n of [2, 8, 64])
    expect(strongEfficiency(work, link, n)).toBeLessThan(weakEfficiency(work, link, n));
  const half = halfAt(work, link);
  expect(strongEfficiency(work, link, half)).toBeLessThanOrEqual(0.5);
  expect(strongEfficiency(work, link, half - 1)).toBeGreaterThan(0.5);
  expect(weakEfficiency({ seconds: 1, bytes: 0 }, { latency: 0, bandwidth: 1 }, 256)).toBe(1);
});
