/** What ops take: a number will do wherever arithmetic expects a node, and negative axes count from the end. */
import { sizeOf } from "../infer.ts";
import { isNode } from "../described.ts";
import { node, noNode } from "../node.ts";
import type { Dtype, Node, Shape } from "../op.ts";

export type Arg = Node | number;

/** A constant tensor; nested arrays are not taken, give flat row-major `data` and a `shape`. */
export const constant = (
  data: ArrayLike<number> | number,
  shape?: Shape,
  dtype: Dtype = "float",
): Node =>
  typeof data === "number"
    ? node("constant", [], {
        data: new Array<number>(sizeOf(shape ?? [])).fill(data),
        shape: shape ?? [],
        dtype,
      })
    : node("constant", [], { data: copied(data), shape: shape ?? [data.length], dtype });

/** A node owns its data: what the caller does to an array later is no business of the graph. Frozen data needs no copy. */
const copied = (data: ArrayLike<number>): ArrayLike<number> =>
  Object.isFrozen(data)
    ? data
    : ArrayBuffer.isView(data)
      ? (data as unknown as Float64Array).slice()
      : Object.freeze(Array.from(data));

/** x, which is looked at before there is a node of it. */
export function needNode(op: string, x: Node): Node {
  if (isNode(x)) return x;
  throw noNode(op, x);
}

export const axisOf = (axis: number, rank: number): number =>
  axis < 0 && axis >= -rank ? axis + rank : axis;
export const pair = (a: Arg, b: Arg): readonly [Node, Node] => {
  const dtype = dtypeOf(a) ?? dtypeOf(b) ?? "float";
  const lift = (x: Arg): Node => (typeof x === "number" ? constant(x, [], dtype) : x);
  return [lift(a), lift(b)];
};
/** Nothing for what is no node either, which `node` then refuses by the op's name. */
const dtypeOf = (x: Arg | null | undefined): Dtype | undefined =>
  typeof x === "number" ? undefined : x?.dtype;
export const lift = (x: Arg): Node => pair(x, x)[0];
