/** Cases of what goes along an axis: the largest of it, and sums of what came before. */
import {
  cumulativeSum,
  topK,
  type CumulativeSumOptions,
  type Node,
  type Shape,
  type TopK,
} from "../../src/graph/index.ts";
import { tensor, type Tensor } from "../../src/runtime/program.ts";
import { int32s, ints, many, some, type Case } from "./case.ts";

/** Few different values, so that there are ties. */
const ties = (shape: Shape): Tensor =>
  tensor(Float32Array.from(ints(shape, { from: -2, to: 3 }).data), shape);

export const topKCases = (f: (top: TopK) => Node): readonly Case[] =>
  many<[string, Tensor, number, number?]>(
    [
      ["of a vector", some([13]), 4],
      ["of rows", some([5, 7]), 3],
      ["of columns", some([5, 7]), 2, 0],
      ["in the middle", some([2, 9, 3]), 4, 1],
      ["of images' channels", some([2, 6, 3, 4]), 2, 1],
      ["of all", some([4, 6]), 6],
      ["of one of one", some([3, 1]), 1],
      ["of the single largest", some([5, 40]), 1],
      ["of many", some([3, 1000]), 200],
      ["of ties", ties([4, 12]), 7],
      ["of ties in columns", ties([12, 4]), 5, 0],
      ["of equals", tensor(new Float32Array(40).fill(2), [2, 20]), 20],
      ["of ties among many", ties([2, 700]), 150],
      ["of infinities and both zeros", tensor([-Infinity, 0, Infinity, -0, 0, -3e38]), 6],
      ["of no rows", tensor([], [0, 4]), 2],
    ],
    (name, x, k, axis) => ({ name, inputs: [x], build: (n) => f(topK(n, k, axis)) }),
  );

const orders: readonly [string, CumulativeSumOptions][] = [
  ["", {}],
  [", exclusive", { exclusive: true }],
  [", reverse", { reverse: true }],
  [", exclusive and reverse", { exclusive: true, reverse: true }],
];
export const cumulativeSumCases: readonly Case[] = [
  ...orders.flatMap(([title, options]) =>
    many<[string, Tensor, number]>(
      [
        ["of rows", some([4, 7]), -1],
        ["of columns", some([4, 7]), 0],
        ["in the middle", some([2, 5, 3]), 1],
        ["of a vector of int32", ints([9]), 0],
        ["of one", some([3, 1]), 1],
        ["of nothing", tensor([], [3, 0]), 1],
      ],
      (name, x, axis) => ({
        name: `${name}${title}`,
        inputs: [x],
        build: (n) => cumulativeSum(n, axis, options),
      }),
    ),
  ),
  {
    name: "beyond int32",
    inputs: [int32s(2 ** 31 - 1, 1, 2 ** 31 - 1, 7, -(2 ** 31))],
    build: (x) => cumulativeSum(x),
  },
];
