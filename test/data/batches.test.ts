import fc from "fast-check";
import { expect, test } from "vitest";
import {
  batch,
  gatherLabels,
  gatherRows,
  permutation,
  pixelStatistics,
} from "../../src/data/batches.ts";
import type { ImageSet } from "../../src/data/images.ts";
import { keyOf } from "../../src/graph/hash.ts";

const randomSet = (count: number, height: number, width: number): fc.Arbitrary<ImageSet> => {
  const bytes = (n: number, max: number): fc.Arbitrary<Uint8Array> =>
    fc.uint8Array({ minLength: n, maxLength: n, max });
  return fc
    .record({ images: bytes(count * height * width, 255), labels: bytes(count, 9) })
    .map((data) => ({ ...data, count, height, width, channels: 1 }));
};

test("a permutation holds every index once and is a function of its key", () => {
  fc.assert(
    fc.property(fc.nat(300), fc.nat(), (n, seed) => {
      const order = permutation(n, keyOf(seed));
      expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, i) => i));
      expect(permutation(n, keyOf(seed))).toEqual(order);
    }),
  );
  expect(permutation(100, keyOf(1))).not.toEqual(permutation(100, keyOf(2)));
  expect([...permutation(8, keyOf(1, "order", 0))]).toMatchInlineSnapshot(`
    [
      2,
      1,
      5,
      4,
      0,
      3,
      6,
      7,
    ]
  `); // runs must stay repeatable
});

test("every order of four is equally likely, and sixty thousand keep no trace of theirs", () => {
  const draws = 24_000;
  const counts = new Map<string, number>();
  for (let i = 0; i < draws; i++) {
    const order = permutation(4, keyOf(7, "order", i)).join("");
    counts.set(order, (counts.get(order) ?? 0) + 1);
  }
  const expected = draws / 24;
  expect(counts.size).toBe(24);
  const chi2 = [...counts.values()].reduce((sum, n) => sum + (n - expected) ** 2 / expected, 0);
  expect(chi2).toBeLessThan(49.7); // 23 degrees of freedom, p = 0.001

  // The correlation of place and value, in standard deviations.
  const n = 60_000;
  let correlation = 0;
  const epochs = 20;
  for (let epoch = 0; epoch < epochs; epoch++) {
    const order = permutation(n, keyOf(0, "order", epoch));
    for (let i = 0; i < n; i++) correlation += (i / n - 0.5) * (order[i] / n - 0.5) * 12;
  }
  expect(Math.abs(correlation) / Math.sqrt(n * epochs)).toBeLessThan(3.3);
});

test("gathers rows of bytes and of floats alike", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 6 }),
      fc.integer({ min: 1, max: 6 }),
      fc.double({ min: -2, max: 2, noNaN: true }),
      fc.double({ min: -2, max: 2, noNaN: true }),
      fc.array(fc.nat(), { maxLength: 8 }),
      (count, size, scale, shift, picks) => {
        const bytes = Uint8Array.from({ length: count * size }, (_, i) => (i * 37) % 256);
        const rows = Uint32Array.from(picks, (x) => x % count);
        const expected = Float32Array.from(
          [...rows].flatMap((row) => [...bytes.subarray(row * size, (row + 1) * size)]),
          (x) => scale * x + shift,
        );
        expect(gatherRows(bytes, size, rows, { scale, shift })).toEqual(expected);
        expect(gatherRows(Float32Array.from(bytes), size, rows, { scale, shift })).toEqual(
          expected,
        );
      },
    ),
  );
  expect(gatherRows(Uint8Array.of(1, 2, 3, 4), 2, Uint32Array.of(1, 1))).toEqual(
    Float32Array.of(3, 4, 3, 4),
  );
});

test("a batch of everything has mean 0 and variance 1", () => {
  fc.assert(
    fc.property(randomSet(5, 3, 4), (set) => {
      const statistics = pixelStatistics(set);
      fc.pre(statistics.std > 1e-3 && new Set(set.images).size > 1);
      const { images, labels } = batch(set, permutation(5, keyOf(3)), statistics);
      const mean = images.reduce((a, b) => a + b, 0) / images.length;
      expect(mean).toBeCloseTo(0, 4);
      expect(images.reduce((a, b) => a + b * b, 0) / images.length).toBeCloseTo(1, 4);
      expect([...labels].sort()).toEqual([...set.labels].sort());
    }),
  );
});

test("images and labels stay together", () => {
  const labels = Uint8Array.of(4, 5, 6);
  const set: ImageSet = {
    images: labels.map((x) => 10 * x),
    labels,
    count: 3,
    height: 1,
    width: 1,
    channels: 1,
  };
  const { images, labels: got } = batch(set, Uint32Array.of(2, 0), { mean: 0, std: 1 / 255 });
  expect([...got]).toEqual([6, 4]);
  expect([...images]).toEqual([60, 40]);
});

test("a constant set can still be normalized", () => {
  const set: ImageSet = {
    images: new Uint8Array(4).fill(51),
    labels: new Uint8Array(1),
    count: 1,
    height: 2,
    width: 2,
    channels: 1,
  };
  expect(pixelStatistics(set)).toEqual({ mean: 0.2, std: 1 });
});

test("a row that is not there is an error, not NaN", () => {
  expect(() =>
    gatherRows(new Uint8Array(6), 3, Uint32Array.of(0, 2)),
  ).toThrowErrorMatchingInlineSnapshot(
    `[Error: gatherRows: row 2 does not exist, got a source of 2 rows; make the order from its length]`,
  );
  expect(() =>
    gatherRows(new Uint8Array(6), 4, Uint32Array.of(0)),
  ).toThrowErrorMatchingInlineSnapshot(
    `[Error: gatherRows: the source must hold whole rows, got 1.5 of them; check the row size]`,
  );
  expect(() =>
    gatherLabels(new Uint8Array(2), Uint32Array.of(5)),
  ).toThrowErrorMatchingInlineSnapshot(
    `[Error: gatherLabels: row 5 does not exist, got a source of 2 rows; make the order from its length]`,
  );
});
