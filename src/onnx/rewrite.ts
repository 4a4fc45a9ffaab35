/** Graphs out of graphs. */
import { node, topological, type Node } from "../graph/index.ts";

/** `roots` with `change` applied to every node, inputs first; where nothing changes nodes stay the same nodes. */
export function rewrite(roots: readonly Node[], change: (n: Node) => Node): readonly Node[] {
  const replaced = new Map<Node, Node>();
  for (const old of topological(roots)) {
    const inputs = old.inputs.map((x) => replaced.get(x)!);
    const moved = inputs.every((x, i) => x === old.inputs[i])
      ? old
      : node(old.op, inputs as never, old.attrs as never);
    replaced.set(old, change(moved));
  }
  return roots.map((r) => replaced.get(r)!);
}

/** `roots` with some nodes replaced by others, below which nothing is looked at. */
export function substitute(
  roots: readonly Node[],
  values: ReadonlyMap<Node, Node>,
): readonly Node[] {
  const replaced = new Map<Node, Node>(values);
  for (const old of topological(roots, (n) => (values.has(n) ? [] : n.inputs))) {
    if (replaced.has(old)) continue;
    const inputs = old.inputs.map((x) => replaced.get(x)!);
    const isSame = inputs.every((x, i) => x === old.inputs[i]);
    replaced.set(old, isSame ? old : node(old.op, inputs as never, old.attrs as never));
  }
  return roots.map((r) => replaced.get(r)!);
}
