/** Geometries of convolutions, each of which makes a case of the three ops: the convolution and its two gradients. */
import {
  conv2d,
  constant,
  convTranspose2d,
  node,
  type Conv2dAttrs,
  type Conv2dOptions,
  type Node,
  type Shape,
} from "../../src/graph/index.ts";
import type { Tensor } from "../../src/runtime/program.ts";
import { some, type Case } from "./case.ts";

/** x [n, c, h, w], w [o, c / groups, kh, kw]. */
export const geometries: readonly [name: string, x: Shape, w: Shape, options: Conv2dOptions][] = [
  ["3x3", [2, 3, 5, 6], [4, 3, 3, 3], {}],
  ["3x3, padded", [2, 3, 5, 7], [4, 3, 3, 3], { pads: 1 }],
  ["3x3, width 16", [2, 3, 4, 16], [5, 3, 3, 3], { pads: 1 }],
  ["3x3, width 32", [1, 2, 3, 32], [3, 2, 3, 3], { pads: 1 }],
  ["3x3, width 17", [2, 3, 4, 17], [5, 3, 3, 3], { pads: 1 }],
  ["3x3, channels for vectors", [2, 16, 6, 8], [32, 16, 3, 3], { pads: 1 }],
  ["3x3, channels and width for vectors", [2, 32, 16, 16], [16, 32, 3, 3], { pads: 1 }],
  ["3x3, channels not for vectors", [2, 17, 6, 6], [18, 17, 3, 3], { pads: 1 }],
  ["3x3, unpadded, channels for vectors", [2, 16, 6, 6], [16, 16, 3, 3], {}],
  ["3x3, stride 2, channels for vectors", [2, 16, 8, 8], [32, 16, 3, 3], { strides: 2, pads: 1 }],
  ["1x1", [2, 3, 4, 5], [6, 3, 1, 1], {}],
  ["1x1, channels for vectors", [2, 32, 4, 4], [16, 32, 1, 1], {}],
  ["1x1, stride 2", [2, 3, 5, 6], [4, 3, 1, 1], { strides: 2 }],
  ["1x1, padded beyond its kernel", [2, 3, 4, 4], [4, 3, 1, 1], { pads: 1 }],
  ["stride 2", [2, 3, 7, 7], [4, 3, 3, 3], { strides: 2 }],
  ["stride 2, padded, last row unreached", [2, 3, 8, 8], [4, 3, 3, 3], { strides: 2, pads: 1 }],
  ["stride 2 divides the kernel", [2, 3, 8, 10], [4, 3, 4, 2], { strides: 2 }],
  ["stride 2 divides the kernel, padded", [2, 3, 7, 9], [4, 3, 4, 4], { strides: 2, pads: 1 }],
  ["stride 4 divides the kernel, last row unreached", [2, 2, 13, 16], [3, 2, 8, 8], { strides: 4 }],
  [
    "stride 2 divides the kernel, asymmetric pads",
    [2, 2, 6, 5],
    [3, 2, 2, 4],
    { strides: 2, pads: [1, 2, 0, 1] },
  ],
  ["strides 2 and 3", [1, 2, 9, 10], [3, 2, 3, 4], { strides: [2, 3] }],
  ["stride beyond the kernel", [1, 2, 9, 9], [3, 2, 2, 2], { strides: 3 }],
  ["asymmetric pads", [2, 2, 5, 5], [3, 2, 3, 3], { pads: [0, 1, 2, 3] }],
  ["pads at the end", [2, 2, 5, 5], [3, 2, 2, 2], { pads: [0, 0, 1, 1] }],
  [
    "asymmetric pads and strides",
    [2, 2, 7, 6],
    [3, 2, 3, 2],
    { pads: [1, 0, 2, 1], strides: [2, 3] },
  ],
  ["dilation 2", [2, 2, 8, 9], [3, 2, 3, 3], { dilations: 2 }],
  ["dilations 1 and 3, padded", [1, 2, 6, 9], [3, 2, 3, 3], { dilations: [1, 3], pads: [1, 3] }],
  ["dilation 2, stride 2", [1, 2, 9, 10], [3, 2, 3, 3], { dilations: 2, strides: 2, pads: 1 }],
  ["groups", [2, 4, 5, 6], [6, 2, 3, 3], { groups: 2, pads: 1 }],
  ["groups, stride 2", [2, 6, 7, 6], [3, 2, 3, 3], { groups: 3, strides: 2, pads: 1 }],
  ["groups, channels for vectors", [1, 32, 6, 6], [32, 16, 3, 3], { groups: 2, pads: 1 }],
  ["depthwise", [2, 5, 6, 6], [5, 1, 3, 3], { groups: 5, pads: 1 }],
  ["depthwise, channels for vectors", [2, 16, 6, 6], [16, 1, 3, 3], { groups: 16, pads: 1 }],
  ["depthwise, two of each", [2, 3, 6, 6], [6, 1, 3, 3], { groups: 3, pads: 1, strides: 2 }],
  ["row kernel", [2, 2, 4, 9], [3, 2, 1, 5], { pads: [0, 2] }],
  ["column kernel", [2, 2, 9, 4], [3, 2, 5, 1], { pads: [2, 0] }],
  ["4x4, stride 2, padded", [2, 2, 8, 8], [3, 2, 4, 4], { strides: 2, pads: 1 }],
  ["5x5, padded by 2", [1, 3, 8, 16], [4, 3, 5, 5], { pads: 2 }],
  ["whole image", [2, 3, 4, 5], [6, 3, 4, 5], {}],
  ["one row, one channel", [1, 1, 1, 8], [1, 1, 1, 3], {}],
  [
    "everything at once",
    [2, 4, 11, 12],
    [6, 2, 3, 2],
    { groups: 2, strides: [2, 3], pads: [2, 1, 0, 3], dilations: [2, 3] },
  ],
];

/** A `conv2d` node, whose attributes and shape its gradients share. */
function convolve(
  x: Node,
  w: Node,
  options: Conv2dOptions,
): { readonly attrs: Conv2dAttrs; readonly shape: Shape } {
  const y = conv2d(x, w, options);
  if (y.op !== "conv2d") throw new Error(`convolve: expected a conv2d, got ${y.op}; check ops.ts`);
  return y;
}
const imageSize = ([, , h, w]: Shape): readonly [number, number] => [h, w];

/** The three products of a geometry: y = x * w, dx out of (dy, w), dw out of (x, dy). */
export const products = (
  options: Conv2dOptions,
): {
  readonly y: (x: Node, w: Node) => Node;
  readonly dx: (x: Node, w: Node, dy: Node) => Node;
  readonly dw: (x: Node, w: Node, dy: Node) => Node;
} => ({
  y: (x, w) => conv2d(x, w, options),
  dx: (x, w, dy) =>
    node("convTranspose2d", [dy, w], {
      ...convolve(x, w, options).attrs,
      size: imageSize(x.shape),
    }),
  dw: (x, w, dy) =>
    node("conv2dWeight", [x, dy], { ...convolve(x, w, options).attrs, kernel: imageSize(w.shape) }),
});

const layers: readonly [
  name: string,
  x: Shape,
  w: Shape,
  options: Parameters<typeof convTranspose2d>[2],
][] = [
  ["as a layer", [2, 3, 4, 5], [3, 4, 3, 3], {}],
  ["outputPadding", [2, 3, 4, 5], [3, 4, 3, 3], { strides: 2, pads: 1, outputPadding: 1 }],
  [
    "outputPadding 2 and 1",
    [1, 2, 3, 4],
    [2, 3, 3, 3],
    { strides: [3, 2], pads: [1, 0], outputPadding: [2, 1] },
  ],
  [
    "outputPadding, groups",
    [1, 4, 3, 4],
    [4, 3, 3, 3],
    { strides: 2, pads: 1, groups: 2, outputPadding: 1 },
  ],
  [
    "outputPadding, dilation",
    [1, 2, 4, 4],
    [2, 3, 2, 3],
    { strides: 2, pads: [1, 2], dilations: 2, outputPadding: 1 },
  ],
  ["4x4, stride 2, as in DCGAN", [2, 4, 4, 4], [4, 3, 4, 4], { strides: 2, pads: 1 }],
];

export function convolutionCases(): {
  readonly [K in "conv2d" | "convTranspose2d" | "conv2dWeight"]: readonly Case[];
} {
  const each = (f: (...geometry: (typeof geometries)[number]) => Case): readonly Case[] =>
    geometries.map((g) => f(...g));
  /** dy of the right shape for a geometry, made of its inputs' shapes alone. */
  const dyOf = (x: Shape, w: Shape, options: Conv2dOptions): Tensor =>
    some(conv2d(constant(0, x), constant(0, w), options).shape, { seed: 2 });
  return {
    conv2d: [
      ...each((name, x, w, options) => ({
        name,
        inputs: [some(x), some(w, { seed: 1 })],
        build: products(options).y,
      })),
      ...each((name, x, w, options) => ({
        name: `${name}, constant weights`,
        inputs: [some(x)],
        build: (n) => conv2d(n, constant(some(w, { seed: 1 }).data, w), options),
      })),
    ],
    convTranspose2d: [
      ...each((name, x, w, options) => ({
        name,
        inputs: [some(x), some(w, { seed: 1 }), dyOf(x, w, options)],
        build: products(options).dx,
      })),
      ...layers.map(([name, x, w, options]): Case => ({
        name,
        inputs: [some(x), some(w, { seed: 1 })],
        build: (n, v) => convTranspose2d(n, v, options),
      })),
    ],
    conv2dWeight: each((name, x, w, options) => ({
      name,
      inputs: [some(x), some(w, { seed: 1 }), dyOf(x, w, options)],
      build: products(options).dw,
    })),
  };
}
