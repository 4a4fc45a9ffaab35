/** One gradient rule per op. Rules ignore broadcasting: the reverse sweep sums a gradient back to its input's shape. */
import {
  add,
  broadcastTo,
  cast,
  cos,
  cumulativeSum,
  div,
  equal,
  exp,
  gather,
  greater,
  leakyStep,
  less,
  lessOrEqual,
  log,
  matmul,
  minimum,
  mul,
  neg,
  node,
  pad,
  pow,
  reshape,
  safeReciprocal,
  scaled,
  scatterAdd,
  select,
  sigmoid,
  sign,
  sin,
  slice,
  square,
  sub,
  sum,
  transpose,
  type Node,
  type NodeOf,
  type OpName,
} from "../graph/index.ts";

/** From `y = op(...inputs)` and `dy`, the gradient of every input, or `null` where none flows. */
type Vjp<K extends OpName> = (y: NodeOf<K>, dy: Node) => readonly (Node | null)[];

const none = (): readonly null[] => [null, null, null];

export const vjp: { readonly [K in OpName]: Vjp<K> } = {
  input: none,
  parameter: none,
  constant: none,

  neg: (_, dy) => [neg(dy)],
  abs: ({ inputs: [x] }, dy) => [mul(dy, sign(x))],
  sign: none, // piecewise constant
  exp: (y, dy) => [mul(dy, y)], // (e^x)' = e^x, already computed
  expm1: ({ inputs: [x] }, dy) => [mul(dy, exp(x))], // y + 1 has lost what is far left
  log: ({ inputs: [x] }, dy) => [div(dy, x)],
  log1p: ({ inputs: [x] }, dy) => [div(dy, add(x, 1))],
  sqrt: (y, dy) => [div(mul(dy, 0.5), y)],
  safeReciprocal: (y, dy) => [neg(mul(mul(dy, y), y))], // 0 where x = 0; y^2 alone could overflow
  sin: ({ inputs: [x] }, dy) => [mul(dy, cos(x))],
  cos: ({ inputs: [x] }, dy) => [neg(mul(dy, sin(x)))],
  tanh: (y, dy) => [mul(dy, sub(1, square(y)))],
  sigmoid: (y, dy) => [mul(dy, mul(y, sub(1, y)))],
  softplus: ({ inputs: [x] }, dy) => [mul(dy, sigmoid(x))],
  erf: ({ inputs: [x] }, dy) => [mul(mul(dy, 2 / Math.sqrt(Math.PI)), exp(neg(square(x))))],
  leakyRelu: (y, dy) => [mul(dy, leakyStep(y, y.attrs.alpha))], // y > 0 just where x > 0
  leakyStep: none,
  elu: (y, dy) => {
    const { alpha } = y.attrs;
    // For alpha = 1 without a comparison, which is slow: y + 1 where y < 0, and 1.
    const slope =
      alpha === 1 ? add(minimum(y, 0), 1) : select(greater(y.inputs[0], 0), 1, add(y, alpha));
    return [mul(dy, slope)];
  },
  clip: ({ inputs: [x], attrs: { min, max } }, dy) => [
    mul(dy, mul(float(lessOrEqual(min, x)), float(lessOrEqual(x, max)))),
  ],
  floor: none,
  round: none,
  isNaN: none,
  logicalNot: none,
  cast: (y, dy) => [y.dtype === "float" && y.inputs[0].dtype === "float" ? dy : null],
  stopGradient: none,
  within: none,

  add: (_, dy) => [dy, dy],
  sub: (_, dy) => [dy, neg(dy)],
  mul: ({ inputs: [a, b] }, dy) => [mul(dy, b), mul(dy, a)],
  div: (y, dy) => [div(dy, y.inputs[1]), neg(div(mul(dy, y), y.inputs[1]))],
  pow: (y, dy) => {
    const [a, b] = y.inputs;
    // Where b = 0 or a = 0 the formulas say 0 times infinity; the gradient there is 0.
    const da = mul(dy, mul(b, pow(a, select(equal(b, 0), 1, sub(b, 1)))));
    const db = mul(dy, mul(y, log(select(equal(a, 0), 1, a))));
    return [da, db];
  },
  maximum: ({ inputs: [a, b] }, dy) => [mul(dy, prefer(a, b)), mul(dy, prefer(b, a))],
  minimum: ({ inputs: [a, b] }, dy) => [mul(dy, prefer(b, a)), mul(dy, prefer(a, b))],
  equal: none,
  less: none,
  lessOrEqual: none,
  logicalAnd: none,
  logicalOr: none,
  select: ({ inputs: [condition] }, dy) => [
    null,
    select(condition, dy, 0),
    select(condition, 0, dy),
  ],
  scaled: ({ inputs: [x, a, b] }, dy) => [scaled(dy, a, b), mul(mul(dy, x), b), mul(mul(dy, x), a)],

  sum: ({ inputs: [x], attrs: { axes } }, dy) => [broadcastTo(kept(dy, x, axes), x.shape)],
  max: (y, dy) => {
    const [x] = y.inputs;
    const winners = float(equal(x, kept(y, x, y.attrs.axes)));
    const shared = div(winners, sum(winners, { axes: y.attrs.axes, keepDims: true }));
    return [mul(shared, kept(dy, x, y.attrs.axes))];
  },
  norm: (y, dy) => {
    const [x] = y.inputs;
    const { axes } = y.attrs;
    return [scaled(x, kept(safeReciprocal(y), x, axes), kept(dy, x, axes))]; // of a tiny x both are huge
  },
  argmax: none,
  topKIndices: none,
  // An element is in the sums that come after it.
  cumulativeSum: ({ attrs: { axis, exclusive, reverse } }, dy) => [
    cumulativeSum(dy, axis, { exclusive, reverse: !reverse }),
  ],

  matmul: ({ inputs: [a, b] }, dy) => [matmul(dy, transpose(b)), matmul(transpose(a), dy)],
  // The three products of a convolution are linear in each argument and are each other's gradients.
  conv2d: ({ inputs: [x, w], attrs }, dy) => [
    node("convTranspose2d", [dy, w], { ...attrs, size: [x.shape[2], x.shape[3]] }),
    node("conv2dWeight", [x, dy], { ...attrs, kernel: [w.shape[2], w.shape[3]] }),
  ],
  convTranspose2d: ({ inputs: [x, w], attrs: { size: _, ...attrs } }, dy) => [
    node("conv2d", [dy, w], attrs),
    node("conv2dWeight", [dy, x], { ...attrs, kernel: [w.shape[2], w.shape[3]] }),
  ],
  conv2dWeight: ({ inputs: [x, y], attrs: { kernel: _, ...attrs } }, dw) => [
    node("convTranspose2d", [y, dw], { ...attrs, size: [x.shape[2], x.shape[3]] }),
    node("conv2d", [x, dw], attrs),
  ],
  maxPool2d: ({ inputs: [x], attrs }, dy) => [node("maxPool2dGrad", [x, dy], attrs)],
  maxPool2dGrad: () => {
    throw new Error(
      "grad: maxPool2d has no second derivative here, got a gradient of its gradient; use averagePool2d",
    );
  },

  reshape: ({ inputs: [x] }, dy) => [reshape(dy, x.shape)],
  transpose: ({ attrs: { perm } }, dy) => [
    transpose(
      dy,
      perm.map((_, i) => perm.indexOf(i)),
    ),
  ],
  broadcastTo: (_, dy) => [dy], // the reverse sweep sums it back
  concat: ({ inputs, attrs: { axis } }, dy) => {
    let start = 0;
    return inputs.map((x) => slice(dy, { axis, start, end: (start += x.shape[axis]) }));
  },
  slice: ({ inputs: [x], attrs: { starts, steps }, shape }, dy) => {
    // Turn reversed axes round, spread the elements `step` apart, and pad up to x.
    const turned = slice(
      dy,
      ...shape.flatMap((_, axis) => (steps[axis] < 0 ? [{ axis, step: -1 }] : [])),
    );
    const spread = shape.reduce(
      (y, n, axis) => spreadAxis(y, axis, n, Math.abs(steps[axis])),
      turned,
    );
    const before = starts.map((start, i) =>
      steps[i] > 0 ? start : start + (shape[i] - 1) * steps[i],
    );
    return [
      pad(
        spread,
        x.shape.map((n, i) =>
          shape[i] === 0 ? [0, n] : [before[i], n - before[i] - spread.shape[i]],
        ),
      ),
    ];
  },
  pad: ({ inputs: [x], attrs: { pads } }, dy) => [
    slice(dy, ...pads.map(([start], axis) => ({ axis, start, end: start + x.shape[axis] }))),
  ],
  gather: ({ inputs: [x, indices] }, dy) => [scatterAdd(indices, dy, x.shape[0]), null],
  scatterAdd: ({ inputs: [indices] }, dy) => [null, gather(dy, indices)],
  randomBits: none,
};

const float = (x: Node): Node => cast(x, "float");

/** 1 where a > b, 1/2 where a = b, else 0: ties share the gradient, as central differences see it. */
const prefer = (a: Node, b: Node): Node =>
  mul(add(float(less(b, a)), float(lessOrEqual(b, a))), 0.5);

/** A reduced value in the shape that broadcasts against what it was reduced from. */
const kept = (y: Node, x: Node, axes: readonly number[]): Node =>
  reshape(
    y,
    x.shape.map((d, i) => (axes.includes(i) ? 1 : d)),
  );

/** Elements of `axis` moved `step` apart with zeros between: n -> (n - 1) step + 1. */
function spreadAxis(y: Node, axis: number, n: number, step: number): Node {
  if (step === 1 || n <= 1) return y;
  const split = reshape(y, y.shape.toSpliced(axis, 1, n, 1));
  const padded = pad(
    split,
    split.shape.map((_, i) => [0, i === axis + 1 ? step - 1 : 0]),
  );
  const merged = reshape(padded, y.shape.with(axis, n * step));
  return slice(merged, { axis, end: (n - 1) * step + 1 });
}
