/** From the curves of agents to lines: means over seeds, smoothed. */
import type { DqnResults, DqnRunResult } from "../../../experiments/dqn/results.ts";
import type { Point as CurvePoint } from "../../../experiments/dqn/run.ts";
import { ARMS, type Arm } from "../../../experiments/results.ts";
import {
  linesBy,
  MOST_LAYER_POINTS,
  smooth,
  type Point,
  type Quantity,
  type Series,
} from "../../report/curves.ts";

export const armsIn = (results: DqnResults): readonly Arm[] =>
  ARMS.filter((arm) => results.arms[arm] !== undefined);

export const runsOf = (results: DqnResults, arm: Arm): readonly DqnRunResult[] =>
  results.arms[arm]?.runs ?? [];

/** Curves are over thousands of frames. */
const THOUSAND = 1000;
const lines = (
  results: DqnResults,
  series: (run: DqnRunResult) => Series,
  most?: number,
): readonly Point[] =>
  linesBy(
    armsIn(results).map((arm) => [arm, runsOf(results, arm).map(series)]),
    most,
  );
const sample = ({ frame, seconds }: CurvePoint, y: number | null | undefined): Series[number] => ({
  at: frame / THOUSAND,
  seconds,
  y: y ?? NaN,
});
const seen = (series: Series): Series => series.filter(({ y }) => Number.isFinite(y));

/** The mean return of the training episodes that ended, exploring and all. */
export const trainingReturns = (results: DqnResults): readonly Point[] =>
  lines(results, ({ curve }) => smooth(filled(curve)));

/** Where no episode ended the return stands still: runs of several seeds stay in step. */
function filled(curve: readonly CurvePoint[]): Series {
  let last = curve.find((p) => p.score !== null)?.score ?? NaN;
  return curve.map((p) => sample(p, (last = p.score ?? last)));
}

/** The mean return of tests, with a marker at each. */
export const testReturns = (results: DqnResults): readonly Point[] =>
  lines(results, ({ curve }) => curve.flatMap((p) => (p.test ? [sample(p, p.test.mean)] : []))).map(
    (p) => ({ ...p, marked: p.line === 0 }),
  );

/** Means over updates: of the value of the best action, or of the loss. */
export const updateMeans = (results: DqnResults, of: "q" | "loss"): readonly Point[] =>
  lines(results, ({ curve }) => smooth(seen(curve.map((p) => sample(p, p[of])))));

export const layersIn = (results: DqnResults): readonly string[] => [
  ...new Set(
    armsIn(results)
      .flatMap((arm) => runsOf(results, arm))
      .flatMap(({ curve }) => curve.slice(0, 1))
      .flatMap((p) => p.layers.map(({ layer }) => layer)),
  ),
];
/** Of one layer, from its initialization on: what it was before tells nothing. */
export const layerLines = (
  results: DqnResults,
  layer: string,
  quantity: Quantity,
): readonly Point[] =>
  lines(
    results,
    ({ curve }) =>
      seen(
        curve
          .filter((p) => p.loss !== null)
          .map((p) => sample(p, p.layers.find((l) => l.layer === layer)?.[quantity])),
      ),
    MOST_LAYER_POINTS,
  );
