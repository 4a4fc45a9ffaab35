/** The values of a pass: what its loops compute, each once, said in ops that lanes have. */
import {
  abs,
  add,
  less,
  logicalOr,
  mul,
  select,
  sizeOf,
  stopGradient,
  type Node,
  type NodeOf,
} from "../graph/index.ts";
import { keyOf } from "../onnx/index.ts";

/** Where numbers lie in memory, by what they are. */
export type Place =
  | { readonly kind: "parameter"; readonly name: string }
  | { readonly kind: "hoisted"; readonly key: string }
  | { readonly kind: "handed"; readonly index: number }
  | { readonly kind: "fed"; readonly name: string };

export interface Value {
  readonly id: number;
  /** The node that it is the value of; of a leaf, one of that type. */
  readonly node: Node;
  readonly size: number;
  readonly kind: "leaf" | "number" | "lanes" | "sum" | "norm";
  readonly inputs: readonly Value[];
  /** Of a leaf. */
  readonly at?: Place;
}
/** A place that takes a value. */
export interface Store {
  readonly to: Place;
  readonly value: Value;
}

/** Makes values of nodes, to be asked for in the order of a graph; what `leafOf` knows comes from its place. */
export function valuesOf(leafOf: (n: Node) => Place | undefined): (n: Node) => Value {
  const byNode = new Map<Node, Value>();
  const byKey = new Map<string, Value>();
  const once = (key: string, value: Omit<Value, "id">): Value => {
    const known = byKey.get(key) ?? { ...value, id: byKey.size };
    byKey.set(key, known);
    return known;
  };
  const make = (n: Node): Value => {
    const at = leafOf(n);
    const size = sizeOf(n.shape);
    if (at) return once(JSON.stringify(at), { node: n, size, kind: "leaf", inputs: [], at });
    if (n.op === "constant")
      return once(
        keyOf(n, () => 0),
        { node: n, size, kind: "number", inputs: [] },
      );
    if (n.op === "reshape" || n.op === "stopGradient") return of(n.inputs[0]);
    if (n.op === "broadcastTo") return of(n.inputs[0]); // who uses it stretches it
    if (n.op === "scaled") return of(spelledOut(n));
    const isRow = n.op === "sum" || n.op === "norm";
    const inputs = n.inputs.map((x) => (isRow ? stretched(x) : of(x)));
    const kind = n.op === "sum" || n.op === "norm" ? n.op : "lanes";
    const attrs = kind === "lanes" ? JSON.stringify(n.attrs) : "";
    const key = `${n.op} ${size} ${inputs.map((x) => x.id).join(" ")} ${attrs}`;
    return once(key, { node: n, size, kind, inputs });
  };
  /** The value of `n` at its own size, where stretching it was left to who uses it. */
  const stretched = (n: Node): Value => {
    const value = of(n);
    const size = sizeOf(n.shape);
    if (value.size === size) return value;
    const key = `stretched ${size} ${value.id}`;
    return once(key, { node: stopGradient(n), size, kind: "lanes", inputs: [value] });
  };
  const of = (n: Node): Value => {
    const value = byNode.get(n) ?? make(n);
    byNode.set(n, value);
    return value;
  };
  return stretched;
}

/** x a b in the order that a allows, which is a matter of the row: see src/onnx/norm.ts. */
function spelledOut({ inputs: [x, a, b] }: NodeOf<"scaled">): Node {
  const isFar = logicalOr(less(abs(a), 2 ** -40), less(2 ** 40, abs(a)));
  const [first, second] = [select(isFar, a, mul(a, b)), select(isFar, b, 1)];
  return add(mul(mul(x, first), second), select(isFar, 0, -0)); // a -0 that Where chooses is 0, others stay
}
