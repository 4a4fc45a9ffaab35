/** The figures as SVG: Vega-Lite describes the panels, Vega draws them without a screen. */
import { parse, View } from "vega";
import { compile } from "vega-lite";
import type { TopLevelSpec } from "vega-lite";
import type { Results } from "../../experiments/results.ts";
import { linearAxis, logAxis } from "./axis.ts";
import type { Axis } from "./axis.ts";
import { armsOf, errorLines, layerLines, layersOf, lossLines } from "./curves.ts";
import type { Point, Quantity } from "./curves.ts";
import { ARM_STYLE, FONT, INK } from "./theme.ts";
import type { ArmStyle } from "./theme.ts";

/** A Vega-Lite unit or layer; its own types are a union too wide to be of help in building one. */
type Panel = Readonly<Record<string, unknown>>;

/** All figures are this wide, so that text has one size on the page. */
export const FIGURE_WIDTH = 880;
const MARGIN = { left: 54, right: 14, top: 8, bottom: 44 };
const INNER_WIDTH = FIGURE_WIDTH - MARGIN.left - MARGIN.right;
const LEGEND = { height: 18, gap: 42 };
const ROW_GAP = 78;
/** Losses below this are drawn at it: a logarithm has no 0, and nobody compares 1e-6 with 1e-9. */
const LEAST_LOSS = 1e-6;

/** Training loss and test error, over epochs and over training time. */
export function mainFigure(results: Results): Promise<string> {
  const loss = lossLines(results).map((p) => ({ ...p, y: Math.max(p.y, LEAST_LOSS) }));
  // An error of 0 stands at half an image, the nearest thing that a logarithm can show.
  const least = 50 / Math.max(1, results.data.test);
  const error = errorLines(results).map((p) => ({ ...p, y: Math.max(p.y, least) }));
  const target = 100 * results.targetError;

  const all = [...loss, ...error];
  const epochs = linearAxis("epoch", "epoch", { points: all, integer: true });
  const seconds = linearAxis("training time (s)", "seconds", { points: all, count: 6 });
  const lossAxis = logAxis("training loss (nats)", loss.map((p) => p.y));
  const errorAxis = logAxis("test error (%)", [...error.map((p) => p.y), target]);

  const gap = 62;
  const size = { width: (INNER_WIDTH - gap) / 2, height: 210 };
  const panels = [
    panel("a  Training loss by epoch", loss, { ...size, x: epochs, y: lossAxis }),
    panel("b  Training loss by training time", loss, { ...size, x: seconds, y: lossAxis }),
    panel("c  Test error by epoch", error, { ...size, x: epochs, y: errorAxis, target }),
    panel("d  Test error by training time", error, { ...size, x: seconds, y: errorAxis, target }),
  ];
  return draw(results, panels, { ...size, columns: 2, gap });
}
