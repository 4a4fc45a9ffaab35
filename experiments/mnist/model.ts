/** A small convolutional network of the usual shape: 28x28, 14x14 and 7x7 maps, four convolutions, 64,000 weights. */
import {
  apply,
  conv2d,
  dense,
  ops,
  sequential,
  type Input,
  type Layer,
  type Network,
} from "../../src/index.ts";
import { classification } from "../classification.ts";

const { flatten, maxPool2d, relu } = ops;

const pool = apply((x) => maxPool2d(x, { kernel: 2 }));

/**
 * `[batch, 1, height, width] -> [batch, 10]` logits. Pooling comes before the activation: the same values, a quarter of
 * the work. `width` multiplies the feature maps of every layer.
 */
export const network = (width = 1): Layer =>
  sequential(
    conv2d(16 * width, { kernel: 3, pads: 1 }),
    pool,
    apply(relu),
    conv2d(32 * width, { kernel: 3, pads: 1 }),
    apply(relu),
    conv2d(32 * width, { kernel: 3, pads: 1 }),
    pool,
    apply(relu),
    conv2d(64 * width, { kernel: 3, pads: 1 }),
    apply(relu),
    apply(flatten),
    dense(10),
  );

/** The network's loss and mistakes on x. */
export const classifier =
  (x: Input, labels: Input, { width = 1 }: { readonly width?: number } = {}): Network =>
  (scope) =>
    classification(network(width)(scope, x), labels);
