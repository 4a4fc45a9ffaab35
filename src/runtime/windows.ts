/** Windows that slide over images, as the reference interpreter walks them: for convolutions and for poolings. */
import { sizeOf, type NodeOf, type Shape, type Window2d } from "../graph/index.ts";
import type { Tensor } from "./program.ts";

interface Convolution extends Window2d {
  readonly groups: number;
  readonly x: Shape;
  readonly w: Shape;
  readonly y: Shape;
}
/** The products of one tap of the kernel and one row of y: x[xi + i step] meets w[wi] in y[yi + i], for i < count. */
interface Run {
  readonly xi: number;
  readonly step: number;
  readonly wi: number;
  readonly yi: number;
  readonly count: number;
}
/** All products of a convolution, but for those with padding. Every y meets the x of its window in row-major order. */
export function forEachRun(conv: Convolution, visit: (run: Run) => void): void {
  const { strides, pads, dilations, groups, x, w, y } = conv;
  const [, , height, width] = x;
  const [outs, ins, kernelHeight, kernelWidth] = w;
  const [batch, , outHeight, outWidth] = y;
  const step = strides[1];
  for (let n = 0; n < batch; n++)
    for (let o = 0; o < outs; o++)
      for (let c = 0; c < ins; c++)
        for (let ky = 0; ky < kernelHeight; ky++)
          for (let kx = 0; kx < kernelWidth; kx++)
            for (let oy = 0; oy < outHeight; oy++) {
              const iy = oy * strides[0] + ky * dilations[0] - pads[0];
              if (iy < 0 || iy >= height) continue;
              const left = kx * dilations[1] - pads[1]; // the tap's column when ox is 0
              const first = Math.max(0, Math.ceil(-left / step));
              const end = Math.min(outWidth, Math.ceil((width - left) / step));
              const channel = Math.floor(o / (outs / groups)) * ins + c;
              visit({
                xi: ((n * ins * groups + channel) * height + iy) * width + left + first * step,
                step,
                wi: ((o * ins + c) * kernelHeight + ky) * kernelWidth + kx,
                yi: ((n * outs + o) * outHeight + oy) * outWidth + first,
                count: end - first,
              });
            }
}

/** Every element of x in every window of a pooling, which slides like a depthwise convolution. */
export function eachInWindow(
  x: Tensor,
  attrs: NodeOf<"maxPool2d">["attrs"],
  y: Shape,
  visit: (xi: number, yi: number) => void,
): void {
  const w = [x.shape[1], 1, ...attrs.kernel];
  const conv = { ...attrs, groups: x.shape[1], x: x.shape, w, y };
  forEachRun(conv, ({ xi, step, yi, count }) => {
    for (let i = 0; i < count; i++) visit(xi + i * step, yi + i);
  });
}

/** The largest element of every window. */
export function largest(x: Tensor, attrs: NodeOf<"maxPool2d">["attrs"], y: Shape): Float64Array {
  const out = new Float64Array(sizeOf(y)).fill(-Infinity);
  eachInWindow(x, attrs, y, (xi, yi) => (out[yi] = Math.max(out[yi], x.data[xi])));
  return out;
}
