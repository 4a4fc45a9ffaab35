import { describe, expect, test } from "vitest";
import { DataType } from "../../src/onnx/index.ts";
import { arms } from "../../src/nn/index.ts";
import { imported, int64, onOnnxRuntime, random, type Given, type OneNode } from "./one-node.ts";
import { expectClose, expectSame } from "./same.ts";

const x = random([2, 3, 4]);
const image = random([2, 4, 7, 8]);
const w = (...shape: number[]): Given => random(shape, 3, { isWeight: true });
const positive = (given: Given): Given => ({
  ...given,
  data: given.data.map((v) => Math.abs(v) + 0.1),
});
const within1 = (given: Given): Given => ({ ...given, data: given.data.map((v) => v / 2.01) });
const ints = (type: number, ...data: number[]): Given => ({ shape: [data.length], data, type });
const int32 = (...data: number[]): Given => ints(DataType.INT32, ...data);

/** Nodes by what is special about them. */
type Table = Readonly<Record<string, OneNode>>;
const node = (
  op: string,
  opset: number,
  inputs: OneNode["inputs"],
  attributes: OneNode["attributes"] = {},
  outputs = 1,
): OneNode => ({ op, opset, inputs, attributes, outputs });

const elementwise: Table = {
  "integer division is toward zero": node("Div", 14, [int32(7, -7, 8), int32(2, 2, -3)]),
  "Mod of integers": node("Mod", 13, [int32(7, -7, 8), int32(3, 3, -3)]),
  "Mod as fmod": node("Mod", 13, [x, w(4)], { fmod: 1 }),
  "Pow of integers and floats": node("Pow", 15, [int32(2, 3, 4), random([3])]),
  "a square": node("Pow", 15, [x, { shape: [], data: [2], isWeight: true }]),
  "Clip with bounds of one side": node("Clip", 13, [x, undefined, { shape: [], data: [0.5] }]),
  "Clip of opset 6": node("Clip", 6, [x], { min: { f: -0.5 }, max: { f: 1 } }),
  "Clip with the larger bound first": node("Clip", 13, [
    x,
    { shape: [], data: [1], isWeight: true },
    { shape: [], data: [-1], isWeight: true },
  ]),
  "Max of integers": node("Max", 13, [int32(1, 5), int32(2, 3), int32(0, 9)]),
  "Mean of three": node("Mean", 13, [x, w(4), w(3, 1)]),
  Round: node("Round", 11, [{ shape: [6], data: [-2.5, -1.5, -0.4, 0.5, 1.5, 2.6] }]),
  Ceil: node("Ceil", 13, [x]),
  "Cast to integers": node("Cast", 13, [x], { to: DataType.INT32 }),
  "BitShift that loses bits": node(
    "BitShift",
    11,
    [ints(DataType.UINT8, 255, 3), ints(DataType.UINT8, 1, 7)],
    { direction: "LEFT" },
  ),
  "Where of bools": node("Where", 16, [
    ints(DataType.BOOL, 1, 0),
    ints(DataType.UINT8, 3, 4),
    ints(DataType.UINT8, 5, 6),
  ]),
  "IsInf of one sign": node("IsInf", 10, [{ shape: [3], data: [Infinity, -Infinity, 1] }], {
    detect_negative: 0,
  }),
  "the mask of Dropout": node("Dropout", 13, [x], {}, 2),
};

const activations: Table = {
  "LeakyRelu beyond 1": node("LeakyRelu", 16, [x], { alpha: { f: 1.5 } }),
  "LeakyRelu below 0": node("LeakyRelu", 16, [x], { alpha: { f: -0.3 } }),
  PRelu: node("PRelu", 16, [image, w(4, 1, 1)]),
  Celu: node("Celu", 12, [x], { alpha: { f: 2 } }),
  Selu: node("Selu", 6, [x]),
  ThresholdedRelu: node("ThresholdedRelu", 10, [x], { alpha: { f: 0.5 } }),
  HardSigmoid: node("HardSigmoid", 6, [x], { alpha: { f: 0.3 } }),
  HardSwish: node("HardSwish", 14, [x]),
  Mish: node("Mish", 18, [x]),
  Gelu: node("Gelu", 20, [x]),
  "Gelu by tanh": node("Gelu", 20, [x], { approximate: "tanh" }),
  Softsign: node("Softsign", 1, [x]),
  Shrink: node("Shrink", 9, [x], { lambd: { f: 0.7 }, bias: { f: 0.2 } }),
  Tan: node("Tan", 7, [x]),
  Asin: node("Asin", 7, [within1(x)]),
  Acos: node("Acos", 7, [within1(x)]),
  Atan: node("Atan", 7, [{ shape: [5], data: [-1e30, -3, 0, 0.01, 1e12] }]),
  Asinh: node("Asinh", 9, [x]),
  Acosh: node("Acosh", 9, [{ shape: [2], data: [1.5, 30] }]),
  Atanh: node("Atanh", 9, [within1(x)]),
  Cosh: node("Cosh", 9, [x]),
};

const reductions: Table = {
  "axes as an attribute": node("ReduceMean", 13, [x], { axes: [0, -1], keepdims: 0 }),
  "axes as an input": node("ReduceMean", 18, [x, int64(0, -1)], { keepdims: 0 }),
  "no axes are all": node("ReduceL2", 18, [x]),
  "no axes are none": node("ReduceSum", 13, [x], { noop_with_empty_axes: 1 }),
  "of integers": node("ReduceMax", 18, [int32(3, -5, 7)]),
  ReduceProd: node("ReduceProd", 13, [x], { axes: [1] }),
  ReduceLogSumExp: node("ReduceLogSumExp", 13, [x], { axes: [2] }),
  "the last of the largest": node("ArgMax", 13, [int32(1, 4, 4, 2)], { select_last_index: 1 }),
  ArgMin: node("ArgMin", 13, [x], { axis: -1, keepdims: 0 }),
  TopK: node("TopK", 11, [x, int64(2)], {}, 2),
  "the smallest of TopK": node("TopK", 11, [x, int64(2)], { axis: 1, largest: 0 }, 2),
  CumSum: node("CumSum", 14, [x, { ...int64(1), shape: [] }], { exclusive: 1, reverse: 1 }),
};

const products: Table = {
  "MatMul of stacks": node("MatMul", 13, [random([2, 3, 4, 5]), random([3, 5, 2], 2)]),
  "MatMul of a vector on the left": node("MatMul", 13, [random([4]), random([2, 4, 3], 2)]),
  "MatMul of a vector on the right": node("MatMul", 13, [x, random([4], 2)]),
  "MatMul of two vectors": node("MatMul", 13, [random([4]), random([4], 2)]),
  "Gemm with a matrix added": node("Gemm", 13, [random([3, 4]), w(4, 2), w(3, 2)], {
    beta: { f: 0.5 },
  }),
  "Gemm turned": node("Gemm", 13, [random([4, 3]), random([2, 4], 2), random([1], 3)], {
    ...{ transA: 1, transB: 1, alpha: { f: 2 } },
  }),
  "a contraction": node("Einsum", 12, [random([2, 3, 4]), random([4, 3, 5], 2)], {
    equation: "bij, jid -> bd",
  }),
  "a batch of products": node("Einsum", 12, [random([2, 3, 4, 5]), random([2, 3, 6, 5], 2)], {
    equation: "bhid,bhjd->bhij",
  }),
  "a trace by diagonals": node("Einsum", 12, [random([3, 3])], { equation: "ii" }),
  "diagonals that stay": node("Einsum", 12, [random([3, 2, 3])], { equation: "iji->ji" }),
  "dots that broadcast": node("Einsum", 12, [random([2, 1, 3, 4]), random([1, 5, 4, 2], 2)], {
    equation: "...ij,...jk->...ik",
  }),
  "three terms": node("Einsum", 12, [random([2, 3]), random([3, 4], 2), random([4, 2], 3)], {
    equation: "ab,bc,cd->da",
  }),
  MatMulInteger: node("MatMulInteger", 10, [
    { shape: [2, 2], data: [250, 3, 4, 5], type: DataType.UINT8 },
    { shape: [2, 2], data: [1, 2, 200, 4], type: DataType.UINT8 },
    { shape: [], data: [10], type: DataType.UINT8 },
  ]),
};

const convolutions: Table = {
  "groups and dilations": node("Conv", 11, [image, w(6, 2, 3, 2), w(6)], {
    ...{ group: 2, dilations: [2, 1], strides: [1, 2], pads: [1, 0, 2, 1] },
  }),
  "of length": node("Conv", 11, [x, w(5, 3, 2)], { pads: [1, 0] }),
  ...Object.fromEntries(
    ["SAME_UPPER", "SAME_LOWER", "VALID"].map((how) => [
      `auto_pad ${how}`,
      node("Conv", 11, [image, w(3, 4, 4, 3)], { auto_pad: how, strides: [2, 2] }),
    ]),
  ),
  "transposed, in groups": node("ConvTranspose", 11, [image, w(4, 3, 3, 2), w(6)], {
    ...{ group: 2, strides: [2, 3], pads: [1, 0, 0, 1], dilations: [1, 2] },
  }),
  "transposed, with output_padding": node("ConvTranspose", 11, [image, w(4, 3, 3, 3)], {
    ...{ strides: [2, 2], output_padding: [1, 1], pads: [1, 1, 1, 1] },
  }),
  "transposed, of length": node("ConvTranspose", 11, [x, w(3, 2, 3)], { strides: [2] }),
  "transposed, to a shape": node("ConvTranspose", 11, [image, w(4, 2, 3, 3)], {
    ...{ strides: [3, 2], output_shape: [20, 17] },
  }),
  "transposed, SAME_UPPER": node("ConvTranspose", 11, [image, w(4, 2, 3, 3)], {
    ...{ strides: [2, 2], auto_pad: "SAME_UPPER" },
  }),
  "transposed, SAME_LOWER": node("ConvTranspose", 11, [image, w(4, 2, 4, 3)], {
    ...{ strides: [3, 2], auto_pad: "SAME_LOWER" },
  }),
};

const windows: Table = {
  "MaxPool with ceil_mode": node("MaxPool", 12, [image], {
    ...{ kernel_shape: [3, 2], strides: [2, 3], ceil_mode: 1, pads: [1, 0, 1, 1] },
  }),
  "MaxPool with dilations": node("MaxPool", 12, [image], {
    ...{ kernel_shape: [2, 3], dilations: [3, 2], pads: [1, 2, 0, 1] },
  }),
  "MaxPool of length": node("MaxPool", 12, [x], { kernel_shape: [2], strides: [2] }),
  ...Object.fromEntries(
    [0, 1].flatMap((count) =>
      [0, 1].map((ceil) => [
        `AveragePool with count_include_pad ${count}, ceil_mode ${ceil}`,
        node("AveragePool", 19, [image], {
          ...{ kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 0, 1] },
          ...{ count_include_pad: count, ceil_mode: ceil },
        }),
      ]),
    ),
  ),
  "AveragePool of length": node("AveragePool", 11, [x], { kernel_shape: [3], pads: [1, 1] }),
  "AveragePool SAME_LOWER": node("AveragePool", 11, [image], {
    ...{ kernel_shape: [2, 3], auto_pad: "SAME_LOWER", strides: [1, 2] },
  }),
  LpPool: node("LpPool", 18, [image], { kernel_shape: [2, 3], p: 3, strides: [2, 1] }),
  GlobalAveragePool: node("GlobalAveragePool", 1, [image]),
  GlobalMaxPool: node("GlobalMaxPool", 1, [random([2, 3, 2, 2, 2])]),
  GlobalLpPool: node("GlobalLpPool", 2, [image], { p: 3 }),
  LRN: node("LRN", 13, [image], { size: 3, alpha: { f: 0.1 }, bias: { f: 2 } }),
};

const normalizations: Table = {
  BatchNormalization: node("BatchNormalization", 15, [
    image,
    ...[w(4), w(4), w(4), positive(w(4))],
  ]),
  "BatchNormalization in training": node(
    ...(["BatchNormalization", 15] as const),
    [image, w(4), w(4), w(4), positive(w(4))],
    { training_mode: 1 },
    3,
  ),
  InstanceNormalization: node("InstanceNormalization", 6, [image, w(4), w(4)]),
  LayerNormalization: node("LayerNormalization", 17, [image, w(7, 8), w(7, 8)], { axis: 2 }, 3),
  "GroupNormalization by channel": node("GroupNormalization", 21, [image, w(4), w(4)], {
    num_groups: 2,
  }),
  "GroupNormalization by group": node("GroupNormalization", 18, [image, w(2), w(2)], {
    num_groups: 2,
  }),
  LpNormalization: node("LpNormalization", 1, [x], { p: 1, axis: 1 }),
  MeanVarianceNormalization: node("MeanVarianceNormalization", 13, [image]),
  "Softmax of opset 11": node("Softmax", 11, [x], { axis: 1 }),
  "LogSoftmax of opset 13": node("LogSoftmax", 13, [x], { axis: 0 }),
  "Hardmax along an inner axis": node("Hardmax", 13, [x], { axis: 1 }),
  "Hardmax of opset 11": node("Hardmax", 11, [x]),
};

/** Of 3 steps of 2 sequences of 4 features, to 5 units. */
const recurrence = (
  op: string,
  gates: number,
  attributes: OneNode["attributes"] = {},
  inputs: OneNode["inputs"] = [],
): OneNode => {
  const directions = attributes.direction === "bidirectional" ? 2 : 1;
  const weights = [
    random([directions, 5 * gates, 4], 2, { isWeight: true }),
    random([directions, 5 * gates, 5], 3, { isWeight: true }),
    random([directions, 10 * gates], 4, { isWeight: true }),
  ];
  return {
    ...{ op, opset: 14, inputs: [random([3, 2, 4]), ...weights, ...inputs] },
    ...{ attributes: { hidden_size: 5, ...attributes }, outputs: op === "LSTM" ? 3 : 2 },
  };
};
const state = random([1, 2, 5], 5);
const recurrences: Table = {
  RNN: recurrence("RNN", 1),
  "RNN backwards by Relu": recurrence("RNN", 1, { direction: "reverse", activations: ["Relu"] }),
  GRU: recurrence("GRU", 3),
  "GRU with linear_before_reset": recurrence("GRU", 3, {
    ...{ linear_before_reset: 1, direction: "bidirectional" },
  }),
  LSTM: recurrence("LSTM", 4, { direction: "bidirectional" }),
  "LSTM with a state and peepholes": recurrence("LSTM", 4, {}, [
    ...[undefined, state, random([1, 2, 5], 6)],
    random([1, 15], 7, { isWeight: true }),
  ]),
  "LSTM with clip": recurrence("LSTM", 4, { clip: { f: 0.7 } }),
  "GRU with clip": recurrence("GRU", 3, { clip: { f: 0.7 } }),
  "RNN with clip": recurrence("RNN", 1, { clip: { f: 0.7 } }),
  "LSTM of sequences that end early": recurrence("LSTM", 4, { direction: "reverse" }, [
    { ...int32(2, 3), isWeight: true },
    state,
  ]),
  "GRU of sequences that end early": recurrence("GRU", 3, {}, [int32(1, 3)]),
};

const quantizations: Table = {
  "QuantizeLinear along an axis": node(
    ...(["QuantizeLinear", 13] as const),
    [x, positive(w(3)), { ...ints(DataType.INT8, 3, -4, 100), isWeight: true }],
    { axis: 1 },
  ),
  DequantizeLinear: node("DequantizeLinear", 13, [
    ints(DataType.UINT8, 0, 7, 255),
    { shape: [], data: [0.5] },
    { shape: [], data: [128], type: DataType.UINT8 },
  ]),
  DynamicQuantizeLinear: node("DynamicQuantizeLinear", 11, [x], {}, 3),
};

describe.each(
  Object.entries({
    ...{ elementwise, activations, reductions, products, convolutions, windows },
    ...{ normalizations, recurrences, quantizations },
  }),
)("%s: as ONNX Runtime computes it", (_, table) => {
  test.each(Object.entries(table))("%s", (_, one) => expectSame(one));
});

describe("weights of layers start as the function that they were, normalized too", () => {
  const rows = random([3, 4]);
  const layers: Table = {
    Conv: node("Conv", 11, [image, w(6, 2, 3, 2), w(6)], { group: 2 }),
    ConvTranspose: node("ConvTranspose", 11, [image, w(4, 3, 3, 2), w(6)], { group: 2 }),
    "MatMul of stacks": node("MatMul", 13, [x, w(4, 2)]),
    Gemm: node("Gemm", 13, [rows, w(4, 2), w(2)]),
    "Gemm turned and scaled": node("Gemm", 13, [rows, w(2, 4), w(2)], {
      ...{ transB: 1, alpha: { f: 2 }, beta: { f: 0.5 } },
    }),
  };
  test.each(Object.entries(layers))("%s", async (_, one) => {
    const [expected] = await onOnnxRuntime(one);
    const [got] = imported(one, arms.weight);
    expect(got.shape).toEqual(expected.shape);
    expectClose(got.data, expected.data);
  });
});

test("a second operand of opset 6 has its axes where the attribute says", () => {
  const one = node("Add", 6, [x, random([3], 2)], { broadcast: 1, axis: 1 });
  const [{ data }] = imported(one);
  const [a, b] = one.inputs as [Given, Given];
  expectClose(
    data,
    a.data.map((v, i) => v + b.data[Math.floor(i / 4) % 3]),
  );
});

test("a window with gaps sees past more padding than it has elements", () => {
  const sequence = { shape: [1, 1, 4], data: [1, 5, 2, 3] };
  const attributes = { kernel_shape: [2], dilations: [3], pads: [2, 2] };
  const [{ data }] = imported(node("MaxPool", 12, [sequence], attributes));
  expect(data).toEqual([5, 2, 3, 5, 2]);
});

test("Gemm of integers, which ONNX Runtime has no code for", () => {
  const square = (...data: number[]): Given => ({ ...int32(...data), shape: [2, 2] });
  const inputs = [square(1, 2, 3, 4), square(1, 0, 2, 5), int32(1, -1)];
  expect(imported(node("Gemm", 13, inputs))[0].data).toEqual([6, 9, 12, 19]);
});

test("RMSNormalization divides by the root of the mean square", () => {
  const [{ data }] = imported(node("RMSNormalization", 22, [x, w(4)], {}));
  const scale = w(4).data;
  const expected = x.data.map((v, i) => {
    const row = x.data.slice(i - (i % 4), i - (i % 4) + 4);
    return (v / Math.sqrt(row.reduce((s, u) => s + u * u, 0) / 4 + 1e-5)) * scale[i % 4];
  });
  expectClose(data, expected);
});

describe("what cannot be imported says so", () => {
  test.each([
    [
      "expected x of shape [batch, channels, length]",
      node("MaxPool", 12, [random([1, 1, 2, 2, 2])], { kernel_shape: [1, 1, 1] }),
    ],
    [
      "expected one output, got a second one",
      node("MaxPool", 12, [image], { kernel_shape: [2, 2] }, 2),
    ],
    ["expected an axis of a tensor of rank 3, got 5", node("ArgMax", 13, [x], { axis: 5 })],
    ["expected an equation that fits", node("Einsum", 12, [x], { equation: "ij->i" })],
    ["expected 1 activations, got 2", recurrence("RNN", 1, { activations: ["Relu", "Tanh"] })],
    ["expected input_forget 0", recurrence("LSTM", 4, { input_forget: 1 })],
    ["expected windows of", node("AveragePool", 11, [image], { kernel_shape: [2e9, 2e9] })],
    ["expected 4 pads", node("Conv", 11, [image, w(3, 4, 2, 2)], { pads: [1, 1] })],
  ] as const)("%s", (message, one) => {
    expect(() => imported(one)).toThrow(message);
  });
});
