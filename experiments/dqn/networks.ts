/** From what an agent sees to the value Q of every action: [batch, channels, height, width] -> [batch, actions]. */
import { apply, conv2d, dense, ops, sequential, type Layer } from "../../src/index.ts";

const rectified = apply(ops.relu);
const flattened = apply((x) =>
  ops.reshape(x, [x.shape[0], x.shape.slice(1).reduce((a, b) => a * b)]),
);

/** Young & Tian 2019 (arXiv 1903.03176): one convolution is enough for a grid of 10 x 10 cells. */
const minatar = (actions: number): Layer =>
  sequential(
    conv2d(16, { kernel: 3 }),
    rectified,
    flattened,
    dense(128),
    rectified,
    dense(actions, { name: "values" }),
  );

/** Mnih et al. 2015 (Nature 518, 529): four frames of 84 x 84 pixels. */
const nature = (actions: number): Layer =>
  sequential(
    conv2d(32, { kernel: 8, strides: 4 }),
    rectified,
    conv2d(64, { kernel: 4, strides: 2 }),
    rectified,
    conv2d(64, { kernel: 3 }),
    rectified,
    flattened,
    dense(512),
    rectified,
    dense(actions, { name: "values" }),
  );

export type NetworkName = "minatar" | "nature";
export const networks: Readonly<Record<NetworkName, (actions: number) => Layer>> = {
  minatar,
  nature,
};
