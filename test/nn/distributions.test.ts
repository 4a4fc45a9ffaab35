/** Log densities against closed forms, sums and integrals; draws against moments; and every gradient. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { grad } from "../../src/autodiff/index.ts";
import { input, sub, sum, type Node } from "../../src/graph/index.ts";
import {
  arms,
  bernoulliLogProb,
  binarize,
  discretizedLogisticLogProb,
  discretizedLogisticSample,
  gaussianKl,
  gaussianLogProb,
  gaussianSample,
  klDivergence,
  standardGaussian,
  trace,
  type Gaussian,
  type Mode,
  type Scope,
} from "../../src/nn/index.ts";
import { gradcheck } from "../../src/runtime/gradcheck.ts";
import { nodeRuntime } from "../../src/runtime/node.ts";
import { keyTensor, tensor, type Tensor } from "../../src/runtime/program.ts";
import { evaluate, reference } from "../../src/runtime/reference.ts";
import { near } from "./network.ts";

type Feeds = Readonly<Record<string, Tensor>>;
const valuesOf = (node: Node, feeds: Feeds): number[] => [
  ...evaluate({ node }, { feeds }).node.data,
];
const matrix = (...rows: readonly (readonly number[])[]): Tensor =>
  tensor(Float64Array.from(rows.flat()), [rows.length, rows[0].length]);
const total = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0);
const meanOf = (list: readonly number[]): number => total(list) / list.length;

const three = (min: number, max: number): fc.Arbitrary<number[]> =>
  fc.array(fc.double({ min, max, noNaN: true }), { minLength: 3, maxLength: 3 });
const [x, mu, logVariance, mu2, logVariance2] = [
  "x",
  "mu",
  "logVariance",
  "mu2",
  "logVariance2",
].map((name) => input(name, [2, 3]));
const sigmoid = (t: number): number => 1 / (1 + Math.exp(-t));

describe("bernoulliLogProb", () => {
  const [logits, bits] = [input("logits", [8, 3]), input("bits", [8, 3])];
  const all = Array.from({ length: 8 }, (_, i) => [i & 1, (i >> 1) & 1, i >> 2]);
  test("is log p(x) for every x, and the probabilities of all x sum to 1", () => {
    fc.assert(
      fc.property(three(-20, 20), (t) => {
        const feeds = { logits: matrix(...all.map(() => t)), bits: matrix(...all) };
        const got = valuesOf(bernoulliLogProb(logits, bits), feeds);
        const expected = all.map((b) =>
          total(b.map((bit, i) => Math.log(bit ? sigmoid(t[i]) : sigmoid(-t[i])))),
        );
        near(got, expected);
        expect(total(got.map(Math.exp))).toBeCloseTo(1, 10);
      }),
    );
  });
});

describe("gaussianLogProb", () => {
  const logProb = gaussianLogProb(x, mu, logVariance);
  test("is the closed form, an example at a time", () => {
    fc.assert(
      fc.property(three(-5, 5), three(-5, 5), three(-3, 3), (a, m, l) => {
        const feeds = { x: matrix(a, m), mu: matrix(m, m), logVariance: matrix(l, l) };
        const log = (at: number, i: number): number =>
          -((at - m[i]) ** 2) / (2 * Math.exp(l[i])) -
          Math.log(Math.sqrt(2 * Math.PI * Math.exp(l[i])));
        const expected = [a, m].map((row) => total(row.map(log)));
        valuesOf(logProb, feeds).forEach((v, i) =>
          expect((v - expected[i]) / Math.max(1, Math.abs(expected[i]))).toBeCloseTo(0, 10),
        );
      }),
    );
  });
  test("integrates to 1", () => {
    const at = Array.from({ length: 2001 }, (_, i) => [i / 100 - 10]);
    const [many, m, l] = [input("many", [2001, 1]), input("m", []), input("l", [])];
    const scalar = (v: number): Tensor => tensor(Float64Array.of(v), []);
    const feeds = { many: matrix(...at), m: scalar(1.5), l: scalar(-0.7) };
    const densities = valuesOf(gaussianLogProb(many, m, l), feeds).map(Math.exp);
    expect(total(densities) / 100).toBeCloseTo(1, 10);
  });
  test("takes parameters that broadcast", () => {
    const shared = gaussianLogProb(x, input("m", [3]), input("l", [1, 1]));
    const feeds = { x: matrix([1, 2, 3], [4, 5, 6]), m: tensor([1, 0, -1]), l: matrix([0.5]) };
    const full = {
      x: feeds.x,
      mu: matrix([1, 0, -1], [1, 0, -1]),
      logVariance: matrix([0.5, 0.5, 0.5], [0.5, 0.5, 0.5]),
    };
    near(valuesOf(shared, feeds), valuesOf(logProb, full));
  });
});

describe("klDivergence", () => {
  const [q, p] = [
    { mu, logVariance },
    { mu: mu2, logVariance: logVariance2 },
  ];
  test("is not negative, and 0 of a distribution to itself", () => {
    fc.assert(
      fc.property(three(-5, 5), three(-5, 5), three(-5, 5), three(-5, 5), (m, l, m2, l2) => {
        const feeds = {
          mu: matrix(m, m2),
          logVariance: matrix(l, l2),
          mu2: matrix(m2, m2),
          logVariance2: matrix(l2, l2),
        };
        const [kl, none] = valuesOf(klDivergence(q, p), feeds);
        expect(kl).toBeGreaterThanOrEqual(-1e-12);
        expect(none).toBeCloseTo(0, 12);
      }),
    );
  });
  test("agrees with an integral", () => {
    const [m, l, m2, l2] = [0.7, -0.8, -0.4, 0.9];
    const log = (at: number, mean: number, v: number): number =>
      -((at - mean) ** 2 / Math.exp(v) + v + Math.log(2 * Math.PI)) / 2;
    let integral = 0;
    for (let at = -8; at < 8; at += 1e-3)
      integral += Math.exp(log(at, m, l)) * (log(at, m, l) - log(at, m2, l2)) * 1e-3;
    const feeds = {
      mu: matrix([m, 0, 0], [m, m, m]),
      logVariance: matrix([l, 0, 0], [l, l, l]),
      mu2: matrix([m2, 0, 0], [m2, m2, m2]),
      logVariance2: matrix([l2, 0, 0], [l2, l2, l2]),
    };
    const got = valuesOf(klDivergence(q, p), feeds);
    got.forEach((kl, i) => expect(kl).toBeCloseTo([integral, 3 * integral][i], 8));
  });
  test("has `gaussianKl` for its mean over the batch where p = N(0, 1)", () => {
    const feeds = {
      mu: matrix([1, 2, 3], [0, -1, 0.5]),
      logVariance: matrix([0, 1, 2], [-1, 0, 3]),
    };
    const [mine] = valuesOf(gaussianKl(mu, logVariance), feeds);
    expect(meanOf(valuesOf(klDivergence(q, standardGaussian([2, 3])), feeds))).toBeCloseTo(
      mine,
      12,
    );
  });
});

describe("discretizedLogisticLogProb", () => {
  /** log P of every value of one pixel. */
  const logProbs = (bins: number, m: number, s: number): number[] => {
    const [pixel, mean, logScale] = [
      input("x", [bins, 1]),
      input("mean", []),
      input("logScale", []),
    ];
    const values = Array.from({ length: bins }, (_, k) => [k / (bins - 1)]);
    const feeds = {
      x: matrix(...values),
      mean: tensor(Float64Array.of(m), []),
      logScale: tensor(Float64Array.of(s), []),
    };
    return valuesOf(discretizedLogisticLogProb(mean, logScale, pixel, { bins }), feeds);
  };
  const means = fc.double({ min: -1, max: 2, noNaN: true });
  const logScales = fc.double({ min: -6, max: 6, noNaN: true });

  test.each([2, 5, 256])("the probabilities of all %d values sum to 1", (bins) => {
    fc.assert(
      fc.property(means, logScales, (m, s) => {
        expect(total(logProbs(bins, m, s).map(Math.exp))).toBeCloseTo(1, 10);
      }),
      { numRuns: 30 },
    );
  });
  test("they are differences of the distribution function, the ends being open", () => {
    fc.assert(
      fc.property(means, fc.double({ min: -3, max: 3, noNaN: true }), (m, s) => {
        const below = (at: number): number => sigmoid((at - m) / Math.exp(s));
        const edges = [-Infinity, 0.125, 0.375, 0.625, 0.875, Infinity].map(below);
        const differences = edges.slice(1).map((b, i) => b - edges[i]);
        near(logProbs(5, m, s).map(Math.exp), differences);
      }),
    );
  });
  test("they keep their digits where the difference has none left", () => {
    // With s = e^-6, 30 scales and more lie between the mean and most pixels; the bin decays as its lower edge does.
    const far = logProbs(256, 0, -6);
    const slope = Math.exp(6) / 255;
    expect(far[200] - far[100]).toBeCloseTo(-100 * slope, 8);
    expect(far[200]).toBeLessThan(-300);
  });
  test("extremes leave value and gradient finite, on every runtime", async () => {
    const parts = ["mean", "logScale", "x"].map((name) => input(name, [6, 3]));
    const [mean, logScale, pixel] = parts;
    const logProb = discretizedLogisticLogProb(mean, logScale, pixel);
    const [dm, ds] = grad(sum(logProb), [mean, logScale]);
    const feeds = {
      mean: matrix(...[0, 1, -1e3, 1e3, 0.5, 128 / 255].map((m) => [m, m, m])),
      logScale: matrix(...[-100, -7, -3, 3, 30, 100].map((s) => [s, s, s])),
      x: matrix(...Array.from({ length: 6 }, () => [0, 128 / 255, 1])),
    };
    for (const runtime of [reference, nodeRuntime({ threads: 1 })]) {
      const program = await runtime.compile({ inputs: parts, outputs: { logProb, dm, ds } });
      const out = await program.run(
        Object.fromEntries(
          Object.entries(feeds).map(([name, t]) => [
            name,
            runtime === reference ? t : tensor(Float32Array.from(t.data), t.shape),
          ]),
        ),
        new Map(),
      );
      await program.release();
      for (const { data } of Object.values(out))
        expect([...data].every(Number.isFinite)).toBe(true);
      // Far from the mean the gradient still points to it: upwards from -1000, where code with a floor has none.
      expect(out.dm.data[2 * 3 + 1]).toBeGreaterThan(1);
      expect(out.dm.data[3 * 3 + 1]).toBeLessThan(-0.01);
    }
  });
});

test.each<[string, Node]>([
  ["bernoulliLogProb", bernoulliLogProb(mu, x)],
  ["gaussianLogProb", gaussianLogProb(x, mu, logVariance)],
  ["klDivergence", klDivergence({ mu, logVariance }, { mu: mu2, logVariance: logVariance2 })],
  ["discretizedLogisticLogProb", discretizedLogisticLogProb(mu, logVariance, x)],
  ["gaussianSample", sampled((scope) => gaussianSample(scope, mu, logVariance))],
])("gradients of %s", (name, logProb) => {
  const pixels = matrix([0, 100 / 255, 1], [254 / 255, 1 / 255, 0.2]);
  gradcheck(logProb, {
    feeds: { key: keyTensor(1), ...(name.startsWith("discretized") ? { x: pixels } : {}) },
  });
});

describe("draws", () => {
  const COUNT = 40_000;
  const [many, spread] = [input("many", [COUNT]), input("spread", [COUNT])];
  const filled = (value: number): Tensor => tensor(new Float64Array(COUNT).fill(value), [COUNT]);
  const draw = (make: (scope: Scope) => Node, feeds: Feeds, mode: Mode = "train"): number[] =>
    valuesOf(sampled(make, mode), { key: keyTensor(3), ...feeds });
  /** Four standard errors of a mean. */
  const error = (std: number): number => (4 * std) / Math.sqrt(COUNT);

  const gaussianDraw = (scope: Scope): Node => gaussianSample(scope, many, spread);
  const gaussianFeeds = { many: filled(0.7), spread: filled(2 * Math.log(0.3)) };

  test.each(["init", "train", "eval"] as const)(
    "gaussianSample has its moments in mode %s",
    (mode) => {
      const z = draw(gaussianDraw, gaussianFeeds, mode).map((v) => (v - 0.7) / 0.3);
      expect(Math.abs(meanOf(z))).toBeLessThan(error(1));
      expect(Math.abs(meanOf(z.map((v) => v ** 2)) - 1)).toBeLessThan(error(Math.sqrt(2)));
      expect(Math.abs(meanOf(z.map((v) => v ** 4)) - 3)).toBeLessThan(error(Math.sqrt(96)));
    },
  );
  test("klDivergence is the mean of log q - log p over draws from q", () => {
    const q = { mu: many, logVariance: spread };
    const p = standardGaussian([COUNT]);
    const ratios = sampled((scope) => {
      const z = gaussianDraw(scope);
      const log = (of: Gaussian): Node => gaussianLogProb(z, of.mu, of.logVariance);
      return sub(log(q), log(p));
    });
    const list = valuesOf(ratios, { key: keyTensor(3), ...gaussianFeeds });
    const std = Math.sqrt(meanOf(list.map((v) => v ** 2)) - meanOf(list) ** 2);
    const [kl] = valuesOf(klDivergence(q, p), gaussianFeeds);
    expect(Math.abs(meanOf(list) - kl)).toBeLessThan(error(std));
  });

  test.each([0, 0.1, 0.5, 1])("binarize answers 1 with probability %d", (p) => {
    const bits = draw((scope) => binarize(scope, many), { many: filled(p) });
    expect(bits.every((b) => b === 0 || b === 1)).toBe(true);
    expect(Math.abs(meanOf(bits) - p)).toBeLessThanOrEqual(error(Math.sqrt(p * (1 - p))));
  });
  test("binarize lets no gradient through, and is drawn anew with every key", () => {
    const bits = sampled((scope) => binarize(scope, many));
    const [dp] = grad(sum(bits), [many]);
    const feeds = { many: filled(0.5) };
    expect(new Set(valuesOf(dp, { key: keyTensor(3), ...feeds }))).toEqual(new Set([0]));
    expect(valuesOf(bits, { key: keyTensor(3), ...feeds })).not.toEqual(
      valuesOf(bits, { key: keyTensor(4), ...feeds }),
    );
  });

  test.each([
    [0.3, -1.5],
    [0.9, -3],
    [0.5, 2],
  ])(
    "discretizedLogisticSample has the probabilities of its bins, mean %d, log scale %d",
    (m, s) => {
      const bins = 5;
      const drawn = draw((scope) => discretizedLogisticSample(scope, many, spread, { bins }), {
        many: filled(m),
        spread: filled(s),
      });
      const values = [0, 1, 2, 3, 4].map((k) => k / (bins - 1));
      const pixel = input("x", [bins, 1]);
      const logProbs = valuesOf(
        discretizedLogisticLogProb(input("m", []), input("s", []), pixel, { bins }),
        {
          x: matrix(...values.map((v) => [v])),
          m: tensor(Float64Array.of(m), []),
          s: tensor(Float64Array.of(s), []),
        },
      );
      values.forEach((value, k) => {
        const p = Math.exp(logProbs[k]);
        const share = drawn.filter((v) => v === value).length / COUNT;
        expect(Math.abs(share - p)).toBeLessThan(error(Math.sqrt(p * (1 - p))) + 1e-9);
      });
      expect(drawn.every((v) => values.includes(v))).toBe(true);
    },
  );
});

test("messages", () => {
  expect(() => bernoulliLogProb(input("t", [4, 3]), x)).toThrowErrorMatchingInlineSnapshot(
    `[Error: bernoulliLogProb: shapes [4, 3] and [2, 3] do not broadcast; axes must be equal or 1, counted from the right]`,
  );
  expect(() =>
    gaussianLogProb(input("a", [1, 3]), mu, logVariance),
  ).toThrowErrorMatchingInlineSnapshot(
    `[Error: gaussianLogProb: mu is larger than the variable, got [2,3] and [1,3]; give it the variable's shape]`,
  );
  expect(() =>
    trace((scope) => binarize(scope, x), { mode: "eval", norm: arms.plain }),
  ).toThrowErrorMatchingInlineSnapshot(
    `[Error: scope: the network needs randomness and the trace has no key; pass \`key: input("key", [2], "uint32")\`]`,
  );
});

/** A node made by a function of a scope that has a key. */
function sampled(make: (scope: Scope) => Node, mode: Mode = "train"): Node {
  return trace(make, { mode, norm: arms.plain, key: input("key", [2], "uint32") }).value;
}
