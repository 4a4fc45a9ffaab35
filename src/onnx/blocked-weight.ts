/**
 * The gradient of w, dw[o, c, i, j] = sum over n, y, x of dy[n, o, y, x] x[n, c, y + i, x + j], as a blocked convolution in
 * which dy is the kernel: what is summed over becomes its channels and its size. Which of three ways depends on what fits a
 * block (docs/decisions/0005 has the figures).
 */
import { sizeOf, type Conv2dAttrs, type NodeOf } from "../graph/index.ts";
import { conv, unit } from "./blocked-convolution.ts";
import { firstTaps } from "./convolution.ts";
import type { Emitter } from "./emit.ts";
import { int64s, reshapeTo, transposeTo } from "./shapes.ts";
import { isBlockable, nchwc, type Form, type Value } from "./value.ts";

type Weight = NodeOf<"conv2dWeight">;
type Way = (n: Weight, inputs: readonly [x: Value, dy: Value], e: Emitter) => string;

/** Kernels beyond this many elements fall out of the cache, and a way with smaller ones is faster. */
const LARGEST_KERNEL = 256;

export function blockedConv2dWeight(n: Weight, [x, dy]: readonly Value[], e: Emitter): Form | null {
  const way = e.does("weight-gradient") ? wayFor(n, e) : null;
  return way && { layout: "natural", emit: () => way(n, [x, dy], e) };
}
function wayFor({ attrs, inputs: [x, dy] }: Weight, e: Emitter): Way | null {
  const { kernel, strides, dilations, pads, groups } = attrs;
  const [n, c, , width] = x.shape;
  if (groups !== 1 || !isBlockable(dy, e) || sizeOf(x.shape) === 0) return null;
  const steady = [...strides, ...dilations].every((s) => s === 1);
  if (steady && sizeOf(kernel) === 1 && pads.every((p) => p === 0))
    return isBlockable(x, e) ? byPositions : null;
  if (steady && width % e.block === 0 && pads.every((p, side) => p < kernel[side % 2]))
    return byColumns;
  const fills = n >= e.block / 2 && c >= e.block;
  return fills && sizeOf(dy.shape.slice(2)) <= LARGEST_KERNEL ? byImages : null;
}

/** A 1x1 kernel: one product of matrices [positions, channels]. */
const byPositions: Way = ({ shape, inputs }, [x, dy], e) => {
  const [o, c] = shape;
  const [n, , h, w] = inputs[0].shape;
  const rows = (image: Value, channels: number): string =>
    reshapeTo(e, nchwc(e, "ReorderOutput", [image.blocked()], { channels, channels_last: 1 }), [
      n * h * w,
      channels,
    ]);
  return reshapeTo(e, e.emit("Gemm", [rows(dy, o), rows(x, c)], { attrs: { transA: 1 } }), shape);
};

/**
 * Summing over a block of columns as channels, over rows and blocks as the kernel's size, and over images last of all, each
 * being a group. Then dy's memory [n, o/b, h, w/b, b, b] is the kernel's as it stands, x need only be [n, h, c, w/b, b],
 * and c is the output's width. A column shift j is made beforehand, of dy, by a convolution with a single 1.
 */
const byColumns: Way = ({ attrs, shape, inputs }, [x, dy], e) => {
  const { pads, kernel } = attrs;
  const [o, c] = shape;
  const [n, , h, w] = inputs[0].shape;
  const [, , ho, wo] = inputs[1].shape;
  const b = e.block;
  const image = reshapeTo(e, transposeTo(e, x.natural(), [0, 2, 1, 3]), [1, n * b, h, (c * w) / b]);
  const gradients = [...Array(kernel[1]).keys()].map((j) => {
    const shifted = j === pads[1] && w === wo ? dy.blocked() : shiftColumns(dy, attrs, j, e);
    const y = conv(
      image,
      reshapeTo(e, shifted, [n * o, b, ho, w / b]),
      {
        attrs: { ...unit, groups: n, strides: [1, w / b], pads: [pads[0], 0, pads[2], 0] },
        size: [ho, w / b],
        channels: n * o,
      },
      e,
    );
    const sum = e.emit("ReduceSum", [reshapeTo(e, y, [n, o * kernel[0] * c]), int64s(e, [0])], {
      attrs: { keepdims: 0 },
    });
    const rows = reshapeTo(e, sum, [1, o, kernel[0], c]);
    return reshapeTo(e, nchwc(e, "ReorderOutput", [rows], { channels: o }), [o, kernel[0], c, 1]);
  });
  const all = e.emit("Concat", gradients, { attrs: { axis: 3 } });
  return transposeTo(e, all, [0, 2, 1, 3]);
};

/** dy as tap j of the kernel's columns meets x: as wide as x, its column x being dy's column x - j + pad, or zero. */
function shiftColumns(
  dy: Value,
  { pads, kernel }: Pick<Weight["attrs"], "pads" | "kernel">,
  j: number,
  e: Emitter,
): string {
  const channels = dy.node.shape[1];
  const last = kernel[1] - 1;
  const at = last - j;
  const taps = Float32Array.from({ length: channels * kernel[1] }, (_, i) =>
    Math.floor(i / e.block) % kernel[1] === at ? 1 : 0,
  );
  const attrs: Conv2dAttrs = {
    ...unit,
    groups: channels,
    pads: [0, last - pads[1], 0, last - pads[3]],
  };
  return conv(
    dy.blocked(),
    e.constant(taps, [channels, 1, 1, kernel[1]], "float"),
    { attrs, size: [1, kernel[1]], channels },
    e,
  );
}

/**
 * Summing over images as channels, filled up to whole blocks with zeros, and over all positions as the kernel's size; a
 * stride of the convolution dilates this one.
 */
const byImages: Way = (node, [x, dy], e) => {
  const { attrs, shape, inputs } = node;
  const { strides, dilations, pads } = attrs;
  const [o] = shape;
  const [n] = inputs[0].shape;
  const [, , ho, wo] = inputs[1].shape;
  const b = e.block;
  const images = Math.ceil(n / b) * b;
  const fill = images - n;
  const dyMemory = reshapeTo(e, dy.blocked(), [n, o / b, ho * wo, b]);
  const filled =
    fill > 0 ? e.emit("Pad", [dyMemory, int64s(e, [0, 0, 0, 0, fill, 0, 0, 0])]) : dyMemory;
  const kernelMemory = transposeTo(
    e,
    reshapeTo(e, filled, [images / b, b, o / b, ho * wo, b]),
    [2, 0, 3, 1, 4],
  );
  // Padded beforehand, since the kernel is slow at the edges, which here are most of the output.
  const border = [0, 0, pads[0], pads[1], fill, 0, pads[2], pads[3]];
  const padded = border.some((p) => p > 0)
    ? e.emit("Pad", [x.natural(), int64s(e, border)])
    : x.natural();
  const image = nchwc(e, "ReorderInput", [transposeTo(e, padded, [1, 0, 2, 3])]);
  const y = conv(
    image,
    reshapeTo(e, kernelMemory, [o, images, ho, wo]),
    { attrs: { ...unit, strides: dilations, dilations: strides }, size: [ho, wo], channels: o },
    e,
  );
  const taps = nchwc(e, "ReorderOutput", [y], { channels: o });
  return transposeTo(e, firstTaps(taps, node, e), [1, 0, 2, 3]);
};
