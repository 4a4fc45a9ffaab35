/** Families of ops that share their cases. */
import {
  abs,
  add,
  cast,
  div,
  lessOrEqual,
  mul,
  norm,
  reshape,
  safeReciprocal,
  scaled,
  select,
  within,
  type Dtype,
  type Node,
  type RandomOptions,
  type ReductionOptions,
  type Shape,
} from "../../src/graph/index.ts";
import { keyTensor, tensor, type Tensor } from "../../src/runtime/program.ts";
import { bools, int32s, ints, many, some, type Case, type Range } from "./case.ts";

type Unary = (x: Node) => Node;
type Binary = (x: Node, y: Node) => Node;

/** Where functions bend: zero, both signs, beyond saturation. */
const bends = tensor([-100, -20, -3, -1, -0.5, -1e-3, 0, 1e-3, 0.5, 1, 3, 20, 100]);
export const unary = (f: Unary, x: Tensor = bends): readonly Case[] => [
  { name: "of a vector", inputs: [x], build: f },
  { name: "of a matrix", inputs: [some([3, 17], { from: 0.1, to: 3 })], build: f },
];

export const broadcasts: readonly [string, Shape, Shape][] = [
  ["of equal shapes", [3, 4], [3, 4]],
  ["with a scalar", [3, 4], []],
  ["of a scalar with", [], [2, 3]],
  ["with a row", [3, 4], [4]],
  ["of a column and a row", [3, 1], [1, 4]],
  ["over the channels", [2, 3, 4, 5], [1, 3, 1, 1]],
  ["in the middle", [2, 1, 3], [2, 4, 1]],
];
export const binary = (f: Binary, range: Range = {}): readonly Case[] => {
  const make = (name: string, a: Shape, b: Shape): Case => ({
    name,
    inputs: [some(a, range), some(b, { ...range, seed: 1 })],
    build: f,
  });
  return [make("of vectors", [5], [5]), ...broadcasts.map((row) => make(...row))];
};
export const onInts = (f: Binary): Case => ({
  name: "of int32",
  inputs: [ints([4, 5]), ints([5], { seed: 1 })],
  build: f,
});
export const comparison = (f: Binary): readonly Case[] => [
  ...binary(f),
  { name: "of equals", inputs: [tensor([1, 2, 3, -0]), tensor([1, 3, 2, 0])], build: f },
  onInts(f),
];
export const ofBool = (f: Binary): Case => ({
  name: "of bool",
  inputs: [bools([9]), bools([9], 1)],
  build: f,
});
export const beyondInt32: Case["inputs"] = [
  int32s(2 ** 31 - 1, -(2 ** 31), 0x7feb352d, -7),
  int32s(1, -1, 0x6ca68b, 9),
];

export const reduction = (f: (x: Node, options: ReductionOptions) => Node): readonly Case[] =>
  many<[string, Shape, ReductionOptions]>(
    [
      ["over all", [3, 4], {}],
      ["over all, kept", [3, 4], { keepDims: true }],
      ["over the first axis", [5, 3], { axes: 0 }],
      ["over the last axis", [5, 3], { axes: -1 }],
      ["over the last axis, kept", [5, 33], { axes: -1, keepDims: true }],
      ["over the middle", [2, 3, 4], { axes: 1 }],
      ["over batch and space", [2, 3, 4, 5], { axes: [0, 2, 3] }],
      ["over batch and space, kept", [2, 3, 4, 5], { axes: [0, 2, 3], keepDims: true }],
      ["over outer axes", [2, 3, 4], { axes: [0, 2] }],
      ["over no axes", [2, 3], { axes: [] }],
      ["of a scalar", [], {}],
      ["over axes of 1", [1, 3, 1], { axes: [0, 2] }],
    ],
    (name, shape, options) => ({ name, inputs: [some(shape)], build: (x) => f(x, options) }),
  );

export const ranged: readonly Case[] = [
  {
    name: "of a vector",
    inputs: [int32s(3, 0, 2)],
    build: (i) => within(i, { least: 0, most: 3, what: "i" }),
  },
  {
    name: "of a computed matrix, with one outside that is let through",
    inputs: [ints([2, 3]), tensor([1, 2, 3, 4, 5, -9], [2, 3], "int32")],
    build: (i, j) => within(add(mul(i, 0), j), { least: 1, most: 5, or: -9, what: "i" }),
  },
];

const withZeroRows = tensor([3, 4, 0, 0, -1e-3, 0], [3, 2]);
export const normsOfZeroRows: readonly Case[] = [
  { name: "of zero rows", inputs: [withZeroRows], build: (x) => norm(x, { axes: 1 }) },
  {
    name: "and its safe reciprocal at zero rows",
    inputs: [withZeroRows],
    build: (x) => safeReciprocal(norm(x, { axes: 1, keepDims: true })),
  },
];
/** Rows of sizes whose squares leave float32, alone and beside others: |x| y, for y as large as x is small. */
const rowsOf = (size: number): readonly Case["inputs"][] => [
  [tensor([3 * size, -4 * size, 12 * size], [1, 3]), tensor([1 / size], [1, 1])],
  [
    tensor([0, 0, 0, 3, 4, -12, 3 * size, 4 * size, 0], [3, 3]),
    tensor([1 / size, 1, 1 / size], [3, 1]),
  ],
];
const sizes = [1e-37, 1e-25, 1e-20, 1e-12, 1e12, 1e19, 1e30, 1e37];
export const normsOfAnySize: readonly Case[] = sizes.flatMap((size) =>
  rowsOf(size).flatMap((inputs, i): readonly Case[] => [
    {
      name: `about ${size}, ${i === 0 ? "alone" : "beside others"}`,
      inputs,
      build: (x, by) => mul(norm(x, { axes: 1, keepDims: true }), by),
    },
    {
      name: `about ${size}, ${i === 0 ? "alone" : "beside others"}, axes dropped`,
      inputs,
      build: (x, by) => mul(norm(x, { axes: 1 }), reshape(by, [-1])),
    },
  ]),
);
/** -1 in place of NaN, which equals nothing. */
const numbersOf = (x: Node): Node => select(lessOrEqual(x, 1e9), x, -1);
/** A NaN among rows of such sizes, which are as exact beside it as without it. */
export const normsBesideNaN: readonly Case[] = [
  {
    name: "of any size beside NaN",
    inputs: [tensor([NaN, 2, 3e-25, 4e-25, 3e19, 4e19], [3, 2]), tensor([1, 1e25, 1e-19], [3, 1])],
    build: (x, by) => numbersOf(mul(norm(x, { axes: 1, keepDims: true }), by)),
  },
];
export const scaledCases: readonly Case[] = [
  {
    name: "beside NaN",
    inputs: [
      tensor([1, 2, 3e25, 4e25], [2, 2]),
      tensor([NaN, 1e-25], [2, 1]),
      tensor([1, 1e-25], [2, 1]),
      tensor([1, 1e25], [2, 1]),
    ],
    build: (x, a, b, c) => numbersOf(mul(scaled(x, a, b), c)),
  },
  ...broadcasts
    .filter(([, x, a]) => x.length >= a.length && !x.includes(1))
    .map(([name, x, a]): Case => ({
      name,
      inputs: [some(x), some(a, { seed: 1 }), some(a, { seed: 2 })],
      build: scaled,
    })),
  ...sizes.map((size): Case => ({
    name: `by ${1 / size} twice`,
    inputs: [
      tensor([3 * size, -4 * size, 3, 4, 5, 6], [3, 2]),
      tensor([1 / size, -2, 0], [3, 1]),
      tensor([1, 3, 4], [3, 1]),
      tensor([1 / size, 1, 1 / size], [3, 1]),
    ],
    build: (x, a, b, c) =>
      mul(scaled(x, a, mul(b, c)), select(lessOrEqual(abs(a), 2), 1, div(1, c))),
  })),
];

export const castable: Readonly<Record<Dtype, Tensor>> = {
  float: tensor([0, 0.5, 0.99, 1, 2.5, 100.75, 65537]),
  int32: int32s(-(2 ** 31), -7, -1, 0, 1, 7, 2 ** 24 + 2, 2 ** 31 - 128),
  uint32: tensor([0, 1, 7, 2 ** 24 + 2, 2 ** 31, 2 ** 32 - 256], [6], "uint32"),
  bool: tensor([0, 1, 1], [3], "bool"),
};
export const dtypes = Object.keys(castable) as Dtype[];
export const casts: readonly Case[] = dtypes.flatMap((from) =>
  dtypes
    .filter((to) => to !== from)
    .map((to): Case => ({
      name: `${from} to ${to}`,
      inputs: [castable[from]],
      build: (x) => cast(x, to),
    })),
);

/** An op that only moves elements, on every dtype. */
export const moving = (shape: Shape, f: Unary): readonly Case[] => [
  { name: "of int32", inputs: [ints(shape)], build: f },
  { name: "of uint32", inputs: [ints(shape, { from: 0, to: 2 ** 32 }, "uint32")], build: f },
  { name: "of bool", inputs: [bools(shape)], build: f },
];

export const key: Tensor = keyTensor("conformance");
export const random = (f: (key: Node, options: RandomOptions) => Node): readonly Case[] =>
  many<[string, Shape, number]>(
    [
      ["of a matrix", [7, 11], 0],
      ["of a scalar", [], 1],
      ["of 10007", [10007], 2],
      ["of 2 x 4096", [2, 4096], 3],
    ],
    (name, shape, stream) => ({
      name,
      inputs: [key],
      build: (k) => f(k, { shape, stream }),
      exact: true,
    }),
  );
