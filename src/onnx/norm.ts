/**
 * Norms of any size. The square of a number below 1e-19 or above 1e19 leaves float32, so tensors whose norm says so are scaled
 * first, by a power of two, which rounds nothing. That is a branch: the usual case costs a look at the norms.
 */
import { sizeOf, type NodeOf } from "../graph/index.ts";
import type { Emitter } from "./emit.ts";
import { reshapeTo, scalar } from "./shapes.ts";

/** Numbers from 2^-NEAR to 2^NEAR have squares whose sums are exact enough; what is smaller or larger is scaled to be so. */
const NEAR = 40;
const UP = 90;
const DOWN = -80;

/** How far |x| is from 1, as norms and their reciprocals are alike; zero is infinitely far. */
const distance = (x: string, e: Emitter): string =>
  e.emit("Abs", [e.emit("Log", [e.emit("Abs", [x])])]);
const isFar = (by: string, e: Emitter): string =>
  e.emit("Greater", [by, scalar(e, NEAR * Math.LN2)]);
/** The largest of answers, not of distances: a NaN is not far, and would hide those that are. */
function anyFar(x: string, e: Emitter): string {
  const far = e.emit("Where", [isFar(distance(x, e), e), scalar(e, 1), scalar(e, 0)]);
  return e.emit("Greater", [e.emit("ReduceMax", [far], { attrs: { keepdims: 0 } }), scalar(e, 0)]);
}

/** `low` where x is too small, `high` where it is too large, and 1. */
const bySize = (x: string, low: number, high: number, e: Emitter): string => {
  const small = e.emit("Less", [x, scalar(e, 2 ** -NEAR)]);
  const large = e.emit("Greater", [x, scalar(e, 2 ** NEAR)]);
  const notSmall = e.emit("Where", [large, scalar(e, high), scalar(e, 1)]);
  return e.emit("Where", [small, scalar(e, low), notSmall]);
};

/** The norm as `reduce` takes it, where that can be trusted. */
export function normBy(
  n: NodeOf<"norm">,
  [x]: readonly string[],
  e: Emitter,
  reduce: (n: NodeOf<"norm">, inputs: readonly string[], e: Emitter) => string,
): string {
  const plain = reduce(n, [x], e);
  const from = n.inputs[0].shape;
  if (n.attrs.axes.length === 0 || sizeOf(from) === 0) return plain;
  const keptShape = from.map((d, i) => (n.attrs.axes.includes(i) ? 1 : d));
  const kept = (y: string): string => (n.attrs.keepDims ? y : reshapeTo(e, y, keptShape));
  return e.branch(() => anyFar(plain, e), n.shape, {
    then() {
      const z = e.emit("Mul", [x, kept(bySize(plain, 2 ** UP, 2 ** DOWN, e))]);
      return e.emit("Mul", [reduce(n, [z], e), bySize(plain, 2 ** -UP, 2 ** -DOWN, e)]);
    },
    otherwise: () => e.emit("Identity", [plain]),
  });
}

/** x a b, each element in the order that its a allows. */
export function scaled(n: NodeOf<"scaled">, [x, a, b]: readonly string[], e: Emitter): string {
  const direct = (): string => e.emit("Mul", [x, e.emit("Mul", [a, b])]);
  if (sizeOf(n.shape) === 0) return direct();
  return e.branch(() => anyFar(a, e), n.shape, {
    then() {
      return e.emit("Where", [
        isFar(distance(a, e), e),
        e.emit("Mul", [e.emit("Mul", [x, a]), b]),
        direct(),
      ]);
    },
    otherwise: direct,
  });
}
