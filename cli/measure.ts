/** How values of measures are written. */
import type { Measure } from "../experiments/results.ts";

/** In the measure's unit: "1.35%", "98.21 nats". */
export const inUnit = (measure: Measure, value: number): string =>
  `${inUnitAlone(measure, value)}${unitAfter(measure)}`;

/** The number alone. */
export const inUnitAlone = ({ scale, digits }: Measure, value: number): string =>
  (scale * value).toFixed(digits);

/** The unit as it follows a number. */
export const unitAfter = ({ unit }: Measure): string => (unit === "%" ? "%" : ` ${unit}`);
