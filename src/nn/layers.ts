/** Dense and convolutional layers, embedding, noise. No layer knows its normalization. */
import {
  conv1d as conv1dOp,
  conv2d as conv2dOp,
  convTranspose2d as convTranspose2dOp,
  add,
  gather,
  matmul,
  mul,
  randomBernoulli,
  randomNormal,
  reshape,
  sizeOf,
  transpose,
  within,
  type Conv2dOptions,
  type Node,
  type Shape,
} from "../graph/index.ts";
import type { Layer, Norm, Scope } from "./scope.ts";

export interface LayerOptions {
  /** The layer's name; by default its kind and a count, e.g. conv2. */
  readonly name?: string;
  /** A normalization of its own; by default the network's. */
  readonly norm?: Norm;
  /** The standard deviation of its pre-activations after initialization (default 1). */
  readonly initScale?: number;
}

/** The weight `w` and the way to the pre-activation of a layer with one weight tensor. */
function weighted(
  scope: Scope,
  kind: string,
  { name, norm, initScale = 1 }: LayerOptions,
  spec: { readonly units: number; readonly shape: Shape; readonly g: Shape },
): { readonly w: Node; readonly path: string; readonly preactivation: (t: Node) => Node } {
  const inner = scope.child(kind, name);
  const { weights, preactivation } = (norm ?? inner.norm).layer(
    inner,
    { w: { shape: spec.shape, g: spec.g } },
    { units: spec.units, initScale },
  );
  return { w: weights.w, path: inner.path, preactivation };
}
const needRank = (layer: string, x: Node, layout: string, hint: string): void => {
  if (x.shape.length !== layout.split(",").length)
    throw new Error(`${layer}: expected x of shape [${layout}], got [${x.shape}]; ${hint}`);
};
const groupsOf = (layer: string, channels: number, units: number, groups: number): void => {
  if (channels % groups !== 0 || units % groups !== 0)
    throw new Error(
      `${layer}: ${channels} channels and ${units} units do not divide into ${groups} groups; use multiples of it`,
    );
};

/** `y = x w^T + b`, `[batch, in] -> [batch, units]`; w is [units, in]. */
export const dense =
  (units: number, options: LayerOptions = {}): Layer =>
  (scope, x) => {
    needRank("dense", x, "batch, in", "flatten it first");
    const { w, preactivation } = weighted(scope, "dense", options, {
      units,
      shape: [units, x.shape[1]],
      g: [units, 1],
    });
    return preactivation(matmul(x, transpose(w)));
  };

type Both = number | readonly [number, number];
const both = (k: Both): readonly [number, number] => (typeof k === "number" ? [k, k] : k);

export interface Conv2dLayerOptions extends LayerOptions, Conv2dOptions {
  readonly kernel: Both;
}
/** `[batch, in, h, w] -> [batch, units, h', w']`; w is [units, in / groups, kh, kw]. */
export const conv2d =
  (units: number, options: Conv2dLayerOptions): Layer =>
  (scope, x) => {
    needRank("conv2d", x, "batch, in, height, width", "reshape it first");
    const { groups = 1 } = options;
    groupsOf("conv2d", x.shape[1], units, groups);
    const shape = [units, x.shape[1] / groups, ...both(options.kernel)];
    const { w, preactivation } = weighted(scope, "conv", options, {
      units,
      shape,
      g: [units, 1, 1, 1],
    });
    return preactivation(conv2dOp(x, w, options));
  };

/** One filter for each channel: `[batch, in, h, w] -> [batch, in * multiplier, h', w']`. */
export const depthwiseConv2d =
  ({
    multiplier = 1,
    ...options
  }: Omit<Conv2dLayerOptions, "groups"> & { readonly multiplier?: number }): Layer =>
  (scope, x) =>
    conv2d(x.shape[1] * multiplier, { ...options, groups: x.shape[1] })(scope, x);

export interface Conv1dLayerOptions extends LayerOptions {
  readonly kernel: number;
  readonly stride?: number;
  readonly pad?: number;
  readonly dilation?: number;
  readonly groups?: number;
}
/** `[batch, in, length] -> [batch, units, length']`; w is [units, in / groups, k]. */
export const conv1d =
  (units: number, options: Conv1dLayerOptions): Layer =>
  (scope, x) => {
    needRank("conv1d", x, "batch, in, length", "reshape it first");
    const { groups = 1, kernel } = options;
    groupsOf("conv1d", x.shape[1], units, groups);
    const { w, preactivation } = weighted(scope, "conv", options, {
      units,
      shape: [units, x.shape[1] / groups, kernel],
      g: [units, 1, 1],
    });
    return preactivation(conv1dOp(x, w, options));
  };

/**
 * `[batch, in, h, w] -> [batch, units, h', w']`, the transpose of a convolution; w is [in, units / groups, kh, kw] and
 * its scale runs over output units, g [1, units, 1, 1].
 */
export const convTranspose2d =
  (units: number, options: Conv2dLayerOptions & { readonly outputPadding?: Both }): Layer =>
  (scope, x) => {
    needRank("convTranspose2d", x, "batch, in, height, width", "reshape it first");
    const { groups = 1 } = options;
    groupsOf("convTranspose2d", x.shape[1], units, groups);
    const shape = [x.shape[1], units / groups, ...both(options.kernel)];
    const { w, preactivation } = weighted(scope, "convTranspose", options, {
      units,
      shape,
      g: [1, units, 1, 1],
    });
    return preactivation(convTranspose2dOp(x, w, options));
  };

/** int32 `[...]` below `vocabulary` to float `[..., units]`: a dense layer on one-hot vectors; w is [vocabulary, units]. */
export const embedding =
  (vocabulary: number, units: number, options: LayerOptions = {}): Layer =>
  (scope, x) => {
    const { w, path, preactivation } = weighted(scope, "embedding", options, {
      units,
      shape: [vocabulary, units],
      g: [1, units],
    });
    const ids = within(x, { least: 0, most: vocabulary - 1, what: path });
    const rows = gather(w, reshape(ids, [sizeOf(x.shape)]));
    return reshape(preactivation(rows), [...x.shape, units]);
  };

/** Zero with probability p, else x / (1 - p); x itself in mode `eval`. */
export const dropout =
  (p: number): Layer =>
  (scope, x) => {
    if (!(p >= 0 && p < 1))
      throw new Error(`dropout: p is a probability below 1, got ${p}; use e.g. 0.5`);
    if (scope.mode === "eval" || p === 0) return x;
    const { key, stream } = scope.random();
    return mul(x, mul(randomBernoulli(key, 1 - p, { shape: x.shape, stream }), 1 / (1 - p)));
  };

/** x plus N(0, sigma^2); x itself in mode `eval`. */
export const gaussianNoise =
  (sigma: number): Layer =>
  (scope, x) => {
    if (scope.mode === "eval" || sigma === 0) return x;
    const { key, stream } = scope.random();
    return add(x, mul(randomNormal(key, { shape: x.shape, stream }), sigma));
  };
