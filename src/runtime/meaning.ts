/** The meaning of every op, slow and obvious: floats are float64, every tensor is row-major. What is computed elsewhere must agree. */
import { hash, streamKey } from "../graph/hash.ts";
import {
  sizeOf,
  type Axes,
  type Dtype,
  type Node,
  type NodeOf,
  type OpName,
  type Shape,
} from "../graph/index.ts";
import { erf } from "../graph/special.ts";
import { checkRange, demandOf } from "./demand.ts";
import type { Tensor, TensorData } from "./program.ts";
import { eachInWindow, forEachRun, largest } from "./windows.ts";

/** The data of a node, given its inputs; an `input` or a `parameter` is given its own value. */
type Meaning<K extends OpName> = (node: NodeOf<K>, inputs: readonly Tensor[]) => TensorData;

const arrays = {
  float: Float64Array,
  int32: Int32Array,
  uint32: Uint32Array,
  bool: Uint8Array,
} as const;

/** The values as this interpreter holds them; a copy, so that no one else's writes are seen. */
const hold = (dtype: Dtype, values: ArrayLike<number>): TensorData => arrays[dtype].from(values);
const zeros = ({ dtype, shape }: { readonly dtype: Dtype; readonly shape: Shape }): TensorData =>
  new arrays[dtype](sizeOf(shape));

export const meaning: { readonly [K in OpName]: Meaning<K> } = {
  input: ({ dtype }, [x]) => hold(dtype, x.data),
  parameter: ({ dtype }, [x]) => hold(dtype, x.data),
  constant: ({ dtype, attrs }) => hold(dtype, attrs.data),

  neg: unary((x) => -x),
  abs: unary(Math.abs),
  sign: unary(Math.sign),
  exp: unary(Math.exp),
  expm1: unary(Math.expm1),
  log: unary(Math.log),
  log1p: unary(Math.log1p),
  sqrt: unary(Math.sqrt),
  safeReciprocal: unary((x) => (x === 0 ? 0 : 1 / x)),
  sin: unary(Math.sin),
  cos: unary(Math.cos),
  tanh: unary(Math.tanh),
  sigmoid: unary((x) => 1 / (1 + Math.exp(-x))),
  softplus: unary((x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))), // e^x itself would overflow
  erf: unary(erf),
  leakyRelu: unary((x, { alpha }) => (x > 0 ? x : alpha * x)),
  leakyStep: unary((x, { alpha }) => (x > 0 ? 1 : alpha)),
  elu: unary((x, { alpha }) => (x > 0 ? x : alpha * Math.expm1(x))),
  clip: unary((x, { min, max }) => Math.min(Math.max(x, min), max)),
  floor: unary(Math.floor),
  round: unary((x) => {
    const up = Math.round(x); // halves go up
    return up - x === 0.5 && up % 2 !== 0 ? up - 1 : up;
  }),
  isNaN: unary((x) => Number(Number.isNaN(x))),
  logicalNot: unary((x) => Number(x === 0)),
  cast: ({ dtype }, [x]) =>
    dtype === "bool" ? Uint8Array.from(x.data, (v) => Number(v !== 0)) : hold(dtype, x.data), // typed arrays truncate toward zero
  stopGradient: (_, [x]) => x.data,
  within: (y, [x]) => inRange(y, x),

  add: elementwise((a, b) => a + b),
  sub: elementwise((a, b) => a - b),
  mul: (y, inputs) => multiply[y.dtype === "int32" ? "int32" : "float"](y, inputs),
  div: elementwise((a, b) => a / b),
  pow: elementwise((a, b) => a ** b),
  maximum: elementwise(Math.max),
  minimum: elementwise(Math.min),
  equal: elementwise((a, b) => Number(a === b)),
  less: elementwise((a, b) => Number(a < b)),
  lessOrEqual: elementwise((a, b) => Number(a <= b)),
  logicalAnd: elementwise((a, b) => a & b),
  logicalOr: elementwise((a, b) => a | b),
  select: elementwise((condition, a, b) => (condition ? a : b)),
  scaled: elementwise((x, a, b) => x * (a * b)),

  sum: reduction(0, (total, x) => total + x),
  max: reduction(-Infinity, Math.max),
  norm: (y, inputs) => squaredNorm(y, inputs).map(Math.sqrt),
  argmax: (y, [x]) => {
    const { starts, stride, length } = lines(x.shape, y.attrs.axis);
    return Int32Array.from(starts, (start) => {
      let best = 0;
      for (let i = 1; i < length; i++)
        if (x.data[start + i * stride] > x.data[start + best * stride]) best = i;
      return best;
    });
  },
  topKIndices: (y, [x]) => {
    const out = zeros(y);
    const { starts, stride, length } = lines(x.shape, y.attrs.axis);
    const to = lines(y.shape, y.attrs.axis).starts;
    starts.forEach((start, line) => {
      const order = Array.from({ length }, (_, i) => i); // sorting leaves equals in their order
      order.sort((i, j) => x.data[start + j * stride] - x.data[start + i * stride]);
      for (let rank = 0; rank < y.attrs.k; rank++) out[to[line] + rank * stride] = order[rank];
    });
    return out;
  },
  cumulativeSum: (y, [x]) => {
    const { axis, exclusive, reverse } = y.attrs;
    const out = zeros(y);
    const { starts, stride, length } = lines(x.shape, axis);
    for (const start of starts) {
      let before = 0;
      for (let i = 0; i < length; i++) {
        const at = start + (reverse ? length - 1 - i : i) * stride;
        const upTo = before + x.data[at];
        out[at] = exclusive ? before : upTo;
        before = y.dtype === "int32" ? upTo | 0 : upTo;
      }
    }
    return out;
  },

  matmul: (y, [a, b]) => {
    const [n, m] = y.shape.slice(-2) as [number, number];
    const k = a.shape.at(-1)!;
    const batch = y.shape.slice(0, -2);
    const startsIn = (x: Tensor): Int32Array =>
      walk(batch, broadcastStrides(x.shape.slice(0, -2), batch, sizeOf(x.shape.slice(-2))));
    const [aStarts, bStarts] = [startsIn(a), startsIn(b)];
    const out = zeros(y);
    for (let z = 0; z < aStarts.length; z++)
      for (let i = 0; i < n; i++)
        for (let l = 0; l < k; l++) {
          const left = a.data[aStarts[z] + i * k + l];
          for (let j = 0; j < m; j++)
            out[(z * n + i) * m + j] += left * b.data[bStarts[z] + l * m + j];
        }
    return out;
  },
  conv2d: (y, [x, w]) => {
    const out = zeros(y);
    const conv = { ...y.attrs, x: x.shape, w: w.shape, y: y.shape };
    forEachRun(conv, ({ xi, step, wi, yi, count }) => {
      for (let i = 0; i < count; i++) out[yi + i] += x.data[xi + i * step] * w.data[wi];
    });
    return out;
  },
  convTranspose2d: (dx, [dy, w]) => {
    const out = zeros(dx);
    const conv = { ...dx.attrs, x: dx.shape, w: w.shape, y: dy.shape };
    forEachRun(conv, ({ xi, step, wi, yi, count }) => {
      for (let i = 0; i < count; i++) out[xi + i * step] += dy.data[yi + i] * w.data[wi];
    });
    return out;
  },
  conv2dWeight: (dw, [x, dy]) => {
    const out = zeros(dw);
    const conv = { ...dw.attrs, x: x.shape, w: dw.shape, y: dy.shape };
    forEachRun(conv, ({ xi, step, wi, yi, count }) => {
      for (let i = 0; i < count; i++) out[wi] += x.data[xi + i * step] * dy.data[yi + i];
    });
    return out;
  },
  maxPool2d: (y, [x]) => largest(x, y.attrs, y.shape),
  maxPool2dGrad: (y, [x, dy]) => {
    const out = zeros(y);
    const y0 = largest(x, y.attrs, dy.shape);
    const winners = new Float64Array(y0.length);
    const eachWinner = (visit: (xi: number, yi: number) => void): void =>
      eachInWindow(x, y.attrs, dy.shape, (xi, yi) => {
        if (x.data[xi] === y0[yi]) visit(xi, yi);
      });
    eachWinner((_, yi) => winners[yi]++);
    eachWinner((xi, yi) => (out[xi] += dy.data[yi] / winners[yi]));
    return out;
  },

  reshape: (_, [x]) => x.data,
  transpose: (y, [x]) => {
    const strides = stridesOf(x.shape);
    const permuted = y.attrs.perm.map((axis) => strides[axis]);
    return pick(y, x, walk(y.shape, permuted));
  },
  broadcastTo: (y, [x]) => pick(y, x, walk(y.shape, broadcastStrides(x.shape, y.shape))),
  concat: (y, inputs) => {
    const out = zeros(y);
    const strides = stridesOf(y.shape);
    let offset = 0;
    for (const x of inputs) {
      walk(x.shape, strides, offset).forEach((yi, xi) => (out[yi] = x.data[xi]));
      offset += x.shape[y.attrs.axis] * strides[y.attrs.axis];
    }
    return out;
  },
  slice: (y, [x]) => {
    const { starts, steps } = y.attrs;
    const strides = stridesOf(x.shape);
    const stretched = strides.map((s, i) => s * steps[i]);
    return pick(y, x, walk(y.shape, stretched, dot(starts, strides)));
  },
  pad: (y, [x]) => {
    const out = zeros(y);
    const strides = stridesOf(y.shape);
    const before = y.attrs.pads.map(([first]) => first);
    walk(x.shape, strides, dot(before, strides)).forEach((yi, xi) => (out[yi] = x.data[xi]));
    return out;
  },
  gather: (y, [x, indices]) => pick(y, x, rows(inRange(y, indices), sizeOf(x.shape.slice(1)))),
  scatterAdd: (y, [indices, rest]) => {
    const out = zeros(y);
    const at = rows(inRange(y, indices), sizeOf(y.shape.slice(1)));
    at.forEach((yi, i) => (out[yi] += rest.data[i]));
    return out;
  },

  randomBits: ({ attrs, shape }, [key]) => {
    const { first = 0 } = attrs;
    const [s0, s1] = streamKey(attrs.stream);
    const mixed = [key.data[0] ^ s0, key.data[1] ^ s1] as const;
    const bits = (_: unknown, i: number): number => hash(i + first, mixed) >>> (32 - attrs.bits);
    return Int32Array.from({ length: sizeOf(shape) }, bits);
  },
};

function unary<K extends OpName>(f: (x: number, attrs: NodeOf<K>["attrs"]) => number): Meaning<K> {
  return (y, [x]) => {
    const out = zeros(y);
    for (let i = 0; i < out.length; i++) out[i] = f(x.data[i], y.attrs);
    return out;
  };
}

/** A function of two elements, or three, of tensors broadcast against each other; of two, the second comes twice. */
function elementwise<K extends OpName>(f: (a: number, b: number, c: number) => number): Meaning<K> {
  return (y, inputs) => {
    const out = zeros(y);
    const [a, b, c = b] = inputs.map(({ data, shape }) => ({
      data,
      at: walk(y.shape, broadcastStrides(shape, y.shape)),
    }));
    for (let i = 0; i < out.length; i++)
      out[i] = f(a.data[a.at[i]], b.data[b.at[i]], c.data[c.at[i]]);
    return out;
  };
}
const multiply: { readonly [K in "float" | "int32"]: Meaning<"mul"> } = {
  float: elementwise((a, b) => a * b),
  int32: elementwise(Math.imul), // a product beyond 2^53 has lost the low bits that should wrap around
};

/** A fold over the reduced axes. */
function reduction<K extends "sum" | "max" | "norm">(
  first: number,
  f: (total: number, x: number) => number,
): Meaning<K> {
  return (y, [x]) => {
    const { axes } = y.attrs;
    const kept = x.shape.map((d, i) => (axes.includes(i) ? 1 : d));
    const at = walk(x.shape, broadcastStrides(kept, x.shape)); // a reduction is the transpose of a broadcast
    const out = zeros(y).fill(first);
    at.forEach((yi, xi) => (out[yi] = f(out[yi], x.data[xi])));
    return out;
  };
}
const squaredNorm = reduction<"norm">(0, (total, x) => total + x * x);

/** How far apart neighbours along each axis lie. */
const stridesOf = (shape: Shape): number[] => shape.map((_, i) => sizeOf(shape.slice(i + 1)));
const dot = (a: Axes, b: Axes): number => a.reduce((total, x, i) => total + x * b[i], 0);
/** Strides that read `from`, of elements `size` long, as if it had the shape `to`: 0 along the axes it repeats on. */
const broadcastStrides = (from: Shape, to: Shape, size = 1): number[] => {
  const strides = stridesOf(from).map((s, i) => (from[i] === 1 ? 0 : s * size));
  return [...new Array<number>(to.length - from.length).fill(0), ...strides];
};

/** For every element of `shape` in row-major order, where `strides` take it: `offset` + its coordinates times strides. */
function walk(shape: Shape, strides: Axes, offset = 0): Int32Array {
  let at = Int32Array.of(offset);
  shape.forEach((d, axis) => {
    const next = new Int32Array(at.length * d);
    for (let i = 0; i < at.length; i++)
      for (let j = 0; j < d; j++) next[i * d + j] = at[i] + j * strides[axis];
    at = next;
  });
  return at;
}

/** A tensor as lines along `axis`: the elements of one lie at start + i stride. */
const lines = (
  shape: Shape,
  axis: number,
): { readonly starts: Int32Array; readonly stride: number; readonly length: number } => {
  const strides = stridesOf(shape);
  const starts = walk(shape.toSpliced(axis, 1), strides.toSpliced(axis, 1));
  return { starts, stride: strides[axis], length: shape[axis] };
};

const pick = (
  y: { readonly dtype: Dtype; readonly shape: Shape },
  x: Tensor,
  at: Int32Array,
): TensorData => {
  const out = zeros(y);
  for (let i = 0; i < out.length; i++) out[i] = x.data[at[i]];
  return out;
};

/** The indices that `n` is given, all in the range it asks for. */
function inRange(n: Node, indices: Tensor): TensorData {
  checkRange(demandOf(n)!, indices);
  return indices.data;
}

/** Where the elements of the rows lie that `indices` name, each row `size` long. */
function rows(indices: TensorData, size: number): Int32Array {
  const at = new Int32Array(indices.length * size);
  indices.forEach((index, i) => {
    for (let j = 0; j < size; j++) at[i * size + j] = index * size + j;
  });
  return at;
}
