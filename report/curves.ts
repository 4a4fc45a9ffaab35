/** From records to the points of lines: means over seeds, smoothing, and no more points than a reader can see. */
import type { Arm, Panel, Quantity, Results, RunRecord } from "../runs/records.ts";
import { hasLogarithm } from "./axis.ts";
import { armsOf, valueOf } from "./rows.ts";

/** One point of one line. `line` 0 is the arm's mean; 1, 2, ... are its seeds, left out when there is only one. */
export interface Point {
  readonly arm: Arm;
  readonly line: number;
  /** How far training was, in what figures count in: epochs, or thousand frames. */
  readonly at: number;
  readonly seconds: number;
  readonly y: number;
  /** Whether the arm's marker stands here. */
  readonly marked: boolean;
}

export type Sample = Pick<Point, "at" | "seconds" | "y">;
export type Series = readonly Sample[];

/** A window of this share of the run smooths a curve. */
const SMOOTHING = 1 / 25;
const MOST_POINTS = 100;
/** Small panels show less. */
const MOST_LAYER_POINTS = 50;
const MARKERS = 6;
/** A marker at every test, unless there are more than these. */
const MOST_TESTS = 24;

/** What a panel of the main figure shows, in its unit. */
export function panelLines(results: Results, panel: Panel): readonly Point[] {
  const { axis } = results.sheet;
  const floor = panel.axis === "log" ? (panel.least ?? 0) : -Infinity;
  const series = (run: RunRecord): Series =>
    seriesOf(run, panel)
      .map((p) => ({ ...p, at: p.at / axis.per, y: Math.max(floor, p.y * panel.scale) }))
      .filter(({ y }) => panel.axis === "linear" || hasLogarithm(y));
  return linesOf(results, series, { tests: panel.from === "test" });
}

/** Whether a panel is worth its place: a curve of what ends a turn takes two turns. */
export const isCurve = (results: Results, panel: Panel): boolean =>
  panel.from !== "train" ||
  armsOf(results).some((arm) =>
    results.arms[arm]!.runs.some((run) => seriesOf(run, panel).length > 1),
  );

/** On a linear axis where it has values below 0, e.g. log-densities, of which a logarithm knows nothing. */
export const asDrawn = (results: Results, panel: Panel): Panel =>
  panel.axis === "log" &&
  armsOf(results).some((arm) =>
    results.arms[arm]!.runs.some((run) =>
      seriesOf(run, panel).some(({ y }) => y * panel.scale < 0),
    ),
  )
    ? { ...panel, axis: "linear" }
    : panel;

/** One column of a run's records, not scaled, smoothed if it is asked for. */
export function seriesOf(
  run: RunRecord,
  { from, key, smooth: isSmooth = false }: Pick<Panel, "from" | "key" | "smooth">,
): Series {
  const samples: Series =
    from === "points"
      ? run.points.map((p) => sample(p, valueOf(p.values, key)))
      : run.tests.map((test) => sample(test, valueOf(test[from], key)));
  const there = from === "points" ? filled(samples) : samples.filter(isNumber);
  return isSmooth ? smooth(there) : there;
}

/** The training loss of a run, smoothed over a share of it. */
export const smoothedLoss = (run: RunRecord): Series =>
  seriesOf(run, { from: "points", key: "loss", smooth: true });

/** |v|, g or the effective step of one layer, from its initialization on: what it was before the first loss tells nothing. */
export const layerLines = (results: Results, layer: string, quantity: Quantity): readonly Point[] =>
  linesOf(
    results,
    (run) =>
      learning(run)
        .map((p) => sample(p, p.layers.find((l) => l.layer === layer)?.[quantity] ?? null))
        .filter(isNumber)
        .map((p) => ({ ...p, at: p.at / results.sheet.axis.per })),
    { most: MOST_LAYER_POINTS },
  );

/** The points since learning began. */
export const learning = ({ points }: RunRecord): RunRecord["points"] =>
  points.filter((p) => !(Object.hasOwn(p.values, "loss") && p.values["loss"] === null));

/** The names of all layers, in the order of the network. */
export const layersOf = (results: Results): readonly string[] => [
  ...new Set(
    armsOf(results)
      .flatMap((arm) => results.arms[arm]!.runs)
      .flatMap((run) => run.points.slice(0, 1))
      .flatMap((p) => p.layers.map((l) => l.layer)),
  ),
];

interface LineOptions {
  readonly most?: number;
  /** Whether points are tests, each with a marker. */
  readonly tests?: boolean;
}

/** The lines of the arms: their means over the seeds and, where there are several, the seeds. */
function linesOf(
  results: Results,
  series: (run: RunRecord) => Series,
  { most = MOST_POINTS, tests = false }: LineOptions = {},
): readonly Point[] {
  const arms = armsOf(results);
  return arms.flatMap((arm, index) => {
    const runs = results.arms[arm]!.runs.map(series);
    const lines = runs.length > 1 ? [meanOfRuns(runs), ...runs] : runs;
    return lines.flatMap((points, line) => {
      const shown = thin(points, most);
      // The markers of the arms stand in turn, so that they do not hide each other where lines meet.
      const all = tests && shown.length <= MOST_TESTS;
      const stride = all ? 1 : Math.max(1, Math.floor(shown.length / MARKERS));
      const offset = Math.floor(((index + 0.5) * stride) / arms.length);
      return shown.map((p, i) => ({
        ...{ arm, line },
        ...p,
        marked: line === 0 && i % stride === offset,
      }));
    });
  });
}

/** The mean over the seeds wherever all of them have a point; a seed that went less far ends it rather than vanish from it. */
function meanOfRuns(runs: readonly Series[]): Series {
  const others = runs.slice(1).map((run) => new Map(run.map((p) => [p.at, p])));
  return runs[0].flatMap((first) => {
    const all = [first, ...others.flatMap((run) => run.get(first.at) ?? [])];
    if (all.length < runs.length) return [];
    const mean = (key: keyof Sample): number =>
      all.reduce((sum, p) => sum + p[key], 0) / all.length;
    return [{ at: first.at, seconds: mean("seconds"), y: mean("y") }];
  });
}

/** Where nothing was measured it stands still, so that runs of several seeds stay in step. */
function filled(points: Series): Series {
  let last = NaN;
  return points
    .map((p) => ({ ...p, y: (last = Number.isFinite(p.y) ? p.y : last) }))
    .filter(isNumber);
}

/** A centred mean; its window shrinks towards the start, where the loss falls fastest, and is cut at the end. */
export function smooth(points: Series): Series {
  const most = Math.floor((points.length * SMOOTHING) / 2);
  return points.map((p, i) => {
    const reach = Math.min(most, i);
    const window = points.slice(i - reach, i + reach + 1);
    return { ...p, y: window.reduce((sum, q) => sum + q.y, 0) / window.length };
  });
}

/** Every n-th point counted from the last one, which is the one that is read off. */
function thin(points: Series, most: number): Series {
  const stride = Math.ceil(points.length / most);
  return points.filter((_, i) => i === 0 || (points.length - 1 - i) % stride === 0);
}

const sample = (
  { at, seconds }: { readonly at: number; readonly seconds: number },
  y: number | null,
): Sample => ({ at, seconds, y: y ?? NaN });

const isNumber = ({ y }: Sample): boolean => Number.isFinite(y);
