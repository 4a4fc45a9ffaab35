/** What can be known before running: equal expressions become one node, identities vanish. Values never change. */
import { node, topological, type Node, type OpName } from "../graph/index.ts";

type Rewrite = (n: Node) => Node;

const isConstant = (n: Node | undefined, value: number): boolean =>
  n?.op === "constant" && n.dtype === "float" && n.attrs.data.length === 1 && n.attrs.data[0] === value;
const sameShape = (a: Node, b: Node): boolean => `${a.shape}` === `${b.shape}`;
/** x if op(x, other) = x: the constant is neutral and x was not stretched. */
const neutral = (n: Node, x: Node, other: Node, value: number): Node => (isConstant(other, value) && sameShape(n, x) ? x : n);

const rewrites: { readonly [K in OpName]?: Rewrite } = {
  add: (n) => pick(n, ([a, b]) => [neutral(n, a, b, 0), neutral(n, b, a, 0)]),
  sub: (n) => pick(n, ([a, b]) => [neutral(n, a, b, 0)]),
  mul: (n) => pick(n, ([a, b]) => [neutral(n, a, b, 1), neutral(n, b, a, 1)]),
  div: (n) => pick(n, ([a, b]) => [neutral(n, a, b, 1)]),
  pow: (n) => pick(n, ([a, b]) => [neutral(n, a, b, 1)]),
  neg: (n) => (n.inputs[0]?.op === "neg" ? n.inputs[0].inputs[0] : n),
  stopGradient: (n) => n.inputs[0]!, // its work is done once gradients are taken
  reshape: (n) => {
    const [x] = n.inputs;
    if (x?.op === "reshape") return n.op === "reshape" ? rewriteOne(node("reshape", [x.inputs[0]], n.attrs)) : n;
    return x && sameShape(n, x) ? x : n;
  },
  transpose: (n) => {
    const [x] = n.inputs;
    if (n.op !== "transpose" || x?.op !== "transpose") return n;
    const perm = n.attrs.perm.map((a) => x.attrs.perm[a]!);
    return perm.every((a, i) => a === i) ? x.inputs[0] : node("transpose", [x.inputs[0]], { perm });
  },
};

function pick(n: Node, candidates: (inputs: readonly [Node, Node]) => readonly Node[]): Node {
  return candidates(n.inputs as readonly [Node, Node]).find((c) => c !== n) ?? n;
}
const rewriteOne: Rewrite = (n) => rewrites[n.op]?.(n) ?? n;

/** The same values as `roots`, out of fewer nodes. */
export function simplify(roots: readonly Node[]): readonly Node[] {
  const replaced = new Map<Node, Node>();
  const known = new Map<string, Node>();
  const ids = new Map<Node, number>();
  const id = (n: Node): number => {
    if (!ids.has(n)) ids.set(n, ids.size);
    return ids.get(n)!;
  };
  for (const old of topological(roots)) {
    const inputs = old.inputs.map((x) => replaced.get(x)!);
    const moved = inputs.every((x, i) => x === old.inputs[i]) ? old : node(old.op, inputs as never, old.attrs as never);
    const better = rewriteOne(moved);
    const key = keyOf(better, id);
    const first = known.get(key) ?? better;
    known.set(key, first);
    replaced.set(old, first);
  }
  return roots.map((r) => replaced.get(r)!);
}

/** Two nodes with one key have one value. */
function keyOf(n: Node, id: (n: Node) => number): string {
  if (n.op === "parameter" || n.op === "input") return `${n.op} ${n.attrs.name}`;
  if (n.op === "constant") {
    // Large constants are compared by identity: hashing them would cost more than it saves.
    const { data } = n.attrs;
    return data.length > 64 ? `constant #${id(n)}` : `constant ${n.dtype} [${n.shape}] ${Array.from(data).map(show).join(" ")}`;
  }
  return `${n.op} ${n.inputs.map(id).join(" ")} ${JSON.stringify(n.attrs)}`;
}
/** Tells -0 from 0. */
const show = (x: number): string => (Object.is(x, -0) ? "-0" : String(x));
