/** What patterns over nodes are written in. */
import { sizeOf, type Node } from "../graph/index.ts";
import type { Fused } from "../onnx/index.ts";
import type { Constants } from "./constants.ts";

/** What a pattern may ask. */
export interface Matching {
  readonly opset: number;
  readonly constants: Constants;
  /** How many nodes and outputs use a node. */
  uses(n: Node): number;
}
/** From a node the operator that computes it, if the pattern is there. */
export type Pattern = (n: Node, m: Matching) => Fused | null;

/** The number that a constant of one element holds. */
export const numberIn = (n: Node): number | undefined =>
  n.op === "constant" && n.dtype === "float" && sizeOf(n.shape) === 1 ? n.attrs.data[0] : undefined;

/** Numbers that are one but for their rounding. */
export const isNear = (a: number | undefined, b: number): boolean =>
  a !== undefined && Math.abs(a - b) <= 1e-6 * Math.abs(b);

/** An operand and the number beside it, whichever comes first where the op commutes. */
export function withNumber(
  n: Node,
  op: "add" | "mul" | "div" | "sub",
): { readonly x: Node; readonly by: number } | undefined {
  if (n.op !== op) return undefined;
  const [a, b] = n.inputs;
  const commutes = op === "add" || op === "mul";
  for (const [x, c] of commutes ? [n.inputs, [b, a] as const] : [n.inputs]) {
    const by = numberIn(c);
    if (by !== undefined && `${x.shape}` === `${n.shape}`) return { x, by };
  }
  return undefined;
}

/** x times a number, said as a product or a quotient. */
export function timesNumber(n: Node): { readonly x: Node; readonly by: number } | undefined {
  const quotient = withNumber(n, "div");
  return quotient ? { x: quotient.x, by: 1 / quotient.by } : withNumber(n, "mul");
}

export interface Mean {
  readonly x: Node;
  readonly axes: readonly number[];
  readonly keepDims: boolean;
}
/** A sum over axes, divided by how many there are. */
export function meanIn(n: Node, m: Matching): Mean | undefined {
  const product = timesNumber(n);
  if (product?.x.op !== "sum" || m.uses(product.x) !== 1) return undefined;
  const { inputs, attrs } = product.x;
  const [x] = inputs;
  const count = sizeOf(attrs.axes.map((a) => x.shape[a]));
  return attrs.axes.length > 0 && isNear(product.by, 1 / count) ? { x, ...attrs } : undefined;
}
