/** One ONNX form per op. Those with several are in convolution.ts and pooling.ts, what is random is in random.ts. */
import type { Node, NodeOf, OpName } from "../graph/index.ts";
import { sizeOf } from "../graph/index.ts";
import { conv2d, conv2dWeight, convTranspose2d } from "./convolution.ts";
import { elementType, type Emitter } from "./emit.ts";
import { maxPool2d, maxPool2dGrad } from "./pooling.ts";
import { normBy, scaled } from "./norm.ts";
import { randomBits } from "./random.ts";
import { int64s, reshapeTo, scalar } from "./shapes.ts";

/** From a node and the names of its inputs, the name of its value. */
export type Lowering<K extends OpName> = (
  node: NodeOf<K>,
  inputs: readonly string[],
  e: Emitter,
) => string;

const direct =
  (op: string) =>
  (_: Node, inputs: readonly string[], e: Emitter): string =>
    e.emit(op, inputs);
const reduction =
  (op: "ReduceSum" | "ReduceMax" | "ReduceL2") =>
  ({ attrs }: Pick<NodeOf<"sum">, "attrs">, [x]: readonly string[], e: Emitter): string => {
    const keepdims = Number(attrs.keepDims);
    // Over no axes sum and max are x itself and the norm is |x|; ONNX would reduce over all.
    if (attrs.axes.length === 0) return e.emit(op === "ReduceL2" ? "Abs" : "Identity", [x]);
    const asInput = op === "ReduceSum" || e.opset >= 18; // axes moved from attribute to input in opset 13 and 18
    return asInput
      ? e.emit(op, [x, int64s(e, attrs.axes)], { attrs: { keepdims } })
      : e.emit(op, [x], { attrs: { axes: attrs.axes, keepdims } });
  };
const FLOAT_MAX = (2 - 2 ** -23) * 2 ** 127;
const leaf = ({ op }: Node): string => {
  throw new Error(`lower: ${op} is a leaf, got it as an op; the model declares it`);
};

export const lower: { readonly [K in OpName]: Lowering<K> } = {
  input: leaf,
  parameter: leaf,
  constant: ({ attrs }, _, e) => e.constant(attrs.data, attrs.shape, attrs.dtype),

  neg: direct("Neg"),
  abs: direct("Abs"),
  sign: direct("Sign"),
  exp: direct("Exp"),
  // e^x - 1 = tanh(x / 2) (e^x + 1), where nothing cancels.
  expm1: (_, [x], e) => {
    const half = e.emit("Tanh", [e.emit("Mul", [x, scalar(e, 0.5)])]);
    return e.emit("Mul", [half, e.emit("Add", [e.emit("Exp", [x]), scalar(e, 1)])]);
  },
  log: direct("Log"),
  // log(u) of u = 1 + x as it is rounded, less what was rounded away, relative to u kept off 0 and infinity.
  log1p: (_, [x], e) => {
    const u = e.emit("Add", [x, scalar(e, 1)]);
    const inside = e.emit("Clip", [u, scalar(e, 2 ** -24), scalar(e, FLOAT_MAX)]);
    const added = e.emit("Sub", [e.emit("Sub", [inside, scalar(e, 1)]), x]);
    return e.emit("Sub", [e.emit("Log", [u]), e.emit("Div", [added, inside])]);
  },
  sqrt: direct("Sqrt"),
  safeReciprocal: (_, [x], e) => {
    const zero = scalar(e, 0);
    return e.emit("Where", [e.emit("Equal", [x, zero]), zero, e.emit("Reciprocal", [x])]);
  },
  sin: direct("Sin"),
  cos: direct("Cos"),
  tanh: direct("Tanh"),
  sigmoid: direct("Sigmoid"),
  softplus: direct("Softplus"),
  erf: direct("Erf"),
  leakyRelu: ({ attrs: { alpha } }, inputs, e) =>
    alpha === 0
      ? e.emit("Relu", inputs)
      : e.emit("LeakyRelu", inputs, { attrs: { alpha: { float: alpha } } }),
  // Stretched so that every positive number passes 1, then cut off: several times cheaper than Greater and Where.
  leakyStep: ({ attrs: { alpha } }, [x], e) => {
    if (!e.does("masks"))
      return e.emit("Where", [
        ...[e.emit("Greater", [x, scalar(e, 0)]), scalar(e, 1), scalar(e, alpha)],
      ]);
    return alpha === 0
      ? e.emit("HardSigmoid", [x], { attrs: { alpha: { float: 3e38 }, beta: { float: 0 } } })
      : e.emit("Clip", [e.emit("Mul", [x, scalar(e, 3e38)]), scalar(e, alpha), scalar(e, 1)]);
  },
  elu: ({ attrs: { alpha } }, inputs, e) =>
    e.emit("Elu", inputs, { attrs: { alpha: { float: alpha } } }),
  clip: ({ attrs: { min, max } }, [x], e) => e.emit("Clip", [x, scalar(e, min), scalar(e, max)]),
  floor: direct("Floor"),
  round: direct("Round"),
  isNaN: direct("IsNaN"),
  logicalNot: direct("Not"),
  cast: ({ attrs: { dtype } }, inputs, e) =>
    e.emit("Cast", inputs, { attrs: { to: elementType[dtype] } }),
  stopGradient: direct("Identity"),
  within: direct("Identity"),

  add: direct("Add"),
  sub: direct("Sub"),
  mul: direct("Mul"),
  div: direct("Div"),
  pow: direct("Pow"),
  maximum: direct("Max"),
  minimum: direct("Min"),
  equal: direct("Equal"),
  less: direct("Less"),
  lessOrEqual: direct("LessOrEqual"),
  logicalAnd: direct("And"),
  logicalOr: direct("Or"),
  select: direct("Where"),
  scaled,

  sum: reduction("ReduceSum"),
  max: reduction("ReduceMax"),
  norm: (n, inputs, e) => normBy(n, inputs, e, reduction("ReduceL2")),
  argmax: ({ attrs: { axis } }, inputs, e) =>
    e.emit("Cast", [e.emit("ArgMax", inputs, { attrs: { axis, keepdims: 0 } })], {
      attrs: { to: elementType.int32 },
    }),
  topKIndices: ({ attrs: { axis, k }, shape }, [x], e) => {
    if (shape.includes(0)) return e.constant([], shape, "int32"); // TopK of nothing ends the process
    const values = e.emit("TopK", [x, int64s(e, [k])], { attrs: { axis }, outputs: 2 });
    return e.emit("Cast", [`${values}:1`], { attrs: { to: elementType.int32 } });
  },
  cumulativeSum: ({ attrs: { axis, exclusive, reverse } }, [x], e) =>
    e.emit("CumSum", [x, e.constant([axis], [], "int64")], {
      attrs: { exclusive: Number(exclusive), reverse: Number(reverse) },
    }),

  matmul: direct("MatMul"),
  conv2d,
  convTranspose2d,
  conv2dWeight,
  maxPool2d,
  maxPool2dGrad,

  reshape: ({ shape }, [x], e) => reshapeTo(e, x, shape),
  transpose: ({ attrs: { perm } }, inputs, e) => e.emit("Transpose", inputs, { attrs: { perm } }),
  broadcastTo: ({ shape }, [x], e) => e.emit("Expand", [x, int64s(e, shape)]),
  concat: ({ attrs: { axis } }, inputs, e) => e.emit("Concat", inputs, { attrs: { axis } }),
  slice: ({ attrs: { starts, ends, steps }, inputs: [{ shape }] }, [x], e) => {
    const front = -(2 ** 31); // an end before the first element, for steps backwards
    // Only those that are cut: the full length of another would tie the model to it.
    const axes = [...starts.keys()].filter(
      (a) => starts[a] !== 0 || ends[a] !== shape[a] || steps[a] !== 1,
    );
    if (axes.length === 0) return e.emit("Identity", [x]);
    const along = (values: readonly number[]): string =>
      int64s(
        e,
        axes.map((a) => values[a]),
      );
    const lasts = ends.map((end) => (end < 0 ? front : end));
    return e.emit("Slice", [x, along(starts), along(lasts), int64s(e, axes), along(steps)]);
  },
  pad: ({ attrs: { pads } }, [x], e) =>
    e.emit("Pad", [x, int64s(e, [...pads.map((p) => p[0]), ...pads.map((p) => p[1])])]),
  gather: (_, inputs, e) => e.emit("Gather", inputs),
  scatterAdd: ({ shape, inputs: [indices] }, [index, y], e) => {
    // ScatterElements wants an index for every element: rows' indices are stretched along the row.
    const rows = sizeOf(indices.shape);
    const width = sizeOf(shape.slice(1));
    const own = reshapeTo(e, index, [rows, 1]);
    // Devices have no int64, and take them as they are.
    const column = e.device ? own : e.emit("Cast", [own], { attrs: { to: elementType.int64 } });
    const every = e.emit("Expand", [column, int64s(e, [rows, width])]);
    const zeros = e.emit("Expand", [scalar(e, 0), int64s(e, [shape[0], width])]);
    const sums = e.emit("ScatterElements", [zeros, every, reshapeTo(e, y, [rows, width])], {
      attrs: { axis: 0, reduction: "add" },
    });
    return reshapeTo(e, sums, shape);
  },
  randomBits,
};
