/** From results to the points of lines: means over seeds, smoothing, and no more points than a reader can see. */
import { ARMS } from "../../experiments/results.ts";
import type { Arm, LayerStats, Measure, Results, RunResult } from "../../experiments/results.ts";

/** One point of one line. `line` 0 is the arm's mean; 1, 2, ... are its seeds, left out when there is only one. */
export interface Point {
  readonly arm: Arm;
  readonly line: number;
  /** How far training was: epochs, or frames. */
  readonly at: number;
  readonly seconds: number;
  readonly y: number;
  /** Whether the arm's marker stands here. */
  readonly marked: boolean;
}

export type Quantity = Exclude<keyof LayerStats, "layer">;

export type Sample = Pick<Point, "at" | "seconds" | "y">;
export type Series = readonly Sample[];

/** A window of this share of the run smooths the training loss. */
const SMOOTHING = 1 / 25;
const MOST_POINTS = 100;
/** Small panels show less. */
export const MOST_LAYER_POINTS = 50;
const MARKERS = 6;

/** The arms that have something to show, in their fixed order. */
export const armsOf = (results: Results): readonly Arm[] =>
  ARMS.filter((arm) => (results.arms[arm]?.epochs.length ?? 0) > 0);

/** Training loss, smoothed. */
export const lossLines = (results: Results): readonly Point[] => linesOf(results, smoothedLoss);

/** The training loss of a run, smoothed over a share of it. */
export const smoothedLoss = (run: RunResult): Series =>
  smooth(run.curve.map((p) => sample(p, p.loss)));

/** A measure on the test set, in its unit, with a marker wherever it was taken: at the ends of epochs, and within where there are few. */
export function testLines(results: Results, { key, scale }: Measure): readonly Point[] {
  const series = ({ curve, epochs }: RunResult): Series => {
    const within = curve.filter((p) => p.test !== undefined);
    return (within.length > 0 ? within : epochs).map((p) =>
      sample(p, scale * number(p.test?.[key])),
    );
  };
  return armsOf(results).flatMap((arm) => {
    const runs = results.arms[arm]!.runs.map(series);
    const lines = runs.length > 1 ? [meanOf(runs), ...runs] : runs;
    return lines.flatMap((points, line) =>
      points.filter(isFinite).map((p) => ({ arm, line, ...p, marked: line === 0 })),
    );
  });
}

/** A measure on training minibatches, noise and all, in its unit; nothing where no run has two epochs. */
export const trainLines = (results: Results, { key, scale }: Measure): readonly Point[] =>
  armsOf(results).every((arm) => results.arms[arm]!.epochs.length < 2)
    ? []
    : linesOf(results, (run) => run.epochs.map((e) => sample(e, scale * number(e.train[key]))));

/** |v|, g or the effective step of one layer. */
export const layerLines = (results: Results, layer: string, quantity: Quantity): readonly Point[] =>
  linesOf(
    results,
    (run) => run.curve.map((p) => sample(p, p.layers.find((l) => l.layer === layer)?.[quantity])),
    MOST_LAYER_POINTS,
  );

/** The names of all layers, in the order of the network. */
export const layersOf = (results: Results): readonly string[] => [
  ...new Set(
    armsOf(results)
      .flatMap((arm) => results.arms[arm]!.runs)
      .flatMap((run) => run.curve.slice(0, 1))
      .flatMap((p) => p.layers.map((l) => l.layer)),
  ),
];

const linesOf = (
  results: Results,
  series: (run: RunResult) => Series,
  most = MOST_POINTS,
): readonly Point[] =>
  linesBy(
    armsOf(results).map((arm) => [arm, results.arms[arm]!.runs.map(series)]),
    most,
  );

/** The lines of some arms: their means over the seeds and, where there are several, the seeds. */
export function linesBy(
  arms: readonly (readonly [arm: Arm, runs: readonly Series[]])[],
  most: number = MOST_POINTS,
): readonly Point[] {
  return arms.flatMap(([arm, runs], index) => {
    if (runs.length === 0) return [];
    const lines = runs.length > 1 ? [meanOf(runs), ...runs] : runs;
    return lines.flatMap((points, line) => {
      const shown = thin(points.filter(isFinite), most);
      // The markers of the arms stand in turn, so that they do not hide each other where lines meet.
      const stride = Math.max(1, Math.floor(shown.length / MARKERS));
      const offset = Math.floor(((index + 0.5) * stride) / arms.length);
      return shown.map((p, i) => ({
        arm,
        line,
        ...p,
        marked: line === 0 && i % stride === offset,
      }));
    });
  });
}

/** The mean over the seeds, as far as all of them went; a seed that diverged ends it rather than vanish from it. */
function meanOf(runs: readonly Series[]): Series {
  const length = Math.min(...runs.map((run) => run.length));
  const mean = (i: number, key: keyof Sample): number =>
    runs.reduce((sum, run) => sum + run[i][key], 0) / runs.length;
  return Array.from({ length }, (_, i) => ({
    at: mean(i, "at"),
    seconds: mean(i, "seconds"),
    y: mean(i, "y"),
  }));
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
  { epoch, seconds }: { readonly epoch: number; readonly seconds: number },
  y: unknown,
): Sample => ({
  at: number(epoch),
  seconds: number(seconds),
  y: number(y),
});

/** JSON has no NaN and says null, whatever the type says. */
const number = (x: unknown): number => (typeof x === "number" ? x : NaN);

const isFinite = (p: Sample): boolean =>
  Number.isFinite(p.y) && Number.isFinite(p.at) && Number.isFinite(p.seconds);
