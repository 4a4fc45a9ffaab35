/** Windows of poolings, with and without ties. */
import {
  add,
  arange,
  maxPool2d,
  node,
  reshape,
  sizeOf,
  type Node,
  type PoolOptions,
  type Shape,
} from "../../src/graph/index.ts";
import { tensor, type Tensor } from "../../src/runtime/program.ts";
import { ints, some, type Case } from "./case.ts";

export const pools: readonly [string, Shape, PoolOptions][] = [
  ["2x2", [2, 3, 4, 6], { kernel: 2 }],
  ["2x2, a row and a column left over", [2, 3, 5, 7], { kernel: 2 }],
  ["overlapping", [2, 3, 7, 8], { kernel: 3, strides: 2 }],
  ["overlapping by one", [1, 2, 5, 5], { kernel: 2, strides: 1 }],
  ["padded", [2, 2, 6, 6], { kernel: 3, strides: 2, pads: 1 }],
  ["padded, apart", [2, 2, 6, 7], { kernel: 2, pads: [1, 1, 0, 0] }],
  ["asymmetric", [1, 2, 6, 7], { kernel: [2, 3], strides: [2, 1], pads: [0, 1, 1, 2] }],
  ["gaps between windows", [1, 2, 8, 8], { kernel: 2, strides: 3 }],
  ["dilated", [1, 2, 7, 8], { kernel: 2, strides: 1, dilations: 2 }],
  ["dilated, interleaved", [1, 1, 8, 8], { kernel: 2, strides: 2, dilations: 3 }],
  ["of 1x1", [1, 2, 3, 3], { kernel: 1 }],
  ["of everything", [2, 3, 4, 5], { kernel: [4, 5] }],
];
/** Few different values, so that windows have ties, all of them negative, so that padding shows. */
const ties = (shape: Shape): Tensor =>
  tensor(Float32Array.from(ints(shape, { from: -4, to: -1 }).data), shape);
export const poolGrad =
  (options: PoolOptions) =>
  (x: Node): Node => {
    const y = maxPool2d(x, options);
    if (y.op !== "maxPool2d")
      throw new Error(`poolGrad: expected a maxPool2d, got ${y.op}; check ops.ts`);
    const dy = add(reshape(arange(sizeOf(y.shape), "float"), y.shape), 1);
    return node("maxPool2dGrad", [x, dy], y.attrs);
  };
export const poolCases = (f: (options: PoolOptions) => (x: Node) => Node): readonly Case[] => {
  const make = (name: string, shape: Shape, options: PoolOptions): Case[] => [
    { name, inputs: [some(shape)], build: f(options) },
    { name: `${name}, with ties`, inputs: [ties(shape)], build: f(options) },
  ];
  return pools.flatMap((row) => make(...row));
};
