/** The units of a weight tensor: which elements belong together under one scale g, and how long they are. */
import { sizeOf, type Shape } from "../graph/index.ts";

/** The shapes in which v and g broadcast against each other: the same, or with the groups as an axis of their own. */
export function unitShapes(v: Shape, g: Shape): { readonly vShape: Shape; readonly gShape: Shape } {
  const sameRank = g.length === v.length;
  if (sameRank && g.every((d, i) => d === 1 || d === v[i])) return { vShape: v, gShape: g };
  const groups = g[1] / v[1];
  const grouped = sameRank && g.length > 2 && g.every((d, i) => d === 1 || i === 1);
  if (!grouped || !Number.isInteger(groups) || v[0] % groups !== 0)
    throw new Error(
      `weightNorm: g [${g}] does not fit v [${v}]; g has v's shape with 1 along the axes that the norm runs over`,
    );
  return {
    vShape: [groups, v[0] / groups, ...v.slice(1)],
    gShape: [groups, 1, v[1], ...g.slice(2)],
  };
}

/** The norm of every unit of v, in the order of g, and the unit that each element of v belongs to. */
export function unitNorms(
  v: { readonly shape: Shape; readonly data: ArrayLike<number> },
  g: Shape,
): { readonly unit: Int32Array; readonly norms: Float64Array } {
  const { vShape, gShape } = unitShapes(v.shape, g);
  /** How far apart in g the units are that are neighbours along an axis of v; 0 where an axis is within units. */
  const strides = gShape.map((d, axis) => (d === 1 ? 0 : sizeOf(gShape.slice(axis + 1))));
  const unit = new Int32Array(v.data.length);
  const norms = new Float64Array(sizeOf(g));
  const place = vShape.map(() => 0);
  // Every layer of every run comes by here at each point of its curve: a plain loop takes a tenth of the time of a map.
  for (let i = 0, at = 0; i < unit.length; i++) {
    unit[i] = at;
    norms[at] += v.data[i] * v.data[i];
    for (let axis = vShape.length - 1; axis >= 0; axis--) {
      at += strides[axis];
      if (++place[axis] < vShape[axis]) break;
      at -= strides[axis] * vShape[axis];
      place[axis] = 0;
    }
  }
  return { unit, norms: norms.map(Math.sqrt) };
}

/** s with e^s = |v|; a zero row has s = 0. */
export const logScale = (norm: number): number => (norm === 0 ? 0 : Math.log(norm));

/** A unit of a smaller norm is dead: its reciprocal is near the end of float32, or beyond it. */
export const TINY: number = 2 ** -100;

/**
 * A weight in two parts that compute what it does: g = |w|, and v = w. Trained networks have dead units whose |w| is so small that
 * float32 does not hold 1 / |w|: of these v is w by a power of two, which leaves w = g v / |v| as it is.
 */
export function inTwoParts(
  w: { readonly shape: Shape; readonly data: ArrayLike<number> },
  g: Shape,
): { readonly v: ArrayLike<number>; readonly norms: Float64Array } {
  const { unit, norms } = unitNorms(w, g);
  if (!norms.some((n) => n > 0 && n < TINY)) return { v: w.data, norms };
  const by = norms.map((n) => (n > 0 && n < TINY ? 2 ** -Math.floor(Math.log2(n)) : 1));
  return { v: Float64Array.from(w.data, (x, i) => x * by[unit[i]]), norms };
}
