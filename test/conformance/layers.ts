/** Networks of the layers that are made of several ops, with their gradients, as one value. */
import * as $ from "../../src/graph/index.ts";
import type { Node } from "../../src/graph/index.ts";
import { grad } from "../../src/autodiff/index.ts";
import {
  apply,
  arms,
  conv1d,
  conv2d,
  convTranspose1d,
  dense,
  embedding,
  groupNorm,
  layerNorm,
  multiHeadAttention,
  prelu,
  recurrent,
  sequential,
  shared,
  sinusoidalPositions,
  trace,
  type Arm,
  type Layer,
} from "../../src/nn/index.ts";
import { bools, ints, some, type Case } from "./case.ts";

/** What a layer gives and the gradients of its mean square to all its parameters, laid end to end. */
const network = (
  name: string,
  x: Case["inputs"][number],
  layer: Layer,
  arm: Arm = "weight",
): Case => ({
  name: `${name}, ${arm}`,
  inputs: [x],
  build(input) {
    const { value, parameters } = trace((scope) => layer(scope, input), {
      mode: "train",
      norm: arms[arm],
    });
    const all = [value, ...grad($.mean($.square(value)), parameters)];
    return $.concat(
      all.map((g) => $.reshape(g, [-1])),
      0,
    );
  },
});
const sequence = some([3, 4, 6]);
const image = some([2, 16, 5, 6]);
const wide = apply((x) => $.upsample(x, { scale: 2 }));
const smooth = apply((x) => $.upsample(x, { size: [7, 9], mode: "bilinear" }));
const transformer: Layer = (scope, x) => {
  const y = $.add(x, sinusoidalPositions(4, 6));
  const z = $.add(
    y,
    multiHeadAttention(6, { heads: 3, causal: true })(scope, layerNorm()(scope, y)),
  );
  const inner = sequential(layerNorm(), dense(8), apply($.gelu), dense(6));
  return $.add(z, inner(scope, z));
};
const again = shared(dense(6, { bias: false }));

export const layerCases: readonly Case[] = [
  network("a transformer's layer", sequence, transformer),
  network("a transformer's layer", sequence, transformer, "batch"),
  network(
    "recurrent layers",
    sequence,
    recurrent(2, { layers: 2, bidirectional: true, returnLast: true }),
  ),
  network(
    "recurrent layers",
    sequence,
    recurrent(2, { cell: "gru", resetAfter: true }),
    "mean-only",
  ),
  network("shared weights", sequence, sequential(again, apply($.silu), again), "weight+mean-only"),
  network(
    "convolutions of sequences",
    some([2, 4, 9]),
    sequential(
      conv1d(6, { kernel: 3, pad: "causal", dilation: 2 }),
      prelu({ perChannel: true }),
      groupNorm(2),
      convTranspose1d(4, { kernel: 4, stride: 2, pad: 1, bias: false }),
      apply((x) => $.averagePool1d(x, { kernel: 3, stride: 2, pad: 1 })),
      apply((x) => $.upsample(x, { scale: 2 })),
    ),
  ),
  network(
    "convolutions of images",
    image,
    sequential(
      conv2d(32, { kernel: [3, 2], pads: "same", strides: 2, bias: false }),
      groupNorm(4),
      prelu(),
      wide,
      conv2d(16, { kernel: 3, pads: "causal" }),
      smooth,
    ),
    "batch",
  ),
  network(
    "an embedding with padding",
    ints([3, 4], { from: 0, to: 5 }),
    embedding(5, 3, { paddingIndex: 1 }),
  ),
  {
    name: "masked attention",
    inputs: [sequence, some([3, 5, 2]), bools([3, 5])],
    build: (x, memory, mask) =>
      trace((scope) => multiHeadAttention(4, { heads: 2, memory, mask })(scope, x), {
        mode: "train",
        norm: arms.weight,
      }).value,
  },
  {
    name: "maxPool1d",
    inputs: [some([2, 3, 9])],
    build: (x) => $.maxPool1d(x, { kernel: 3, stride: 2, pad: 1 }),
  },
  { name: "gelu", inputs: [some([40], { from: -6, to: 6 })], build: (x) => $.gelu(x) },
  {
    name: "gelu by tanh",
    inputs: [some([40], { from: -6, to: 6 })],
    build: (x) => $.gelu(x, { approximate: "tanh" }),
  },
  { name: "silu", inputs: [some([40], { from: -20, to: 20 })], build: $.silu },
  {
    name: "upsample to the nearest",
    inputs: [some([2, 3, 4, 5])],
    build: (x) => $.upsample(x, { size: [3, 8] }),
  },
  {
    name: "upsample with corners aligned",
    inputs: [some([2, 3, 4, 5])],
    build: (x) => $.upsample(x, { scale: [2, 1.5], mode: "bilinear", alignCorners: true }),
  },
  ...(["same", "causal"] as const).map((pads): Case => ({
    name: `conv2d, ${pads}`,
    inputs: [some([2, 3, 7, 6]), some([4, 3, 3, 2])],
    build: (x: Node, w: Node) => $.conv2d(x, w, { pads, strides: [2, 1], dilations: [1, 2] }),
  })),
];
