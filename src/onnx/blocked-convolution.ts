/** Convolutions of blocked images, by ONNX Runtime's own kernels for inference (docs/decisions/0005 has the figures). */
import { sizeOf, type Conv2dAttrs, type NodeOf, type Shape } from "../graph/index.ts";
import { convAttributes, flip, turnedPads } from "./convolution.ts";
import type { Attribute, Emitter } from "./emit.ts";
import { reshapeTo, transposeTo } from "./shapes.ts";
import { nchwc, type Epilogue, type Form, type Value } from "./value.ts";

interface Kernel {
  readonly attrs: Conv2dAttrs;
  readonly size: Shape;
  readonly channels: number;
  readonly epilogue?: Epilogue;
}
/** The blocked operator itself: x and w blocked, a bias of one number a channel. */
export const conv = (
  x: string,
  w: string,
  { attrs, size, channels, epilogue }: Kernel,
  e: Emitter,
): string =>
  nchwc(
    e,
    "Conv",
    epilogue?.bias === undefined ? [x, w] : [x, w, reshapeTo(e, epilogue.bias, [channels])],
    { ...convAttributes(attrs), kernel_shape: size, ...activation(epilogue) },
  );
function activation({ activate }: Epilogue = {}): Readonly<Record<string, Attribute>> {
  if (!activate) return {};
  const [name, params] = activate;
  return { activation: name, ...(params.length > 0 && { activation_params: { floats: params } }) };
}

/** What `make` emits, with an epilogue that grows until there is an activation. */
const extensible = (make: (epilogue: Epilogue) => string, epilogue: Epilogue = {}): Form => ({
  layout: "blocked",
  emit: () => make(epilogue),
  extend: (more) =>
    epilogue.activate || (epilogue.bias !== undefined && more.bias !== undefined)
      ? null
      : extensible(make, { ...epilogue, ...more }),
});

/** Attributes of a 1x1 convolution that does nothing special. */
export const unit: Conv2dAttrs = {
  strides: [1, 1],
  pads: [0, 0, 0, 0],
  dilations: [1, 1],
  groups: 1,
};

/** x times `scale`, one number a channel, with an epilogue: the convolution that mixes neither channels nor positions. */
export function perChannel(
  x: Value,
  { scale, ...epilogue }: Epilogue & { readonly scale?: string },
  e: Emitter,
): Form {
  const channels = x.node.shape[1];
  const attrs = { ...unit, groups: channels };
  return extensible((full) => {
    const w = scale ?? e.constant(new Float32Array(channels).fill(1), [channels], "float");
    const kernel = reshapeTo(e, w, [channels, 1, 1, 1]);
    return conv(x.blocked(), kernel, { attrs, size: [1, 1], channels, epilogue: full }, e);
  }, epilogue);
}

/** w [o, i, kh, kw] -> [o/b, i/b, kh, kw, b(i), b(o)], or for few channels [o/b, i, kh, kw, b(o)]. */
function forwardKernel(w: string, [o, i, kh, kw]: Shape, e: Emitter): string {
  const b = e.block;
  const blocks =
    i < b
      ? transposeTo(e, reshapeTo(e, w, [o / b, b, i, kh, kw]), [0, 2, 3, 4, 1])
      : transposeTo(e, reshapeTo(e, w, [o / b, b, i / b, b, kh, kw]), [0, 2, 4, 5, 3, 1]);
  return reshapeTo(e, blocks, [o, i, kh, kw]);
}
/** The same for the kernel that leads back: turned round, from o to i, [i/b, o/b, kh, kw, b(o), b(i)]. */
function backwardKernel(w: string, shape: Shape, e: Emitter): string {
  const [o, i, kh, kw] = shape;
  const b = e.block;
  const split = reshapeTo(e, flip(w, shape, e), [o / b, b, i / b, b, kh, kw]);
  return reshapeTo(e, transposeTo(e, split, [2, 0, 4, 5, 1, 3]), [i, o, kh, kw]);
}

const multiple = (channels: number, { block }: Emitter): boolean =>
  block > 0 && channels % block === 0;

/** Of blocked images, or of natural ones with fewer channels than a block. */
export function blockedConv2d(
  { attrs, inputs: [{ shape: xShape }, { shape }] }: NodeOf<"conv2d">,
  [x, w]: readonly Value[],
  e: Emitter,
): Form | null {
  const [o, c, ...size] = shape;
  const few = c < e.block;
  if (attrs.groups !== 1 || !multiple(o, e) || !(few || multiple(c, e))) return null;
  if (sizeOf(xShape) === 0) return null;
  return extensible((epilogue) =>
    conv(
      few ? x.natural() : x.blocked(),
      forwardKernel(w.natural(), shape, e),
      { attrs, size, channels: o, epilogue },
      e,
    ),
  );
}

/** With stride 1, as a convolution by the kernel turned round. */
export function blockedConvTranspose2d(
  { attrs, inputs: [{ shape: dyShape }, { shape }] }: NodeOf<"convTranspose2d">,
  [dy, w]: readonly Value[],
  e: Emitter,
): Form | null {
  const [o, c, ...size] = shape;
  const pads = turnedPads(attrs, size);
  if (!pads || !multiple(o, e) || !multiple(c, e) || sizeOf(dyShape) === 0) return null;
  return extensible((epilogue) =>
    conv(
      dy.blocked(),
      backwardKernel(w.natural(), shape, e),
      { attrs: { ...attrs, pads }, size, channels: c, epilogue },
      e,
    ),
  );
}
