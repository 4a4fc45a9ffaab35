/** Normalization of every example by itself: layer and group normalization. Their gamma and beta belong to no arm. */
import {
  add,
  div,
  mean,
  mul,
  needNode,
  optionsOf,
  reshape,
  sizeOf,
  sqrt,
  square,
  sub,
  type Node,
  type OptionNames,
  type Shape,
} from "../../graph/index.ts";
import { wholeUnits } from "../checks.ts";
import type { Layer, Scope } from "../scope.ts";

/** Options of {@link groupNorm}. */
export interface ExampleNormOptions {
  readonly name?: string;
  /** Added to the variance (default 1e-5). */
  readonly epsilon?: number;
  /** Whether gamma scales and beta shifts the result (default true). */
  readonly affine?: boolean;
  /** Whether there is a beta (default true). */
  readonly bias?: boolean;
}
/** Options of {@link layerNorm}. */
export interface LayerNormOptions extends ExampleNormOptions {
  /** The axes that mean and variance run over, and the shape of gamma and beta (default the last). */
  readonly axes?: number | readonly number[];
}

const exampleNames: OptionNames<ExampleNormOptions> = {
  name: "optional",
  epsilon: "optional",
  affine: "optional",
  bias: "optional",
};
const knownOfLayerNorm = optionsOf<LayerNormOptions>("layerNorm", {
  ...exampleNames,
  axes: "optional",
});
const knownOfGroupNorm = optionsOf<ExampleNormOptions>("groupNorm", exampleNames);

/** gamma (x - mu) / sqrt(sigma^2 + epsilon) + beta over the last axis, or other ones (Ba, Kiros & Hinton 2016). */
export const layerNorm = (all: LayerNormOptions = {}): Layer => {
  const { axes: given = -1, ...options } = knownOfLayerNorm(all);
  return (scope, x) => {
    const rank = needNode("layerNorm", x).shape.length;
    const axes = (typeof given === "number" ? [given] : given).map((a) => (a < 0 ? a + rank : a));
    if (axes.length === 0 || axes.some((a) => !Number.isInteger(a) || a < 1 || a >= rank))
      throw new Error(
        `layerNorm: axes are those of one example, got [${axes}] of x [${x.shape}]; use 1 to ${rank - 1}, or negative ones from the end`,
      );
    const own = axes.toSorted((a, b) => a - b);
    return affine(scope.child("layerNorm", options.name), standardized(x, own, options), {
      ...options,
      shape: own.map((a) => x.shape[a]),
      spread: x.shape.map((d, i) => (own.includes(i) ? d : 1)),
    });
  };
};

/**
 * The same over groups of channels and all positions: x `[batch, channels, ...]`, gamma and beta [channels] (Wu & He 2018).
 */
export const groupNorm = (groups: number, options: ExampleNormOptions = {}): Layer => {
  wholeUnits("groupNorm", "groups", groups);
  knownOfGroupNorm(options);
  return (scope, x) => {
    const [batch, channels, ...positions] = needNode("groupNorm", x).shape;
    if (x.shape.length < 2 || channels % groups !== 0)
      throw new Error(
        `groupNorm: expected x of shape [batch, channels, ...] with channels in ${groups} equal groups, got [${x.shape}]; use a divisor of the channels`,
      );
    const apart = reshape(x, [batch, groups, (channels / groups) * sizeOf(positions)]);
    const y = reshape(standardized(apart, [2], options), x.shape);
    return affine(scope.child("groupNorm", options.name), y, {
      ...options,
      shape: [channels],
      spread: x.shape.map((d, i) => (i === 1 ? d : 1)),
    });
  };
};

function standardized(
  x: Node,
  axes: readonly number[],
  { epsilon = 1e-5 }: ExampleNormOptions,
): Node {
  const over = { axes, keepDims: true };
  const centred = sub(x, mean(x, over));
  return div(centred, sqrt(add(mean(square(centred), over), epsilon)));
}

/** gamma x + beta of `shape`, which `spread` broadcasts against x. */
function affine(
  scope: Scope,
  x: Node,
  {
    affine: has = true,
    bias = true,
    shape,
    spread,
  }: ExampleNormOptions & { readonly shape: Shape; readonly spread: Shape },
): Node {
  if (!has) return x;
  const parameter = (name: string, value: number): Node =>
    reshape(scope.parameter(name, shape, { init: { kind: "constant", value } }), spread);
  const scaled = mul(x, parameter("gamma", 1));
  return bias ? add(scaled, parameter("beta", 0)) : scaled;
}
