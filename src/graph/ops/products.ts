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
type Four = readonly [number, number, number, number];
/** Where a window goes over height and width. */
export interface WindowOptions {
  readonly strides?: Both<number>;
  /** One padding for all sides, [vertical, horizontal], or [top, left, bottom, right]. */
  readonly pads?: Both<number> | Four;
  readonly dilations?: Both<number>;
}
/**
 * `same`: as much as makes the output ceil(size / stride) long, an odd one at the end (ONNX's SAME_UPPER, TensorFlow's "same").
 * `causal`: all of it before, so that an output sees nothing that comes after it.
 */
export type AutoPad = "same" | "causal";
/** Options of {@link conv2d}. */
export interface Conv2dOptions extends Omit<WindowOptions, "pads"> {
  /** As in `WindowOptions`, or as much as is needed. */
  readonly pads?: Both<number> | Four | AutoPad;
  readonly groups?: number;
}
const windowNames = { strides: "optional", pads: "optional", dilations: "optional" } as const;
const conv2dNames = { ...windowNames, groups: "optional" } as const;

const both = (x: Both<number>): readonly [number, number] => (typeof x === "number" ? [x, x] : x);
function windowOf({ strides = 1, pads = 0, dilations = 1 }: WindowOptions): Window2d {
  const [top, left, bottom, right] = typeof pads === "number" ? [pads, pads] : pads;
  return {
    strides: both(strides),
    pads: [top, left, bottom ?? top, right ?? left],
    dilations: both(dilations),
  };
}

/** Padding before and after one axis. */
function autoPad(
  how: AutoPad,
  size: number,
  { kernel, stride, dilation }: Record<"kernel" | "stride" | "dilation", number>,
): readonly [number, number] {
  const reach = (kernel - 1) * dilation;
  if (how === "causal") return [reach, 0];
  const total = Math.max(0, (Math.ceil(size / stride) - 1) * stride + reach + 1 - size);
  return [Math.floor(total / 2), Math.ceil(total / 2)];
}
function padsOf(x: Node, w: Node, { pads, strides = 1, dilations = 1 }: Conv2dOptions): Four {
  const [vertical, horizontal] = [0, 1].map((i) =>
    autoPad(pads as AutoPad, x.shape[i + 2], {
      kernel: w.shape[i + 2],
      stride: both(strides)[i],
      dilation: both(dilations)[i],
    }),
  );
  return [vertical[0], horizontal[0], vertical[1], horizontal[1]];
}
function needAutoPad(op: string, what: string, pads: unknown): void {
  if (typeof pads === "string" && pads !== "same" && pads !== "causal")
    throw new Error(
      `${op}: ${what} is a number, "same" or "causal", got "${pads}"; use 0 for no padding`,
    );
}

const knownOfConv2d = optionsOf<Conv2dOptions>("conv2d", conv2dNames);
/** x [n, c, h, w], w [out, c / groups, kh, kw] -> [n, out, h', w']: cross-correlation, as in every such library. */
export function conv2d(x: Node, w: Node, options: Conv2dOptions = {}): Node {
  const { pads = 0, groups = 1, ...rest } = knownOfConv2d(options);
  needAutoPad("conv2d", "pads", pads);
  const numbers = typeof pads === "string" ? padsOf(x, w, options) : pads;
  return node("conv2d", [x, w], { ...windowOf({ ...rest, pads: numbers }), groups });
}

/** Options of {@link convTranspose2d}. */
export interface ConvTranspose2dOptions extends WindowOptions {
  readonly groups?: number;
  /** Rows and columns added at the end, as in ONNX. */
  readonly outputPadding?: Both<number>;
}
const knownOfConvTranspose2d = optionsOf<ConvTranspose2dOptions>("convTranspose2d", {
  ...conv2dNames,
  outputPadding: "optional",
});
/**
 * x [n, in, h, w], w [in, out / groups, kh, kw] -> [n, out, h', w'], the transpose of `conv2d` with the same options.
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

/** Windows over one axis, as those over the second of two. */
interface Window1dOptions {
  readonly stride?: number;
  readonly pad?: number;
  readonly dilation?: number;
}
const asSecond = ({
  stride = 1,
  pad = 0,
  dilation = 1,
}: Window1dOptions): WindowOptions & { readonly pads: Both<number> } => ({
  strides: [1, stride],
  pads: [0, pad],
  dilations: [1, dilation],
});
/** Options of {@link conv1d}. */
export interface Conv1dOptions extends Omit<Window1dOptions, "pad"> {
  /** On both sides, or as much as is needed. */
  readonly pad?: number | AutoPad;
  readonly groups?: number;
}
const names1d = { stride: "optional", pad: "optional", dilation: "optional" } as const;
const knownOfConv1d = optionsOf<Conv1dOptions>("conv1d", { ...names1d, groups: "optional" });
/** x [n, c, length], w [out, c / groups, k] -> [n, out, length']. */
export function conv1d(x: Node, w: Node, options: Conv1dOptions = {}): Node {
  const { pad = 0, groups = 1, ...rest } = knownOfConv1d(options);
  needAutoPad("conv1d", "pad", pad);
  const { pads, ...window } = asSecond({ ...rest, pad: typeof pad === "string" ? 0 : pad });
  const y = conv2d(expandDims(x, 2), expandDims(w, 2), {
    ...window,
    pads: typeof pad === "string" ? pad : pads,
    groups,
  });
  return squeeze(y, 2);
}

/** Options of {@link convTranspose1d}. */
export interface ConvTranspose1dOptions extends Window1dOptions {
  readonly groups?: number;
  /** Elements added at the end. */
  readonly outputPadding?: number;
}
const knownOfConvTranspose1d = optionsOf<ConvTranspose1dOptions>("convTranspose1d", {
  ...names1d,
  groups: "optional",
  outputPadding: "optional",
});
/** x [n, in, length], w [in, out / groups, k] -> [n, out, length'], the transpose of `conv1d` with the same options. */
export function convTranspose1d(x: Node, w: Node, options: ConvTranspose1dOptions = {}): Node {
  const { groups = 1, outputPadding = 0, ...rest } = knownOfConvTranspose1d(options);
  const y = convTranspose2d(expandDims(x, 2), expandDims(w, 2), {
    ...asSecond(rest),
    groups,
    outputPadding: [0, outputPadding],
  });
  return squeeze(y, 2);
}

/** Options of {@link maxPool2d} and {@link averagePool2d}; strides are the kernel's size unless given. */
export interface PoolOptions extends WindowOptions {
  readonly kernel: Both<number>;
}
function needPoolPads(op: string, what: string, pads: unknown): void {
  if (typeof pads === "string")
    throw new Error(
      `${op}: a pool takes ${what} in numbers, got "${pads}"; work out how many elements to add on each side`,
    );
}
/** Strides are the kernel's size unless given. */
const poolOf = ({ kernel, strides = kernel, ...rest }: PoolOptions): Pool2dAttrs => ({
  ...windowOf({ strides, ...rest }),
  kernel: both(kernel),
});
const poolNames = { ...windowNames, kernel: "required" } as const;
const knownOfMaxPool2d = optionsOf<PoolOptions>("maxPool2d", poolNames);
/** x [n, c, h, w] -> [n, c, h', w']. */
export function maxPool2d(x: Node, options: PoolOptions): Node {
  needPoolPads("maxPool2d", "pads", knownOfMaxPool2d(options).pads);
  return node("maxPool2d", [x], poolOf(options));
}
const knownOfAveragePool2d = optionsOf<PoolOptions>("averagePool2d", poolNames);
/** x [n, c, h, w] -> [n, c, h', w']; padding counts as zeros. */
export function averagePool2d(x: Node, options: PoolOptions): Node {
  needPoolPads("averagePool2d", "pads", knownOfAveragePool2d(options).pads);
  const { kernel, ...window } = poolOf(options);
  const [n, c, ...size] = needNode("averagePool2d", x).shape;
  const w = constant(1 / sizeOf(kernel), [1, 1, ...kernel]);
  const y = conv2d(reshape(x, [n * c, 1, ...size]), w, window);
  return reshape(y, [n, c, ...y.shape.slice(2)]);
}

/** Options of {@link maxPool1d} and {@link averagePool1d}; the stride is the kernel's size unless given. */
export interface Pool1dOptions extends Window1dOptions {
  readonly kernel: number;
}
function pool1d(
  op: string,
  pool: (x: Node, options: PoolOptions) => Node,
): (x: Node, options: Pool1dOptions) => Node {
  const known = optionsOf<Pool1dOptions>(op, { ...names1d, kernel: "required" });
  return (x, options) => {
    const { kernel, stride = kernel, ...rest } = known(options);
    needPoolPads(op, "pad", rest.pad);
    const window = { ...asSecond({ stride, ...rest }), kernel: [1, kernel] } as const;
    return squeeze(pool(expandDims(x, 2), window), 2);
  };
}
/** x [n, c, length] -> [n, c, length']. */
export const maxPool1d: (x: Node, options: Pool1dOptions) => Node = pool1d("maxPool1d", maxPool2d);
/** x [n, c, length] -> [n, c, length']; padding counts as zeros. */
export const averagePool1d: (x: Node, options: Pool1dOptions) => Node = pool1d(
  "averagePool1d",
  averagePool2d,
);

/** x [n, c, h, w] -> [n, c]. */
export const globalAveragePool = (x: Node): Node => mean(x, { axes: [2, 3] });
