/** Functions that are built from other ops and have no lowering of their own: reductions, and tensors in other arrangements. */
import * as $ from "../../src/graph/index.ts";
import { grad } from "../../src/autodiff/index.ts";
import type { Node, Shape } from "../../src/graph/index.ts";
import { tensor, type Tensor } from "../../src/runtime/program.ts";
import { exactly, many, some, titled, type Case } from "./case.ts";
import { moving, reduction } from "./families.ts";
import { topKCases } from "./lines.ts";

/** Products of as many numbers as halves into every kind of rest. */
const sizes = [1, 2, 3, 5, 8, 13];
const withZeros = tensor([2, 3, 0.5, -1, 0, 4, 0, 3, 0, 1.5, -2, 0.25], [4, 3]);
/** What has more axes than an image never has a blocked layout. */
const beyondImages = some([1, 3, 1, 2, 5]);
/** The gradient of a weighted sum of f(x), to x. */
const gradient =
  (f: (x: Node) => Node) =>
  (x: Node): Node => {
    const y = f(x);
    const dy = $.add($.reshape($.arange($.sizeOf(y.shape), "float"), y.shape), 1);
    return grad($.sum($.mul(y, dy)), [x])[0];
  };
const ends = (parts: readonly Node[]): Node => $.concat([parts.at(-1)!, parts[0]], 0);

const arrangements: readonly Case[] = [
  { name: "split into parts", inputs: [some([6, 3])], build: (x) => ends($.split(x, 3)) },
  {
    name: "split into sizes of columns",
    inputs: [some([2, 7])],
    build: (x) => $.transpose(ends($.split(x, [3, 0, 2, 2], -1).map((y) => $.transpose(y)))),
  },
  ...titled(
    "split",
    moving([4, 3], (x) => ends($.split(x, 2))),
  ),
  ...many<[string, Shape, number]>(
    [
      ["of matrices", [2, 3], 0],
      ["of matrices, in the middle", [2, 3], 1],
      ["of matrices, at the end", [2, 3], -1],
      ["of scalars", [], 0],
    ],
    (name, shape, axis) => ({
      name: `stack ${name}`,
      inputs: [some(shape), some(shape, { seed: 1 })],
      build: (x, y) => $.stack([x, y, x], axis),
    }),
  ),
  ...titled(
    "stack",
    moving([2, 3], (x) => $.stack([x, x], 1)),
  ),
  ...many<[Shape, readonly number[]]>(
    [
      [[3], [4]],
      [
        [2, 3],
        [2, 3],
      ],
      [
        [2, 3, 1],
        [1, 2, 4],
      ],
      [
        [2, 3],
        [1, 1],
      ],
      [
        [2, 3],
        [0, 2],
      ],
      [[], []],
    ],
    (shape, repeats) => ({
      name: `tile [${shape}] by [${repeats}]`,
      inputs: [some(shape)],
      build: (x) => $.tile(x, repeats),
    }),
  ),
  ...titled(
    "tile",
    moving([2, 3], (x) => $.tile(x, [3, 2])),
  ),
  ...many<[Shape, number | readonly number[] | undefined]>(
    [
      [[5], 0],
      [[3, 4], undefined],
      [
        [2, 3, 4],
        [0, -1],
      ],
      [[2, 3], []],
      [
        [0, 3],
        [0, 1],
      ],
    ],
    (shape, axes) => ({
      name: `flip [${shape}] over ${axes === undefined ? "all" : `[${axes}]`}`,
      inputs: [some(shape)],
      build: (x) => $.flip(x, axes),
    }),
  ),
  ...titled(
    "flip",
    moving([2, 3], (x) => $.flip(x, 1)),
  ),
];

const indices: readonly [string, Tensor, number][] = [
  ["of rows", some([5, 7]), -1],
  ["of columns", some([5, 7]), 0],
  ["of ties", tensor([1, 0, 0, 3, 3, 3], [2, 3]), 1],
];

export const derived: readonly Case[] = [
  {
    name: "gradient of a sum over five axes",
    inputs: [beyondImages],
    build: (x) => grad($.sum($.mul(x, 2)), [x])[0],
  },
  {
    name: "five axes broadcast, reduced and added",
    inputs: [beyondImages, some([3, 1, 1, 1])],
    build: (x, y) =>
      $.relu($.add(x, $.sum($.broadcastTo(y, [2, 3, 16, 2, 5]), { axes: 2, keepDims: true }))),
  },
  ...exactly(titled("min", reduction($.min))),
  {
    name: "min over nothing is infinite",
    inputs: [tensor([], [2, 0])],
    build: (x) => $.equal($.min(x, { axes: 1 }), Infinity),
  },
  ...many(indices, (name, x, axis) => ({
    name: `argmin ${name}`,
    inputs: [x],
    build: (n) => $.argmin(n, axis),
  })),
  ...titled("variance", reduction($.variance)),
  {
    name: "variance of a sample",
    inputs: [some([4, 7])],
    build: (x) => $.variance(x, { axes: 1, correction: 1 }),
  },
  {
    name: "variance far from 0",
    inputs: [some([4, 7], { from: 1000, to: 1001 })],
    build: (x) => $.variance(x, { axes: 1 }),
  },
  ...titled("product", reduction($.product)),
  ...many(
    sizes.map((size): [number] => [size]),
    (size) => ({
      name: `product of ${size}`,
      inputs: [some([2, size])],
      build: (x) => $.product(x, { axes: 1 }),
    }),
  ),
  {
    name: "product over nothing",
    inputs: [tensor([], [3, 0])],
    build: (x) => $.product(x, { axes: 1 }),
  },
  {
    name: "gradient of a product with no, one and two zeros",
    inputs: [withZeros],
    build: gradient((x) => $.product(x, { axes: 1 })),
  },
  { name: "rsqrt", inputs: [tensor([1e-10, 0.25, 1, 2, 49])], build: $.rsqrt },
  {
    name: "isFinite",
    inputs: [tensor([NaN, 0, -0, Infinity, -Infinity, 3.4e38, -3.4e38, 1e-45])],
    build: $.isFinite,
  },
  ...exactly(
    titled(
      "topK's values",
      topKCases(({ values }) => values),
    ),
  ),
  ...exactly(
    titled(
      "topK's gradient",
      many<[string, Tensor, number, number]>(
        [
          ["of rows", some([5, 7]), 3, -1],
          ["in the middle", some([2, 9, 3]), 4, 1],
          ["of ties", tensor([1, 3, 3, 3, 0, 0, 0, 0], [2, 4]), 2, 1],
        ],
        (name, x, k, axis) => ({
          name,
          inputs: [x],
          build: gradient((n) => $.topK(n, k, axis).values),
        }),
      ),
    ),
  ),
  ...exactly(arrangements),
];
