/** What both VAEs are built from: residual blocks, steps down and up in size, and the layers that answer a Gaussian. */
import {
  apply,
  conv2d,
  convTranspose2d,
  ops,
  residual,
  sequential,
  type Gaussian,
  type Layer,
  type LayerOptions,
  type Scope,
  type Node,
} from "../../src/index.ts";

export const elu: Layer = apply((x) => ops.elu(x));

/** x + conv(elu(conv(elu(x)))). Its last convolution starts small, so that a deep stack of blocks starts near the identity. */
export const block = (width: number): Layer =>
  residual([
    elu,
    conv2d(width, { kernel: 3, pads: 1 }),
    elu,
    conv2d(width, { kernel: 3, pads: 1, initScale: 0.1 }),
  ]);

/** Half the size: [batch, c, h, w] -> [batch, width, h / 2, w / 2]. */
export const down = (width: number): Layer =>
  sequential(elu, conv2d(width, { kernel: 3, pads: 1, strides: 2 }));

/** Twice the size: [batch, c, h, w] -> [batch, width, 2 h, 2 w], the transpose of `down`. */
export const up = (width: number): Layer =>
  sequential(elu, convTranspose2d(width, { kernel: 3, pads: 1, strides: 2, outputPadding: 1 }));

/**
 * A Gaussian from x, by two layers like `head`. Means start with variance 1 over the batch and variances near 1, so that
 * latents carry as much signal as noise from the first step; log variances of variance 1 would only add noise to the noise.
 */
export const gaussian =
  (head: (options: LayerOptions) => Layer) =>
  (scope: Scope, x: Node): Gaussian => ({
    mu: head({ name: "mu" })(scope, x),
    logVariance: head({ name: "logVariance", initScale: 0.1 })(scope, x),
  });
