/** A small convolutional network for pictures of any size: convolutions with pooling between them, an average over the whole picture. */
import {
  apply,
  conv2d,
  dense,
  ops,
  sequential,
  type Input,
  type Layer,
  type Network,
} from "../../../src/index.ts";
import { classification } from "../../classification.ts";

const { globalAveragePool, flatten, maxPool2d, relu } = ops;

const pool = apply((x) => maxPool2d(x, { kernel: 2 }));
/** Pooling comes before the activation: the same values, a quarter of the work. */
const stage = (maps: number): Layer =>
  sequential(conv2d(maps, { kernel: 3, pads: 1 }), pool, apply(relu));

/** `[batch, 3, size, size] -> [batch, classes]` logits, for sizes from 8. */
export const network = (width: number, classes: number): Layer =>
  sequential(
    stage(width),
    stage(2 * width),
    stage(4 * width),
    conv2d(4 * width, { kernel: 3, pads: 1 }),
    apply(relu),
    apply(globalAveragePool),
    apply(flatten),
    dense(classes),
  );

/** The loss and mistakes on pictures `x`. */
export const classifier =
  (layer: Layer, [x, labels]: readonly Input[]): Network =>
  (scope) =>
    classification(layer(scope, x), labels);
