/** What layers with weights have in common: their options, and weights and pre-activations from the norm in force. */
import type { Node } from "../../graph/index.ts";
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
  if (x.shape.length !== layout.split(",").length)
    throw new Error(`${layer}: expected x of shape [${layout}], got [${x.shape}]; ${hint}`);
};
