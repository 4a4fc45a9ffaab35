/** Matrix products, convolutions and pooling. */
import { sizeOf } from "../infer.ts";
import { node } from "../node.ts";
import type { Node, Pool2dAttrs, Window2d } from "../op.ts";
import { optionsOf } from "../options.ts";
import { constant, needNode } from "./arguments.ts";
import { mean } from "./reduce.ts";
import { expandDims, reshape, squeeze } from "./shape.ts";

/** [..., n, k] @ [..., k, m] -> [..., n, m]. */
export const matmul = (a: Node, b: Node): Node => node("matmul", [a, b], {});

type Both<T> = T | readonly [T, T];
export interface WindowOptions {
  readonly strides?: Both<number>;
  /** One padding for all sides, [vertical, horizontal], or [top, left, bottom, right]. */
  readonly pads?: Both<number> | readonly [number, number, number, number];
  readonly dilations?: Both<number>;
}
export interface Conv2dOptions extends WindowOptions {
  readonly groups?: number;
}
const windowNames = { strides: "optional", pads: "optional", dilations: "optional" } as const;
const conv2dNames = { ...windowNames, groups: "optional" } as const;
/** Options of the layers of the same names, which hand on all that they were given and have checked. */
const ofLayers = ["kernel", "name", "norm", "initScale", "bias"];

const both = (x: Both<number>): readonly [number, number] => (typeof x === "number" ? [x, x] : x);
function windowOf({ strides = 1, pads = 0, dilations = 1 }: WindowOptions): Window2d {
  const [top, left, bottom, right] = typeof pads === "number" ? [pads, pads] : pads;
  return {
    strides: both(strides),
    pads: [top, left, bottom ?? top, right ?? left],
    dilations: both(dilations),
  };
}
const knownOfConv2d = optionsOf<Conv2dOptions>("conv2d", conv2dNames, ofLayers);
/** x [n, c, h, w], w [out, c / groups, kh, kw] -> [n, out, h', w']: cross-correlation, as in every such library. */
export const conv2d = (x: Node, w: Node, options: Conv2dOptions = {}): Node =>
  node("conv2d", [x, w], { ...windowOf(knownOfConv2d(options)), groups: options.groups ?? 1 });

export interface ConvTranspose2dOptions extends Conv2dOptions {
  readonly outputPadding?: Both<number>;
}
const knownOfConvTranspose2d = optionsOf<ConvTranspose2dOptions>(
  "convTranspose2d",
  { ...conv2dNames, outputPadding: "optional" },
  ofLayers,
);
/**
 * x [n, in, h, w], w [in, out / groups, kh, kw] -> [n, out, h', w'], the transpose of `conv2d` with the same options.
 * `outputPadding` rows and columns are added at the end, as in ONNX.
 */
export function convTranspose2d(x: Node, w: Node, options: ConvTranspose2dOptions = {}): Node {
  const attrs = { ...windowOf(knownOfConvTranspose2d(options)), groups: options.groups ?? 1 };
  const extra = both(options.outputPadding ?? 0);
  const extent = (i: 0 | 1): number =>
    (needNode("convTranspose2d", x).shape[i + 2] - 1) * attrs.strides[i] +
    (needNode("convTranspose2d", w).shape[i + 2] - 1) * attrs.dilations[i] +
    1 +
    extra[i] -
    attrs.pads[i] -
    attrs.pads[i === 0 ? 2 : 3];
  return node("convTranspose2d", [x, w], { ...attrs, size: [extent(0), extent(1)] });
}
export interface Conv1dOptions {
  readonly stride?: number;
  readonly pad?: number;
  readonly dilation?: number;
  readonly groups?: number;
}
const knownOfConv1d = optionsOf<Conv1dOptions>(
  "conv1d",
  { stride: "optional", pad: "optional", dilation: "optional", groups: "optional" },
  ofLayers,
);
/** x [n, c, length], w [out, c / groups, k] -> [n, out, length']. */
export function conv1d(x: Node, w: Node, options: Conv1dOptions = {}): Node {
  const { stride = 1, pad = 0, dilation = 1, groups = 1 } = knownOfConv1d(options);
  const y = conv2d(expandDims(x, 2), expandDims(w, 2), {
    strides: [1, stride],
    pads: [0, pad],
    dilations: [1, dilation],
    groups,
  });
  return squeeze(y, 2);
}

export interface PoolOptions extends WindowOptions {
  readonly kernel: Both<number>;
}
/** Strides are the kernel's size unless given. */
const poolOf = ({ kernel, strides = kernel, ...rest }: PoolOptions): Pool2dAttrs => ({
  ...windowOf({ strides, ...rest }),
  kernel: both(kernel),
});
const poolNames = { ...windowNames, kernel: "required" } as const;
const knownOfMaxPool2d = optionsOf<PoolOptions>("maxPool2d", poolNames);
/** x [n, c, h, w] -> [n, c, h', w']. */
export const maxPool2d = (x: Node, options: PoolOptions): Node =>
  node("maxPool2d", [x], poolOf(knownOfMaxPool2d(options)));
const knownOfAveragePool2d = optionsOf<PoolOptions>("averagePool2d", poolNames);
/** x [n, c, h, w] -> [n, c, h', w']; padding counts as zeros. */
export function averagePool2d(x: Node, options: PoolOptions): Node {
  const { kernel, ...window } = poolOf(knownOfAveragePool2d(options));
  const [n, c, ...size] = needNode("averagePool2d", x).shape;
  const w = constant(1 / sizeOf(kernel), [1, 1, ...kernel]);
  const y = conv2d(reshape(x, [n * c, 1, ...size]), w, window);
  return reshape(y, [n, c, ...y.shape.slice(2)]);
}
/** x [n, c, h, w] -> [n, c]. */
export const globalAveragePool = (x: Node): Node => mean(x, { axes: [2, 3] });
