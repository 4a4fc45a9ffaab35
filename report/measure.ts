/** How values of measures are written. */
import type { Measure } from "../runs/records.ts";
import { fixed, NOTHING } from "./words.ts";

/** In the measure's unit: "1.35%", "98.21 nats". */
export const inUnit = (measure: Measure, value: number | null | undefined): string =>
  value === null || value === undefined
    ? NOTHING
    : `${inUnitAlone(measure, value)}${unitAfter(measure)}`;

/** The number alone. */
export const inUnitAlone = (
  { scale, digits }: Pick<Measure, "scale" | "digits">,
  value: number | null | undefined,
): string => (typeof value === "number" ? fixed(scale * value, digits) : NOTHING);

/** The unit as it follows a number. */
export const unitAfter = ({ unit }: Pick<Measure, "unit">): string =>
  unit === "%" ? "%" : unit === "" ? "" : ` ${unit}`;

/** How much of it there is between two: "0.30 percentage points". */
export const differenceInUnit = ({ unit, digits }: Measure, size: number): string =>
  `${fixed(size, digits)}${unit === "%" ? " percentage points" : unitAfter({ unit })}`;

/** The target in the unit of the measure: "1.5%", "100 nats". */
export const targetText = (measure: Measure, target: number): string =>
  `${Number((measure.scale * target).toPrecision(4))}${unitAfter(measure)}`;

/** " (%)", or nothing for what has no unit. */
export const inBrackets = (unit: string): string => (unit === "" ? "" : ` (${unit})`);
