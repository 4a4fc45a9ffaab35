/** The network of the paper's section 5.1 and its authors' code, after Springenberg et al. 2015, "ConvPool-CNN-C". */
import {
  apply,
  conv2d,
  dense,
  dropout,
  gaussianNoise,
  ops,
  sequential,
  type Input,
  type Layer,
  type Network,
} from "../../src/index.ts";
import { classification } from "../classification.ts";

const { globalAveragePool, leakyRelu, maxPool2d } = ops;

export interface NetworkOptions {
  /** Feature maps of the first three layers; the others have twice as many (the paper: 96). */
  readonly width?: number;
  /** The standard deviation of the noise on the input (the paper: 0.15). */
  readonly noise?: number;
  /** The share of values that are dropped after each pooling (the paper: 0.5). */
  readonly drop?: number;
}

/** `[batch, 3, 32, 32]`, whitened, -> `[batch, 10]` logits; ten layers with weights. */
export const network = ({ width = 96, noise = 0.15, drop = 0.5 }: NetworkOptions = {}): Layer => {
  const activation = apply((x) => leakyRelu(x, 0.1));
  const conv = (units: number, kernel: 1 | 3, pads: 0 | 1): Layer =>
    sequential(conv2d(units, { kernel, pads }), activation);
  const pool = sequential(
    apply((x) => maxPool2d(x, { kernel: 2 })),
    dropout(drop),
  );
  return sequential(
    gaussianNoise(noise),
    conv(width, 3, 1),
    conv(width, 3, 1),
    conv(width, 3, 1),
    pool, // 32x32 -> 16x16
    conv(2 * width, 3, 1),
    conv(2 * width, 3, 1),
    conv(2 * width, 3, 1),
    pool, // 16x16 -> 8x8
    conv(2 * width, 3, 0), // 8x8 -> 6x6
    conv(2 * width, 1, 0),
    conv(2 * width, 1, 0),
    apply(globalAveragePool),
    dense(10),
  );
};

/** The network's loss and mistakes on x. */
export const classifier =
  (x: Input, labels: Input, options: NetworkOptions = {}): Network =>
  (scope) =>
    classification(network(options)(scope, x), labels);
