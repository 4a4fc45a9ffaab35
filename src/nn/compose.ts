/** Layers made of layers. */
import { add, described, optionsOf, type Node } from "../graph/index.ts";
import { needLayer } from "./checks.ts";
import type { Layer } from "./scope.ts";

/** Layers one after the other. */
export const sequential = (...layers: readonly Layer[]): Layer => {
  for (const [i, layer] of layers.entries()) needLayer("sequential", `argument ${i + 1}`, layer);
  return (scope, x) => layers.reduce((y, layer) => layer(scope, y), x);
};

/** A function of one tensor as a layer: `apply(relu)`. */
export const apply = (f: (x: Node) => Node): Layer => {
  if (typeof f !== "function")
    throw new Error(
      `apply: expected a function of a node, got ${described(f)}; write e.g. apply(ops.relu)`,
    );
  return (_, x) => f(x);
};

/**
 * A layer whose weights are made at its first call and used again by all others, in any scope of the network. Its first
 * call initializes it; statistics of minibatches are each call's own, as they are each step's of a recurrent cell.
 */
export const shared = (layer: Layer): Layer => {
  const same: Layer = (scope, x) => layer(scope.share(same), x);
  return same;
};

/** Options of {@link residual}. */
export interface ResidualOptions {
  readonly shortcut?: Layer;
  readonly name?: string;
}
const knownOfResidual = optionsOf<ResidualOptions>("residual", {
  shortcut: "optional",
  name: "optional",
});
/** x + f(x), the layers of `f` one after the other; `shortcut` brings x to another shape where f changes it. */
export const residual = (layers: readonly Layer[], options: ResidualOptions = {}): Layer => {
  const { shortcut, name } = knownOfResidual(options);
  if (!Array.isArray(layers))
    throw new Error(
      `residual: layers must be a list, got ${described(layers)}; write residual([...], { shortcut })`,
    );
  if (shortcut !== undefined) needLayer("residual", "shortcut", shortcut);
  const block = sequential(...(layers as readonly Layer[]));
  return (scope, x) => {
    const inner = scope.child("residual", name);
    const y = block(inner, x);
    const straight = shortcut ? shortcut(inner, x) : x;
    if (`${y.shape}` !== `${straight.shape}`)
      throw new Error(
        `residual: the block gives [${y.shape}] and its shortcut [${straight.shape}]; pass a \`shortcut\` layer of the block's shape`,
      );
    return add(y, straight);
  };
};
