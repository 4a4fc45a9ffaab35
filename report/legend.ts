/** What stands above the panels of a figure. */
import type { Arm } from "../runs/records.ts";
import {
  byArm,
  INNER_WIDTH,
  LEGEND_HEIGHT,
  LINE_WIDTH,
  MARKER,
  markerEncoding,
  ONE_ROW,
  QUIET,
  type Panel,
} from "./marks.ts";
import { INK } from "./theme.ts";

/** What a dashed line is. */
export interface Goal {
  readonly text: string;
  readonly dash: readonly number[];
}

/** What stands above the panels. */
export interface Legend {
  readonly arms: readonly Arm[];
  /** Runs an arm at most. */
  readonly seeds: number;
  readonly goals?: readonly Goal[];
}

/** A line with its marker and the arm's name, side by side above the panels; then the other kinds of lines. */
export function legendPanel({ arms, seeds, goals = [] }: Legend): Panel {
  const sample = 26;
  // Wide enough for the wider fonts that may stand in for Source Sans 3.
  const widthOf = (text: string): number => sample + 7 + 6.6 * text.length + 22;
  let left = 0;
  const entries = arms.map((arm) => {
    const entry = { arm, left, middle: left + sample / 2, right: left + sample };
    left += widthOf(arm);
    return entry;
  });
  const note = seeds > 1 ? `thin lines: ${seeds} seeds` : "";
  const lines = goals.map((goal) => {
    const entry = { ...goal, left, right: left + sample };
    left += widthOf(goal.text);
    return entry;
  });
  const at = (field: string): object => ({
    field,
    type: "quantitative",
    scale: null,
    axis: null,
  });
  const y = { value: LEGEND_HEIGHT / 2 };
  const label = { type: "text", align: "left", baseline: "middle", dx: 7, fontSize: 12 };
  const goalEntries = lines.flatMap(({ dash, ...goal }) => [
    {
      data: { values: [goal] },
      mark: { type: "rule", color: INK.quiet.color, strokeDash: dash },
      encoding: { x: at("left"), x2: { field: "right" }, y },
    },
    {
      data: { values: [goal] },
      mark: label,
      encoding: { x: at("right"), y, text: { field: "text" } },
    },
  ]);
  return {
    width: INNER_WIDTH,
    height: LEGEND_HEIGHT,
    data: { values: entries },
    layer: [
      {
        mark: { type: "rule", strokeWidth: LINE_WIDTH },
        encoding: { x: at("left"), x2: { field: "right" }, y, color: byArm("color") },
      },
      { mark: MARKER, encoding: { x: at("middle"), y, ...markerEncoding() } },
      {
        mark: label,
        encoding: { x: at("right"), y, text: { field: "arm" } },
      },
      ...goalEntries,
      {
        data: ONE_ROW,
        mark: { type: "text", align: "right", baseline: "middle", ...QUIET },
        encoding: { x: { value: INNER_WIDTH }, y, text: { value: note } },
      },
    ],
  };
}
