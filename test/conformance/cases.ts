/** What every runtime must compute as the reference does: at least one case an op, more where lowerings branch. */
import * as $ from "../../src/graph/index.ts";
import { parameter, type Dtype, type OpName, type Shape } from "../../src/graph/index.ts";
import { tensor, type Tensor } from "../../src/runtime/program.ts";
import { exactly, int32s, ints, many, some, titled, type Case } from "./case.ts";
import { convolutionCases } from "./convolutions.ts";
import { elementwise } from "./elementwise.ts";
import {
  castable,
  dtypes,
  key,
  moving,
  normsOfAnySize,
  normsBesideNaN,
  normsOfZeroRows,
  random,
  ranged,
  reduction,
  scaledCases,
} from "./families.ts";
import { cumulativeSumCases, topKCases } from "./lines.ts";
import { poolCases, poolGrad } from "./pooling.ts";

export type { Case } from "./case.ts";
export { composed } from "./composed.ts";
export { derived } from "./derived.ts";

const convolutions = convolutionCases();

export const cases: { readonly [K in OpName]: readonly Case[] } = {
  input: exactly(
    dtypes.map((d): Case => ({ name: `of ${d}`, inputs: [castable[d]], build: (x) => x })),
  ),
  parameter: exactly(
    dtypes.map((dtype): Case => ({
      name: `of ${dtype}`,
      inputs: [],
      build: () =>
        parameter("p", [2, 2], { dtype, init: { kind: "values", values: [1, 0, 1, 1] } }),
    })),
  ),
  constant: exactly(
    many<[Dtype, number[]]>(
      [
        ["float", [-1.5, 0, 2 ** -20, 2 ** 127]],
        ["int32", [-(2 ** 31), 0, 1, 2 ** 31 - 1]],
        ["uint32", [0, 1, 2 ** 31, 2 ** 32 - 1]],
        ["bool", [0, 1, 1, 0]],
      ],
      (dtype, data) => ({
        name: `of ${dtype}`,
        inputs: [],
        build: () => $.constant(data, [2, 2], dtype),
      }),
    ),
  ),

  ...elementwise,
  within: ranged,
  scaled: scaledCases,

  sum: [
    ...reduction($.sum),
    { name: "over nothing", inputs: [tensor([], [0, 3])], build: (x) => $.sum(x, { axes: 0 }) },
  ],
  max: exactly(reduction($.max)),
  norm: [...reduction($.norm), ...normsOfZeroRows, ...normsOfAnySize, ...normsBesideNaN],
  argmax: exactly(
    many<[string, Tensor, number]>(
      [
        ["of rows", some([5, 7]), -1],
        ["of columns", some([5, 7]), 0],
        ["in the middle", some([2, 9, 3]), 1],
        ["of a vector", some([13]), 0],
        ["of ties", tensor([1, 3, 3, 0, 0, 0], [2, 3]), 1],
      ],
      (name, x, axis) => ({ name, inputs: [x], build: (n) => $.argmax(n, axis) }),
    ),
  ),
  topKIndices: exactly(topKCases(({ indices }) => indices)),
  cumulativeSum: cumulativeSumCases,

  matmul: [
    ...many<[string, Shape, Shape]>(
      [
        ["of matrices", [3, 4], [4, 5]],
        ["of larger matrices", [33, 65], [65, 17]],
        ["row by column", [1, 7], [7, 1]],
        ["column by row", [7, 1], [1, 7]],
        ["batched", [2, 3, 4], [2, 4, 5]],
        ["with one right side", [2, 3, 4], [4, 5]],
        ["with one left side", [3, 4], [2, 4, 5]],
        ["batches broadcast", [2, 1, 3, 4], [1, 5, 4, 2]],
        ["stretched batch", [1, 3, 4], [6, 4, 5]],
      ],
      (name, a, b) => ({ name, inputs: [some(a), some(b, { seed: 1 })], build: $.matmul }),
    ),
    {
      name: "of transposes",
      inputs: [some([4, 3]), some([5, 4])],
      build: (a, b) => $.matmul($.transpose(a), $.transpose(b)),
    },
    {
      name: "of batched transposes",
      inputs: [some([2, 4, 3]), some([2, 5, 4])],
      build: (a, b) => $.matmul($.transpose(a), $.transpose(b)),
    },
    {
      name: "with a constant and a bias",
      inputs: [some([6, 4]), some([3])],
      build: (x, b) => $.relu($.add($.matmul(x, $.constant(some([4, 3]).data, [4, 3])), b)),
    },
  ],
  conv2d: convolutions.conv2d,
  convTranspose2d: convolutions.convTranspose2d,
  conv2dWeight: convolutions.conv2dWeight,
  maxPool2d: exactly(poolCases((options) => (x) => $.maxPool2d(x, options))),
  maxPool2dGrad: [
    ...poolCases(poolGrad),
    {
      name: "beside its pooling",
      inputs: [some([1, 2, 4, 4])],
      build: (x) =>
        $.concat(
          [$.flatten($.maxPool2d(x, { kernel: 2 })), $.flatten(poolGrad({ kernel: 2 })(x))],
          1,
        ),
    },
  ],

  reshape: exactly([
    { name: "to a matrix", inputs: [some([2, 3, 4])], build: (x) => $.reshape(x, [6, 4]) },
    { name: "to a scalar", inputs: [some([1, 1])], build: (x) => $.reshape(x, []) },
    { name: "from a scalar", inputs: [some([])], build: (x) => $.reshape(x, [1, 1, 1]) },
    { name: "of nothing", inputs: [tensor([], [0, 3])], build: (x) => $.reshape(x, [3, 0]) },
    ...moving([2, 3, 4], (x) => $.reshape(x, [4, -1])),
  ]),
  transpose: exactly([
    { name: "of a matrix", inputs: [some([3, 5])], build: (x) => $.transpose(x) },
    {
      name: "to channels last",
      inputs: [some([2, 3, 4, 5])],
      build: (x) => $.transpose(x, [0, 2, 3, 1]),
    },
    { name: "turned round", inputs: [some([2, 3, 4])], build: (x) => $.transpose(x, [2, 1, 0]) },
    {
      name: "twice",
      inputs: [some([2, 3, 4])],
      build: (x) => $.transpose($.transpose(x, [1, 2, 0]), [1, 2, 0]),
    },
    ...moving([2, 3, 4], (x) => $.transpose(x, [2, 0, 1])),
  ]),
  broadcastTo: exactly([
    { name: "of a scalar", inputs: [some([])], build: (x) => $.broadcastTo(x, [2, 3]) },
    { name: "of a column", inputs: [some([3, 1])], build: (x) => $.broadcastTo(x, [2, 3, 4]) },
    {
      name: "of five axes",
      inputs: [some([2, 1, 3, 1, 2])],
      build: (x) => $.broadcastTo(x, [2, 4, 3, 2, 2]),
    },
    ...moving([3, 1], (x) => $.broadcastTo(x, [3, 4])),
  ]),
  concat: exactly([
    {
      name: "of rows",
      inputs: [some([2, 3]), some([1, 3]), some([4, 3])],
      build: (...xs) => $.concat(xs, 0),
    },
    {
      name: "of columns",
      inputs: [some([2, 3]), some([2, 1])],
      build: (...xs) => $.concat(xs, -1),
    },
    {
      name: "of channels",
      inputs: [some([2, 3, 2, 2]), some([2, 1, 2, 2])],
      build: (...xs) => $.concat(xs, 1),
    },
    { name: "of one", inputs: [some([2, 3])], build: (x) => $.concat([x], 0) },
    { name: "with itself", inputs: [some([2, 3])], build: (x) => $.concat([x, x], 0) },
    ...moving([2, 3], (x) => $.concat([x, x], 1)),
  ]),
  slice: exactly([
    ...many<[string, Shape, $.SliceRange[]]>(
      [
        ["of rows", [6, 3], [{ axis: 0, start: 1, end: 4 }]],
        [
          "of both axes",
          [6, 5],
          [
            { axis: 0, start: 2 },
            { axis: 1, end: -1 },
          ],
        ],
        ["by steps", [7, 3], [{ axis: 0, start: 1, step: 2 }]],
        ["by steps that end early", [8], [{ axis: 0, end: 7, step: 3 }]],
        ["backwards", [5, 3], [{ axis: 0, step: -1 }]],
        [
          "backwards on both axes",
          [4, 3],
          [
            { axis: 0, step: -1 },
            { axis: 1, step: -1 },
          ],
        ],
        ["backwards by two", [6], [{ axis: 0, start: 5, step: -2 }]],
        ["backwards to the middle", [6], [{ axis: 0, start: 4, end: 1, step: -1 }]],
        ["of nothing", [6, 2], [{ axis: 0, start: 3, end: 3 }]],
      ],
      (name, shape, ranges) => ({
        name,
        inputs: [some(shape)],
        build: (x) => $.slice(x, ...ranges),
      }),
    ),
    ...moving([5, 3], (x) => $.slice(x, { axis: 0, start: 4, step: -2 })),
  ]),
  pad: exactly([
    { name: "of a vector", inputs: [some([3])], build: (x) => $.pad(x, [[1, 2]]) },
    {
      name: "of an image",
      inputs: [some([1, 2, 3, 3])],
      build: (x) =>
        $.pad(x, [
          [0, 0],
          [0, 0],
          [1, 2],
          [3, 0],
        ]),
    },
    ...moving([2, 3], (x) =>
      $.pad(x, [
        [1, 0],
        [0, 2],
      ]),
    ),
  ]),
  gather: exactly([
    ...many<[string, Shape, Tensor]>(
      [
        ["of rows", [5, 3], int32s(4, 0, 2)],
        ["of repeated rows", [5, 3], int32s(1, 1, 4, 1)],
        ["of numbers", [5], int32s(3, 3, 0)],
        ["by a matrix", [5, 2, 3], ints([2, 4], { from: 0, to: 5 })],
        ["by a scalar", [5, 3], tensor(2, [], "int32")],
      ],
      (name, shape, indices) => ({ name, inputs: [some(shape), indices], build: $.gather }),
    ),
    ...moving([5, 3], (x) => $.gather(x, $.constant([3, 0, 3], [3], "int32"))),
  ]),
  scatterAdd: many<[string, Tensor, Shape]>(
    [
      ["of rows", int32s(4, 0, 2), [3, 3]],
      ["of repeated rows", int32s(1, 1, 4, 1), [4, 3]],
      ["of numbers", int32s(3, 3, 0), [3]],
      ["by a matrix", ints([2, 4], { from: 0, to: 5 }), [2, 4, 2, 3]],
      ["by a scalar", tensor(2, [], "int32"), [3]],
    ],
    (name, indices, shape) => ({
      name,
      inputs: [indices, some(shape)],
      build: (i, y) => $.scatterAdd(i, y, 5),
    }),
  ),

  randomBits: [
    ...random((k, o) => $.randomBits(k, 24, o)),
    ...titled(
      "one bit",
      random((k, o) => $.randomBits(k, 1, o)),
    ),
    {
      name: "of a large stream",
      inputs: [key],
      build: (k) => $.randomBits(k, 21, { shape: [5], stream: 2 ** 31 + 5 }),
    },
    {
      name: "from another index than 0",
      inputs: [key],
      build: (k) => $.randomBits(k, 24, { shape: [7, 600], stream: 1, first: 70_000 }),
    },
  ],
};
