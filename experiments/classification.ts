/** What every classifier is fed with, trained on and judged by. */
import {
  gatherLabels,
  input,
  ops,
  softmaxCrossEntropy,
  tensor,
  type Layer,
  type Network,
  type Node,
  type Outputs,
} from "../src/index.ts";
import type { DataSet, Pictured } from "../runs/minibatch/task.ts";
import type { Measure } from "../runs/records.ts";

const { argmax, cast, equal, sub } = ops;

/** From logits [batch, classes]: the loss, and for every example whether the most likely class is wrong (1) or right (0). */
export const classification = (logits: Node, labels: Node): Outputs => ({
  loss: softmaxCrossEntropy(logits, labels),
  error: sub(1, cast(equal(argmax(logits), labels), "float")),
});

/** The probability of each class of x, `answer`, as a file of its own says it. */
export const answering =
  (layer: Layer, x: Node): Network =>
  (scope) => {
    const logits = layer(scope, x);
    return { answer: ops.softmax(logits), loss: ops.mean(logits) };
  };

/** The share of mistakes among so many classes, all equally frequent. */
export const errorRate = (classes: number): readonly Measure[] => [
  {
    ...{ key: "error", unit: "%", scale: 100, digits: 2 },
    ...{ better: "lower", share: true, chance: 1 - 1 / classes },
  },
];

export interface LabelledImages {
  /** [channels, height, width] */
  readonly shape: readonly number[];
  readonly labels: Uint8Array;
  /** The images `rows`, one after the other. */
  pixels(rows: Uint32Array): Float32Array;
  /** How they look, but for their labels. */
  readonly pictured?: Omit<Pictured, "label">;
}

/** Images and labels as the inputs `x` [size, ...shape] and `labels` [size], int32. */
export const labelled = ({ shape, labels, pixels, pictured }: LabelledImages): DataSet => ({
  count: labels.length,
  inputs: (size) => [input("x", [size, ...shape]), input("labels", [size], "int32")],
  feeds: (rows) => ({
    x: tensor(pixels(rows), [rows.length, ...shape]),
    labels: tensor(gatherLabels(labels, rows), [rows.length], "int32"),
  }),
  ...(pictured && { pictured: { ...pictured, label: (row) => labels[row] } }),
});
