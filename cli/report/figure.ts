/** The figures of a comparison: what its panels show. */
import type { Measure, Results } from "../../experiments/results.ts";
import { unitAfter } from "../measure.ts";
import { linearAxis, logAxis } from "./axis.ts";
import { armsOf, layerLines, layersOf, lossLines, testLines, trainLines } from "./curves.ts";
import type { Point, Quantity } from "./curves.ts";
import { draw, INNER_WIDTH, panel, valuesOf } from "./panels.ts";
import type { Legend } from "./panels.ts";

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
  const epochs = linearAxis("epoch", valuesOf(all, "at"), { integer: true });
  const seconds = linearAxis("training time (s)", valuesOf(all, "seconds"), { count: 6 });
  const lossAxis = logAxis("training loss (nats, log)", valuesOf(loss, "y"));
  const testAxis = logAxis(`test ${key} (${unit}, log)`, [...valuesOf(test, "y"), target ?? NaN]);

  const gap = 62;
  const size = { width: (INNER_WIDTH - gap) / 2, height: 210 };
  const byEpoch = { ...size, xField: "at", x: epochs } as const;
  const byTime = { ...size, xField: "seconds", x: seconds } as const;
  const trainAxis = logAxis(`training ${key} (${unit}, log)`, valuesOf(train, "y"));
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
  const goal =
    target === undefined
      ? {}
      : { goal: `target ${Number(target.toPrecision(3))}${unitAfter(measure)}` };
  return draw({ ...legendOf(results), ...goal }, panels, { ...size, columns: 2, gap });
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
  return layerPanels(legendOf(results), quantity, {
    layers,
    axis: { title: "epoch", integer: true },
    linesOf: (layer) => layerLines(results, layer, quantity),
  });
}

export interface LayerPanels {
  readonly layers: readonly string[];
  /** Of how far training was. */
  readonly axis: { readonly title: string; readonly integer: boolean };
  readonly linesOf: (layer: string) => readonly Point[];
}

/** A small panel a layer. */
export function layerPanels(
  legend: Legend,
  quantity: Quantity,
  { layers, axis, linesOf }: LayerPanels,
): Promise<string> {
  const columns = 5;
  const gap = 42;
  const size = { width: (INNER_WIDTH - (columns - 1) * gap) / columns, height: 112 };
  const panels = layers.map((layer, i) => {
    const points = linesOf(layer).filter((p) => p.y > 0);
    const x = linearAxis(axis.title, valuesOf(points, "at"), { count: 4, integer: axis.integer });
    // One title a row is enough: every panel of the row has the same quantity.
    const y = logAxis(i % columns === 0 ? LAYER_AXIS[quantity] : "", valuesOf(points, "y"));
    return panel(layer, points, { ...size, xField: "at", x, y });
  });
  return draw(legend, panels, { ...size, columns, gap });
}

const legendOf = (results: Results): Legend => {
  const arms = armsOf(results);
  return { arms, seeds: Math.max(0, ...arms.map((arm) => results.arms[arm]!.runs.length)) };
};
