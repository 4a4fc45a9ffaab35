/** How the elements of one value meet those of another in a loop over rows. */
import { sizeOf, type Node, type NodeOf, type Shape } from "../graph/index.ts";

/** How many rows: each element of `from` meets the whole row of `to` that it leads, as [o, 1, 1] does in [o, i, k]. */
export function rowsOf(from: Shape, to: Shape): number | undefined {
  const padded = [...to.map(() => 1), ...from].slice(-to.length);
  const split = padded.findLastIndex((d) => d !== 1) + 1;
  const leads = padded.every((d, axis) => d === (axis < split ? to[axis] : 1));
  return leads ? sizeOf(padded) : undefined;
}

/**
 * Whether a reduction is one over whole rows, of more than one element each. Over all axes ONNX Runtime's norm has another order, and
 * its sum where an axis of size 1 is left out behind those that are summed.
 */
export function reducesRows({ op, attrs, inputs: [x] }: NodeOf<"sum"> | NodeOf<"norm">): boolean {
  const rank = x.shape.length;
  if (op === "norm" && attrs.axes.length === rank) return false;
  const first = Math.min(...attrs.axes);
  const rest = x.shape.map((d, axis) => ({ d, axis })).slice(first);
  const isWhole = rest.every(
    ({ d, axis }) => attrs.axes.includes(axis) || (op === "norm" && d === 1),
  );
  return attrs.axes.length > 0 && isWhole && sizeOf(x.shape.slice(first)) > 1;
}

/** Whether every input of `n` is of its size, or one number, or one number a row. */
export const isElementwise = (n: Node): boolean =>
  n.inputs.every(({ shape }) => {
    const size = sizeOf(shape);
    return size === 1 || size === sizeOf(n.shape) || rowsOf(shape, n.shape) !== undefined;
  });
