/**
 * A convolution's three products on natural images, each in the form that ONNX Runtime computes fastest (docs/decisions has
 * the figures), and the window attributes they share with pooling.
 */
import type { Conv2dAttrs, NodeOf, Pool2dAttrs, Shape, Window2d } from "../graph/index.ts";
import type { Attribute, Emitter } from "./emit.ts";
import { int64s, reshapeTo, transposeTo } from "./shapes.ts";

type Attributes = Readonly<Record<string, Attribute>>;
const windowAttributes = ({ strides, pads, dilations }: Window2d): Attributes => ({
  strides,
  pads,
  dilations,
});
export const poolAttributes = (attrs: Pool2dAttrs): Attributes => ({
  ...windowAttributes(attrs),
  kernel_shape: attrs.kernel,
});
export const convAttributes = (attrs: Conv2dAttrs): Attributes => ({
  ...windowAttributes(attrs),
  group: attrs.groups,
});

export const conv2d = (
  { attrs }: NodeOf<"conv2d">,
  inputs: readonly string[],
  e: Emitter,
): string => e.emit("Conv", inputs, { attrs: convAttributes(attrs) });

/**
 * With stride 1 the transpose of a convolution is a convolution, by the kernel turned round and its channels swapped:
 * its pads, where it is one.
 */
export function turnedPads(
  { strides, pads, dilations, groups }: Conv2dAttrs,
  size: Shape,
): Window2d["pads"] | null {
  const turned = pads.map((p, side) => (size[side % 2] - 1) * dilations[side % 2] - p);
  return strides.some((s) => s !== 1) || groups !== 1 || turned.some((p) => p < 0)
    ? null
    : (turned as unknown as Window2d["pads"]);
}

export function convTranspose2d(
  { attrs, inputs: [x, w] }: NodeOf<"convTranspose2d">,
  [dy, kernel]: readonly string[],
  e: Emitter,
): string {
  const turned = turnedPads(attrs, w.shape.slice(2));
  if (turned)
    return e.emit("Conv", [dy, transposeTo(e, flip(kernel, w.shape, e), [1, 0, 2, 3])], {
      attrs: convAttributes({ ...attrs, pads: turned }),
    });
  return e.emit("ConvTranspose", [dy, kernel], {
    attrs: transposeAttributes(attrs, x.shape, w.shape),
  });
}

/** ConvTranspose's, by the shapes of its inputs. */
export function transposeAttributes(
  attrs: NodeOf<"convTranspose2d">["attrs"],
  x: Shape,
  w: Shape,
): Attributes {
  const { strides, pads, dilations, size } = attrs;
  const natural = [0, 1].map(
    (i) => (x[i + 2] - 1) * strides[i] + (w[i + 2] - 1) * dilations[i] + 1 - pads[i] - pads[i + 2],
  );
  return { ...convAttributes(attrs), output_padding: size.map((n, i) => n - natural[i]) };
}

/** The kernel turned by 180 degrees. */
export function flip(w: string, [, , kh, kw]: Shape, e: Emitter): string {
  if (kh === 1 && kw === 1) return w;
  const front = -(2 ** 31);
  return e.emit("Slice", [
    w,
    int64s(e, [-1, -1]),
    int64s(e, [front, front]),
    int64s(e, [2, 3]),
    int64s(e, [-1, -1]),
  ]);
}

/**
 * The gradient of w as matrix products, dw[o, (c, i, j)] = sum over n, p of dy[n, o, p] x[n, c, p shifted by (i, j)].
 * What costs is copying the shifted images, so of two ways the one that copies less is taken.
 */
export function conv2dWeight(
  node: NodeOf<"conv2dWeight">,
  [x, dy]: readonly string[],
  e: Emitter,
): string {
  const { attrs, inputs } = node;
  const [, c] = inputs[0].shape;
  const [, o] = inputs[1].shape;
  const [kh, kw] = attrs.kernel;
  if (attrs.groups !== 1) return weightByConvolution(node, x, dy, e);
  if (inBlocks(attrs)) return weightByBlocks(node, x, dy, e);
  const steady = [...attrs.strides, ...attrs.dilations].every((s) => s === 1);
  return steady && kh * o + kw * c <= kh * kw * c
    ? weightByShifts(node, x, dy, e)
    : weightByColumns(node, x, dy, e);
}

/** What the gradient of w takes from its node. */
interface WeightGradient {
  readonly attrs: NodeOf<"conv2dWeight">["attrs"];
  readonly shape: Shape;
  readonly inputs: readonly [x: { readonly shape: Shape }, dy: { readonly shape: Shape }];
}

/** Whether a kernel is whole blocks of stride by stride, so that a convolution over blocks has stride 1. */
const inBlocks = ({ kernel, strides: [s, t], dilations }: WeightGradient["attrs"]): boolean =>
  s > 1 && s === t && kernel.every((k) => k % s === 0) && dilations.every((d) => d === 1);

/**
 * With a stride s that divides the kernel, x is taken apart in blocks of s by s pixels, each of which becomes a pixel of
 * s s c channels: then the stride is 1, and there are s s times fewer shifts to copy, of whole rows.
 */
function weightByBlocks(
  { attrs, shape, inputs: [xNode, dyNode] }: WeightGradient,
  x: string,
  dy: string,
  e: Emitter,
): string {
  const { pads, kernel, strides } = attrs;
  const [s] = strides;
  const [n, c, h, w] = xNode.shape;
  const [o] = shape;
  const rows = kernel.map((k, i) => dyNode.shape[i + 2] - 1 + k / s);
  // What no window reaches is cut off: a negative pad.
  const after = [rows[0] * s - h - pads[0], rows[1] * s - w - pads[1]];
  const whole = [pads[0], pads[1], ...after].some((p) => p !== 0)
    ? e.emit("Pad", [x, int64s(e, [0, 0, pads[0], pads[1], 0, 0, ...after])])
    : x;
  const blocks = spaceToDepth(whole, [n, c, rows[0] * s, rows[1] * s], s, e);
  const [kh, kw] = kernel.map((k) => k / s);
  const steady = {
    attrs: { ...attrs, kernel: [kh, kw], strides: [1, 1], pads: [0, 0, 0, 0] },
    shape: [o, s * s * c, kh, kw],
    inputs: [{ shape: [n, s * s * c, ...rows] }, dyNode],
  } as const;
  const product =
    kh * o + kw * s * s * c <= kh * kw * s * s * c
      ? weightByShifts(steady, blocks, dy, e)
      : weightByColumns(steady, blocks, dy, e);
  const apart = reshapeTo(e, product, [o, s, s, c, kh, kw]);
  return reshapeTo(e, transposeTo(e, apart, [0, 3, 4, 1, 5, 2]), shape);
}

/** Blocks of s by s pixels as pixels, by their places in a block and then by channels. */
function spaceToDepth(x: string, [n, c, h, w]: Shape, s: number, e: Emitter): string {
  if (!e.device) return e.emit("SpaceToDepth", [x], { attrs: { blocksize: s } });
  const apart = transposeTo(e, reshapeTo(e, x, [n, c, h / s, s, w / s, s]), [0, 3, 5, 1, 2, 4]);
  return reshapeTo(e, apart, [n, s * s * c, h / s, w / s]);
}

/** a [n, p, k], b [n, q, k] -> the sum over n of a b^T, [p, q]. */
const sumOfProducts = (a: string, b: string, e: Emitter): string =>
  e.emit("ReduceSum", [e.emit("MatMul", [a, transposeTo(e, b, [0, 2, 1])]), int64s(e, [0])], {
    attrs: { keepdims: 0 },
  });

/** All kh kw shifts of x, as rows [n, kh kw c, positions] (im2col), times dy. */
function weightByColumns(
  { attrs, shape, inputs: [xNode, dyNode] }: WeightGradient,
  x: string,
  dy: string,
  e: Emitter,
): string {
  const { strides, pads, dilations, kernel } = attrs;
  const [n, c] = xNode.shape as [number, number, number, number];
  const [, o, ho, wo] = dyNode.shape as [number, number, number, number];
  const padded = pads.some((p) => p > 0)
    ? e.emit("Pad", [x, int64s(e, [0, 0, pads[0], pads[1], 0, 0, pads[2], pads[3]])])
    : x;
  const shifts = taps(kernel).map(([i, j]) => {
    const start = [i * dilations[0], j * dilations[1]];
    const end = [start[0] + (ho - 1) * strides[0] + 1, start[1] + (wo - 1) * strides[1] + 1];
    return e.emit("Slice", [
      padded,
      int64s(e, start),
      int64s(e, end),
      int64s(e, [2, 3]),
      int64s(e, strides),
    ]);
  });
  const stacked =
    shifts.length === 1 ? shifts[0] : e.emit("Concat", shifts, { attrs: { axis: 1 } });
  const columns = reshapeTo(e, stacked, [n, shifts.length * c, ho * wo]);
  const product = sumOfProducts(reshapeTo(e, dy, [n, o, ho * wo]), columns, e);
  return reshapeTo(
    e,
    transposeTo(e, reshapeTo(e, product, [o, shifts.length, c]), [0, 2, 1]),
    shape,
  );
}

/**
 * Rows of dy shifted by i times columns of x shifted by j, kh + kw copies instead of kh kw, in one long product over all
 * positions of all images; on a device, which sums a long product of two small matrices on few of its cores, in a product for each part
 * of the images. With q = y + i, dw[o, c, i, j] = sum over n, q, x of dy[o, n, q - i, x] xp[c, n, q, x + j].
 */
function weightByShifts(
  { attrs, shape, inputs: [xNode, dyNode] }: WeightGradient,
  x: string,
  dy: string,
  e: Emitter,
): string {
  const { pads, kernel } = attrs;
  const [kh, kw] = kernel;
  const [n, c, h, w] = xNode.shape as [number, number, number, number];
  const [, o, ho, wo] = dyNode.shape as [number, number, number, number];
  const rows = h + pads[0] + pads[2];
  const parts = e.device ? partsOf(n) : 1;
  const positions = (n * rows * wo) / parts;
  /** Images shifted `count` times, as rows of all positions: [count channels, positions], of several parts one such matrix each. */
  const stack = (
    image: string,
    [, channels, height, width]: Shape,
    shifts: readonly (readonly number[])[],
  ): string => {
    const shape = [shifts.length * channels, positions];
    if (parts === 1) {
      const byChannel = transposeTo(e, image, [1, 0, 2, 3]);
      const shifted = shifts.map((by) => e.emit("Pad", [byChannel, int64s(e, by)]));
      return reshapeTo(e, e.emit("Concat", shifted, { attrs: { axis: 0 } }), shape);
    }
    const apart = reshapeTo(e, image, [parts, n / parts, channels, height, width]);
    const byChannel = reshapeTo(e, transposeTo(e, apart, [0, 2, 1, 3, 4]), [
      ...[parts * channels, n / parts],
      ...[height, width],
    ]);
    const shifted = shifts.map((by) =>
      reshapeTo(e, e.emit("Pad", [byChannel, int64s(e, by)]), [parts, channels * positions]),
    );
    return reshapeTo(e, e.emit("Concat", shifted, { attrs: { axis: 1 } }), [parts, ...shape]);
  };
  const count = (k: number): number[] => [...Array(k).keys()];
  const down = count(kh).map((i) => [0, 0, i, 0, 0, 0, rows - ho - i, 0]);
  // A negative pad cuts columns off.
  const left = count(kw).map((j) => [
    0,
    0,
    pads[0],
    pads[1] - j,
    0,
    0,
    pads[2],
    wo - w - pads[1] + j,
  ]);
  const [a, b] = [stack(dy, dyNode.shape, down), stack(x, xNode.shape, left)];
  const product =
    parts === 1 ? e.emit("Gemm", [a, b], { attrs: { transB: 1 } }) : sumOfProducts(a, b, e);
  return reshapeTo(e, transposeTo(e, reshapeTo(e, product, [kh, o, kw, c]), [1, 3, 0, 2]), shape);
}

/** Into how many parts of equal size to part so many images on a device: about 32, so that it is busy, and each product long. */
const partsOf = (images: number): number =>
  Array.from({ length: images }, (_, i) => i + 1)
    .filter((parts) => images % parts === 0)
    .reduce((best, parts) => (offBy(parts) < offBy(best) ? parts : best), 1);
const offBy = (parts: number): number => Math.abs(Math.log2(parts / 32));

const taps = ([kh, kw]: readonly [number, number]): readonly (readonly [number, number])[] =>
  Array.from({ length: kh * kw }, (_, k) => [Math.floor(k / kw), k % kw]);

/**
 * dw as a convolution of x by dy with batch and channels swapped; strides and dilations change places.
 * x [n, g c, h, w] -> [c, g n, h, w], dy [n, g o, h', w'] -> [g o, n, h', w'], result [c, g o, >= kh, >= kw].
 */
function weightByConvolution(
  node: NodeOf<"conv2dWeight">,
  x: string,
  dy: string,
  e: Emitter,
): string {
  const { attrs, shape, inputs } = node;
  const { strides, pads, dilations, groups } = attrs;
  const [n, channels, h, w] = inputs[0].shape as [number, number, number, number];
  const c = channels / groups;
  const image = reshapeTo(
    e,
    transposeTo(e, reshapeTo(e, x, [n, groups, c, h, w]), [2, 1, 0, 3, 4]),
    [c, groups * n, h, w],
  );
  const filter = transposeTo(e, dy, [1, 0, 2, 3]);
  const y = e.emit("Conv", [image, filter], {
    attrs: { strides: dilations, dilations: strides, pads, group: groups },
  });
  return reshapeTo(e, transposeTo(e, firstTaps(y, node, e), [1, 0, 2, 3]), shape);
}

/** dw [.., .., >= kh, >= kw] without the taps at the end that come from rows and columns of x that no window reached. */
export function firstTaps(
  y: string,
  { attrs: { kernel, strides, dilations, pads }, inputs: [x, dy] }: NodeOf<"conv2dWeight">,
  e: Emitter,
): string {
  const exact = kernel.every((k, i) => {
    const beyond = x.shape[i + 2] + pads[i] + pads[i + 2] - (dy.shape[i + 2] - 1) * strides[i] - 1;
    return Math.floor(beyond / dilations[i]) + 1 === k;
  });
  return exact ? y : e.emit("Slice", [y, int64s(e, [0, 0]), int64s(e, kernel), int64s(e, [2, 3])]);
}
