/** The reverse sweep: from a scalar loss to the gradient of every parameter, as nodes of the same language. */
import { constant, reshape, sum, topological, zerosLike, type Node } from "../graph/index.ts";
import { vjp } from "./rules.ts";
import { total } from "./total.ts";

/**
 * The gradients of `loss` (a scalar) with respect to `targets`, any nodes of its graph; zeros where the loss does not
 * depend on one. The results are ordinary nodes, so gradients of gradients are gradients.
 */
export function grad(loss: Node, targets: readonly Node[]): readonly Node[] {
  if (loss.shape.length > 0)
    throw new Error(`grad: the loss must be a scalar, got [${loss.shape}]; take its sum or mean`);
  const order = topological([loss]);
  const needed = dependents(order, targets);
  const terms = new Map<Node, Node[]>();
  const gradients = new Map<Node, Node>();
  if (needed.has(loss)) terms.set(loss, [constant(1)]);
  for (const y of order.toReversed()) {
    const found = terms.get(y);
    if (!found) continue;
    const dy = total(found);
    gradients.set(y, dy);
    if (!y.inputs.some((x) => needed.has(x))) continue;
    const rule = vjp[y.op] as (y: Node, dy: Node) => readonly (Node | null)[];
    for (const [i, dx] of rule(y, dy).entries()) {
      const x = y.inputs.at(i);
      if (!dx || !x || !needed.has(x)) continue;
      const fitted = sumTo(dx, x, y.op);
      const others = terms.get(x);
      if (others) others.push(fitted);
      else terms.set(x, [fitted]);
    }
  }
  return targets.map((x) => gradients.get(x) ?? zerosLike(x));
}

/** The nodes that depend on a target (targets included): only through them is there anything to sweep. */
function dependents(order: readonly Node[], targets: readonly Node[]): ReadonlySet<Node> {
  const set = new Set<Node>(targets);
  for (const n of order) if (n.inputs.some((x) => set.has(x))) set.add(n);
  return set;
}

/** Undoes broadcasting: sums `dx` over the axes that x was stretched along, once and for every op. */
function sumTo(dx: Node, x: Node, op: string): Node {
  if (`${dx.shape}` === `${x.shape}`) return dx;
  const extra = dx.shape.length - x.shape.length;
  const axes = dx.shape.flatMap((d, i) =>
    i < extra || (x.shape[i - extra] === 1 && d !== 1) ? [i] : [],
  );
  const shape = dx.shape.map((d, i) => (axes.includes(i) ? 1 : d)).slice(Math.max(extra, 0));
  if (`${shape}` !== `${x.shape}`)
    throw new Error(
      `grad: the rule of ${op} gives [${dx.shape}] for an input [${x.shape}]; mend the rule`,
    );
  return reshape(sum(dx, { axes }), x.shape);
}
