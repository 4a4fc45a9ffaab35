/** What several nodes say and ONNX has one operator for is one node of a file, under the names of weights. */
import { describe, expect, test } from "vitest";
import * as $ from "../../src/graph/index.ts";
import { input, type Node, type Shape } from "../../src/graph/index.ts";
import { exportModel, largestDifference, type ExportOptions } from "../../src/export/index.ts";
import { apply, conv2d, dense, sequential } from "../../src/nn/index.ts";
import { nodeRuntime } from "../../src/runtime/node.ts";
import { some } from "../conformance/case.ts";
import { decode } from "../onnx/decode.ts";
import { networks, outputsOf, stateOf, type Exported } from "./networks.ts";

const runtime = nodeRuntime({ threads: 1 });
const constant = (shape: Shape, seed = 1): Node =>
  $.constant(some(shape, { from: 0.5, to: 2, seed }).data, shape);

describe("a convolutional network with batch normalization", () => {
  const network: Exported = {
    ...{ shape: [3, 8, 8], arm: "batch" },
    layer: sequential(
      conv2d(8, { kernel: 3, name: "conv1" }),
      apply($.relu),
      apply($.globalAveragePool),
      dense(4, { name: "head" }),
      apply($.softmax),
    ),
  };
  const graph = decode(exportModel(outputsOf(network), stateOf(network))).model.graph!;

  test("is these nodes", () => {
    expect(graph.node.map((n) => n.name)).toEqual([
      "conv1/Conv",
      "Relu",
      "GlobalAveragePool",
      "Flatten",
      "head/Gemm",
      "Softmax",
    ]);
  });
  test("and these weights", () => {
    expect(graph.initializer.map((c) => `${c.name!} [${c.dims.join(",")}]`)).toEqual([
      "conv1.w [8,3,3,3]",
      "conv1.b [8]",
      "head.w [4,8]",
      "head.b [4]",
    ]);
  });
});

test("weights in two parts are whole, under the name that they have so", () => {
  const network = networks["mlp"];
  const names = decode(
    exportModel(outputsOf(network), stateOf(network)),
  ).model.graph!.initializer.map((c) => c.name);
  expect(names).toEqual(["dense1.w", "dense1.b", "dense2.w", "dense2.b"]);
});

test("weights have the names that are asked for", () => {
  const network = networks["mlp"];
  const asked = new Map([
    ["dense1.w", "fc.weight"],
    ["dense2.b", "Relu"],
  ]);
  const { initializer, node } = decode(
    exportModel(outputsOf(network), stateOf(network), { names: asked }),
  ).model.graph!;
  expect(initializer.map((c) => c.name)).toEqual(["fc.weight", "dense1.b", "dense2.w", "Relu"]);
  expect(node.map((n) => n.name)).toEqual(["fc/Gemm", "Tanh", "dense2/Gemm", "Softmax"]);
});

test.each<[string, Shape, (x: Node) => Node, readonly string[], ExportOptions?]>([
  ["softmax", [2, 5], (x) => $.softmax(x), ["Softmax"]],
  ["softmax in the middle", [2, 3, 4], (x) => $.softmax(x, 1), ["Softmax"]],
  ["logSoftmax", [2, 5], (x) => $.logSoftmax(x), ["LogSoftmax"]],
  ["mean", [2, 5], (x) => $.mean(x, { axes: 1 }), ["ReduceMean"]],
  ["mean", [2, 5], (x) => $.mean(x, { axes: 1 }), ["ReduceMean"], { opset: 18 }],
  [
    "globalAveragePool with its axes",
    [2, 3, 4, 5],
    (x) => $.mean(x, { axes: [2, 3], keepDims: true }),
    ["GlobalAveragePool"],
  ],
  [
    "averagePool2d",
    [2, 3, 4, 6],
    (x) => $.averagePool2d(x, { kernel: [2, 3], strides: 1, pads: [1, 0, 0, 2] }),
    ["AveragePool"],
  ],
  ["hard sigmoid", [2, 5], (x) => $.clip($.add($.mul(x, 0.2), 0.5), 0, 1), ["HardSigmoid"]],
  ["hard sigmoid by six", [2, 5], (x) => $.div($.clip($.add(x, 3), 0, 6), 6), ["HardSigmoid"]],
  ["hard swish", [2, 5], (x) => $.mul(x, $.div($.clip($.add(x, 3), 0, 6), 6)), ["HardSwish"]],
  ["hard swish", [2, 5], (x) => $.div($.mul(x, $.clip($.add(x, 3), 0, 6)), 6), ["HardSwish"]],
  [
    "hard swish before there was one",
    [2, 5],
    (x) => $.mul(x, $.div($.clip($.add(x, 3), 0, 6), 6)),
    ["HardSigmoid", "Mul"],
    { opset: 13 },
  ],
  ["gelu", [2, 5], (x) => $.gelu(x), ["Gelu"], { opset: 20 }],
  ["gelu before there was one", [2, 5], (x) => $.gelu(x), ["Mul", "Mul", "Erf", "Add", "Mul"]],
  ["prelu", [2, 5], (x) => $.prelu(x, constant([5])), ["PRelu"]],
  ["a dense product", [2, 5], (x) => $.add($.matmul(x, constant([5, 3])), constant([3])), ["Gemm"]],
  ["a product alone", [2, 5], (x) => $.matmul(x, constant([5, 3])), ["MatMul"]],
  [
    "scale and shift after a product",
    [2, 5],
    (x) => $.add($.div($.sub($.matmul(x, constant([5, 3])), constant([3])), constant([3], 2)), 1),
    ["Gemm"],
  ],
  [
    "what comes from the other side is not the same",
    [2, 5],
    (x) => $.sub(constant([3]), $.matmul(x, constant([5, 3]))),
    ["MatMul", "Sub"],
  ],
  [
    "a product that is asked for twice",
    [2, 5],
    (x) => {
      const y = $.matmul(x, constant([5, 3]));
      return $.mul(y, $.add(y, constant([3])));
    },
    ["MatMul", "Add", "Mul"],
  ],
  [
    "rows instead of units",
    [2, 5],
    (x) => $.add($.matmul(x, constant([5, 3])), constant([2, 1])),
    ["MatMul", "Add"],
  ],
  [
    "a transposed convolution, scaled",
    [1, 4, 3, 3],
    (x) => $.mul($.convTranspose2d(x, constant([4, 3, 2, 2]), { strides: 2 }), constant([3, 1, 1])),
    ["ConvTranspose"],
  ],
  [
    "a transposed convolution in groups",
    [1, 4, 3, 3],
    (x) => $.add($.convTranspose2d(x, constant([4, 3, 2, 2]), { groups: 2 }), constant([6, 1, 1])),
    ["ConvTranspose"],
  ],
  [
    "a convolution in groups, scaled and shifted",
    [1, 4, 3, 3],
    (x) => {
      const y = $.conv2d(x, constant([4, 2, 2, 2]), { groups: 2, pads: 1 });
      return $.mul($.add(y, constant([1, 4, 1, 1])), constant([4, 1, 1], 2));
    },
    ["Conv"],
  ],
  ["constants alone", [2], (x) => $.mul(x, $.exp($.sum(constant([2, 2]), { axes: 0 }))), ["Mul"]],
  [
    "an operand that was stretched",
    [2, 3],
    (x) => $.add(x, $.broadcastTo(constant([3]), [2, 3])),
    ["Add"],
  ],
])("%s of [%j]", async (_, shape, f, ops, options) => {
  const y = f(input("x", shape));
  const file = exportModel({ y }, new Map(), options);
  expect(decode(file).ops).toEqual(ops);
  const feeds = { x: some(shape, { from: -4, to: 4 }) };
  const found = await largestDifference(file, { y }, { runtime, feeds, state: new Map() });
  const { difference, largest } = found.get("y")!;
  expect(difference).toBeLessThanOrEqual(2e-6 * Math.max(1, largest));
});
