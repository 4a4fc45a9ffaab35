/** Every rule against finite differences in float64; a table over all ops, so that a new op must be mentioned. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { grad } from "../../src/autodiff/index.ts";
import {
  abs,
  add,
  argmax,
  broadcastTo,
  cast,
  clip,
  concat,
  constant,
  conv2d,
  convTranspose2d,
  cos,
  cumulativeSum,
  div,
  elu,
  equal,
  erf,
  exp,
  expm1,
  floor,
  gather,
  input,
  isNaN,
  leakyRelu,
  leakyStep,
  less,
  lessOrEqual,
  log,
  log1p,
  logicalAnd,
  logicalNot,
  logicalOr,
  matmul,
  max,
  maximum,
  maxPool2d,
  minimum,
  mul,
  neg,
  node,
  norm,
  pad,
  parameter,
  pow,
  randomBits,
  reshape,
  round,
  safeReciprocal,
  scaled,
  scatterAdd,
  select,
  sigmoid,
  sign,
  sin,
  slice,
  softplus,
  sqrt,
  square,
  stopGradient,
  sub,
  sum,
  tanh,
  topK,
  transpose,
  within,
  type Conv2dOptions,
  type Node,
  type OpName,
  type Shape,
} from "../../src/graph/index.ts";
import { gradcheck } from "../../src/runtime/gradcheck.ts";
import { tensor } from "../../src/runtime/program.ts";
import { evaluate } from "../../src/runtime/reference.ts";

const x = input("x", [2, 3]);
const row = input("row", [3]);
const column = input("column", [2, 1]);
const scalar = input("scalar", []);
const square3 = input("square3", [3, 3]);
/** Between 0.5 and 2.5 for any x: where logarithms and roots live. */
const positive = (y: Node): Node => add(mul(sigmoid(y), 2), 0.5);
const random = (size: number, seed = 0): number[] =>
  Array.from({ length: size }, (_, i) => Math.sin(1 + seed + 7.3 * (i + 1) ** 2));

const image = input("image", [2, 4, 5, 6]);
const convolutions: readonly (Conv2dOptions & { readonly w: Shape })[] = [
  { w: [3, 4, 3, 2] },
  { w: [4, 4, 3, 3], strides: 2, pads: 1 },
  { w: [2, 4, 2, 3], strides: [1, 2], pads: [0, 1, 2, 1], dilations: [2, 1] },
  { w: [6, 2, 3, 3], groups: 2, pads: 1, strides: [2, 1] },
  { w: [8, 1, 3, 3], groups: 4, pads: [1, 0] },
  { w: [3, 4, 1, 1], strides: 2 },
];
const convolved = convolutions.map(({ w, ...options }) => conv2d(image, input("w", w), options));
const transposed = [
  convTranspose2d(input("x", [2, 3, 3, 2]), input("w", [3, 4, 3, 2])),
  convTranspose2d(input("x", [2, 4, 3, 2]), input("w", [4, 3, 2, 3]), {
    groups: 2,
    strides: 2,
    pads: [1, 0],
    outputPadding: [1, 0],
  }),
];
/** The gradient of every convolution to its weight, as a value of its own. */
const weightGradients = convolved.map((y, i) => {
  if (y.op !== "conv2d") throw new Error("not a convolution");
  const kernel = y.inputs[1].shape.slice(2) as [number, number];
  return node("conv2dWeight", [image, input(`dy${i}`, y.shape)], { ...y.attrs, kernel });
});

const indices = constant([2, 0, 2, 1], [2, 2], "int32");

type Expected =
  /** Values whose gradients, to all their inputs, are checked. */
  | { readonly values: readonly Node[]; readonly smooth?: boolean }
  /** Values that no gradient flows through, and why. */
  | { readonly none: string; readonly values: readonly Node[] }
  /** Values that cannot be differentiated, and the message. */
  | { readonly error: string; readonly values: readonly Node[] };

const float = (y: Node): Node => cast(y, "float");
const stepped = "piecewise constant";

const table: { readonly [K in OpName]: Expected } = {
  input: { values: [x], smooth: true },
  parameter: {
    values: [mul(parameter("p", [3], { init: { kind: "normal", std: 1 } }), x)],
    smooth: true,
  },
  constant: { values: [mul(constant([1, -2, 3]), x)], smooth: true },

  neg: { values: [neg(x)], smooth: true },
  abs: { values: [abs(x)] },
  sign: { none: stepped, values: [sign(x)] },
  exp: { values: [exp(x)], smooth: true },
  expm1: { values: [expm1(x)], smooth: true },
  log: { values: [log(positive(x))], smooth: true },
  log1p: { values: [log1p(positive(x)), log1p(mul(sigmoid(x), -0.9))], smooth: true },
  sqrt: { values: [sqrt(positive(x))], smooth: true },
  safeReciprocal: {
    values: [safeReciprocal(positive(x)), safeReciprocal(neg(positive(x)))],
    smooth: true,
  },
  sin: { values: [sin(x)], smooth: true },
  cos: { values: [cos(x)], smooth: true },
  tanh: { values: [tanh(x)], smooth: true },
  sigmoid: { values: [sigmoid(x)], smooth: true },
  softplus: { values: [softplus(x), softplus(mul(x, 20))], smooth: true },
  erf: { values: [erf(x)], smooth: true },
  leakyRelu: { values: [leakyRelu(x), leakyRelu(x, 0), leakyRelu(x, 0.3), leakyRelu(x, 1)] },
  leakyStep: { none: stepped, values: [leakyStep(x, 0.1)] },
  elu: { values: [elu(x), elu(x, 0.5)] },
  clip: { values: [clip(x, -0.7, 0.9)] },
  floor: { none: stepped, values: [floor(x)] },
  round: { none: stepped, values: [round(mul(x, 3))] },
  isNaN: { none: stepped, values: [float(isNaN(x))] },
  logicalNot: { none: stepped, values: [float(logicalNot(less(x, 0)))] },
  cast: {
    none: "other types have no derivative",
    values: [float(cast(x, "int32")), float(cast(x, "bool"))],
  },
  scaled: {
    values: [
      scaled(constant(1, [2, 3]), x, x),
      scaled(x, sum(x), constant(2)),
      scaled(x, x, sum(x)),
    ],
    smooth: true,
  },
  within: {
    none: "whole numbers",
    values: [float(within(indices, { least: 0, most: 2, what: "indices" }))],
  },
  stopGradient: { none: "that is what it is for", values: [stopGradient(x), stopGradient(exp(x))] },

  add: { values: [add(x, row), add(column, x), add(column, row), add(scalar, x)], smooth: true },
  sub: { values: [sub(x, row), sub(column, x), sub(column, row), sub(scalar, x)], smooth: true },
  mul: {
    values: [mul(x, row), mul(column, x), mul(column, row), mul(scalar, x), mul(x, x)],
    smooth: true,
  },
  div: {
    values: [
      div(x, positive(row)),
      div(column, positive(x)),
      div(column, positive(row)),
      div(scalar, positive(x)),
    ],
    smooth: true,
  },
  pow: {
    values: [
      pow(positive(x), row),
      pow(positive(column), x),
      pow(positive(row), scalar),
      pow(x, 3),
      pow(x, 2),
      pow(0.7, x),
    ],
    smooth: true,
  },
  maximum: { values: [maximum(x, row), maximum(column, x), maximum(column, row), maximum(x, 0.1)] },
  minimum: { values: [minimum(x, row), minimum(column, x), minimum(column, row), minimum(x, 0.1)] },
  equal: { none: stepped, values: [float(equal(x, row))] },
  less: { none: stepped, values: [float(less(x, row))] },
  lessOrEqual: { none: stepped, values: [float(lessOrEqual(x, row))] },
  logicalAnd: { none: stepped, values: [float(logicalAnd(less(x, row), less(x, 0)))] },
  logicalOr: { none: stepped, values: [float(logicalOr(less(x, row), less(x, 0)))] },
  select: {
    values: [
      select(constant([1, 0, 1], [3], "bool"), x, column),
      select(constant([1, 0], [2, 1], "bool"), row, square(x)),
      select(constant([0, 1, 1], [3], "bool"), scalar, x),
    ],
    smooth: true,
  },

  sum: {
    values: [
      sum(x),
      sum(x, { axes: 1 }),
      sum(square(x), { axes: 0, keepDims: true }),
      sum(image, { axes: [1, -1] }),
    ],
    smooth: true,
  },
  max: { values: [max(x), max(x, { axes: 0 }), max(image, { axes: [0, 2], keepDims: true })] },
  norm: {
    values: [norm(x), norm(x, { axes: 1 }), norm(image, { axes: [0, -1], keepDims: true })],
    smooth: true,
  },
  argmax: { none: stepped, values: [float(argmax(x)), float(argmax(x, 0))] },
  topKIndices: { none: stepped, values: [float(topK(x, 2).indices)] },
  cumulativeSum: {
    values: [
      cumulativeSum(x),
      cumulativeSum(image, 1, { exclusive: true }),
      cumulativeSum(image, 2, { reverse: true }),
      cumulativeSum(x, 0, { exclusive: true, reverse: true }),
    ],
    smooth: true,
  },

  matmul: {
    values: [
      matmul(x, square3),
      matmul(input("a", [4, 1, 2, 3]), input("b", [2, 3, 5])), // both sides broadcast
      matmul(input("a", [2, 3]), input("b", [4, 3, 1])),
      matmul(square3, square3),
    ],
    smooth: true,
  },
  conv2d: { values: convolved, smooth: true },
  convTranspose2d: { values: transposed, smooth: true },
  conv2dWeight: { values: weightGradients, smooth: true },
  maxPool2d: {
    values: [
      maxPool2d(image, { kernel: 2 }),
      maxPool2d(image, { kernel: [3, 2], strides: [1, 2], pads: [1, 0], dilations: [1, 2] }),
    ],
  },
  maxPool2dGrad: {
    error: "has no second derivative",
    values: [...grad(sum(maxPool2d(image, { kernel: 2 })), [image])],
  },

  reshape: { values: [reshape(x, [3, 2]), reshape(scalar, [1, 1])], smooth: true },
  transpose: { values: [transpose(x), transpose(image, [2, 0, 3, 1])], smooth: true },
  broadcastTo: {
    values: [
      broadcastTo(scalar, [2, 2]),
      broadcastTo(column, [3, 2, 4]),
      broadcastTo(row, [2, 1, 3]),
    ],
    smooth: true,
  },
  concat: { values: [concat([x, column, x], 1), concat([square3, x], 0)], smooth: true },
  slice: {
    values: [
      slice(x, { axis: 1, start: 1 }),
      slice(image, { axis: -1, step: 2 }, { axis: 1, start: 3, end: 1, step: -1 }),
      slice(
        image,
        { axis: 3, start: -2, end: 0, step: -3 },
        { axis: 2, start: 1, end: 5, step: 3 },
      ),
      slice(x, { axis: 1, start: 2, end: 2 }), // nothing
    ],
    smooth: true,
  },
  pad: {
    values: [
      pad(x, [
        [1, 0],
        [0, 2],
      ]),
      pad(scalarAsMatrix(), [
        [2, 1],
        [1, 1],
      ]),
    ],
    smooth: true,
  },
  gather: {
    values: [gather(square3, indices), gather(row, constant([1, 1, 0], [3], "int32"))],
    smooth: true,
  },
  scatterAdd: {
    values: [
      scatterAdd(indices, input("y", [2, 2, 3]), 4),
      scatterAdd(constant([1, 1], [2], "int32"), x, 2), // both rows into one
    ],
    smooth: true,
  },
  randomBits: {
    none: "bits of a key",
    values: [float(randomBits(constant([1, 2], [2], "uint32"), 8, { shape: [2, 3], stream: 0 }))],
  },
};
function scalarAsMatrix(): Node {
  return reshape(scalar, [1, 1]);
}

/** A weighted sum whose gradient is not the same everywhere. */
const weighted = (y: Node): Node =>
  sum(mul(y, constant(random(y.shape.reduce((a, b) => a * b, 1)), y.shape)));
const inputsOf = (y: Node): readonly Node[] => {
  const found = new Set<Node>();
  const visit = (n: Node): void => {
    if (n.op === "input" || n.op === "parameter") found.add(n);
    n.inputs.forEach(visit);
  };
  visit(y);
  return [...found];
};

describe.each(Object.entries(table))("%s", (_, expected) => {
  const values = expected.values.map((y, i) => [i, y] as const);
  if ("none" in expected)
    test.each(values)(`value %i has gradient zero: ${expected.none}`, (_i, y) => {
      const [dx] = grad(add(sum(x), sum(mul(y, 3))), [x]);
      const feeds = { x: tensor(random(6), [2, 3]) };
      expect([...evaluate({ dx }, { feeds }).dx.data]).toEqual([1, 1, 1, 1, 1, 1]); // of sum(x), nothing more
    });
  else if ("error" in expected)
    test.each(values)(`value %i: ${expected.error}`, (_i, y) => {
      expect(() => grad(sum(y), [image])).toThrow(expected.error);
    });
  else {
    test.each(values)("value %i", (_i, y) => {
      gradcheck(y);
      gradcheck(square(y), { seed: 2 });
    });
    if (expected.smooth)
      test.each(values)("second derivatives of value %i", (_i, y) => {
        const loss = weighted(square(y));
        const squares = grad(loss, inputsOf(y)).map((dx) => sum(square(dx)));
        gradcheck(squares.reduce((a, b) => add(a, b)));
      });
  }
});

test("a missing gradient is noticed", () => {
  expect(() => gradcheck(mul(x, stopGradient(exp(x))))).toThrow("gradcheck: the gradient gives");
});

test("maxPool2d has no second derivative", () => {
  const [dx] = grad(weighted(maxPool2d(image, { kernel: 2 })), [image]);
  expect(() => grad(sum(square(dx)), [image])).toThrowErrorMatchingInlineSnapshot(
    `[Error: grad: maxPool2d has no second derivative here, got a gradient of its gradient; use averagePool2d]`,
  );
});

test("any two shapes that broadcast", () => {
  const axis = fc.constantFrom<readonly [number, number]>([1, 1], [1, 3], [3, 1], [2, 2]);
  const shapes = fc
    .tuple(fc.array(axis, { maxLength: 4 }), fc.nat(4), fc.boolean())
    .map(([axes, cut, swap]) => {
      const [a, b] = [axes.map(([p]) => p), axes.map(([, q]) => q).slice(cut)];
      return swap ? [b, a] : [a, b];
    });
  const ops = fc.constantFrom(add, sub, mul, div, pow, maximum, minimum);
  fc.assert(
    fc.property(shapes, ops, ([a, b], op) => {
      gradcheck(op(positive(input("a", a)), positive(input("b", b))));
    }),
    { numRuns: 60 },
  );
});
