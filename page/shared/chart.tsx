/** One panel of curves as SVG: the report's lines, axes, colours and marks, drawn anew as events come. */
import type { Axis } from "../../report/axis.ts";
import type { Point } from "../../report/curves.ts";

export interface ChartProps {
  readonly title: string;
  readonly points: readonly Point[];
  readonly xField: "at" | "seconds";
  readonly x: Axis;
  readonly y: Axis;
  /** Dashed lines across. */
  readonly goals?: readonly { readonly y: number; readonly text: string }[];
}

export function Chart(props: ChartProps) {
  return <figure aria-label={props.title} />;
}
