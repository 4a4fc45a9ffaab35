/**
 * What can be known before running: equal expressions become one node, identities vanish, (A B)^T becomes B^T A^T. Values
 * never change, but for the order in which a product of matrices is summed.
 */
import { node, type Node, type NodeOf, type OpName } from "../graph/index.ts";
import { rewrite } from "./rewrite.ts";

type Rewrite<K extends OpName> = (n: NodeOf<K>) => Node;

const isConstant = (n: Node, value: number): boolean =>
  n.op === "constant" &&
  n.dtype === "float" &&
  n.attrs.data.length === 1 &&
  Object.is(n.attrs.data[0], value);
const sameShape = (a: Type, b: Type): boolean => `${a.shape}` === `${b.shape}`;
type Type = Pick<Node, "shape">;

/** One of two inputs in place of the op, if the other is a constant that changes nothing and the one was not stretched. */
function withoutNeutral(
  n: NodeOf<"sub"> | NodeOf<"mul"> | NodeOf<"div"> | NodeOf<"pow">,
  value: number,
  { commutes }: { readonly commutes: boolean },
): Node {
  const [a, b] = n.inputs;
  if (isConstant(b, value) && sameShape(n, a)) return a;
  return commutes && isConstant(a, value) && sameShape(n, b) ? b : n;
}

const rewrites: { readonly [K in OpName]?: Rewrite<K> } = {
  // No rule for add: x + 0 is not x where x is -0, whose reciprocal has the other sign; x - 0 is.
  sub: (n) => withoutNeutral(n, 0, { commutes: false }),
  mul: (n) => withoutNeutral(n, 1, { commutes: true }),
  div: (n) => withoutNeutral(n, 1, { commutes: false }),
  pow: (n) => withoutNeutral(n, 1, { commutes: false }),
  neg: (n) => (n.inputs[0].op === "neg" ? n.inputs[0].inputs[0] : n),
  stopGradient: (n) => n.inputs[0], // its work is done once gradients are taken
  within: (n) => n.inputs[0], // runtimes check it beside the model
  reshape: (n) => {
    const [x] = n.inputs;
    const source = x.op === "reshape" ? x.inputs[0] : x;
    if (sameShape(n, source)) return source;
    return source === x ? n : node("reshape", [source], n.attrs);
  },
  slice: (n) => (sameShape(n, n.inputs[0]) && n.attrs.steps.every((s) => s > 0) ? n.inputs[0] : n),
  transpose: (n) => {
    const [x] = n.inputs;
    if (x.op === "matmul") return transposedProduct(n, x);
    return x.op === "transpose" ? composed(n, x) : n;
  },
};

/** A transpose of a transpose. */
function composed(n: NodeOf<"transpose">, x: NodeOf<"transpose">): Node {
  const perm = n.attrs.perm.map((a) => x.attrs.perm[a]);
  return perm.every((a, i) => a === i) ? x.inputs[0] : node("transpose", [x.inputs[0]], { perm });
}

/**
 * (A B)^T = B^T A^T where that leaves no more to transpose: the gradient of a dense layer's weights, (x^T dy)^T, becomes
 * dy^T x, and what is transposed is a minibatch and not the weights.
 */
function transposedProduct(n: NodeOf<"transpose">, x: NodeOf<"matmul">): Node {
  const { perm } = n.attrs;
  const rank = perm.length;
  const swapsLast = perm.every((a, i) => a === (i < rank - 2 ? i : 2 * rank - 3 - i));
  const alike = x.inputs.every(({ shape }) => shape.length === rank);
  if (!swapsLast || !alike || !x.inputs.some(({ op }) => op === "transpose")) return n;
  const [a, b] = x.inputs.map((y) => {
    const t = node("transpose", [y], { perm });
    return y.op === "transpose" && t.op === "transpose" ? composed(t, y) : t;
  });
  return node("matmul", [b, a], {});
}

const rewriteOne = (n: Node): Node => (rewrites[n.op] as ((n: Node) => Node) | undefined)?.(n) ?? n;

/** The same values as `roots`, out of fewer nodes. Those that are `apart` stay nodes of their own beside equal ones. */
export function simplify(
  roots: readonly Node[],
  { apart = () => false }: { readonly apart?: (n: Node) => boolean } = {},
): readonly Node[] {
  const known = new Map<string, Node>();
  const ids = new Map<Node, number>();
  const id = (n: Node): number => {
    if (!ids.has(n)) ids.set(n, ids.size);
    return ids.get(n)!;
  };
  return rewrite(roots, (n) => {
    const better = rewriteOne(n);
    if (apart(better)) return better;
    const key = keyOf(better, id);
    const first = known.get(key) ?? better;
    known.set(key, first);
    return first;
  });
}

/** Two nodes with one key have one value. */
export function keyOf(n: Node, id: (n: Node) => number): string {
  if (n.op === "parameter" || n.op === "input")
    return `${n.op} ${n.dtype} [${n.shape}] ${n.attrs.name}`;
  if (n.op === "constant") {
    // Large constants are compared by identity: hashing them would cost more than it saves.
    const { data } = n.attrs;
    return data.length > 64
      ? `constant #${id(n)}`
      : `constant ${n.dtype} [${n.shape}] ${Array.from(data).map(show).join(" ")}`;
  }
  return `${n.op} ${n.inputs.map(id).join(" ")} ${JSON.stringify(n.attrs, replacer)}`;
}
/** JSON writes -0 as 0 and infinities as null. */
const replacer = (_: string, x: unknown): unknown =>
  typeof x === "number" && (Object.is(x, -0) || !Number.isFinite(x)) ? show(x) : x;
/** Tells -0 from 0. */
const show = (x: number): string => (Object.is(x, -0) ? "-0" : String(x));
