/** Panels of lines as SVG: Vega-Lite describes them, Vega draws them without a screen. */
import { parse, View } from "vega";
import { expressionInterpreter } from "vega-interpreter";
import { compile } from "vega-lite";
import type { TopLevelSpec } from "vega-lite";
import type { Arm } from "../runs/records.ts";
import type { Axis } from "./axis.ts";
import type { Point } from "./curves.ts";
import { legendPanel, type Legend } from "./legend.ts";
import {
  byArm,
  INNER_WIDTH,
  LEGEND_HEIGHT,
  LINE_WIDTH,
  MARGIN,
  MARKER,
  markerEncoding,
  ONE_ROW,
  type Panel,
} from "./marks.ts";
import { FONT, INK } from "./theme.ts";

const LEGEND_GAP = 42;
const ROW_GAP = 78;
/** Vega looks texts up in an object of its own, where "constructor" is something else. */
const literal = (text: string): string => (text in {} ? `${text} ` : text);

/** Something of an arm for which there is no value, above all values. */
export interface Mark {
  readonly arm: Arm;
  readonly at: number;
  /** Marks of several arms stand below each other. */
  readonly row: number;
}

export interface PanelOptions {
  readonly width: number;
  readonly height: number;
  readonly xField: "at" | "seconds";
  readonly x: Axis;
  readonly y: Axis;
  /** Dashed lines across. */
  readonly goals?: readonly { readonly y: number; readonly dash: readonly number[] }[];
  readonly titleSize?: number;
  readonly lost?: readonly Mark[];
}

export function panel(title: string, points: readonly Point[], options: PanelOptions): Panel {
  const { width, height, xField, x, y, goals = [], titleSize = 13, lost = [] } = options;
  const encoding = {
    x: { field: xField, type: "quantitative", ...scaleAndAxis(x, false) },
    y: { field: "y", type: "quantitative", ...scaleAndAxis(y, true) },
  };
  const line = (filter: string, mark: object): Panel => ({
    transform: [{ filter }],
    mark: { type: "line", strokeJoin: "round", strokeCap: "round", ...mark },
    encoding: { ...encoding, color: byArm("color"), detail: { field: "line" } },
  });
  return {
    width,
    height,
    data: { values: points },
    layer: [
      ...goals.map((goal) => goalLine(goal, encoding.y)),
      line("datum.line > 0", { strokeWidth: 0.8, opacity: 0.5 }),
      line("datum.line === 0", { strokeWidth: LINE_WIDTH }),
      {
        transform: [{ filter: "datum.marked" }],
        mark: MARKER,
        encoding: { ...encoding, ...markerEncoding() },
      },
      ...lost.map((mark) => cross(mark, encoding.x)),
      // As a mark, because a title would be moved by Vega's guesses of how wide text is.
      {
        data: ONE_ROW,
        mark: {
          type: "text",
          align: "left",
          baseline: "bottom",
          fontSize: titleSize,
          fontWeight: 600,
        },
        encoding: { x: { value: 0 }, y: { value: -13 }, text: { value: literal(title) } },
      },
    ],
  };
}

function cross(mark: Mark, x: object): Panel {
  return {
    data: { values: [mark] },
    mark: { type: "text", text: "\u00d7", fontSize: 15, fontWeight: 600, baseline: "middle" },
    encoding: { x, y: { value: 7 + 12 * mark.row }, color: byArm("color") },
  };
}

function goalLine({ y: at, dash }: { y: number; dash: readonly number[] }, y: object): Panel {
  return {
    data: ONE_ROW,
    mark: { type: "rule", color: INK.quiet.color, strokeDash: dash },
    encoding: { y: { ...y, field: undefined, datum: at } },
  };
}

export function scaleAndAxis(axis: Axis, grid: boolean): object {
  const [labels, ticks] = [JSON.stringify(axis.labels), JSON.stringify(axis.ticks)];
  return {
    scale: { type: axis.type, domain: axis.domain, nice: false },
    axis: {
      title: axis.title === "" ? null : literal(axis.title),
      values: axis.ticks,
      grid,
      labelExpr: `${labels}[indexof(${ticks}, datum.value)]`,
    },
  };
}

export interface Grid {
  readonly height: number;
  readonly columns: number;
  readonly gap: number;
}

/** Panels in rows under their legend, as SVG. */
export const draw = (legend: Legend, panels: readonly Panel[], grid: Grid): Promise<string> =>
  drawUnder(legendPanel(legend), panels, grid);

/** The same under a legend of any other kind, as wide as the figure and as high as a line. */
export async function drawUnder(
  legend: Panel,
  panels: readonly Panel[],
  { height, columns, gap }: Grid,
): Promise<string> {
  const rows = Math.ceil(panels.length / columns);
  const spec = {
    bounds: "flush",
    spacing: LEGEND_GAP,
    background: INK.paper.color,
    config: CONFIG,
    vconcat: [
      legend,
      { concat: panels, columns, bounds: "flush", spacing: { row: ROW_GAP, column: gap } },
    ],
  } as unknown as TopLevelSpec;
  // Without a canvas Vega guesses widths of text far too wide, so the margins are set, not measured.
  const sized = {
    ...compile(spec).spec,
    autosize: "none" as const,
    width: INNER_WIDTH,
    height: LEGEND_HEIGHT + LEGEND_GAP + rows * height + (rows - 1) * ROW_GAP,
    padding: MARGIN,
  };
  // Expressions are walked, not made into code, so that a page that forbids to evaluate text may draw too.
  const runtime = parse(sized, undefined, { ast: true });
  const view = new View(runtime, { expr: expressionInterpreter, renderer: "none" });
  try {
    return shorten(await view.toSVG()).replace(NOT_IN_XML, "\ufffd");
  } finally {
    view.finalize();
  }
}

/** What no XML may have, escaped or not; names of layers come from files. */

const NOT_IN_XML = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g;

/** Hundredths of a pixel are enough; seventeen digits only make files large. */
const shorten = (svg: string): string =>
  svg.replace(/ (?:d|transform)="[^"]*"/g, (attribute) =>
    attribute.replace(/-?\d+\.\d{3,}(?:e-\d+)?/g, (x) => String(Number(Number(x).toFixed(2)))),
  );

const CONFIG = {
  font: FONT,
  aria: false,
  view: { stroke: null },
  text: { color: INK.text.color },
  axis: {
    labelFontSize: 11,
    labelColor: INK.quiet.color,
    labelOverlap: false,
    titleFontSize: 12,
    titleFontWeight: 400,
    titleColor: INK.text.color,
    gridColor: INK.grid.color,
    domainColor: INK.axis.color,
    tickColor: INK.axis.color,
    tickSize: 4,
  },
  axisX: { labelFlush: false, titlePadding: 6 },
  // A fixed extent aligns the plots whatever their labels are.
  axisY: {
    domain: false,
    ticks: false,
    labelPadding: 6,
    minExtent: 40,
    maxExtent: 40,
    titlePadding: 4,
  },
};
