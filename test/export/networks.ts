/** Networks that are exported in tests, with the state that they have at first, shaken so that nothing in it is neutral. */
import * as $ from "../../src/graph/index.ts";
import { input, parametersOf, type Node, type Shape } from "../../src/graph/index.ts";
import {
  apply,
  arms,
  conv2d,
  convTranspose2d,
  dense,
  layerNorm,
  multiHeadAttention,
  prelu,
  recurrent,
  sequential,
  trace,
  type Arm,
  type Layer,
} from "../../src/nn/index.ts";
import { initialState, tensor, type State } from "../../src/runtime/program.ts";
import { hash, keyOf } from "../../src/graph/hash.ts";

export interface Exported {
  /** Of one example. */
  readonly shape: Shape;
  readonly layer: Layer;
  readonly arm: Arm;
}

export const networks: Readonly<Record<string, Exported>> = {
  mlp: {
    ...{ shape: [6], arm: "weight" },
    layer: sequential(dense(8), apply($.tanh), dense(4), apply($.softmax)),
  },
  images: {
    ...{ shape: [3, 8, 8], arm: "batch" },
    layer: sequential(
      conv2d(8, { kernel: 3, pads: 1 }),
      apply($.relu),
      apply((x) => $.averagePool2d(x, { kernel: 2 })),
      convTranspose2d(4, { kernel: 2, strides: 2 }),
      prelu({ perChannel: true }),
      conv2d(6, { kernel: 3, strides: 2 }),
      apply((x) => $.mul(x, $.clip($.add($.mul(x, 1 / 6), 0.5), 0, 1))),
      apply($.globalAveragePool),
      dense(5),
      apply($.softmax),
    ),
  },
  "images, weight norm": {
    ...{ shape: [3, 8, 8], arm: "weight+mean-only" },
    layer: sequential(
      conv2d(8, { kernel: 3, pads: 1 }),
      apply($.relu),
      convTranspose2d(4, { kernel: 3 }),
      apply((x) => $.slice(x, { axis: 1, start: 1 })),
      apply((x) =>
        $.pad(x, [
          [0, 0],
          [0, 0],
          [1, 1],
          [0, 2],
        ]),
      ),
      apply($.flatten),
      dense(5),
      apply($.logSoftmax),
    ),
  },
  lstm: {
    ...{ shape: [4, 3], arm: "weight" },
    layer: sequential(recurrent(5), dense(3)),
  },
  attention: {
    ...{ shape: [4, 6], arm: "weight" },
    layer: sequential(
      layerNorm(),
      multiHeadAttention(8, { heads: 2, causal: true }),
      apply((x) => $.gelu(x)),
      layerNorm({ affine: false }),
      dense(3),
    ),
  },
  "a token for every example": {
    ...{ shape: [4, 6], arm: "plain" },
    layer: (scope, x) => {
      const token = scope.parameter("token", [1, 1, 6], { init: { kind: "normal", std: 1 } });
      const [n] = x.shape;
      const joined = $.concat([$.broadcastTo(token, [n, 1, 6]), x], 1);
      const grid = $.reshape($.norm(joined, { axes: 2 }), [n, 5]);
      return $.concat(
        [
          $.reshape(
            $.matmul($.reshape(joined, [n * 5, 6]), $.transpose($.reshape(token, [1, 6]))),
            [n, 5],
          ),
          grid,
        ],
        1,
      );
    },
  },
};

export const outputsOf =
  ({ shape, layer, arm }: Exported) =>
  (size: number): { readonly y: Node } => ({
    y: trace((scope) => layer(scope, input("x", [size, ...shape])), {
      ...{ mode: "eval", norm: arms[arm] },
    }).value,
  });

export function stateOf(network: Exported): State {
  const state = initialState(parametersOf([outputsOf(network)(2).y]), 1);
  for (const [name, { shape, data }] of state) {
    const key = keyOf("state", name);
    const shaken = Float32Array.from(data, (v, i) => v + 0.05 + 0.2 * (hash(i, key) / 2 ** 32));
    state.set(name, tensor(shaken, shape));
  }
  return state;
}
