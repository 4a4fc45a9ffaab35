/**
 * What follows a convolution of 16 or 32 channels, and so may run on blocked images: every rule of src/onnx/blocked.ts,
 * with operands that broadcast in every way, values used in both layouts, and gradients of it all.
 */
import * as $ from "../../src/graph/index.ts";
import { grad } from "../../src/autodiff/index.ts";
import type { Node, Parameter, Shape } from "../../src/graph/index.ts";
import { keyTensor } from "../../src/runtime/program.ts";
import { some, type Case } from "./case.ts";

const image = some([3, 16, 6, 8]);
const wide = some([9, 16, 16, 16]);
const weight = (shape: Shape, seed = 0): Node =>
  $.constant(some(shape, { from: -0.3, to: 0.3, seed }).data, shape);
const numbers = (shape: Shape, from = 0.5, to = 2): Node =>
  $.constant(some(shape, { from, to, seed: 7 }).data, shape);
const convolved = (x: Node, seed = 0): Node =>
  $.conv2d(x, weight([32, x.shape[1], 3, 3], seed), { pads: 1 });

/** After one convolution, or after two of which both are needed again, so that nothing is fused. */
const after = (name: string, build: (y: Node) => Node, x = image): readonly Case[] => [
  { name, inputs: [x], build: (input) => build(convolved(input)) },
  {
    name: `${name}, of a value used twice`,
    inputs: [x],
    build: (input) => {
      const y = convolved(input);
      const z = build(y);
      return `${z.shape}` === `${y.shape}` && z.dtype === "float" ? $.add($.mul(z, y), z) : z;
    },
  },
];

const operands: readonly Shape[] = [
  [],
  [32, 1, 1],
  [1, 32, 1, 1],
  [3, 1, 1, 1],
  [3, 32, 1, 1],
  [1, 1, 6, 8],
  [1, 1, 1, 8],
  [1, 32, 6, 8],
  [1, 32, 6, 1],
  [3, 32, 6, 8],
];
const binary = { add: $.add, sub: $.sub, mul: $.mul, div: $.div, maximum: $.maximum, pow: $.pow };
const unary: Readonly<Record<string, (x: Node) => Node>> = {
  neg: $.neg,
  abs: $.abs,
  tanh: $.tanh,
  sigmoid: $.sigmoid,
  relu: $.relu,
  leakyRelu: (x) => $.leakyRelu(x, 0.1),
  elu: (x) => $.elu(x),
  exp: $.exp,
  expm1: $.expm1,
  log1p: (x) => $.log1p($.abs(x)),
  sin: $.sin,
  cos: $.cos,
  rsqrt: (x) => $.rsqrt($.add($.abs(x), 1)),
};
const axes: readonly (readonly number[])[] = [
  [0, 1, 2, 3],
  [1, 2, 3],
  [2, 3],
  [3, 0, 2],
  [1],
  [0],
  [],
];

/** The gradients of a scalar to the weights and the images of a network, laid end to end. */
function gradients(
  name: string,
  x: ReturnType<typeof some>,
  network: (x: Node, w: (shape: Shape) => Node) => Node,
): Case {
  return {
    name: `gradients of ${name}`,
    inputs: [x],
    build(input) {
      const parameters: Parameter[] = [];
      const w = (shape: Shape): Node => {
        const { data } = some(shape, { from: -0.3, to: 0.3, seed: parameters.length });
        const init = { kind: "values", values: data } as const;
        const p = $.parameter(`w${parameters.length}`, shape, { init });
        parameters.push(p);
        return p;
      };
      const x0 = $.parameter("x0", input.shape, { init: { kind: "constant", value: 0 } });
      const y = network($.add(input, x0), w);
      const all = grad($.mean($.square(y)), [...parameters, x0]);
      return $.concat(
        all.map((g) => $.reshape(g, [-1])),
        0,
      );
    },
  };
}
const perUnit = (b: Node): Node => $.reshape(b, [1, b.shape[0], 1, 1]);
const normalized = (t: Node): Node => {
  const over = { axes: [0, 2, 3], keepDims: true };
  const centred = $.sub(t, $.mean(t, over));
  return $.div(centred, $.sqrt($.add($.mean($.square(centred), over), 1e-6)));
};

export const blockedCases: readonly Case[] = [
  ...Object.entries(unary).flatMap(([name, op]) => after(name, op)),
  ...Object.entries(binary).flatMap(([name, op]) =>
    operands.flatMap((shape) => [
      ...after(`${name} [${shape}]`, (y) => op($.abs(y), numbers(shape))),
      ...after(`[${shape}] ${name}`, (y) => op(numbers(shape), $.add($.abs(y), 1))),
    ]),
  ),
  ...after("bias and activation", (y) => $.relu($.add(y, perUnit(numbers([32], -1, 1))))),
  ...after("scale, bias and activation", (y) =>
    $.leakyRelu($.add($.mul(y, perUnit(numbers([32]))), perUnit(numbers([32], -1, 1))), 0.1),
  ),
  ...after("two biases", (y) =>
    $.relu($.add($.add(y, perUnit(numbers([32]))), perUnit(numbers([32], -1, 1)))),
  ),
  ...after("comparison", (y) => $.greater(y, 0)),
  ...after("comparison, cast", (y) => $.cast($.less(y, numbers([3, 1, 1, 1], -1, 1)), "float")),
  ...after("select", (y) => $.select($.less(y, 0), $.exp(y), numbers([1, 32, 1, 1]))),
  ...after("cast to whole numbers", (y) => $.cast($.mul(y, 10), "int32")),
  ...after("rounding", (y) => $.add($.floor($.mul(y, 3)), $.round($.mul(y, 5)))),
  ...after("isNaN", (y) => $.isNaN($.log(y))), // of negative numbers
  ...after("isFinite", (y) => $.isFinite($.div(y, $.relu(y)))), // y / 0
  ...after("logic", (y) =>
    $.logicalOr(
      $.logicalAnd($.less(y, 0.5), $.logicalNot($.less(y, numbers([32, 1, 1], -1, 0)))),
      $.less(numbers([3, 1, 1, 1], 0.5, 1), y),
    ),
  ),
  ...after("sums along an axis", (y) => $.cumulativeSum(y, 1)),
  ...after("the largest along an axis", (y) => {
    const { values, indices } = $.topK(y, 3, 1);
    return $.add(values, $.cast(indices, "float"));
  }),
  ...after("tile", (y) => $.tile(y, [1, 2, 1, 1])),
  ...after("flip", (y) => $.flip(y, [1, 3])),
  ...after("clip", (y) => $.clip(y, -0.5, 0.5)),
  ...after("reshape", (y) => $.flatten(y)),
  ...after("transpose", (y) => $.transpose(y, [0, 2, 3, 1])),
  ...after("slice of channels", (y) => $.slice(y, { axis: 1, start: 3, end: 20 })),
  ...after("concat", (y) => $.concat([y, numbers([3, 5, 6, 8])], 1)),
  ...after("max over positions", (y) => $.max(y, { axes: [2, 3] })),
  ...axes.flatMap((over) =>
    [true, false].flatMap((keepDims) =>
      after(`sum over [${over}]${keepDims ? ", kept" : ""}`, (y) =>
        $.sum(y, { axes: over, keepDims }),
      ),
    ),
  ),
  ...after("broadcast of a number a channel and image", (y) =>
    $.add($.broadcastTo($.mean(y, { axes: [2, 3], keepDims: true }), y.shape), y),
  ),
  ...after("broadcast of a number an image", (y) =>
    $.mul($.broadcastTo($.mean(y, { axes: [1, 2, 3], keepDims: true }), y.shape), y),
  ),
  ...after("broadcast of a map", (y) =>
    $.mul($.broadcastTo($.max(y, { axes: [0, 1], keepDims: true }), y.shape), y),
  ),
  ...after("max pooling", (y) => $.maxPool2d(y, { kernel: 2 })),
  ...after("max pooling, padded and overlapping", (y) =>
    $.maxPool2d(y, { kernel: 3, strides: 2, pads: 1 }),
  ),
  ...after("average pooling", (y) => $.averagePool2d(y, { kernel: 2 })),
  ...after("another convolution", (y) => convolved($.relu(y), 3)),
  ...after("a convolution to other channels", (y) => $.conv2d(y, weight([5, 32, 3, 3]))),
  ...after("a convolution in groups", (y) => $.conv2d(y, weight([32, 8, 3, 3]), { groups: 4 })),
  ...after("a convolution with stride", (y) =>
    $.relu($.conv2d(y, weight([16, 32, 3, 3]), { strides: 2, pads: 1 })),
  ),
  ...after("a transposed convolution", (y) =>
    $.relu($.convTranspose2d(y, weight([32, 16, 3, 3]), { pads: 1 })),
  ),
  ...after("a transposed convolution with stride", (y) =>
    $.convTranspose2d(y, weight([32, 16, 4, 4]), { strides: 2, pads: 1 }),
  ),
  {
    name: "few channels, bias and activation",
    inputs: [some([2, 3, 7, 5])],
    build: (x) =>
      $.relu($.add($.conv2d(x, weight([16, 3, 3, 3]), { pads: 1 }), perUnit(numbers([16], -1, 1)))),
  },
  {
    name: "dropout",
    inputs: [image, keyTensor("dropout")],
    build: (x, key) =>
      $.mul(
        convolved(x),
        $.mul($.randomBernoulli(key, 0.5, { shape: [3, 32, 6, 8], stream: 1 }), 2),
      ),
  },
  {
    name: "dropout of examples after others",
    inputs: [image, keyTensor("dropout")],
    build: (x, key) => {
      const options = { shape: [3, 32, 6, 8], stream: 1, first: 5 * 32 * 6 * 8 };
      return $.mul(convolved(x), $.randomBernoulli(key, 0.5, options));
    },
  },
  {
    name: "dropout, its mask read elsewhere too",
    inputs: [image, keyTensor("dropout")],
    build: (x, key) => {
      const mask = $.randomBernoulli(key, 0.5, { shape: [3, 32, 6, 8], stream: 1 });
      return $.concat([$.flatten($.mul(convolved(x), mask)), $.flatten(mask)], 0);
    },
  },
  {
    name: "noise",
    inputs: [image, keyTensor("noise")],
    build: (x, key) =>
      $.add(convolved(x), $.randomNormal(key, { shape: [3, 32, 6, 8], stream: 1 })),
  },
  gradients("two convolutions, summed over images", some([9, 16, 6, 7]), (x, w) =>
    $.conv2d($.relu($.conv2d(x, w([32, 16, 3, 3]), { pads: 1 })), w([16, 32, 3, 3])),
  ),
  gradients("two convolutions, summed over columns", wide, (x, w) =>
    $.conv2d($.leakyRelu($.conv2d(x, w([32, 16, 3, 3]), { pads: 1 }), 0.1), w([16, 32, 3, 3])),
  ),
  gradients("uneven pads, summed over columns", wide, (x, w) =>
    $.conv2d(x, w([16, 16, 3, 4]), { pads: [0, 3, 2, 1] }),
  ),
  gradients("few channels, summed over columns", some([2, 3, 16, 32]), (x, w) =>
    $.conv2d(x, w([16, 3, 3, 3]), { pads: 1 }),
  ),
  gradients("strides", some([9, 16, 9, 8]), (x, w) =>
    $.conv2d(x, w([16, 16, 3, 4]), { strides: [2, 3], pads: 1 }),
  ),
  gradients("dilations", some([9, 16, 9, 8]), (x, w) =>
    $.conv2d(x, w([16, 16, 3, 3]), { dilations: 2, pads: 1 }),
  ),
  gradients("1x1 convolutions", some([3, 16, 5, 4]), (x, w) =>
    $.conv2d($.relu($.conv2d(x, w([32, 16, 1, 1]))), w([16, 32, 1, 1])),
  ),
  gradients("pooling", wide, (x, w) =>
    $.conv2d(
      $.relu($.maxPool2d($.conv2d(x, w([16, 16, 3, 3]), { pads: 1 }), { kernel: 2 })),
      w([16, 16, 3, 3]),
    ),
  ),
  gradients("a bias and the mean over positions", image, (x, w) =>
    $.globalAveragePool(
      $.leakyRelu($.add($.conv2d(x, w([32, 16, 3, 3]), { pads: 1 }), perUnit(w([32]))), 0.1),
    ),
  ),
  gradients("batch normalization", some([9, 16, 6, 6]), (x, w) =>
    $.conv2d(
      $.relu(
        $.add(
          $.mul(normalized($.conv2d(x, w([32, 16, 3, 3]), { pads: 1 })), perUnit(w([32]))),
          perUnit(w([32])),
        ),
      ),
      w([16, 32, 3, 3]),
    ),
  ),
  gradients("a residual block", some([9, 16, 6, 6]), (x, w) => {
    const y = $.conv2d($.elu($.conv2d(x, w([16, 16, 3, 3]), { pads: 1 })), w([16, 16, 3, 3]), {
      pads: 1,
    });
    return $.tanh($.add(y, $.conv2d(x, w([16, 16, 1, 1]))));
  }),
];
