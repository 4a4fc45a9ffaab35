/** The figures as SVG: Vega-Lite describes the panels, Vega draws them without a screen. */
import { parse, View } from "vega";
import { compile } from "vega-lite";
import type { TopLevelSpec } from "vega-lite";
import type { Measure, Results } from "../../experiments/results.ts";
import { unitAfter } from "../measure.ts";
import { linearAxis, logAxis } from "./axis.ts";
import type { Axis } from "./axis.ts";
import { armsOf, layerLines, layersOf, lossLines, testLines, trainLines } from "./curves.ts";
import type { Point, Quantity } from "./curves.ts";
import { ARM_STYLE, FONT, INK } from "./theme.ts";
import type { ArmStyle } from "./theme.ts";

/** A Vega-Lite unit or layer; its own type is a union too wide to be of help in building one. */
type Panel = Readonly<Record<string, unknown>>;

/** All figures are this wide, so that text has one size on the page. */
export const FIGURE_WIDTH = 880;
const MARGIN = { left: 54, right: 14, top: 8, bottom: 44 };
const INNER_WIDTH = FIGURE_WIDTH - MARGIN.left - MARGIN.right;
const LEGEND_HEIGHT = 18;
const LEGEND_GAP = 42;
const ROW_GAP = 78;
const LINE_WIDTH = 1.7;
/** Losses below this are drawn at it: a logarithm has no 0, and nobody compares 1e-6 with 1e-9. */
const LEAST_LOSS = 1e-6;

/** Training loss, the first measure on the training set if there are epochs enough for a curve, and on the test set: over epochs and over training time. */
export function mainFigure(results: Results): Promise<string> {
  const [measure] = results.measures;
  const { key, unit } = measure;
  const loss = lossLines(results).map((p) => ({ ...p, y: Math.max(p.y, LEAST_LOSS) }));
  const test = lifted(testLines(results, measure), measure, results.data.test);
  const train = lifted(trainLines(results, measure), measure, results.data.train);
  // No place for a target of 0 on a logarithmic axis.
  const target = results.target > 0 ? measure.scale * results.target : undefined;

  const all = [...loss, ...test];
  const epochs = linearAxis("epoch", values(all, "epoch"), { integer: true });
  const seconds = linearAxis("training time (s)", values(all, "seconds"), { count: 6 });
  const lossAxis = logAxis("training loss (nats, log)", values(loss, "y"));
  const testAxis = logAxis(`test ${key} (${unit}, log)`, [...values(test, "y"), target ?? NaN]);

  const gap = 62;
  const size = { width: (INNER_WIDTH - gap) / 2, height: 210 };
  const byEpoch = { ...size, xField: "epoch", x: epochs } as const;
  const byTime = { ...size, xField: "seconds", x: seconds } as const;
  const trainAxis = logAxis(`training ${key} (${unit}, log)`, values(train, "y"));
  const rows = [
    { title: "Training loss", points: loss, y: lossAxis },
    ...(train.length > 0 ? [{ title: `Training ${key}`, points: train, y: trainAxis }] : []),
    { title: `Test ${key}`, points: test, y: testAxis, target },
  ];
  const panels = rows.flatMap(({ title, points, ...axes }, row) =>
    [
      { ...byEpoch, by: "epoch" },
      { ...byTime, by: "training time" },
    ].map(({ by, ...options }, column) =>
      panel(`${"abcdef"[2 * row + column]}\u2002${title} by ${by}`, points, {
        ...options,
        ...axes,
      }),
    ),
  );
  return draw(results, panels, { ...size, columns: 2, gap, target });
}

/** A share of 0 stands at half an example, the nearest thing that a logarithm can show. */
const lifted = (
  points: readonly Point[],
  { unit, scale }: Measure,
  count: number,
): readonly Point[] =>
  unit === "%"
    ? points.map((p) => ({ ...p, y: Math.max(p.y, (0.5 * scale) / Math.max(1, count)) }))
    : points;

const LAYER_AXIS: Readonly<Record<Quantity, string>> = {
  v: "mean |v|",
  g: "mean g",
  effectiveStep: "mean lr / |v|²",
};

/** A small panel a layer; `null` if the runs kept no numbers of their layers. */
export async function layerFigure(results: Results, quantity: Quantity): Promise<string | null> {
  const layers = layersOf(results);
  if (layers.length === 0) return null;
  const columns = 5;
  const gap = 42;
  const size = { width: (INNER_WIDTH - (columns - 1) * gap) / columns, height: 112 };
  const panels = layers.map((layer, i) => {
    const points = layerLines(results, layer, quantity).filter((p) => p.y > 0);
    const x = linearAxis("epoch", values(points, "epoch"), { count: 4, integer: true });
    // One title a row is enough: every panel of the row has the same quantity.
    const y = logAxis(i % columns === 0 ? LAYER_AXIS[quantity] : "", values(points, "y"));
    return panel(layer, points, { ...size, xField: "epoch", x, y });
  });
  return draw(results, panels, { ...size, columns, gap });
}

interface PanelOptions {
  readonly width: number;
  readonly height: number;
  readonly xField: "epoch" | "seconds";
  readonly x: Axis;
  readonly y: Axis;
  readonly target?: number | undefined;
}

function panel(title: string, points: readonly Point[], options: PanelOptions): Panel {
  const { width, height, xField, x, y, target } = options;
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
      ...(target === undefined ? [] : [targetLine(target, encoding.y)]),
      line("datum.line > 0", { strokeWidth: 0.8, opacity: 0.5 }),
      line("datum.line === 0", { strokeWidth: LINE_WIDTH }),
      {
        transform: [{ filter: "datum.marked" }],
        mark: MARKER,
        encoding: { ...encoding, ...markerEncoding() },
      },
      // As a mark, because a title would be moved by Vega's guesses of how wide text is.
      {
        data: ONE_ROW,
        mark: { type: "text", align: "left", baseline: "bottom", fontSize: 13, fontWeight: 600 },
        encoding: { x: { value: 0 }, y: { value: -13 }, text: { value: title } },
      },
    ],
  };
}

const ONE_ROW = { values: [{}] };
const MARKER = {
  type: "point",
  filled: true,
  opacity: 1,
  stroke: INK.paper.color,
  strokeWidth: 0.8,
};

function targetLine(target: number, y: object): Panel {
  return {
    data: ONE_ROW,
    mark: { type: "rule", ...TARGET_LINE },
    encoding: { y: { ...y, field: undefined, datum: target } },
  };
}

const TARGET_LINE = { color: INK.quiet.color, strokeDash: [4, 3] };
const QUIET = { fontSize: 11, color: INK.quiet.color };

function scaleAndAxis(axis: Axis, grid: boolean): object {
  const [labels, ticks] = [JSON.stringify(axis.labels), JSON.stringify(axis.ticks)];
  return {
    scale: { type: axis.type, domain: axis.domain, nice: false },
    axis: {
      title: axis.title === "" ? null : axis.title,
      values: axis.ticks,
      grid,
      labelExpr: `${labels}[indexof(${ticks}, datum.value)]`,
    },
  };
}

const byArm = (key: keyof ArmStyle): object => ({
  field: "arm",
  // Vega-Lite warns of sizes of things without an order, and of shapes of things with one.
  type: key === "size" ? "ordinal" : "nominal",
  scale: {
    domain: Object.keys(ARM_STYLE),
    range: Object.values(ARM_STYLE).map((style) => style[key]),
  },
  legend: null,
});

const markerEncoding = (): object => ({
  fill: byArm("color"),
  shape: byArm("shape"),
  size: byArm("size"),
});

/** A line with its marker and the arm's name, side by side above the panels; then the other kinds of lines. */
function legend(results: Results, target?: number): Panel {
  const sample = 26;
  const arms = armsOf(results);
  let left = 0;
  const entries = arms.map((arm) => {
    const entry = { arm, left, middle: left + sample / 2, right: left + sample };
    // Wide enough for the wider fonts that may stand in for Source Sans 3.
    left += sample + 7 + 6.6 * arm.length + 22;
    return entry;
  });
  const seeds = Math.max(0, ...arms.map((arm) => results.arms[arm]!.runs.length));
  const note = seeds > 1 ? `thin lines: ${seeds} seeds` : "";
  const unit = unitAfter(results.measures[0]);
  const goal = {
    left,
    right: left + sample,
    text: `target ${Number(target?.toPrecision(3))}${unit}`,
  };
  const at = (field: string): object => ({
    field,
    type: "quantitative",
    scale: null,
    axis: null,
  });
  const y = { value: LEGEND_HEIGHT / 2 };
  const label = { type: "text", align: "left", baseline: "middle", dx: 7, fontSize: 12 };
  const goalEntry = [
    {
      data: { values: [goal] },
      mark: { type: "rule", ...TARGET_LINE },
      encoding: { x: at("left"), x2: { field: "right" }, y },
    },
    {
      data: { values: [goal] },
      mark: label,
      encoding: { x: at("right"), y, text: { field: "text" } },
    },
  ];
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
      ...(target === undefined ? [] : goalEntry),
      {
        data: ONE_ROW,
        mark: { type: "text", align: "right", baseline: "middle", ...QUIET },
        encoding: { x: { value: INNER_WIDTH }, y, text: { value: note } },
      },
    ],
  };
}

interface Grid {
  readonly target?: number | undefined;
  readonly height: number;
  readonly columns: number;
  readonly gap: number;
}

async function draw(
  results: Results,
  panels: readonly Panel[],
  { height, columns, gap, target }: Grid,
): Promise<string> {
  const rows = Math.ceil(panels.length / columns);
  const spec = {
    bounds: "flush",
    spacing: LEGEND_GAP,
    background: INK.paper.color,
    config: CONFIG,
    vconcat: [
      legend(results, target),
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
  const view = new View(parse(sized), { renderer: "none" });
  try {
    return shorten(await view.toSVG());
  } finally {
    view.finalize();
  }
}

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
    minExtent: 34,
    maxExtent: 34,
    titlePadding: 4,
  },
};

const values = (points: readonly Point[], key: "epoch" | "seconds" | "y"): readonly number[] =>
  points.map((p) => p[key]);
