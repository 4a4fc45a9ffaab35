/**
 * A convolution's three products, each in the form that ONNX Runtime computes fastest (docs/decisions has the figures),
 * and the window attributes they share with pooling.
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
const convAttributes = (attrs: Conv2dAttrs): Attributes => ({
  ...windowAttributes(attrs),
  group: attrs.groups,
});

export function conv2d(
  { attrs, inputs: [, w] }: NodeOf<"conv2d">,
  [x, kernel]: readonly string[],
  e: Emitter,
): string {
  if (!fitsBlocks(w.shape, attrs, e))
    return e.emit("Conv", [x, kernel], { attrs: convAttributes(attrs) });
  return blockedConv(
    x,
    blockedKernel(kernel, w.shape, "forward", e),
    { attrs, channels: w.shape[0], kernel: w.shape.slice(2) },
    e,
  );
}

/** With stride 1 the transpose of a convolution is a convolution, by the kernel turned round and its channels swapped. */
export function convTranspose2d(
  { attrs, inputs: [x, w] }: NodeOf<"convTranspose2d">,
  [dy, kernel]: readonly string[],
  e: Emitter,
): string {
  const { strides, pads, dilations, groups, size } = attrs;
  const reach = [0, 1].map((i) => (w.shape[i + 2] - 1) * dilations[i]);
  const turnedPads = [0, 1, 2, 3].map((side) => reach[side % 2] - pads[side]) as [
    number,
    number,
    number,
    number,
  ];
  if (strides.some((s) => s !== 1) || groups !== 1 || turnedPads.some((p) => p < 0)) {
    const natural = [0, 1].map(
      (i) => (x.shape[i + 2] - 1) * strides[i] + reach[i] + 1 - pads[i] - pads[i + 2],
    );
    const outputPadding = [0, 1].map((i) => size[i] - natural[i]);
    return e.emit("ConvTranspose", [dy, kernel], {
      attrs: { ...convAttributes(attrs), output_padding: outputPadding },
    });
  }
  const turned = flip(kernel, w.shape, e);
  const back = { strides, dilations, groups, pads: turnedPads };
  if (!fitsBlocks(w.shape, attrs, e))
    return e.emit("Conv", [dy, transposeTo(e, turned, [1, 0, 2, 3])], {
      attrs: convAttributes(back),
    });
  return blockedConv(
    dy,
    blockedKernel(turned, w.shape, "backward", e),
    { attrs: back, channels: w.shape[1], kernel: w.shape.slice(2) },
    e,
  );
}

/** The kernel turned by 180 degrees. */
function flip(w: string, [, , kh, kw]: Shape, e: Emitter): string {
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

// The blocked layout: channels in blocks that fill a vector register, through ONNX Runtime's own internal operators.
const NCHWC = "com.microsoft.nchwc";

const fitsBlocks = ([out, input]: Shape, { groups }: Conv2dAttrs, { block }: Emitter): boolean =>
  block > 0 && groups === 1 && out % block === 0 && input % block === 0;

/** w [o, i, kh, kw] -> [o/b, i/b, kh, kw, b(i), b(o)]; backward, where it maps o to i, [i/b, o/b, kh, kw, b(o), b(i)]. */
function blockedKernel(
  w: string,
  [o, i, kh, kw]: Shape,
  direction: "forward" | "backward",
  e: Emitter,
): string {
  const b = e.block;
  const split = reshapeTo(e, w, [o / b, b, i / b, b, kh, kw]);
  const forward = direction === "forward";
  const blocks = transposeTo(e, split, forward ? [0, 2, 4, 5, 3, 1] : [2, 0, 4, 5, 1, 3]);
  return reshapeTo(e, blocks, forward ? [o, i, kh, kw] : [i, o, kh, kw]);
}

interface BlockedConv {
  readonly attrs: Conv2dAttrs;
  readonly channels: number;
  readonly kernel: Shape;
}
function blockedConv(
  x: string,
  w: string,
  { attrs, channels, kernel }: BlockedConv,
  e: Emitter,
): string {
  const input = e.once(`blocked ${x}`, () => e.emit("ReorderInput", [x], { domain: NCHWC }));
  const y = e.emit("Conv", [input, w], {
    domain: NCHWC,
    attrs: { ...convAttributes(attrs), kernel_shape: kernel },
  });
  return e.emit("ReorderOutput", [y], { domain: NCHWC, attrs: { channels } });
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
  const steady = [...attrs.strides, ...attrs.dilations].every((s) => s === 1);
  return steady && kh * o + kw * c <= kh * kw * c
    ? weightByShifts(node, x, dy, e)
    : weightByColumns(node, x, dy, e);
}

/** a [n, p, k], b [n, q, k] -> the sum over n of a b^T, [p, q]. */
const sumOfProducts = (a: string, b: string, e: Emitter): string =>
  e.emit("ReduceSum", [e.emit("MatMul", [a, transposeTo(e, b, [0, 2, 1])]), int64s(e, [0])], {
    attrs: { keepdims: 0 },
  });

/** All kh kw shifts of x, as rows [n, kh kw c, positions] (im2col), times dy. */
function weightByColumns(
  { attrs, shape, inputs: [xNode, dyNode] }: NodeOf<"conv2dWeight">,
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
 * positions of all images. With q = y + i, dw[o, c, i, j] = sum over n, q, x of dy[o, n, q - i, x] xp[c, n, q, x + j].
 */
function weightByShifts(
  { attrs, shape, inputs: [xNode, dyNode] }: NodeOf<"conv2dWeight">,
  x: string,
  dy: string,
  e: Emitter,
): string {
  const { pads, kernel } = attrs;
  const [kh, kw] = kernel;
  const [n, c, h, w] = xNode.shape as [number, number, number, number];
  const [, o, ho, wo] = dyNode.shape as [number, number, number, number];
  const rows = h + pads[0] + pads[2];
  /** [channels, n, height, width] shifted `count` times, as rows of all positions: [count channels, n rows wo]. */
  const stack = (
    image: string,
    channels: number,
    shifts: readonly (readonly number[])[],
  ): string => {
    const byChannel = transposeTo(e, image, [1, 0, 2, 3]);
    const shifted = shifts.map((by) => e.emit("Pad", [byChannel, int64s(e, by)]));
    const stacked = e.emit("Concat", shifted, { attrs: { axis: 0 } });
    return reshapeTo(e, stacked, [shifts.length * channels, n * rows * wo]);
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
  const product = e.emit("Gemm", [stack(dy, o, down), stack(x, c, left)], { attrs: { transB: 1 } });
  return reshapeTo(e, transposeTo(e, reshapeTo(e, product, [kh, o, kw, c]), [1, 3, 0, 2]), shape);
}

const taps = ([kh, kw]: readonly [number, number]): readonly (readonly [number, number])[] =>
  Array.from({ length: kh * kw }, (_, k) => [Math.floor(k / kw), k % kw]);

/**
 * dw as a convolution of x by dy with batch and channels swapped; strides and dilations change places.
 * x [n, g c, h, w] -> [c, g n, h, w], dy [n, g o, h', w'] -> [g o, n, h', w'], result [c, g o, >= kh, >= kw].
 */
function weightByConvolution(
  { attrs, shape, inputs: [xNode] }: NodeOf<"conv2dWeight">,
  x: string,
  dy: string,
  e: Emitter,
): string {
  const { strides, pads, dilations, groups, kernel } = attrs;
  const [n, channels, h, w] = xNode.shape as [number, number, number, number];
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
  // Rows and columns of x that no window reached give extra taps at the end.
  const cut = e.emit("Slice", [y, int64s(e, [0, 0]), int64s(e, kernel), int64s(e, [2, 3])]);
  return reshapeTo(e, transposeTo(e, cut, [1, 0, 2, 3]), shape);
}
