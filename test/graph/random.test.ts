/** The randomness of the language: distributions, independence, and exactness in float32. */
import { describe, expect, test } from "vitest";
import { hash, keyOf, streamKey } from "../../src/graph/hash.ts";
import {
  constant,
  randomBernoulli,
  randomBits,
  randomNormal,
  randomUniform,
  type Node,
  type RandomOptions,
} from "../../src/graph/index.ts";
import { erf, normalQuantiles } from "../../src/graph/special.ts";
import { evaluate } from "../../src/runtime/reference.ts";

const n = 200_000;
const keyNode = (...parts: (number | string)[]): Node => constant(keyOf(...parts), [2], "uint32");
type Draw = (key: Node, options: RandomOptions) => Node;
const draw = (f: Draw, { seed = 1, stream = 0, size = n } = {}): Float64Array =>
  Float64Array.from(evaluate({ y: f(keyNode(seed), { shape: [size], stream }) }).y.data);

const mean = (x: Float64Array): number => x.reduce((a, b) => a + b, 0) / x.length;
const moment = (x: Float64Array, power: number): number => mean(x.map((v) => v ** power));
const correlation = (x: Float64Array, y: Float64Array): number => {
  const [mx, my] = [mean(x), mean(y)];
  const cov = mean(x.map((v, i) => (v - mx) * (y[i] - my)));
  return cov / Math.sqrt((moment(x, 2) - mx * mx) * (moment(y, 2) - my * my));
};
/** Fails when `value` is over four standard errors from `expected`: for a right generator once in 16000 seeds. */
const expectNear = (value: number, expected: number, variance: number, size = n): void =>
  expect(Math.abs(value - expected)).toBeLessThan(4 * Math.sqrt(variance / size));

describe("randomUniform", () => {
  const x = draw(randomUniform);
  test("has the moments of the uniform distribution", () => {
    expectNear(mean(x), 1 / 2, 1 / 12);
    expectNear(moment(x, 2), 1 / 3, 4 / 45);
    expectNear(moment(x, 4), 1 / 5, 16 / 225);
  });
  test("is on [0, 1), in multiples of 2^-24", () => {
    expect(x.every((v) => v >= 0 && v < 1 && Number.isInteger(v * 2 ** 24))).toBe(true);
    expect(new Set(x).size).toBeGreaterThan(n * (1 - n / 2 ** 24)); // about as many repeats as birthdays promise
  });
  test("fills 256 cells evenly", () => {
    const cells = new Float64Array(256);
    for (const v of x) cells[Math.floor(v * 256)]++;
    const chiSquare = cells.reduce((total, c) => total + (c - n / 256) ** 2 / (n / 256), 0);
    expectNear(chiSquare, 255, 2 * 255, 1);
  });
});

describe("randomNormal", () => {
  const x = draw(randomNormal);
  test("has the moments of the standard normal, up to the kurtosis", () => {
    expectNear(mean(x), 0, 1);
    expectNear(moment(x, 2), 1, 2);
    expectNear(moment(x, 3), 0, 15);
    expectNear(moment(x, 4), 3, 96);
  });
  test("has its tails", () => {
    const beyond = (z: number): number => x.filter((v) => Math.abs(v) > z).length / n;
    for (const [z, p] of [
      [0.5, 0.617075],
      [1, 0.317311],
      [2, 0.0455],
      [3, 0.0027],
      [3.3, 0.000967],
    ])
      expectNear(beyond(z), p, p * (1 - p));
    expect(Math.max(...normalQuantiles())).toBeGreaterThan(3.5);
  });
  test("is exact in float32, so that every runtime agrees", () => {
    expect(x.every((v) => Math.fround(v) === v)).toBe(true);
    const quantiles = normalQuantiles();
    expect(quantiles.every((q) => Number.isInteger(q * 2 ** 12) && Math.abs(q) < 8)).toBe(true);
  });
  test("quantiles are symmetric, grow, and give variance 1", () => {
    const q = normalQuantiles();
    expect(q).toHaveLength(4097);
    expect(q.every((v, i) => v === -q[q.length - 1 - i])).toBe(true);
    expect(q.slice(1).every((v, i) => v > q[i])).toBe(true);
    const cells = q.slice(1).map((b, i) => (q[i] ** 2 + q[i] * b + b ** 2) / 3);
    expect(cells.reduce((a, b) => a + b, 0) / cells.length).toBeCloseTo(1, 4);
    expect(q[2048 + 1398]).toBeCloseTo(1.0, 2);
  });
});

test.each([0, 0.1, 0.5, 0.97, 1])("randomBernoulli is 1 with probability %d", (p) => {
  const x = draw((key, options) => randomBernoulli(key, p, options));
  expect(x.every((v) => v === 0 || v === 1)).toBe(true);
  const error = Math.abs(mean(x) - p);
  expect(error).toBeLessThanOrEqual(4 * Math.sqrt((p * (1 - p)) / n));
});

describe("independence", () => {
  const x = draw(randomUniform);
  const limit = 4 / Math.sqrt(n);
  test("streams of one key", () => {
    for (const stream of [1, 2, 3, 1000]) {
      expect(Math.abs(correlation(x, draw(randomUniform, { stream })))).toBeLessThan(limit);
    }
  });
  test("keys of consecutive seeds", () => {
    for (const seed of [0, 2, 3]) {
      expect(Math.abs(correlation(x, draw(randomUniform, { seed })))).toBeLessThan(limit);
    }
  });
  test("neighbours in one stream", () => {
    for (const lag of [1, 2, 16, 256, 4096]) {
      expect(Math.abs(correlation(x.slice(lag), x.slice(0, -lag)))).toBeLessThan(1.01 * limit);
    }
  });
  test("every bit is fair and goes its own way", () => {
    const size = 50_000;
    const bits = evaluate({ y: randomBits(keyNode(5), 24, { shape: [size], stream: 0 }) }).y.data;
    const planes = Array.from({ length: 24 }, (_, b) =>
      Float64Array.from(bits, (v) => (v >>> b) & 1),
    );
    for (const plane of planes) expectNear(mean(plane), 1 / 2, 1 / 4, size);
    for (let b = 1; b < 24; b++)
      expect(Math.abs(correlation(planes[b - 1], planes[b]))).toBeLessThan(4 / Math.sqrt(size));
  });
  test("a change of one bit of index or key changes about half of the bits", () => {
    const ones = (x: number): number => x.toString(2).replaceAll("0", "").length;
    const key = keyOf("avalanche");
    for (let bit = 0; bit < 32; bit++) {
      const flips = { index: 0, first: 0, second: 0 };
      for (let i = 0; i < 2000; i++) {
        const x = hash(i, key);
        flips.index += ones((x ^ hash(i ^ (1 << bit), key)) >>> 0);
        flips.first += ones((x ^ hash(i, [key[0] ^ (1 << bit), key[1]])) >>> 0);
        flips.second += ones((x ^ hash(i, [key[0], key[1] ^ (1 << bit)])) >>> 0);
      }
      expect(Math.abs(flips.index / 2000 - 16)).toBeLessThan(0.5);
      expect(Math.abs(flips.first / 2000 - 16)).toBeLessThan(0.5);
      // The second half comes in before the last multiplication alone; keys that keyOf makes differ in many bits.
      expect(Math.abs(flips.second / 2000 - 16)).toBeLessThan(4);
    }
  });
});

describe("keyOf", () => {
  test("differs for different parts", () => {
    const lists: readonly (readonly (number | string)[])[] = [
      [],
      [0],
      [1],
      [-1],
      [0, 0],
      [0, 1],
      [1, 0],
      [""],
      ["", ""],
      ["a"],
      ["b"],
      ["ab"],
      ["a", "b"],
      ["ba"],
      [97],
      ["1"],
      [2 ** 32],
      [2 ** 32 + 1],
      [2 ** 40],
      ["a", 1],
      [1, "a"],
    ];
    const keys = lists.map((parts) => keyOf(...parts).join());
    expect(new Set(keys).size).toBe(lists.length);
  });
  test("of many seeds and steps does not collide, and neither do streams", () => {
    const keys = new Set<string>();
    for (let seed = 0; seed < 100; seed++)
      for (let step = 0; step < 1000; step++) keys.add(keyOf(seed, "step", step).join());
    expect(keys.size).toBe(100_000);
    expect(new Set(Array.from({ length: 10_000 }, (_, s) => streamKey(s).join())).size).toBe(
      10_000,
    );
  });
  test("stays what it was: checkpoints and published runs rest on it", () => {
    expect(keyOf(1, "dropout", 2)).toMatchInlineSnapshot(`
      [
        3469750029,
        726218192,
      ]
    `);
    expect(hash(0, [1, 2])).toMatchInlineSnapshot(`1605432451`);
  });
});

test("erf is right to 1e-14", () => {
  // As in Abramowitz & Stegun, table 7.1, with more digits.
  const known: readonly (readonly [number, number])[] = [
    [0, 0],
    [1e-8, 1.1283791670955126e-8],
    [0.1, 0.1124629160182849],
    [0.5, 0.5204998778130465],
    [1, 0.8427007929497149],
    [1.5, 0.9661051464753108],
    [2, 0.9953222650189527],
    [3, 0.9999779095030014],
    [4, 0.9999999845827421],
    [6, 1],
    [100, 1],
  ];
  for (const [x, y] of known) {
    expect(Math.abs(erf(x) - y)).toBeLessThanOrEqual(1e-14 * Math.max(y, 1e-8));
    expect(erf(-x) + erf(x)).toBe(0);
  }
  expect(erf(NaN)).toBeNaN();
  expect(erf(Infinity)).toBe(1);
});
