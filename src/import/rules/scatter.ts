/** What ScatterND and ScatterElements do to rows. */
import {
  add,
  arange,
  equal,
  less,
  max,
  maximum,
  min,
  minimum,
  mul,
  ones,
  product,
  reshape,
  scatterAdd,
  select,
  sizeOf,
} from "../../graph/index.ts";
import type { Call, Node } from "../call.ts";

export interface Scattered {
  /** [n, ...] */
  readonly x: Node;
  /** int32 [m], each in [0, n). */
  readonly at: Node;
  /** [m, ...] */
  readonly updates: Node;
}
/** x with rows put, or worked in, at indices, as attribute `reduction` says. */
export function scatterRows(call: Call, { x, at, updates }: Scattered): Node {
  const reduction = call.string("reduction", "none");
  const size = x.shape[0];
  switch (reduction) {
    case "add":
      return add(x, scatterAdd(at, updates, size));
    case "none": {
      const hit = scatterAdd(at, ones(at.shape), size);
      const rows = reshape(less(0, hit), [size, ...x.shape.slice(1).map(() => 1)]);
      return select(rows, scatterAdd(at, updates, size), x);
    }
    case "mul":
      return mul(x, product(spread(call, { x, at, updates }, 1), { axes: 0 }));
    case "max":
      return maximum(x, max(spread(call, { x, at, updates }, -Infinity), { axes: 0 }));
    case "min":
      return minimum(x, min(spread(call, { x, at, updates }, Infinity), { axes: 0 }));
    default:
      throw call.fail(
        `expected reduction none, add, mul, max or min, got "${reduction}"; check the file`,
      );
  }
}

/** What a spread of updates may hold. */
const MOST = 2 ** 22;
/** [m, n, ...]: every update at its row, and `neutral` elsewhere. */
function spread(call: Call, { x, at, updates }: Scattered, neutral: number): Node {
  const [m, ...row] = updates.shape;
  const shape = [m, x.shape[0], ...row];
  if (sizeOf(shape) > MOST)
    throw call.fail(
      `expected at most ${MOST} pairs of updates and elements, got [${shape}]; cut the model before it`,
    );
  const one = row.map(() => 1);
  const here = equal(reshape(at, [m, 1, ...one]), reshape(arange(x.shape[0]), [1, -1, ...one]));
  return select(here, reshape(updates, [m, 1, ...row]), neutral);
}
