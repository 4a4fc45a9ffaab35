/** What panels and their legend are drawn with. */
import { ARM_STYLE, INK } from "./theme.ts";
import type { ArmStyle } from "./theme.ts";

/** A Vega-Lite unit or layer; its own type is a union too wide to be of help in building one. */
export type Panel = Readonly<Record<string, unknown>>;

/** All figures are this wide, so that text has one size on the page. */
const FIGURE_WIDTH = 880;
export const MARGIN: Readonly<Record<"left" | "right" | "top" | "bottom", number>> = {
  left: 60,
  right: 14,
  top: 8,
  bottom: 44,
};
export const INNER_WIDTH: number = FIGURE_WIDTH - MARGIN.left - MARGIN.right;
export const LEGEND_HEIGHT = 18;
export const LINE_WIDTH = 1.7;

export const ONE_ROW: object = { values: [{}] };
export const MARKER: object = {
  type: "point",
  filled: true,
  opacity: 1,
  stroke: INK.paper.color,
  strokeWidth: 0.8,
};

export const QUIET: object = { fontSize: 11, color: INK.quiet.color };

export const byArm = (key: keyof ArmStyle): object => ({
  field: "arm",
  // Vega-Lite warns of sizes of things without an order, and of shapes of things with one.
  type: key === "size" ? "ordinal" : "nominal",
  scale: {
    domain: Object.keys(ARM_STYLE),
    range: Object.values(ARM_STYLE).map((style) => style[key]),
  },
  legend: null,
});

export const markerEncoding = (): object => ({
  fill: byArm("color"),
  shape: byArm("shape"),
  size: byArm("size"),
});
