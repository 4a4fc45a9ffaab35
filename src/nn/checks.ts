/** What JavaScript lets pass where TypeScript would not: one wrong thing given for another, told where it was given. */
import { described, toGive } from "../graph/index.ts";
import type { Layer, Norm } from "./scope.ts";

/** A count of units, channels or the like: a whole number, at least 1. `what` is its name in the message, e.g. "units". */
export function wholeUnits(where: string, what: string, units: number): number {
  if (Number.isSafeInteger(units) && units >= 1) return units;
  throw new Error(
    `${where}: ${what} must be a whole number, at least 1, got ${described(units)}; write e.g. ${where}(10)`,
  );
}

/** A norm: one of `arms`, or what `combine` makes. */
export function needNorm(where: string, norm: Norm): Norm {
  if (typeof (norm as Partial<Norm> | null | undefined)?.layer === "function") return norm;
  const advice =
    typeof norm === "function"
      ? "combine it with its other half, e.g. combine(weightNorm(), bias)"
      : toGive("norm");
  throw new Error(`${where}: norm must be one of arms, got ${described(norm)}; ${advice}`);
}

/** A layer: a function of a scope and x. */
export function needLayer(where: string, what: string, layer: Layer): Layer {
  if (typeof layer === "function") return layer;
  const advice = Array.isArray(layer)
    ? "spread the list, ...layers"
    : "a layer is what dense(10), apply(ops.relu) and the like make";
  throw new Error(`${where}: ${what} must be a layer, got ${described(layer)}; ${advice}`);
}
