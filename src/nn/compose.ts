/** Layers made of layers. */
import { add, type Node } from "../graph/index.ts";
import type { Layer } from "./scope.ts";

/** Layers one after the other. */
export const sequential =
  (...layers: readonly Layer[]): Layer =>
  (scope, x) =>
    layers.reduce((y, layer) => layer(scope, y), x);

/** A function of one tensor as a layer: `apply(relu)`. */
export const apply =
  (f: (x: Node) => Node): Layer =>
  (_, x) =>
    f(x);

/**
 * A layer whose weights are made at its first call and used again by all others, in any scope of the network. Its first
 * call initializes it; statistics of minibatches are each call's own, as they are each step's of a recurrent cell.
 */
export const shared = (layer: Layer): Layer => {
  const same: Layer = (scope, x) => layer(scope.share(same), x);
  return same;
};

/** x + f(x), the layers of `f` one after the other; `shortcut` brings x to another shape where f changes it. */
export const residual =
  (
    layers: readonly Layer[],
    { shortcut, name }: { readonly shortcut?: Layer; readonly name?: string } = {},
  ): Layer =>
  (scope, x) => {
    const inner = scope.child("residual", name);
    const y = sequential(...layers)(inner, x);
    const straight = shortcut ? shortcut(inner, x) : x;
    if (`${y.shape}` !== `${straight.shape}`)
      throw new Error(
        `residual: the block gives [${y.shape}] and its shortcut [${straight.shape}]; pass a \`shortcut\` layer of the block's shape`,
      );
    return add(y, straight);
  };
