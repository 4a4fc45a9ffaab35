/** Typing rules: the shape and dtype of every op, or an error that says what to do. */
import {
  broadcastShapes,
  isWhole,
  need,
  needRank,
  sameShape,
  show,
  sizeOf,
  wholeAxes,
  wholeShape,
  type Type,
} from "./check.ts";
import { checkNumbers } from "./numbers.ts";
import type { AttrsOf, Conv2dAttrs, Dtype, NodeOf, OpName, Shape, Window2d } from "./op.ts";

export { broadcastShapes, sizeOf, type Type } from "./check.ts";

type Rule<K extends OpName> = (inputs: NodeOf<K>["inputs"], attrs: AttrsOf<K>) => Type;

const unary =
  (op: string) =>
  ([x]: readonly [Type]): Type => {
    need(op, x, "float");
    return { shape: x.shape, dtype: "float" };
  };
const leaky =
  (op: string) =>
  (inputs: readonly [Type], { alpha }: { readonly alpha: number }): Type => {
    if (!(alpha >= 0 && alpha <= 1))
      throw new Error(
        `${op}: alpha is a slope from 0 to 1, got ${alpha}; use elu or select otherwise`,
      );
    return unary(op)(inputs);
  };
const binary =
  (op: string, ...dtypes: Dtype[]) =>
  ([a, b]: readonly [Type, Type]): Type => {
    need(op, a, ...dtypes);
    if (b.dtype !== a.dtype)
      throw new Error(`${op}: dtypes differ, got ${a.dtype} and ${b.dtype}; cast one of them`);
    return { shape: broadcastShapes(op, a.shape, b.shape), dtype: a.dtype };
  };
const comparison =
  (op: string, ...dtypes: Dtype[]) =>
  (inputs: readonly [Type, Type]): Type => ({
    shape: binary(op, ...dtypes)(inputs).shape,
    dtype: "bool",
  });
const reduction =
  (op: string) =>
  ([x]: readonly [Type], { axes, keepDims }: AttrsOf<"sum">): Type => {
    need(op, x, "float");
    wholeAxes(op, axes, x.shape.length);
    return {
      shape: keepDims
        ? x.shape.map((d, i) => (axes.includes(i) ? 1 : d))
        : x.shape.filter((_, i) => !axes.includes(i)),
      dtype: "float",
    };
  };

/** The output extent of a window that slides over one axis. */
function slide(
  op: string,
  { strides, pads, dilations }: Window2d,
  axis: 0 | 1,
  size: number,
  kernel: number,
): number {
  if (![strides[axis], dilations[axis], kernel].every((n) => isWhole(n) && n > 0))
    throw new Error(
      `${op}: strides, dilations and kernel are at least 1, got [${strides}], [${dilations}] and ${kernel}; use whole numbers`,
    );
  if (!pads.every(isWhole))
    throw new Error(`${op}: pads are whole numbers, got [${pads}]; slice x to cut it`);
  const padded = size + pads[axis] + pads[axis + 2];
  const extent = (kernel - 1) * dilations[axis] + 1;
  if (padded < extent)
    throw new Error(
      `${op}: the kernel spans ${extent} but the padded axis has only ${padded}; use more padding or a smaller kernel`,
    );
  return Math.floor((padded - extent) / strides[axis]) + 1;
}
const window = (op: string, attrs: Window2d, [h, w]: Shape, [kh, kw]: Shape): [number, number] => [
  slide(op, attrs, 0, h, kh),
  slide(op, attrs, 1, w, kw),
];

function convShape(op: string, x: Shape, w: Shape, attrs: Conv2dAttrs): Shape {
  needRank(op, "x", x, "batch, channels, height, width");
  needRank(op, "w", w, "out, in / groups, kernel height, kernel width");
  const { groups } = attrs;
  if (x[1] !== w[1] * groups)
    throw new Error(
      `${op}: x has ${x[1]} channels but w expects ${w[1] * groups} (w is ${show(w)}, groups ${groups}); check the previous layer's units`,
    );
  if (w[0] % groups !== 0)
    throw new Error(
      `${op}: ${w[0]} output channels do not divide into ${groups} groups; use a multiple`,
    );
  return [x[0], w[0], ...window(op, attrs, x.slice(2), w.slice(2))];
}
const leaf = (_: readonly [], { shape, dtype }: Type): Type => ({
  shape: wholeShape(shape),
  dtype,
});

export const infer: { readonly [K in OpName]: Rule<K> } = {
  input: leaf,
  parameter: leaf,
  constant: (_, { shape, dtype, data }) => {
    if (data.length !== sizeOf(shape))
      throw new Error(
        `constant: ${data.length} values do not fill shape ${show(shape)}; give ${sizeOf(shape)}`,
      );
    if (dtype !== "float") checkNumbers("constant", data, dtype);
    return leaf(_, { shape, dtype });
  },

  neg: unary("neg"),
  abs: unary("abs"),
  sign: unary("sign"),
  exp: unary("exp"),
  expm1: unary("expm1"),
  log: unary("log"),
  log1p: unary("log1p"),
  sqrt: unary("sqrt"),
  safeReciprocal: unary("safeReciprocal"),
  sin: unary("sin"),
  cos: unary("cos"),
  tanh: unary("tanh"),
  sigmoid: unary("sigmoid"),
  softplus: unary("softplus"),
  erf: unary("erf"),
  leakyRelu: leaky("leakyRelu"),
  leakyStep: leaky("leakyStep"),
  elu: unary("elu"),
  clip: (inputs, { min, max }) => {
    if (!(min <= max)) throw new Error(`clip: min ${min} is above max ${max}; swap them`);
    return unary("clip")(inputs);
  },
  floor: unary("floor"),
  round: unary("round"),
  isNaN: (inputs) => ({ shape: unary("isNaN")(inputs).shape, dtype: "bool" }),
  logicalNot: ([x]) => {
    need("logicalNot", x, "bool");
    return { shape: x.shape, dtype: "bool" };
  },
  cast: ([x], { dtype }) => ({ shape: x.shape, dtype }),
  stopGradient: ([x]) => ({ shape: x.shape, dtype: x.dtype }),
  within: ([x], { least, most, what }) => {
    need(what, x, "int32");
    if (!(least <= most))
      throw new Error(`within: least ${least} is above most ${most}; swap them`);
    return { shape: x.shape, dtype: "int32" };
  },

  add: binary("add", "float", "int32"),
  sub: binary("sub", "float", "int32"),
  mul: binary("mul", "float", "int32"),
  div: binary("div", "float"),
  pow: binary("pow", "float"),
  maximum: binary("maximum", "float"),
  minimum: binary("minimum", "float"),
  equal: comparison("equal", "float", "int32", "bool"),
  less: comparison("less", "float", "int32"),
  lessOrEqual: comparison("lessOrEqual", "float", "int32"),
  logicalAnd: binary("logicalAnd", "bool"),
  logicalOr: binary("logicalOr", "bool"),
  select: ([condition, x, y]) => {
    need("select", condition, "bool");
    const { shape, dtype } = binary("select", "float", "int32")([x, y]);
    return { shape: broadcastShapes("select", condition.shape, shape), dtype };
  },
  scaled: ([x, a, b]) => {
    for (const factor of [x, a, b]) need("scaled", factor, "float");
    const full = [a, b].reduce((s, f) => broadcastShapes("scaled", s, f.shape), x.shape);
    sameShape("scaled", "the product", full, x.shape, "its factors broadcast to x");
    return { shape: x.shape, dtype: "float" };
  },

  sum: reduction("sum"),
  max: reduction("max"),
  norm: reduction("norm"),
  argmax: ([x], { axis }) => {
    need("argmax", x, "float");
    wholeAxes("argmax", [axis], x.shape.length);
    return { shape: x.shape.filter((_, i) => i !== axis), dtype: "int32" };
  },
  topKIndices: ([x], { axis, k }) => {
    need("topK", x, "float");
    wholeAxes("topK", [axis], x.shape.length);
    if (!(isWhole(k) && k >= 1 && k <= x.shape[axis]))
      throw new Error(
        `topK: k is 1 to ${x.shape[axis]} along axis ${axis} of ${show(x.shape)}, got ${k}; ask for a whole number of what is there`,
      );
    return { shape: x.shape.with(axis, k), dtype: "int32" };
  },
  cumulativeSum: ([x], { axis }) => {
    need("cumulativeSum", x, "float", "int32");
    wholeAxes("cumulativeSum", [axis], x.shape.length);
    return { shape: x.shape, dtype: x.dtype };
  },

  matmul: ([a, b]) => {
    need("matmul", a, "float");
    need("matmul", b, "float");
    const [n, k] = a.shape.slice(-2);
    const [k2, m] = b.shape.slice(-2);
    if (a.shape.length < 2 || b.shape.length < 2 || k !== k2)
      throw new Error(
        `matmul: ${show(a.shape)} @ ${show(b.shape)} do not fit, expected [..., n, k] @ [..., k, m]; transpose or reshape one`,
      );
    return {
      shape: [...broadcastShapes("matmul", a.shape.slice(0, -2), b.shape.slice(0, -2)), n, m],
      dtype: "float",
    };
  },
  conv2d: ([x, w], attrs) => {
    need("conv2d", x, "float");
    need("conv2d", w, "float");
    return { shape: convShape("conv2d", x.shape, w.shape, attrs), dtype: "float" };
  },
  convTranspose2d: ([x, w], attrs) => {
    need("convTranspose2d", x, "float");
    need("convTranspose2d", w, "float");
    needRank("convTranspose2d", "x", x.shape, "batch, channels, height, width");
    needRank("convTranspose2d", "w", w.shape, "in, out / groups, kernel height, kernel width");
    const shape = [x.shape[0], w.shape[1] * attrs.groups, ...attrs.size];
    sameShape("convTranspose2d", "x", x.shape, convShape("convTranspose2d", shape, w.shape, attrs));
    return { shape, dtype: "float" };
  },
  conv2dWeight: ([x, dy], attrs) => {
    need("conv2dWeight", x, "float");
    need("conv2dWeight", dy, "float");
    needRank("conv2dWeight", "x", x.shape, "batch, channels, height, width");
    needRank("conv2dWeight", "dy", dy.shape, "batch, out, height, width");
    if (x.shape[1] % attrs.groups !== 0)
      throw new Error(
        `conv2dWeight: ${x.shape[1]} channels do not divide into ${attrs.groups} groups; use a multiple`,
      );
    const shape = [dy.shape[1], x.shape[1] / attrs.groups, ...attrs.kernel];
    sameShape("conv2dWeight", "dy", dy.shape, convShape("conv2dWeight", x.shape, shape, attrs));
    return { shape, dtype: "float" };
  },
  maxPool2d: ([x], attrs) => {
    need("maxPool2d", x, "float");
    needRank("maxPool2d", "x", x.shape, "batch, channels, height, width");
    const { pads, kernel } = attrs;
    if (pads.some((p, i) => p >= kernel[i % 2]))
      throw new Error(
        `maxPool2d: pads [${pads}] reach the kernel's size [${kernel}], a window would see padding alone; pad less`,
      );
    return {
      shape: [...x.shape.slice(0, 2), ...window("maxPool2d", attrs, x.shape.slice(2), kernel)],
      dtype: "float",
    };
  },
  maxPool2dGrad: ([x, dy], attrs) => {
    need("maxPool2dGrad", dy, "float");
    sameShape("maxPool2dGrad", "dy", dy.shape, infer.maxPool2d([x], attrs).shape);
    return { shape: x.shape, dtype: "float" };
  },

  reshape: ([x], { shape }) => {
    if (sizeOf(shape) !== sizeOf(x.shape))
      throw new Error(
        `reshape: ${show(x.shape)} has ${sizeOf(x.shape)} elements and ${show(shape)} has ${sizeOf(shape)}; they must be equal`,
      );
    return { shape: wholeShape(shape), dtype: x.dtype };
  },
  transpose: ([x], { perm }) => {
    wholeAxes("transpose", perm, x.shape.length);
    if (perm.length !== x.shape.length)
      throw new Error(
        `transpose: perm [${perm}] does not name every axis of ${show(x.shape)}; give ${x.shape.length} axes`,
      );
    return { shape: perm.map((a) => x.shape[a]), dtype: x.dtype };
  },
  broadcastTo: ([x], { shape }) => {
    sameShape(
      "broadcastTo",
      `${show(x.shape)} broadcast to it`,
      broadcastShapes("broadcastTo", x.shape, shape),
      shape,
      "broadcasting stretches axes of size 1 only",
    );
    return { shape, dtype: x.dtype };
  },
  concat: (inputs, { axis }) => {
    const first = inputs.at(0);
    if (!first) throw new Error("concat: no inputs, got []; give at least one");
    wholeAxes("concat", [axis], first.shape.length);
    for (const { shape, dtype } of inputs)
      if (
        dtype !== first.dtype ||
        show(shape.toSpliced(axis, 1)) !== show(first.shape.toSpliced(axis, 1)) ||
        shape.length !== first.shape.length
      )
        throw new Error(
          `concat: ${dtype} ${show(shape)} does not go with ${first.dtype} ${show(first.shape)} along axis ${axis}; only that axis may differ`,
        );
    return {
      shape: first.shape.with(
        axis,
        inputs.reduce((n, x) => n + x.shape[axis], 0),
      ),
      dtype: first.dtype,
    };
  },
  slice: ([x], { starts, ends, steps }) => {
    const shape = x.shape.map((_, i) => Math.ceil((ends[i] - starts[i]) / steps[i]));
    // Backwards the first element is read at `start`, so it must be there unless nothing is read.
    const inside = (d: number, i: number): boolean =>
      starts[i] >= 0 &&
      starts[i] <= (steps[i] < 0 && shape[i] > 0 ? d - 1 : d) &&
      ends[i] >= (steps[i] < 0 ? -1 : 0) &&
      ends[i] <= d &&
      isWhole(shape[i]);
    if (!x.shape.every(inside))
      throw new Error(
        `slice: [${starts}] to [${ends}] by [${steps}] leaves ${show(x.shape)}; stay inside every axis`,
      );
    return { shape, dtype: x.dtype };
  },
  pad: ([x], { pads }) => {
    if (pads.length !== x.shape.length || pads.flat().some((p) => p < 0))
      throw new Error(
        `pad: pads ${JSON.stringify(pads)} do not fit ${show(x.shape)}; give [before, after] >= 0 for every axis`,
      );
    return { shape: x.shape.map((d, i) => d + pads[i][0] + pads[i][1]), dtype: x.dtype };
  },
  gather: ([x, indices]) => {
    need("gather", indices, "int32");
    if (x.shape.length === 0)
      throw new Error("gather: expected x of shape [n, ...], got []; reshape it first");
    return { shape: [...indices.shape, ...x.shape.slice(1)], dtype: x.dtype };
  },
  scatterAdd: ([indices, y], { size }) => {
    need("scatterAdd", indices, "int32");
    need("scatterAdd", y, "float");
    sameShape(
      "scatterAdd",
      "the front of y",
      y.shape.slice(0, indices.shape.length),
      indices.shape,
      "give a row of y for every index",
    );
    return { shape: [size, ...y.shape.slice(indices.shape.length)], dtype: "float" };
  },
  randomBits: ([key], { shape, bits, first = 0 }) => {
    need("randomBits", key, "uint32");
    sameShape("randomBits", "key", key.shape, [2], "make it with keyTensor");
    if (!(isWhole(bits) && bits >= 1 && bits <= 24))
      throw new Error(`randomBits: bits are 1 to 24, got ${bits}; float32 holds no more exactly`);
    if (!(isWhole(first) && first >= 0 && first + sizeOf(wholeShape(shape)) <= 2 ** 32))
      throw new Error(
        `randomBits: the first index is a whole number from 0 whose elements end below 2^32, got ${first}; use 0`,
      );
    return { shape: wholeShape(shape), dtype: "int32" };
  },
};
