/** A small all-round convolutional network: 14x14 after a strided convolution, 7x7 after pooling, 75,000 weights. */
import { ops, apply, conv2d, dense, sequential, softmaxCrossEntropy, type Layer, type Network, type Input } from "../../src/index.ts";

const { cast, equal, flatten, maxPool2d, relu, sub, argmax } = ops;

/** `[batch, 1, height, width] -> [batch, 10]` logits. Pooling comes before the activation: the same values, a quarter of the work. */
export const network: Layer = sequential(
  conv2d(16, { kernel: 5, strides: 2, pads: 2 }),
  apply(relu),
  conv2d(32, { kernel: 3, pads: 1 }),
  apply(relu),
  conv2d(32, { kernel: 3, pads: 1 }),
  apply((x) => maxPool2d(x, { kernel: 2 })),
  apply(relu),
  conv2d(64, { kernel: 3, pads: 1 }),
  apply(relu),
  apply(flatten),
  dense(10),
);

/** The loss, and for every example whether the most likely class is wrong (1) or right (0). */
export const classifier =
  (x: Input, labels: Input): Network =>
  (scope) => {
    const logits = network(scope, x);
    return { loss: softmaxCrossEntropy(logits, labels), wrong: sub(1, cast(equal(argmax(logits), labels), "float")) };
  };
