/** Typing rules: the shapes they give, and every message they refuse with. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  add,
  argmax,
  broadcastShapes,
  broadcastTo,
  cast,
  clip,
  concat,
  constant,
  conv1d,
  conv2d,
  convTranspose2d,
  equal,
  erf,
  flatten,
  gather,
  input,
  leakyRelu,
  less,
  logSumExp,
  matmul,
  max,
  maxPool2d,
  mean,
  node,
  norm,
  oneHot,
  pad,
  randomBits,
  randomNormal,
  reshape,
  scatterAdd,
  select,
  slice,
  softmax,
  squeeze,
  expandDims,
  sum,
  transpose,
  type Dtype,
  type Node,
  type Shape,
  type Window2d,
} from "../../src/graph/index.ts";

const x = (...shape: number[]): Node => input("x", shape);
const of = (dtype: Dtype, ...shape: number[]): Node => input("x", shape, dtype);
const window: Window2d = { strides: [1, 1], pads: [0, 0, 0, 0], dilations: [1, 1] };

const shapes: readonly [string, Node, Shape, Dtype?][] = [
  ["add, broadcast", add(x(2, 1, 3), x(4, 1)), [2, 4, 3]],
  ["add, with a number", add(x(2, 3), 1), [2, 3]],
  ["add, of int32", add(of("int32", 2), 1), [2], "int32"],
  ["add, of nothing", add(x(0, 3), x(1, 3)), [0, 3]],
  ["less", less(x(2, 3), x(3)), [2, 3], "bool"],
  ["select", select(of("bool", 2, 1), x(3), 0), [2, 3]],
  ["cast", cast(x(2), "uint32"), [2], "uint32"],
  ["sum", sum(x(2, 3)), []],
  ["sum, kept", sum(x(2, 3), { keepDims: true }), [1, 1]],
  ["max over axes", max(x(2, 3, 4), { axes: [-1, 0] }), [3]],
  ["norm, kept", norm(x(2, 3, 4), { axes: [1, 2], keepDims: true }), [2, 1, 1]],
  ["mean", mean(x(2, 3), { axes: 0 }), [3]],
  ["logSumExp", logSumExp(x(2, 3), { axes: 1 }), [2]],
  ["softmax", softmax(x(2, 3)), [2, 3]],
  ["argmax", argmax(x(2, 3)), [2], "int32"],
  ["matmul", matmul(x(2, 3), x(3, 4)), [2, 4]],
  ["matmul, batches broadcast", matmul(x(5, 1, 2, 3), x(6, 3, 4)), [5, 6, 2, 4]],
  ["conv2d", conv2d(x(2, 3, 8, 9), x(4, 3, 3, 3)), [2, 4, 6, 7]],
  [
    "conv2d, strides and pads",
    conv2d(x(2, 3, 8, 9), x(4, 3, 3, 3), { strides: 2, pads: 1 }),
    [2, 4, 4, 5],
  ],
  [
    "conv2d, asymmetric",
    conv2d(x(1, 1, 4, 4), x(1, 1, 2, 3), { pads: [0, 1, 2, 3] }),
    [1, 1, 5, 6],
  ],
  ["conv2d, dilations", conv2d(x(1, 1, 8, 8), x(1, 1, 3, 3), { dilations: [2, 3] }), [1, 1, 4, 2]],
  ["conv2d, groups", conv2d(x(1, 6, 4, 4), x(9, 2, 3, 3), { groups: 3 }), [1, 9, 2, 2]],
  ["convTranspose2d", convTranspose2d(x(2, 4, 3, 4), x(4, 5, 3, 3)), [2, 5, 5, 6]],
  [
    "convTranspose2d, twice the size",
    convTranspose2d(x(2, 4, 3, 4), x(4, 5, 3, 3), { strides: 2, pads: 1, outputPadding: 1 }),
    [2, 5, 6, 8],
  ],
  ["conv1d", conv1d(x(2, 3, 10), x(4, 3, 5), { stride: 2, pad: 2 }), [2, 4, 5]],
  ["maxPool2d", maxPool2d(x(2, 3, 5, 7), { kernel: 2 }), [2, 3, 2, 3]],
  [
    "maxPool2d, overlapping",
    maxPool2d(x(2, 3, 7, 7), { kernel: 3, strides: 2, pads: 1 }),
    [2, 3, 4, 4],
  ],
  ["reshape", reshape(x(2, 3, 4), [4, -1]), [4, 6]],
  ["flatten", flatten(x(2, 3, 4)), [2, 12]],
  ["expandDims", expandDims(x(2, 3), 1), [2, 1, 3]],
  ["expandDims at the end", expandDims(x(2, 3), -1), [2, 3, 1]],
  ["squeeze", squeeze(x(2, 1, 3), 1), [2, 3]],
  ["transpose", transpose(x(2, 3, 4)), [2, 4, 3]],
  ["transpose by a permutation", transpose(x(2, 3, 4), [2, 0, 1]), [4, 2, 3]],
  ["broadcastTo", broadcastTo(x(3, 1), [2, 3, 4]), [2, 3, 4]],
  ["concat", concat([x(2, 3), x(2, 1)], -1), [2, 4]],
  ["slice", slice(x(10, 3), { axis: 0, start: 1, end: -1, step: 3 }), [3, 3]],
  ["slice backwards", slice(x(10, 3), { axis: 0, step: -3 }), [4, 3]],
  ["slice of nothing", slice(x(10), { axis: 0, start: 10 }), [0]],
  [
    "pad",
    pad(x(2, 3), [
      [1, 0],
      [2, 3],
    ]),
    [3, 8],
  ],
  ["gather", gather(x(5, 3), of("int32", 2, 4)), [2, 4, 3]],
  ["gather of bool", gather(of("bool", 5), of("int32")), [], "bool"],
  ["scatterAdd", scatterAdd(of("int32", 2, 4), x(2, 4, 3), 5), [5, 3]],
  ["oneHot", oneHot(of("int32", 2, 3), 5), [2, 3, 5]],
  ["randomBits", randomBits(of("uint32", 2), 8, { shape: [2, 3], stream: 0 }), [2, 3], "int32"],
  ["randomNormal", randomNormal(of("uint32", 2), { shape: [2, 3], stream: 0 }), [2, 3]],
];
test.each(shapes)("%s", (_, { shape, dtype }, expected, expectedDtype = "float") => {
  expect([dtype, ...shape]).toEqual([expectedDtype, ...expected]);
});

test("broadcasting is symmetric and takes the larger of each pair of axes", () => {
  const shape = fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 4 });
  fc.assert(
    fc.property(shape, shape, (a, b) => {
      const fit = a.toReversed().every((d, i) => d === 1 || [1, d].includes(b.at(-1 - i) ?? 1));
      if (!fit) {
        expect(() => broadcastShapes("add", a, b)).toThrow("do not broadcast");
        return;
      }
      const rank = Math.max(a.length, b.length);
      const expected = Array.from({ length: rank }, (_, i) =>
        Math.max(a.at(i - rank) ?? 1, b.at(i - rank) ?? 1),
      );
      expect(broadcastShapes("add", a, b)).toEqual(expected);
      expect(broadcastShapes("add", b, a)).toEqual(expected);
    }),
  );
});

describe("messages", () => {
  test("of leaves", () => {
    expect(() => x(2, -1)).toThrowErrorMatchingInlineSnapshot(
      `[Error: shape: axes are whole numbers, got [2, -1]; give every axis its size]`,
    );
    expect(() => x(1.5)).toThrowErrorMatchingInlineSnapshot(
      `[Error: shape: axes are whole numbers, got [1.5]; give every axis its size]`,
    );
    expect(() => constant([1, 2, 3], [2, 2])).toThrowErrorMatchingInlineSnapshot(
      `[Error: constant: 3 values do not fill shape [2, 2]; give 4]`,
    );
  });
  test("of elementwise ops", () => {
    expect(() => erf(of("int32", 3))).toThrowErrorMatchingInlineSnapshot(
      `[Error: erf: expected float, got int32 [3]; cast it first]`,
    );
    expect(() => add(of("bool", 3), of("bool", 3))).toThrowErrorMatchingInlineSnapshot(
      `[Error: add: expected float or int32, got bool [3]; cast it first]`,
    );
    expect(() => add(x(3), of("int32", 3))).toThrowErrorMatchingInlineSnapshot(
      `[Error: add: dtypes differ, got float and int32; cast one of them]`,
    );
    expect(() => add(x(2, 3), x(2))).toThrowErrorMatchingInlineSnapshot(
      `[Error: add: shapes [2, 3] and [2] do not broadcast; axes must be equal or 1, counted from the right]`,
    );
    expect(() => leakyRelu(x(3), 2)).toThrowErrorMatchingInlineSnapshot(
      `[Error: leakyRelu: alpha is a slope from 0 to 1, got 2; use elu or select otherwise]`,
    );
    expect(() => leakyRelu(x(3), NaN)).toThrowErrorMatchingInlineSnapshot(
      `[Error: leakyRelu: alpha is a slope from 0 to 1, got NaN; use elu or select otherwise]`,
    );
    expect(() => clip(x(3), 1, 0)).toThrowErrorMatchingInlineSnapshot(
      `[Error: clip: min 1 is above max 0; swap them]`,
    );
    expect(() => equal(of("uint32", 2), of("uint32", 2))).toThrowErrorMatchingInlineSnapshot(
      `[Error: equal: expected float or int32 or bool, got uint32 [2]; cast it first]`,
    );
    expect(() => less(of("bool", 2), of("bool", 2))).toThrowErrorMatchingInlineSnapshot(
      `[Error: less: expected float or int32, got bool [2]; cast it first]`,
    );
    expect(() => select(x(3), 1, 0)).toThrowErrorMatchingInlineSnapshot(
      `[Error: select: expected bool, got float [3]; cast it first]`,
    );
    expect(() => select(of("bool", 2), x(3), 0)).toThrowErrorMatchingInlineSnapshot(
      `[Error: select: shapes [2] and [3] do not broadcast; axes must be equal or 1, counted from the right]`,
    );
  });
  test("of reductions", () => {
    expect(() => sum(of("bool", 3))).toThrowErrorMatchingInlineSnapshot(
      `[Error: sum: expected float, got bool [3]; cast it first]`,
    );
    expect(() => sum(x(2, 3), { axes: 2 })).toThrowErrorMatchingInlineSnapshot(
      `[Error: sum: axis 2 is outside a tensor of rank 2; use 0 to 1, or negative ones from the end]`,
    );
    expect(() => max(x(2, 3), { axes: [1, -1] })).toThrowErrorMatchingInlineSnapshot(
      `[Error: max: an axis is named twice, got [1,1]; name each once]`,
    );
    expect(() => argmax(x(2, 3), -3)).toThrowErrorMatchingInlineSnapshot(
      `[Error: argmax: axis -3 is outside a tensor of rank 2; use 0 to 1, or negative ones from the end]`,
    );
  });
  test("of products", () => {
    expect(() => matmul(x(2, 3), x(4, 5))).toThrowErrorMatchingInlineSnapshot(
      `[Error: matmul: [2, 3] @ [4, 5] do not fit, expected [..., n, k] @ [..., k, m]; transpose or reshape one]`,
    );
    expect(() => matmul(x(3), x(3, 4))).toThrowErrorMatchingInlineSnapshot(
      `[Error: matmul: [3] @ [3, 4] do not fit, expected [..., n, k] @ [..., k, m]; transpose or reshape one]`,
    );
    expect(() => matmul(x(2, 2, 3), x(4, 3, 5))).toThrowErrorMatchingInlineSnapshot(
      `[Error: matmul: shapes [2] and [4] do not broadcast; axes must be equal or 1, counted from the right]`,
    );
    expect(() => matmul(of("int32", 2, 2), x(2, 2))).toThrowErrorMatchingInlineSnapshot(
      `[Error: matmul: expected float, got int32 [2, 2]; cast it first]`,
    );
  });
  test("of convolutions", () => {
    const image = x(1, 3, 8, 8);
    expect(() => conv2d(x(3, 8, 8), x(4, 3, 3, 3))).toThrowErrorMatchingInlineSnapshot(
      `[Error: conv2d: expected x of shape [batch, channels, height, width], got [3, 8, 8]; reshape it first]`,
    );
    expect(() => conv2d(image, x(4, 3, 3))).toThrowErrorMatchingInlineSnapshot(
      `[Error: conv2d: expected w of shape [out, in / groups, kernel height, kernel width], got [4, 3, 3]; reshape it first]`,
    );
    expect(() => conv2d(image, x(32, 16, 3, 3))).toThrowErrorMatchingInlineSnapshot(
      `[Error: conv2d: x has 3 channels but w expects 16 (w is [32, 16, 3, 3], groups 1); check the previous layer's units]`,
    );
    expect(() => conv2d(image, x(4, 1, 3, 3), { groups: 3 })).toThrowErrorMatchingInlineSnapshot(
      `[Error: conv2d: 4 output channels do not divide into 3 groups; use a multiple]`,
    );
    expect(() => conv2d(image, x(4, 3, 9, 9))).toThrowErrorMatchingInlineSnapshot(
      `[Error: conv2d: the kernel spans 9 but the padded axis has only 8; use more padding or a smaller kernel]`,
    );
    expect(() => conv2d(image, x(4, 3, 5, 5), { dilations: 2 })).toThrowErrorMatchingInlineSnapshot(
      `[Error: conv2d: the kernel spans 9 but the padded axis has only 8; use more padding or a smaller kernel]`,
    );
    expect(() => conv2d(image, x(4, 3, 3, 3), { strides: 0 })).toThrowErrorMatchingInlineSnapshot(
      `[Error: conv2d: strides, dilations and kernel are at least 1, got [0,0], [1,1] and 3; use whole numbers]`,
    );
    expect(() =>
      conv2d(image, x(4, 3, 3, 3), { pads: [0, -1, 0, 0] }),
    ).toThrowErrorMatchingInlineSnapshot(
      `[Error: conv2d: pads are whole numbers, got [0,-1,0,0]; slice x to cut it]`,
    );
    expect(() => conv2d(of("int32", 1, 3, 8, 8), x(4, 3, 3, 3))).toThrowErrorMatchingInlineSnapshot(
      `[Error: conv2d: expected float, got int32 [1, 3, 8, 8]; cast it first]`,
    );
    expect(() => convTranspose2d(image, x(3, 4, 3))).toThrowErrorMatchingInlineSnapshot(
      `[Error: convTranspose2d: expected w of shape [in, out / groups, kernel height, kernel width], got [3, 4, 3]; reshape it first]`,
    );
    expect(() => convTranspose2d(image, x(4, 3, 3, 3))).toThrowErrorMatchingInlineSnapshot(
      `[Error: convTranspose2d: x is [1, 3, 8, 8], expected [1, 4, 8, 8]; check its strides and pads]`,
    );
    expect(() =>
      convTranspose2d(image, x(3, 4, 3, 3), { outputPadding: 1 }),
    ).toThrowErrorMatchingInlineSnapshot(
      `[Error: convTranspose2d: x is [1, 3, 8, 8], expected [1, 3, 9, 9]; check its strides and pads]`,
    );
    const weight = (groups: number, dy: Node): Node =>
      node("conv2dWeight", [image, dy], { ...window, groups, kernel: [3, 3] });
    expect(weight(1, x(1, 4, 6, 6)).shape).toEqual([4, 3, 3, 3]);
    expect(() => weight(1, x(1, 4, 5, 6))).toThrowErrorMatchingInlineSnapshot(
      `[Error: conv2dWeight: dy is [1, 4, 5, 6], expected [1, 4, 6, 6]; check its strides and pads]`,
    );
    expect(() => weight(1, x(4, 6, 6))).toThrowErrorMatchingInlineSnapshot(
      `[Error: conv2dWeight: expected dy of shape [batch, out, height, width], got [4, 6, 6]; reshape it first]`,
    );
    expect(() => weight(2, x(1, 4, 6, 6))).toThrowErrorMatchingInlineSnapshot(
      `[Error: conv2dWeight: 3 channels do not divide into 2 groups; use a multiple]`,
    );
  });
  test("of pooling", () => {
    expect(() => maxPool2d(x(3, 8, 8), { kernel: 2 })).toThrowErrorMatchingInlineSnapshot(
      `[Error: maxPool2d: expected x of shape [batch, channels, height, width], got [3, 8, 8]; reshape it first]`,
    );
    expect(() =>
      maxPool2d(x(1, 3, 8, 8), { kernel: 2, pads: 2 }),
    ).toThrowErrorMatchingInlineSnapshot(
      `[Error: maxPool2d: pads [2,2,2,2] reach the kernel's size [2,2], a window would see padding alone; pad less]`,
    );
    expect(() => maxPool2d(x(1, 3, 8, 8), { kernel: 9 })).toThrowErrorMatchingInlineSnapshot(
      `[Error: maxPool2d: the kernel spans 9 but the padded axis has only 8; use more padding or a smaller kernel]`,
    );
    expect(() =>
      maxPool2d(of("int32", 1, 3, 8, 8), { kernel: 2 }),
    ).toThrowErrorMatchingInlineSnapshot(
      `[Error: maxPool2d: expected float, got int32 [1, 3, 8, 8]; cast it first]`,
    );
    const attrs = { ...window, kernel: [2, 2] } as const;
    expect(() =>
      node("maxPool2dGrad", [x(1, 3, 8, 8), x(1, 3, 8, 8)], attrs),
    ).toThrowErrorMatchingInlineSnapshot(
      `[Error: maxPool2dGrad: dy is [1, 3, 8, 8], expected [1, 3, 7, 7]; check its strides and pads]`,
    );
  });
  test("of changes of shape", () => {
    expect(() => reshape(x(2, 3), [4, 2])).toThrowErrorMatchingInlineSnapshot(
      `[Error: reshape: [2, 3] has 6 elements and [4, 2] has 8; they must be equal]`,
    );
    expect(() => reshape(x(4), [3, -1])).toThrowErrorMatchingInlineSnapshot(
      `[Error: shape: axes are whole numbers, got [3, 1.3333333333333333]; give every axis its size]`,
    );
    expect(() => transpose(x(2, 3), [0])).toThrowErrorMatchingInlineSnapshot(
      `[Error: transpose: perm [0] does not name every axis of [2, 3]; give 2 axes]`,
    );
    expect(() => transpose(x(2, 3), [0, 0])).toThrowErrorMatchingInlineSnapshot(
      `[Error: transpose: an axis is named twice, got [0,0]; name each once]`,
    );
    expect(() => transpose(x(2, 3), [0, 2])).toThrowErrorMatchingInlineSnapshot(
      `[Error: transpose: axis 2 is outside a tensor of rank 2; use 0 to 1, or negative ones from the end]`,
    );
    expect(() => broadcastTo(x(3), [4])).toThrowErrorMatchingInlineSnapshot(
      `[Error: broadcastTo: shapes [3] and [4] do not broadcast; axes must be equal or 1, counted from the right]`,
    );
    expect(() => broadcastTo(x(2, 3), [3])).toThrowErrorMatchingInlineSnapshot(
      `[Error: broadcastTo: [2, 3] broadcast to it is [2, 3], expected [3]; broadcasting stretches axes of size 1 only]`,
    );
    expect(() => concat([], 0)).toThrowErrorMatchingInlineSnapshot(
      `[Error: concat: no inputs, got []; give at least one]`,
    );
    expect(() => concat([x(2, 3), x(2, 4)], 0)).toThrowErrorMatchingInlineSnapshot(
      `[Error: concat: float [2, 4] does not go with float [2, 3] along axis 0; only that axis may differ]`,
    );
    expect(() => concat([x(2, 3), of("int32", 2, 3)], 0)).toThrowErrorMatchingInlineSnapshot(
      `[Error: concat: int32 [2, 3] does not go with float [2, 3] along axis 0; only that axis may differ]`,
    );
    expect(() => concat([x(2, 3), x(2, 3)], 2)).toThrowErrorMatchingInlineSnapshot(
      `[Error: concat: axis 2 is outside a tensor of rank 2; use 0 to 1, or negative ones from the end]`,
    );
    expect(() => slice(x(5), { axis: 0, end: 6 })).toThrowErrorMatchingInlineSnapshot(
      `[Error: slice: [0] to [6] by [1] leaves [5]; stay inside every axis]`,
    );
    expect(() => slice(x(5), { axis: 0, start: 3, end: 1 })).toThrowErrorMatchingInlineSnapshot(
      `[Error: slice: [3] to [1] by [1] leaves [5]; stay inside every axis]`,
    );
    expect(() => slice(x(5), { axis: 0, start: 5, step: -1 })).toThrowErrorMatchingInlineSnapshot(
      `[Error: slice: [5] to [-1] by [-1] leaves [5]; stay inside every axis]`,
    );
    expect(() => slice(x(5), { axis: 0, step: 0 })).toThrowErrorMatchingInlineSnapshot(
      `[Error: slice: [4] to [-1] by [0] leaves [5]; stay inside every axis]`,
    );
    expect(() => slice(x(5, 5), { axis: 2, end: 1 })).toThrowErrorMatchingInlineSnapshot(
      `[Error: slice: axis 2 is outside a tensor of rank 2; use 0 to 1, or negative ones from the end]`,
    );
    expect(() => slice(x(5, 5), { axis: -3, end: 1 })).toThrowErrorMatchingInlineSnapshot(
      `[Error: slice: axis -3 is outside a tensor of rank 2; use 0 to 1, or negative ones from the end]`,
    );
    expect(() => pad(x(2, 3), [[1, 1]])).toThrowErrorMatchingInlineSnapshot(
      `[Error: pad: pads [[1,1]] do not fit [2, 3]; give [before, after] >= 0 for every axis]`,
    );
    expect(() => pad(x(2), [[1, -1]])).toThrowErrorMatchingInlineSnapshot(
      `[Error: pad: pads [[1,-1]] do not fit [2]; give [before, after] >= 0 for every axis]`,
    );
  });
  test("of indices", () => {
    expect(() => gather(x(5, 3), x(2))).toThrowErrorMatchingInlineSnapshot(
      `[Error: gather: expected int32, got float [2]; cast it first]`,
    );
    expect(() => gather(x(), of("int32", 2))).toThrowErrorMatchingInlineSnapshot(
      `[Error: gather: expected x of shape [n, ...], got []; reshape it first]`,
    );
    expect(() => scatterAdd(x(2), x(2, 3), 5)).toThrowErrorMatchingInlineSnapshot(
      `[Error: scatterAdd: expected int32, got float [2]; cast it first]`,
    );
    expect(() =>
      scatterAdd(of("int32", 2), of("bool", 2, 3), 5),
    ).toThrowErrorMatchingInlineSnapshot(
      `[Error: scatterAdd: expected float, got bool [2, 3]; cast it first]`,
    );
    expect(() => scatterAdd(of("int32", 2), x(3, 3), 5)).toThrowErrorMatchingInlineSnapshot(
      `[Error: scatterAdd: the front of y is [3], expected [2]; give a row of y for every index]`,
    );
  });
  test("of randomness", () => {
    const options = { shape: [2], stream: 0 };
    expect(() => randomBits(x(2), 8, options)).toThrowErrorMatchingInlineSnapshot(
      `[Error: randomBits: expected uint32, got float [2]; cast it first]`,
    );
    expect(() => randomBits(of("uint32", 3), 8, options)).toThrowErrorMatchingInlineSnapshot(
      `[Error: randomBits: key is [3], expected [2]; make it with keyTensor]`,
    );
    expect(() => randomBits(of("uint32", 2), 25, options)).toThrowErrorMatchingInlineSnapshot(
      `[Error: randomBits: bits are 1 to 24, got 25; float32 holds no more exactly]`,
    );
    expect(() => randomBits(of("uint32", 2), 0, options)).toThrowErrorMatchingInlineSnapshot(
      `[Error: randomBits: bits are 1 to 24, got 0; float32 holds no more exactly]`,
    );
  });
});
