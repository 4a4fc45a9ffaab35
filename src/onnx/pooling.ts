/**
 * Max pooling and its gradient. MaxPool with its Indices output runs several times slower than without, so the gradient
 * asks which elements equal their window's maximum (docs/decisions/0004).
 */
import { sizeOf, type NodeOf, type Pool2dAttrs } from "../graph/index.ts";
import { poolAttributes } from "./convolution.ts";
import { elementType, type Emitter } from "./emit.ts";
import { int64s, reshapeTo, scalar } from "./shapes.ts";

/** The pooled value, computed once for the pooling and its gradient. */
const pooled = (x: string, attrs: Pool2dAttrs, e: Emitter): string =>
  e.once(`MaxPool ${x} ${JSON.stringify(attrs)}`, () =>
    e.emit("MaxPool", [x], { attrs: poolAttributes(attrs) }),
  );
const equals = (a: string, b: string, e: Emitter): string =>
  e.emit("Cast", [e.emit("Equal", [a, b])], { attrs: { to: elementType.float } });

export const maxPool2d = (
  { attrs }: NodeOf<"maxPool2d">,
  [x]: readonly string[],
  e: Emitter,
): string => pooled(x, attrs, e);

export function maxPool2dGrad(
  node: NodeOf<"maxPool2dGrad">,
  [x, dy]: readonly string[],
  e: Emitter,
): string {
  return tiles(node) ? gradOfTiles(node, x, dy, e) : gradOfWindows(node, x, dy, e);
}

/** Whether windows cover the image side by side, every element once. */
export function tiles({ attrs, shape, inputs }: NodeOf<"maxPool2dGrad">): boolean {
  const { kernel, strides, pads, dilations } = attrs;
  const [, , ho, wo] = inputs[1].shape;
  return (
    [0, 1].every((i) => strides[i] === kernel[i] && dilations[i] === 1) &&
    pads.every((p) => p === 0) &&
    shape[2] === ho * kernel[0] &&
    shape[3] === wo * kernel[1]
  );
}

/** Windows that tile the image: y and dy / (number of winners) are blown up to the size of x. */
function gradOfTiles(
  { attrs }: NodeOf<"maxPool2dGrad">,
  x: string,
  dy: string,
  e: Emitter,
): string {
  const { kernel } = attrs;
  const blowUp = (y: string): string =>
    e.emit("Resize", [y, "", e.constant([1, 1, ...kernel], [4], "float")], {
      attrs: {
        mode: "nearest",
        coordinate_transformation_mode: "asymmetric",
        nearest_mode: "floor",
      },
    });
  const winners = equals(x, blowUp(pooled(x, attrs, e)), e);
  const share = e.emit("AveragePool", [winners], {
    attrs: { kernel_shape: kernel, strides: kernel },
  });
  const count = e.emit("Mul", [share, scalar(e, sizeOf(kernel))]);
  return e.emit("Mul", [winners, blowUp(e.emit("Div", [dy, count]))]);
}

/** Any windows: every tap's elements are compared with the maxima, and one ConvTranspose puts all shares in place. */
function gradOfWindows(
  { attrs, shape, inputs }: NodeOf<"maxPool2dGrad">,
  x: string,
  dy: string,
  e: Emitter,
): string {
  const { kernel, strides, pads, dilations } = attrs;
  const [n, c, h, w] = shape;
  const [, , ho, wo] = inputs[1].shape;
  const planes = (name: string): string => reshapeTo(e, name, [n * c, 1, ho, wo]);
  const border = int64s(e, [0, 0, pads[0], pads[1], 0, 0, pads[2], pads[3]]);
  const padded = e.emit("Pad", [x, border, scalar(e, -Infinity)]);
  const taps = [...Array(sizeOf(kernel)).keys()].map((tap) => {
    const start = [Math.floor(tap / kernel[1]) * dilations[0], (tap % kernel[1]) * dilations[1]];
    const end = [start[0] + (ho - 1) * strides[0] + 1, start[1] + (wo - 1) * strides[1] + 1];
    const ranges = [start, end, [2, 3], strides].map((values) => int64s(e, values));
    return planes(e.emit("Slice", [padded, ...ranges]));
  });
  const stacked = e.emit("Concat", taps, { attrs: { axis: 1 } });
  const winners = equals(stacked, planes(pooled(x, attrs, e)), e);
  const count = e.emit("ReduceSum", [winners, int64s(e, [1])], { attrs: { keepdims: 1 } });
  const shares = e.emit("Mul", [winners, e.emit("Div", [planes(dy), count])]);
  // Tap t of the kernel: a plane of its own with a 1 at t.
  const identity = taps.flatMap((_, t) => taps.map((_, at) => (t === at ? 1 : 0)));
  const place = e.constant(identity, [taps.length, 1, ...kernel], "float");
  const reach = kernel.map((k, i) => (k - 1) * dilations[i] + 1 - pads[i] - pads[i + 2]);
  const extra = [h - (ho - 1) * strides[0] - reach[0], w - (wo - 1) * strides[1] - reach[1]];
  const dx = e.emit("ConvTranspose", [shares, place], {
    attrs: { strides, pads, dilations, output_padding: extra },
  });
  return reshapeTo(e, dx, shape);
}
