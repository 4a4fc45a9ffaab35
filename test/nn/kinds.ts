/** Every kind of layer, small, for what must hold for all of them. */
import type { Dtype, Shape } from "../../src/graph/index.ts";
import {
  conv1d,
  conv2d,
  convTranspose1d,
  convTranspose2d,
  dense,
  depthwiseConv2d,
  embedding,
  gru,
  lstm,
  multiHeadAttention,
  recurrent,
  shared,
  sequential,
  unroll,
  type Layer,
} from "../../src/nn/index.ts";

export interface Kind {
  readonly x: Shape;
  readonly dtype?: Dtype;
  readonly layer: Layer;
  /** How many pre-activations it reports (default 1). */
  readonly reports?: number;
}

const lstmLayer: Layer = (scope, x) =>
  unroll(lstm(scope, { inputs: x.shape[2], units: 2 }), x, ({ h }) => h);
const again = shared(dense(4));
const gruLayer: Layer = (scope, x) =>
  unroll(gru(scope, { inputs: x.shape[2], units: 2 }), x, (h) => h);

export const kindNames = [
  "dense",
  "denseOnSequences",
  "denseShared",
  "conv1d",
  "conv2d",
  "groupedConv2d",
  "depthwiseConv2d",
  "convTranspose1d",
  "convTranspose2d",
  "groupedConvTranspose2d",
  "lstm",
  "gru",
  "gruResetAfter",
  "recurrentLstm",
  "recurrentGru",
  "multiHeadAttention",
  "embedding",
  "paddedEmbedding",
] as const;
export type KindName = (typeof kindNames)[number];
export const kinds: Readonly<Record<KindName, Kind>> = {
  dense: { x: [12, 5], layer: dense(3) },
  denseOnSequences: { x: [4, 3, 5], layer: dense(3) },
  denseShared: { x: [12, 4], layer: sequential(again, again), reports: 2 },
  conv1d: { x: [5, 4, 7], layer: conv1d(6, { kernel: 3, stride: 2, pad: 1, groups: 2 }) },
  conv2d: { x: [4, 3, 5, 4], layer: conv2d(4, { kernel: 3, pads: 1, strides: 2 }) },
  groupedConv2d: { x: [4, 4, 4, 5], layer: conv2d(6, { kernel: [2, 3], groups: 2 }) },
  depthwiseConv2d: { x: [4, 3, 5, 4], layer: depthwiseConv2d({ kernel: 3, multiplier: 2 }) },
  convTranspose1d: {
    x: [4, 4, 5],
    layer: convTranspose1d(6, { kernel: 3, stride: 2, pad: 1, outputPadding: 1, groups: 2 }),
  },
  convTranspose2d: {
    x: [4, 3, 3, 2],
    layer: convTranspose2d(2, { kernel: 3, strides: 2, pads: 1, outputPadding: 1 }),
  },
  groupedConvTranspose2d: {
    x: [4, 4, 3, 2],
    layer: convTranspose2d(6, { kernel: [3, 2], strides: [1, 2], groups: 2 }),
  },
  lstm: { x: [9, 3, 4], layer: lstmLayer, reports: 3 },
  gru: { x: [9, 3, 4], layer: gruLayer, reports: 6 },
  gruResetAfter: {
    x: [9, 3, 4],
    layer: recurrent(2, { cell: "gru", resetAfter: true }),
    reports: 6,
  },
  recurrentLstm: {
    x: [9, 2, 4],
    layer: recurrent(2, { layers: 2, bidirectional: true }),
    reports: 8,
  },
  recurrentGru: { x: [9, 2, 4], layer: recurrent(2, { cell: "gru", layers: 2 }), reports: 8 },
  multiHeadAttention: {
    x: [4, 3, 5],
    layer: multiHeadAttention(4, { heads: 2, causal: true }),
    reports: 4,
  },
  embedding: { x: [7, 2], dtype: "int32", layer: embedding(5, 3) },
  paddedEmbedding: { x: [7, 2], dtype: "int32", layer: embedding(5, 3, { paddingIndex: 2 }) },
};
