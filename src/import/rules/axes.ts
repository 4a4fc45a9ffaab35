/** Axes as a file names them. */
import type { Call } from "../call.ts";

/** The axis of a tensor of this rank that `axis` names; negative ones count from the end. */
export function axisOf(call: Call, axis: number, rank: number): number {
  const counted = axis < 0 ? axis + rank : axis;
  if (Number.isInteger(counted) && counted >= 0 && counted < rank) return counted;
  throw call.fail(
    `expected an axis of a tensor of rank ${rank}, got ${axis}; the file is damaged or a shape is wrong`,
  );
}
/** Several of them, in order. */
export const axesOf = (call: Call, axes: readonly number[], rank: number): readonly number[] =>
  axes.map((axis) => axisOf(call, axis, rank)).sort((a, b) => a - b);

/** All axes from `first` on: those of places in [batch, channels, ...places] are from 2 on. */
export const axesFrom = (first: number, rank: number): readonly number[] =>
  Array.from({ length: Math.max(0, rank - first) }, (_, i) => first + i);
