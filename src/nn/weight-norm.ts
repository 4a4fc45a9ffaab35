/** Weight normalization: w = g v / |v| (Salimans & Kingma 2016, arXiv 1602.07868). */
import {
  described,
  exp,
  log,
  mul,
  norm,
  ones,
  optionsOf,
  reshape,
  safeReciprocal,
  type Init,
  type Node,
} from "../graph/index.ts";
import type { Parameterization } from "./norm.ts";
import { inTwoParts, logScale, unitShapes } from "./units.ts";

/** How first weights are drawn. */
export interface DrawnOptions {
  /** The standard deviation of the first values of weights (default 0.05, as in the paper). */
  readonly std?: number;
}
/** N(0, std^2); v of one arm starts as w of another. */
const drawn = (layer: string, name: string, std: number): Init => ({
  kind: "normal",
  std,
  stream: `${layer}.${name}`,
});

/**
 * w = g v / |v| (eq. 2), the norm over every axis along which g has size 1; a zero row of v gives a zero row of w, and
 * zero gradients, exactly. For a grouped transposed convolution v is [in, out / groups, ...] and g [1, out, 1, ...].
 */
export function normalize(v: Node, g: Node): Node {
  const { vShape, gShape } = unitShapes(v.shape, g.shape);
  const rows = reshape(v, vShape);
  const axes = gShape.flatMap((d, i) => (d === 1 && vShape[i] !== 1 ? [i] : []));
  const scale = mul(reshape(g, gShape), safeReciprocal(norm(rows, { axes, keepDims: true })));
  return reshape(mul(rows, scale), v.shape);
}

/** Options of {@link weightNorm}. */
export interface WeightNormOptions extends DrawnOptions {
  /** Learn g itself, or s with g = e^s (section 2 tried both and found no advantage of e^s). */
  readonly scale?: "linear" | "exponential";
  /** `{ g: false }` freezes the scales. */
  readonly trainable?: { readonly g?: boolean };
}

const knownOfWeightNorm = optionsOf<WeightNormOptions>("weightNorm", {
  scale: "optional",
  trainable: "optional",
  std: "optional",
});
const knownOfTrainable = optionsOf<{ readonly g?: boolean }>("weightNorm: trainable", {
  g: "optional",
});
/** Weights as w = g v / |v|; g and v are the only state. */
export const weightNorm = (options: WeightNormOptions = {}): Parameterization => {
  const { scale = "linear", trainable = {}, std = 0.05 } = knownOfWeightNorm(options);
  const { g: gTrainable = true } = knownOfTrainable(trainable);
  if (scale !== "linear" && (scale as unknown) !== "exponential")
    throw new Error(
      `weightNorm: scale must be "linear" or "exponential", got ${described(scale)}; use one of these`,
    );
  return (scope, name, { shape, g: gShape, values }) => {
    const at = (letter: string): string => (name === "w" ? letter : `${name}.${letter}`);
    const exponential = scale === "exponential";
    const first = values && inTwoParts({ shape, data: values }, gShape);
    const v = scope.parameter(at("v"), shape, {
      init: first ? { kind: "values", values: first.v } : drawn(scope.path, name, std),
    });
    const g = scope.parameter(at(exponential ? "s" : "g"), gShape, {
      init: first
        ? { kind: "values", values: exponential ? first.norms.map(logScale) : first.norms }
        : { kind: "constant", value: exponential ? 0 : 1 },
      trainable: gTrainable,
    });
    const used = scope.mode === "init" && !first ? ones(gShape) : exponential ? exp(g) : g;
    return {
      w: normalize(v, used),
      rescale: (by) => [{ parameter: g, next: exponential ? log(by) : by }],
    };
  };
};

/** Every unit of w times its element of `scale`, which has the shape of g. */
function scaleUnits(w: Node, scale: Node): Node {
  const { vShape, gShape } = unitShapes(w.shape, scale.shape);
  return reshape(mul(reshape(w, vShape), reshape(scale, gShape)), w.shape);
}

const knownOfPlainWeight = optionsOf<DrawnOptions>("plainWeight", { std: "optional" });
/** Weights as they are. */
export const plainWeight = (options: DrawnOptions = {}): Parameterization => {
  const { std = 0.05 } = knownOfPlainWeight(options);
  return (scope, name, { shape, values }) => {
    const w = scope.parameter(name, shape, {
      init: values ? { kind: "values", values } : drawn(scope.path, name, std),
    });
    return { w, rescale: (by) => [{ parameter: w, next: scaleUnits(w, by) }] };
  };
};
