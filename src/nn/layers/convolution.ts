/** Convolutions, and their transposes. */
import {
  conv1d as conv1dOp,
  conv2d as conv2dOp,
  convTranspose1d as convTranspose1dOp,
  convTranspose2d as convTranspose2dOp,
  optionsOf,
  type Conv1dOptions,
  type Conv2dOptions,
  type ConvTranspose1dOptions,
  type ConvTranspose2dOptions,
} from "../../graph/index.ts";
import { wholeUnits } from "../checks.ts";
import type { Layer } from "../scope.ts";
import { checksOf, layerNames, needRank, weighted, type LayerOptions } from "./weighted.ts";

const groupsOf = (layer: string, channels: number, units: number, groups: number): void => {
  if (channels % groups !== 0 || units % groups !== 0)
    throw new Error(
      `${layer}: ${channels} channels and ${units} units do not divide into ${groups} groups; use multiples of it`,
    );
};

type Both = number | readonly [number, number];
const both = (k: Both): readonly [number, number] => (typeof k === "number" ? [k, k] : k);

/** The options of a convolution itself: those of its layer without the layer's own. */
function windowOf<O extends LayerOptions & { readonly kernel: Both }>(
  options: O,
): Omit<O, keyof LayerOptions | "kernel"> {
  const { name: _name, norm: _norm, initScale: _scale, bias: _bias, kernel: _k, ...rest } = options;
  return rest;
}

const names2d = {
  ...layerNames,
  kernel: "required",
  strides: "optional",
  pads: "optional",
  dilations: "optional",
  groups: "optional",
} as const;
const names1d = {
  ...layerNames,
  kernel: "required",
  stride: "optional",
  pad: "optional",
  dilation: "optional",
  groups: "optional",
} as const;

/** Options of the layer `conv2d`. */
export interface Conv2dLayerOptions extends LayerOptions, Conv2dOptions {
  readonly kernel: Both;
}
const checkConv2d = checksOf<Conv2dLayerOptions>("conv2d", names2d);
/** `[batch, in, h, w] -> [batch, units, h', w']`; w is [units, in / groups, kh, kw]. */
export const conv2d = (units: number, options: Conv2dLayerOptions): Layer => {
  checkConv2d(units, options);
  return (scope, x) => {
    needRank("conv2d", x, "batch, in, height, width", "reshape it first");
    const { groups = 1 } = options;
    groupsOf("conv2d", x.shape[1], units, groups);
    const shape = [units, x.shape[1] / groups, ...both(options.kernel)];
    const { w, preactivation } = weighted(scope, "conv", options, {
      units,
      shape,
      g: [units, 1, 1, 1],
    });
    return preactivation(conv2dOp(x, w, windowOf(options)));
  };
};

/** Options of the layer `depthwiseConv2d`. */
export interface DepthwiseConv2dOptions extends Omit<Conv2dLayerOptions, "groups"> {
  /** Filters a channel (default 1). */
  readonly multiplier?: number;
}
const { groups: _, ...depthwiseNames } = names2d;
const knownOfDepthwise = optionsOf<DepthwiseConv2dOptions>("depthwiseConv2d", {
  ...depthwiseNames,
  multiplier: "optional",
});
/** One filter for each channel: `[batch, in, h, w] -> [batch, in * multiplier, h', w']`. */
export const depthwiseConv2d = (given: DepthwiseConv2dOptions): Layer => {
  const { multiplier = 1, ...options } = knownOfDepthwise(given);
  wholeUnits("depthwiseConv2d", "multiplier", multiplier);
  return (scope, x) =>
    conv2d(x.shape[1] * multiplier, { ...options, groups: x.shape[1] })(scope, x);
};

/** Options of the layer `conv1d`. */
export interface Conv1dLayerOptions extends LayerOptions, Conv1dOptions {
  readonly kernel: number;
}
const checkConv1d = checksOf<Conv1dLayerOptions>("conv1d", names1d);
/** `[batch, in, length] -> [batch, units, length']`; w is [units, in / groups, k]. */
export const conv1d = (units: number, options: Conv1dLayerOptions): Layer => {
  checkConv1d(units, options);
  return (scope, x) => {
    needRank("conv1d", x, "batch, in, length", "reshape it first");
    const { groups = 1, kernel } = options;
    groupsOf("conv1d", x.shape[1], units, groups);
    const { w, preactivation } = weighted(scope, "conv", options, {
      units,
      shape: [units, x.shape[1] / groups, kernel],
      g: [units, 1, 1],
    });
    return preactivation(conv1dOp(x, w, windowOf(options)));
  };
};

/** Options of the layer `convTranspose2d`. */
export interface ConvTranspose2dLayerOptions extends LayerOptions, ConvTranspose2dOptions {
  readonly kernel: Both;
}
const checkConvTranspose2d = checksOf<ConvTranspose2dLayerOptions>("convTranspose2d", {
  ...names2d,
  outputPadding: "optional",
});
/**
 * `[batch, in, h, w] -> [batch, units, h', w']`, the transpose of a convolution; w is [in, units / groups, kh, kw] and
 * its scale runs over output units, g [1, units, 1, 1].
 */
export const convTranspose2d = (units: number, options: ConvTranspose2dLayerOptions): Layer => {
  checkConvTranspose2d(units, options);
  return (scope, x) => {
    needRank("convTranspose2d", x, "batch, in, height, width", "reshape it first");
    const { groups = 1 } = options;
    groupsOf("convTranspose2d", x.shape[1], units, groups);
    const shape = [x.shape[1], units / groups, ...both(options.kernel)];
    const { w, preactivation } = weighted(scope, "convTranspose", options, {
      units,
      shape,
      g: [1, units, 1, 1],
    });
    return preactivation(convTranspose2dOp(x, w, windowOf(options)));
  };
};

/** Options of the layer `convTranspose1d`. */
export interface ConvTranspose1dLayerOptions extends LayerOptions, ConvTranspose1dOptions {
  readonly kernel: number;
}
const checkConvTranspose1d = checksOf<ConvTranspose1dLayerOptions>("convTranspose1d", {
  ...names1d,
  outputPadding: "optional",
});
/** `[batch, in, length] -> [batch, units, length']`; w is [in, units / groups, k], g [1, units, 1]. */
export const convTranspose1d = (units: number, options: ConvTranspose1dLayerOptions): Layer => {
  checkConvTranspose1d(units, options);
  return (scope, x) => {
    needRank("convTranspose1d", x, "batch, in, length", "reshape it first");
    const { groups = 1, kernel } = options;
    groupsOf("convTranspose1d", x.shape[1], units, groups);
    const { w, preactivation } = weighted(scope, "convTranspose", options, {
      units,
      shape: [x.shape[1], units / groups, kernel],
      g: [1, units, 1],
    });
    return preactivation(convTranspose1dOp(x, w, windowOf(options)));
  };
};
