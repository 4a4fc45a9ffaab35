/** The small constants that lowerings keep writing. */
import type { Shape } from "../graph/index.ts";
import type { Emitter } from "./emit.ts";

export const int64s = (e: Emitter, values: readonly number[]): string =>
  e.constant(values, [values.length], "int64");
export const scalar = (e: Emitter, value: number): string => e.constant([value], [], "float");
/** An axis of 0 would mean "as it was" to Reshape unless told otherwise. */
export const reshapeTo = (e: Emitter, x: string, shape: Shape): string =>
  e.emit("Reshape", [x, int64s(e, shape)], { attrs: shape.includes(0) ? { allowzero: 1 } : {} });
export const transposeTo = (e: Emitter, x: string, perm: readonly number[]): string =>
  e.emit("Transpose", [x], { attrs: { perm } });
