/** Losses of classes: what their options mean, and that a label which names no class does not go unnoticed. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { grad } from "../../src/autodiff/index.ts";
import {
  input,
  logSoftmax,
  mul,
  neg,
  oneHot,
  sum,
  type Input,
  type Node,
} from "../../src/graph/index.ts";
import {
  negativeLogLikelihood,
  softmaxCrossEntropy,
  type CrossEntropyOptions,
} from "../../src/nn/index.ts";
import { gradcheck } from "../../src/runtime/gradcheck.ts";
import { nodeRuntime } from "../../src/runtime/node.ts";
import { item, tensor, type Runtime, type Tensor } from "../../src/runtime/program.ts";
import { evaluate, reference } from "../../src/runtime/reference.ts";
import { webRuntime } from "../../src/runtime/web.ts";
import { near } from "./network.ts";

const [batch, classes] = [4, 3];
const logits = input("logits", [batch, classes]);
const labels = input("labels", [batch], "int32");
const distribution = input("distribution", [batch, classes]);

const finite = fc.double({ min: -20, max: 20, noNaN: true });
const someLogits = fc.array(finite, { minLength: batch * classes, maxLength: batch * classes });
const someLabels = fc.array(fc.nat(classes - 1), { minLength: batch, maxLength: batch });
const feedsOf = (x: readonly number[], of: readonly number[]): Record<string, Tensor> => ({
  logits: tensor(Float64Array.from(x), [batch, classes]),
  labels: tensor(of, [batch], "int32"),
});

/** A loss and its gradient. */
const withGradient = (loss: Node): { readonly loss: Node; readonly dx: Node } => ({
  loss,
  dx: grad(loss, [logits])[0],
});
const lossOf = (options: CrossEntropyOptions, feeds: Record<string, Tensor>): number[] => [
  ...evaluate({ y: softmaxCrossEntropy(logits, labels, options) }, { feeds }).y.data,
];

async function run<K extends string>(
  runtime: Runtime,
  outputs: Readonly<Record<K, Node>>,
  feeds: Record<string, Tensor>,
): Promise<Readonly<Record<K, Tensor>>> {
  const inputs: Input[] = [logits, labels];
  const program = await runtime.compile({ inputs, outputs });
  const values = await program.run(feeds, new Map());
  await program.release();
  return values;
}
const runtimes: readonly (readonly [string, Runtime])[] = [
  ["reference", reference],
  ["node", nodeRuntime({ threads: 1 })],
  ["node, plain layout", nodeRuntime({ threads: 1, blocked: false })],
  ["web", webRuntime()],
];

describe.each(runtimes)("%s: labels that name no class", (_, runtime) => {
  const x = [1, -2, 0.5, 3, 3, -1, 0, 0, 0, 80, -9, 2];
  const options: readonly CrossEntropyOptions[] = [
    {},
    { reduction: "sum" },
    { labelSmoothing: 0.1, classWeights: [1, 2, 0.5], ignoreIndex: 7 },
  ];
  test.each([classes, -1, 255, -(2 ** 31)])("%d is an error that names it", async (wrong) => {
    for (const o of options)
      for (const [name, loss] of [
        ["softmaxCrossEntropy", softmaxCrossEntropy(logits, labels, o)],
        ["negativeLogLikelihood", negativeLogLikelihood(logits, labels, o)],
      ] as const)
        await expect(run(runtime, { loss }, feedsOf(x, [0, 2, wrong, 1]))).rejects.toThrow(
          new RegExp(`labels.*${name}.*got ${wrong} at`),
        );
  });
  test("one that is to be ignored is none, and costs nothing", async () => {
    const y = softmaxCrossEntropy(logits, labels, { reduction: "none", ignoreIndex: -1 });
    const { data } = (await run(runtime, { y }, feedsOf(x, [2, 1, -1, 2]))).y;
    expect([...data].map((loss) => loss > 0)).toEqual([true, true, false, true]);
    expect(Math.abs(data[2])).toBe(0);
  });
  test("those that do leave loss and gradient as without the check, to the last bit", async () => {
    const unchecked = neg(mul(sum(mul(oneHot(labels, classes), logSoftmax(logits))), 1 / batch));
    const { loss, dx } = withGradient(softmaxCrossEntropy(logits, labels));
    const before = withGradient(unchecked);
    const nodes = { loss, dx, lossBefore: before.loss, dxBefore: before.dx };
    const sure = [900, 0, 0, 0, 900, 0, 0, 0, 900, 0, 0, 900]; // whose loss is -0
    for (const values of [x, sure]) {
      const out = await run(runtime, nodes, feedsOf(values, [0, 1, 2, 2]));
      expect(Object.is(item(out.loss), item(out.lossBefore))).toBe(true);
      expect([...out.dx.data]).toEqual([...out.dxBefore.data]);
      expect([...out.dx.data, item(out.loss)].every(Number.isFinite)).toBe(true);
    }
  });
});

describe("options", () => {
  test("smoothed labels are distributions", () => {
    fc.assert(
      fc.property(
        fc.tuple(someLogits, someLabels, fc.double({ min: 0, max: 1, noNaN: true })),
        ([x, of, labelSmoothing]) => {
          const q = of.flatMap((k) =>
            [0, 1, 2].map((j) => (1 - labelSmoothing) * Number(j === k) + labelSmoothing / classes),
          );
          const feeds = {
            ...feedsOf(x, of),
            distribution: tensor(Float64Array.from(q), [batch, classes]),
          };
          const ofDistribution = softmaxCrossEntropy(logits, distribution);
          near(lossOf({ labelSmoothing }, feeds), [
            item(evaluate({ y: ofDistribution }, { feeds }).y),
          ]);
        },
      ),
    );
  });
  test("an example that is ignored is as one that is not there", () => {
    fc.assert(
      fc.property(
        fc.tuple(someLogits, someLabels, fc.double({ min: 0, max: 1, noNaN: true })),
        ([x, of, labelSmoothing]) => {
          const options = { labelSmoothing, classWeights: [0.5, 1, 3] };
          const [some, none] = [of.with(1, -100), of.slice()];
          const left = lossOf({ ...options, ignoreIndex: -100 }, feedsOf(x, some));
          const [shorter, shorterLabels] = [
            input("logits", [batch - 1, classes]),
            input("labels", [batch - 1], "int32"),
          ];
          const feeds = {
            logits: tensor(Float64Array.from(x.toSpliced(classes, classes)), shorter.shape),
            labels: tensor(none.toSpliced(1, 1), shorterLabels.shape, "int32"),
          };
          const y = softmaxCrossEntropy(shorter, shorterLabels, options);
          near(left, [...evaluate({ y }, { feeds }).y.data]);
        },
      ),
    );
  });
  test("its gradient is zero", () => {
    const { dx } = withGradient(softmaxCrossEntropy(logits, labels, { ignoreIndex: 2 }));
    const out = evaluate(
      { dx },
      { feeds: feedsOf([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], [0, 2, 1, 2]) },
    ).dx.data;
    const rows = [0, 1, 2, 3].map((i) => [...out.slice(i * classes, (i + 1) * classes)]);
    expect(rows.map((row) => row.every((v) => v === 0))).toEqual([false, true, false, true]);
  });
  test("class weights are as if examples came that often", () => {
    fc.assert(
      fc.property(fc.tuple(someLogits, someLabels), ([x, of]) => {
        const often = [1, 3, 2];
        const each = lossOf({ reduction: "none" }, feedsOf(x, of));
        const repeated = of.flatMap((k, i) => new Array<number>(often[k]).fill(each[i]));
        const mean = repeated.reduce((a, b) => a + b) / repeated.length;
        near(lossOf({ classWeights: often }, feedsOf(x, of)), [mean]);
      }),
    );
  });
  test("the mean over nothing that counts is NaN, the sum 0", () => {
    const feeds = feedsOf(new Array<number>(12).fill(1), [5, 5, 5, 5]);
    expect(lossOf({ ignoreIndex: 5 }, feeds)).toEqual([NaN]);
    expect(lossOf({ ignoreIndex: 5, reduction: "sum" }, feeds).map(Math.abs)).toEqual([0]);
  });
  test("sequences of labels are so many labels", () => {
    const [x, of] = [
      [1, -2, 0.5, 3, 3, -1, 0, 0, 0, 1, -9, 2],
      [0, 2, 1, 1],
    ];
    const [sequences, theirs] = [
      input("logits", [2, 2, classes]),
      input("labels", [2, 2], "int32"),
    ];
    const y = softmaxCrossEntropy(sequences, theirs);
    const feeds = {
      logits: tensor(Float64Array.from(x), sequences.shape),
      labels: tensor(of, theirs.shape, "int32"),
    };
    near([item(evaluate({ y }, { feeds }).y)], lossOf({}, feedsOf(x, of)));
  });
  test("the log-likelihood of log-softmax is the cross entropy", () => {
    const options = { labelSmoothing: 0.2, classWeights: [1, 2, 3], ignoreIndex: 0 };
    const outputs = {
      a: softmaxCrossEntropy(logits, labels, options),
      b: negativeLogLikelihood(logSoftmax(logits), labels, options),
    };
    const { a, b } = evaluate(outputs, {
      feeds: feedsOf([1, 2, 3, 4, 5, 7, 0, 1, 0, 1, 0, 9], [0, 1, 2, 1]),
    });
    expect(item(a)).toBe(item(b));
  });
});

describe("gradients", () => {
  const weights = input("weights", [classes]);
  const feeds = {
    labels: tensor([1, 2, 0, 9], [batch], "int32"),
    weights: tensor(Float64Array.of(0.5, 2, 1.5)),
    distribution: tensor(Float64Array.of(0.2, 0.3, 0.5, 0.9, 0, 0.1, 1, 0, 0, 0.1, 0.1, 0.8), [
      batch,
      classes,
    ]),
  };
  const every = { labelSmoothing: 0.3, classWeights: weights, ignoreIndex: 9 };
  const losses: Readonly<Record<string, Node>> = {
    ignoring: softmaxCrossEntropy(logits, labels, { ignoreIndex: 9 }),
    "all options": softmaxCrossEntropy(logits, labels, every),
    "all options, summed": softmaxCrossEntropy(logits, labels, { ...every, reduction: "sum" }),
    "all options, each": sum(softmaxCrossEntropy(logits, labels, { ...every, reduction: "none" })),
    "of distributions": softmaxCrossEntropy(logits, distribution, {
      labelSmoothing: 0.3,
      classWeights: weights,
    }),
    negativeLogLikelihood: negativeLogLikelihood(logits, labels, every),
  };
  test.each(Object.entries(losses))("%s", (_, loss) => {
    gradcheck(loss, { feeds });
  });
});

test("messages", () => {
  const make =
    (options: CrossEntropyOptions, of: Node = labels) =>
    (): unknown =>
      softmaxCrossEntropy(logits, of, options);
  expect(make({ labelSmoothing: 1.5 })).toThrowErrorMatchingInlineSnapshot(
    `[Error: softmaxCrossEntropy: labelSmoothing is a share from 0 to 1, got 1.5; use e.g. 0.1]`,
  );
  expect(make({ classWeights: [1, 2] })).toThrowErrorMatchingInlineSnapshot(
    `[Error: softmaxCrossEntropy: classWeights has shape [2], expected [3]; give every class its weight]`,
  );
  expect(make({ ignoreIndex: 0.5 })).toThrowErrorMatchingInlineSnapshot(
    `[Error: softmaxCrossEntropy: ignoreIndex is one of int32 labels, got 0.5; give a whole number]`,
  );
  expect(make({ ignoreIndex: 0 }, distribution)).toThrowErrorMatchingInlineSnapshot(
    `[Error: softmaxCrossEntropy: ignoreIndex is one of int32 labels, got distributions [4,3]; let rows of zeros stand for what does not count]`,
  );
  expect(() =>
    negativeLogLikelihood(logits, input("labels", [3], "int32")),
  ).toThrowErrorMatchingInlineSnapshot(
    `[Error: negativeLogLikelihood: shapes differ, got [4,3] and [3,3]; give both one shape]`,
  );
});
