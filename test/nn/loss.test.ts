/** Losses against closed forms, at extremes, and their gradients. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { grad } from "../../src/autodiff/index.ts";
import { input, type Node } from "../../src/graph/index.ts";
import {
  binaryCrossEntropy,
  gaussianKl,
  huber,
  meanAbsoluteError,
  meanSquaredError,
  softmaxCrossEntropy,
} from "../../src/nn/index.ts";
import { gradcheck } from "../../src/runtime/gradcheck.ts";
import { nodeRuntime } from "../../src/runtime/node.ts";
import { item, tensor, type Tensor } from "../../src/runtime/program.ts";
import { evaluate, reference } from "../../src/runtime/reference.ts";
import { near } from "./network.ts";

const [logits, distribution] = [input("logits", [2, 3]), input("distribution", [2, 3])];
const labels = input("labels", [2], "int32");
const [y, target] = [input("y", [2, 3]), input("target", [2, 3])];
const matrix = (...data: number[]): Tensor => tensor(Float64Array.from(data), [2, data.length / 2]);

/** The value of a loss and its gradient to `x`. */
function run(
  loss: Node,
  x: Node,
  feeds: Readonly<Record<string, Tensor>>,
): { value: number; dx: number[] } {
  const [dx] = grad(loss, [x]);
  const out = evaluate({ loss, dx }, { feeds });
  return { value: item(out.loss), dx: [...out.dx.data] };
}
const finite = fc.double({ min: -20, max: 20, noNaN: true });
const six = fc.array(finite, { minLength: 6, maxLength: 6 });
const softmax = (row: readonly number[]): number[] => {
  const e = row.map((v) => Math.exp(v - Math.max(...row)));
  return e.map((v) => v / e.reduce((a, b) => a + b));
};
const rows = (list: readonly number[]): [number[], number[]] => [list.slice(0, 3), list.slice(3)];
const mean = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0) / list.length;

describe("softmaxCrossEntropy", () => {
  const loss = softmaxCrossEntropy(logits, labels);
  test("-log softmax at the label, the mean over the batch; its gradient is (softmax - one-hot) / batch", () => {
    fc.assert(
      fc.property(six, fc.tuple(fc.nat(2), fc.nat(2)), (x, chosen) => {
        const feeds = { logits: matrix(...x), labels: tensor(chosen, [2], "int32") };
        const { value, dx } = run(loss, logits, feeds);
        const p = rows(x).map(softmax);
        expect(value).toBeCloseTo(mean(p.map((row, i) => -Math.log(row[chosen[i]]))), 8);
        near(
          dx,
          p.flatMap((row, i) => row.map((v, j) => (v - Number(j === chosen[i])) / 2)),
        );
      }),
    );
  });
  test("takes distributions, of which labels are a case", () => {
    const x = matrix(1, -2, 0.5, 3, 3, -1);
    const ofLabels = run(loss, logits, { logits: x, labels: tensor([2, 0], [2], "int32") });
    const ofOneHot = run(softmaxCrossEntropy(logits, distribution), logits, {
      logits: x,
      distribution: matrix(0, 0, 1, 1, 0, 0),
    });
    expect(ofOneHot.value).toBeCloseTo(ofLabels.value, 12);
    near(ofOneHot.dx, ofLabels.dx);
    const q = [0.2, 0.3, 0.5];
    const mixed = run(softmaxCrossEntropy(logits, distribution), logits, {
      logits: x,
      distribution: matrix(...q, ...q),
    });
    const p = rows([...x.data]).map(softmax);
    expect(mixed.value).toBeCloseTo(
      mean(p.map((row) => -q.reduce((s, v, j) => s + v * Math.log(row[j]), 0))),
      10,
    );
  });
  test("log(classes) for equal logits", () => {
    const { value } = run(loss, logits, {
      logits: matrix(5, 5, 5, 0, 0, 0),
      labels: tensor([0, 1], [2], "int32"),
    });
    expect(value).toBeCloseTo(Math.log(3), 12);
  });
});

describe("binaryCrossEntropy", () => {
  const loss = binaryCrossEntropy(y, target);
  test("-log p(target), summed but for the batch; its gradient is (sigmoid - target) / batch", () => {
    fc.assert(
      fc.property(
        six,
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 6, maxLength: 6 }),
        (x, p) => {
          const { value, dx } = run(loss, y, { y: matrix(...x), target: matrix(...p) });
          const sigmoid = x.map((v) => 1 / (1 + Math.exp(-v)));
          const entropies = x.map(
            (v, i) => p[i] * Math.log1p(Math.exp(-v)) + (1 - p[i]) * Math.log1p(Math.exp(v)),
          );
          expect(value).toBeCloseTo(entropies.reduce((a, b) => a + b) / 2, 8);
          near(
            dx,
            sigmoid.map((v, i) => (v - p[i]) / 2),
          );
        },
      ),
    );
  });
});

describe("meanSquaredError", () => {
  test("the mean of (y - target)^2 over all elements", () => {
    const { value, dx } = run(meanSquaredError(y, target), y, {
      y: matrix(1, 2, 3, 4, 5, 6),
      target: matrix(0, 0, 0, 4, 4, 4),
    });
    expect(value).toBeCloseTo((1 + 4 + 9 + 0 + 1 + 4) / 6, 12);
    near(
      dx,
      [1, 2, 3, 0, 1, 2].map((d) => d / 3),
    );
  });
});

describe("meanAbsoluteError", () => {
  test("the mean of |y - target| over all elements, of slope 0 at the target", () => {
    const { value, dx } = run(meanAbsoluteError(y, target), y, {
      y: matrix(1, 2, -3, 4, 5, 6),
      target: matrix(0, 4, 0, 4, 4, 4),
    });
    expect(value).toBeCloseTo((1 + 2 + 3 + 0 + 1 + 2) / 6, 12);
    near(
      dx,
      [1, -1, -1, 0, 1, 1].map((d) => d / 6),
    );
  });
});

describe("huber", () => {
  test.each([1, 0.5, 3])("quadratic to %d, linear beyond, without a jump", (delta) => {
    const distances = [0, delta / 3, -delta, delta, 2 * delta, -10 * delta];
    const { value, dx } = run(huber(y, target, { delta }), y, {
      y: matrix(...distances),
      target: matrix(0, 0, 0, 0, 0, 0),
    });
    const pieces = distances.map((d) =>
      Math.abs(d) <= delta ? d ** 2 / 2 : delta * (Math.abs(d) - delta / 2),
    );
    expect(value).toBeCloseTo(mean(pieces), 12);
    near(
      dx,
      distances.map((d) => Math.max(-delta, Math.min(delta, d)) / 6),
    ); // DQN's clipped error
  });
  test("delta is 1 unless given", () => {
    const feeds = { y: matrix(3, 0, 0, 0, 0, 0), target: matrix(0, 0, 0, 0, 0, 0) };
    expect(run(huber(y, target), y, feeds).value).toBeCloseTo(2.5 / 6, 12);
  });
});

describe("gaussianKl", () => {
  const [mu, logVariance] = [input("mu", [2, 3]), input("logVariance", [2, 3])];
  const loss = gaussianKl(mu, logVariance);
  const zeros = matrix(0, 0, 0, 0, 0, 0);
  test("is 0 at N(0, 1), a minimum", () => {
    const feeds = { mu: zeros, logVariance: zeros };
    expect(run(loss, mu, feeds)).toEqual({ value: 0, dx: [0, 0, 0, 0, 0, 0] });
    expect(run(loss, logVariance, feeds).dx).toEqual([0, 0, 0, 0, 0, 0]);
  });
  test("is not negative, and is the closed form", () => {
    fc.assert(
      fc.property(
        six,
        fc.array(fc.double({ min: -5, max: 5, noNaN: true }), { minLength: 6, maxLength: 6 }),
        (m, l) => {
          const { value } = run(loss, mu, { mu: matrix(...m), logVariance: matrix(...l) });
          const expected =
            m.reduce((s, v, i) => s + (v ** 2 + Math.exp(l[i]) - l[i] - 1) / 2, 0) / 2;
          expect(value).toBeCloseTo(expected, 8);
          expect(value).toBeGreaterThanOrEqual(-1e-12);
        },
      ),
    );
  });
  test("agrees with an integral", () => {
    const [m, s] = [0.7, 0.6];
    let integral = 0;
    for (let x = -8; x < 8; x += 1e-3) {
      const logQ = -((x - m) ** 2) / (2 * s ** 2) - Math.log(s);
      integral += (Math.exp(logQ) / Math.sqrt(2 * Math.PI)) * (logQ + x ** 2 / 2) * 1e-3;
    }
    const feeds = {
      mu: matrix(m, 0, 0, 0, 0, 0),
      logVariance: matrix(2 * Math.log(s), 0, 0, 0, 0, 0),
    };
    expect(run(loss, mu, feeds).value).toBeCloseTo(integral / 2, 8); // of two examples, the other has none
  });
});

describe("all", () => {
  const feeds = {
    labels: tensor([1, 2], [2], "int32"),
    distribution: matrix(0.2, 0.3, 0.5, 0.9, 0, 0.1),
    target: matrix(0.1, 0.9, 0.5, 0, 1, 0.3),
    positiveWeight: tensor(Float64Array.of(0.5, 1, 4)),
  };
  const positiveWeight = input("positiveWeight", [3]);
  const losses: Readonly<Record<string, Node>> = {
    "softmaxCrossEntropy of labels": softmaxCrossEntropy(logits, labels),
    "softmaxCrossEntropy of distributions": softmaxCrossEntropy(logits, distribution),
    binaryCrossEntropy: binaryCrossEntropy(y, target),
    "binaryCrossEntropy, what is 1 weighing more": binaryCrossEntropy(y, target, {
      positiveWeight,
    }),
    meanAbsoluteError: meanAbsoluteError(y, target),
    meanSquaredError: meanSquaredError(y, target),
    huber: huber(y, target, { delta: 0.7 }),
    gaussianKl: gaussianKl(y, logits),
  };
  test.each(Object.entries(losses))("gradients of %s", (_, loss) => {
    gradcheck(loss, { feeds });
  });
  test.each(Object.keys(losses).slice(0, 4))(
    "extreme logits leave %s and its gradient finite, on every runtime",
    async (name) => {
      const x = name.startsWith("softmax") ? logits : y;
      const extreme = matrix(1000, -1000, 0, -1000, 1000, 1e4);
      const outputs = { loss: losses[name], dx: grad(losses[name], [x])[0] };
      const inputs = [logits, labels, distribution, y, target, positiveWeight];
      for (const runtime of [reference, nodeRuntime({ threads: 1 })]) {
        const program = await runtime.compile({ inputs, outputs });
        const out = await program.run({ ...feeds, logits: extreme, y: extreme }, new Map());
        await program.release();
        expect([item(out.loss), ...out.dx.data].every(Number.isFinite)).toBe(true);
        expect(item(out.loss)).toBeGreaterThan(100);
      }
    },
  );
  test("messages", () => {
    const other = input("other", [2, 4]);
    expect(() => softmaxCrossEntropy(logits, other)).toThrowErrorMatchingInlineSnapshot(
      `[Error: softmaxCrossEntropy: shapes differ, got [2,3] and [2,4]; give both one shape]`,
    );
    expect(() =>
      softmaxCrossEntropy(logits, input("labels", [3], "int32")),
    ).toThrowErrorMatchingInlineSnapshot(
      `[Error: softmaxCrossEntropy: shapes differ, got [2,3] and [3,3]; give both one shape]`,
    );
    expect(() => binaryCrossEntropy(y, other)).toThrowErrorMatchingInlineSnapshot(
      `[Error: binaryCrossEntropy: shapes differ, got [2,3] and [2,4]; give both one shape]`,
    );
    expect(() =>
      binaryCrossEntropy(y, target, { positiveWeight: input("weight", [4, 2, 3]) }),
    ).toThrowErrorMatchingInlineSnapshot(
      `[Error: binaryCrossEntropy with positiveWeight: shapes differ, got [2,3] and [4,2,3]; give both one shape]`,
    );
    expect(() => meanAbsoluteError(y, other)).toThrowErrorMatchingInlineSnapshot(
      `[Error: meanAbsoluteError: shapes differ, got [2,3] and [2,4]; give both one shape]`,
    );
    expect(() => meanSquaredError(y, other)).toThrowErrorMatchingInlineSnapshot(
      `[Error: meanSquaredError: shapes differ, got [2,3] and [2,4]; give both one shape]`,
    );
    expect(() => huber(y, other)).toThrowErrorMatchingInlineSnapshot(
      `[Error: huber: shapes differ, got [2,3] and [2,4]; give both one shape]`,
    );
    expect(() => gaussianKl(y, other)).toThrowErrorMatchingInlineSnapshot(
      `[Error: gaussianKl: shapes differ, got [2,3] and [2,4]; give both one shape]`,
    );
  });
});
