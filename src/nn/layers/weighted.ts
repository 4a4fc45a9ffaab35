/** What layers with weights have in common: their options, and weights and pre-activations from the norm in force. */
import { needNode, optionsOf, type Node, type OptionNames } from "../../graph/index.ts";
import { needNorm, wholeUnits } from "../checks.ts";
import type { Norm, Scope, WeightSpec } from "../scope.ts";

/** What all layers with weights take. */
export interface LayerOptions {
  /** The layer's name; by default its kind and a count, e.g. conv2. */
  readonly name?: string;
  /** A normalization of its own; by default the network's. */
  readonly norm?: Norm;
  /** The standard deviation of its pre-activations after initialization (default 1). */
  readonly initScale?: number;
  /**
   * Whether units get something added (default true). Without it there is no b, nor the beta of batch normalization; means
   * are removed where they were, but initialization can only scale and leaves the mean of an arm without statistics.
   */
  readonly bias?: boolean;
}

export const layerNames: OptionNames<LayerOptions> = {
  name: "optional",
  norm: "optional",
  initScale: "optional",
  bias: "optional",
};

/** What checks the units and the options of a layer where it is made, not only where it is called. */
export function checksOf<O extends LayerOptions>(
  where: string,
  names: OptionNames<O>,
): (units: number, options: O) => void {
  const known = optionsOf<O>(where, names);
  return (units, options) => {
    wholeUnits(where, "units", units);
    const { norm } = known(options);
    if (norm !== undefined) needNorm(where, norm);
  };
}

/** Weights by name and the way to the pre-activation, from the layer's own norm or the network's; `scope` is the layer's. */
export function normalized<N extends string>(
  scope: Scope,
  { norm = scope.norm, initScale = 1, bias = true }: LayerOptions,
  specs: Readonly<Record<N, WeightSpec>>,
  units: number,
): ReturnType<Norm["layer"]> & { readonly weights: Readonly<Record<N, Node>> } {
  const layer = scope.once("weights", () => norm.layer(scope, specs, { units, initScale, bias }));
  for (const [name, { shape }] of Object.entries<WeightSpec>(specs)) {
    const made = layer.weights[name as N].shape;
    if (`${made}` !== `${shape}`)
      throw new Error(
        `shared: the weight "${name}" of ${scope.path} is [${made}], got a call that needs [${shape}]; give every call an x of one width`,
      );
  }
  return layer;
}

/** The weight `w` and the way to the pre-activation of a layer with one weight tensor. */
export function weighted(
  scope: Scope,
  kind: string,
  options: LayerOptions,
  { units, ...spec }: WeightSpec & { readonly units: number },
): { readonly w: Node; readonly path: string; readonly preactivation: (t: Node) => Node } {
  const inner = scope.child(kind, options.name);
  const { weights, preactivation } = normalized(inner, options, { w: spec }, units);
  return { w: weights.w, path: inner.path, preactivation };
}

export const needRank = (layer: string, x: Node, layout: string, hint: string): void => {
  if (needNode(layer, x).shape.length !== layout.split(",").length)
    throw new Error(`${layer}: expected x of shape [${layout}], got [${x.shape}]; ${hint}`);
};
