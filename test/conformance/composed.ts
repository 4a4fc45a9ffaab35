/** Functions built from several ops, and what ONNX Runtime fuses. */
import * as $ from "../../src/graph/index.ts";
import type { Node, Shape } from "../../src/graph/index.ts";
import { keyTensor, tensor } from "../../src/runtime/program.ts";
import { ints, some, titled, type Case } from "./case.ts";
import { random } from "./families.ts";
import { layerCases } from "./layers.ts";
import { pools } from "./pooling.ts";

const image = some([2, 16, 8, 8]);
const large = tensor([1000, 1001, 999, -1000, -1000, 80, 88, 89, 90], [3, 3]);
const weights = (shape: Shape, seed = 0): Node =>
  $.constant(some(shape, { from: -0.3, to: 0.3, seed }).data, shape);

export const composed: readonly Case[] = [
  { name: "softmax", inputs: [some([4, 10])], build: (x) => $.softmax(x) },
  { name: "softmax of large values", inputs: [large], build: (x) => $.softmax(x) },
  { name: "softmax over the first axis", inputs: [some([4, 3])], build: (x) => $.softmax(x, 0) },
  { name: "logSoftmax", inputs: [some([4, 10])], build: (x) => $.logSoftmax(x) },
  { name: "logSoftmax of large values", inputs: [large], build: (x) => $.logSoftmax(x) },
  { name: "logSumExp", inputs: [some([4, 10])], build: (x) => $.logSumExp(x, { axes: 1 }) },
  {
    name: "logSumExp of large values",
    inputs: [large],
    build: (x) => $.logSumExp(x, { axes: 1, keepDims: true }),
  },
  { name: "logSumExp over all", inputs: [large], build: (x) => $.logSumExp(x) },
  ...titled("randomUniform", random($.randomUniform)),
  ...titled("randomNormal", random($.randomNormal)),
  ...titled(
    "randomBernoulli",
    random((k, o) => $.randomBernoulli(k, 0.3, o)),
  ),
  ...pools.map(([name, shape, options]): Case => ({
    name: `averagePool2d ${name}`,
    inputs: [some(shape)],
    build: (x) => $.averagePool2d(x, options),
  })),
  { name: "oneHot", inputs: [ints([2, 3], { from: 0, to: 4 })], build: (i) => $.oneHot(i, 4) },
  { name: "mean", inputs: [some([3, 4, 5])], build: (x) => $.mean(x) },
  {
    name: "mean over axes",
    inputs: [some([3, 4, 5])],
    build: (x) => $.mean(x, { axes: [0, 2], keepDims: true }),
  },
  {
    name: "conv1d",
    inputs: [some([2, 4, 9]), some([6, 2, 3])],
    build: (x, w) => $.conv1d(x, w, { stride: 2, pad: 2, dilation: 2, groups: 2 }),
  },
  { name: "globalAveragePool", inputs: [image], build: (x) => $.globalAveragePool(x) },
  {
    // ONNX Runtime fuses these and changes the memory layout, the more so when weights are constants.
    name: "a small convolutional network",
    inputs: [image],
    build: (x) => {
      const bias = $.reshape(weights([32], 5), [1, 32, 1, 1]);
      const a = $.relu($.add($.conv2d(x, weights([32, 16, 3, 3]), { pads: 1 }), bias));
      const b = $.leakyRelu(
        $.conv2d($.maxPool2d(a, { kernel: 2 }), weights([32, 32, 3, 3]), { pads: 1 }),
        0.1,
      );
      return $.softmax($.globalAveragePool($.relu($.add(b, $.conv2d(b, weights([32, 32, 1, 1]))))));
    },
  },
  {
    name: "a long chain of arithmetic",
    inputs: [some([5, 4]), some([4], { seed: 3, from: 0.5 })],
    build: (x, s) =>
      $.mul($.sub($.add($.mul($.div(x, s), 2), 0), $.neg($.neg(1))), $.pow($.div(s, 1), 1)),
  },
  {
    name: "neutral elements that stretch",
    inputs: [some([3])],
    build: (x) => $.mul($.add(x, $.constant([0], [1, 1])), $.constant([1], [1, 1, 1])),
  },
  {
    name: "constants that look alike",
    inputs: [some([2, 2])],
    build: (x) => {
      const signOfZero = (zero: number): Node => $.clip($.div(1, $.constant([zero])), -1, 1);
      const long = (last: number): Node =>
        $.constant([...new Array<number>(79).fill(1), last], [80]);
      const [row, column] = [$.constant([1, 2], [1, 2]), $.constant([1, 2], [2, 1])];
      const parts = [
        $.add(x, row),
        $.add(x, column),
        long(2),
        long(3),
        signOfZero(0),
        signOfZero(-0),
      ];
      return $.concat(
        parts.map((p) => $.reshape(p, [-1])),
        0,
      );
    },
  },
  {
    name: "nodes that differ in an attribute alone",
    inputs: [some([3, 3])],
    build: (x) =>
      $.concat(
        [
          $.sum(x, { axes: 0 }),
          $.sum(x, { axes: 1 }),
          $.max(x, { axes: 1 }),
          $.reshape($.leakyRelu(x, 0.5), [-1]),
          $.reshape($.leakyRelu(x, 0.25), [-1]),
        ],
        0,
      ),
  },
  {
    name: "two streams of one key",
    inputs: [keyTensor("streams")],
    build: (k) =>
      $.concat(
        [0, 1].map((stream) => $.randomUniform(k, { shape: [5], stream })),
        0,
      ),
    exact: true,
  },
  ...layerCases,
];
