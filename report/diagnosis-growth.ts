/** The last row of a diagnosis's figure: how |v| grows with each optimizer, step by step. */
import type { Growing, Growth } from "../runs/records.ts";
import { hasLogarithm, linearAxis, logAxis, type Axis } from "./axis.ts";
import { INNER_WIDTH, LINE_WIDTH, ONE_ROW, type Panel } from "./marks.ts";
import { scaleAndAxis } from "./panels.ts";
import { capital } from "./words.ts";

/** Of all panels of the figure. */
export const GAP = 62;
export const COLUMNS = 3;
export const SIZE: { readonly width: number; readonly height: number } = {
  width: (INNER_WIDTH - (COLUMNS - 1) * GAP) / COLUMNS,
  height: 165,
};

/** Of Okabe and Ito's colours those that the two arms do not have that are diagnosed as a rule. */
const METHOD_COLORS = ["#0072b2", "#009e73", "#b3579c"];

interface StepMark {
  readonly x: number;
  readonly y: number;
  readonly method: number;
}
/** Three panels; `title` puts a letter before each. */
export function growthPanels(
  { methods, steps }: Growth,
  title: (text: string) => string,
): readonly Panel[] {
  const of = (values: (method: Growing) => readonly (number | null)[]): readonly StepMark[] =>
    methods.flatMap((method, i) =>
      values(method).flatMap((y, step) =>
        y === null || !Number.isFinite(y) ? [] : [{ x: step + 1, y, method: i }],
      ),
    );
  const ratios = of(({ ratio }) => ratio);
  const cosines = of(({ cosine }) => cosine.map((x) => (hasLogarithm(x) ? x : null)));
  const shares = of(({ grew }) => grew.map((x) => (x === null ? null : 100 * x)));
  const y = (marks: readonly StepMark[]): readonly number[] => marks.map((mark) => mark.y);
  return [
    stepsPanel(title("|v| over |v| at the start"), ratios, {
      steps,
      y: logAxis("mean over units", [...y(ratios), 1], { most: 5 }),
    }),
    stepsPanel(title("|cos(v, dv)|, the largest"), cosines, {
      // Up to 1, which would be no right angle at all: the place above is the key's.
      ...{ steps, methods, y: logAxis("of all units", [...y(cosines), 1e-8, 1], { most: 5 }) },
    }),
    stepsPanel(title("Units whose |v| grew"), shares, {
      steps,
      y: linearAxis("% of those that changed", [100]),
    }),
  ];
}

function stepsPanel(
  title: string,
  marks: readonly StepMark[],
  {
    steps,
    y,
    methods = [],
  }: { readonly steps: number; readonly y: Axis; readonly methods?: readonly Growing[] },
): Panel {
  const x = linearAxis("step", [steps], { count: 4, integer: true });
  const encoding = {
    x: { field: "x", type: "quantitative", ...scaleAndAxis(x, false) },
    y: { field: "y", type: "quantitative", ...scaleAndAxis(y, true) },
  };
  return {
    ...SIZE,
    data: { values: marks },
    layer: [
      ...METHOD_COLORS.map((color, i) => ({
        transform: [{ filter: `datum.method === ${i}` }],
        mark: { type: "line", color, strokeWidth: LINE_WIDTH, strokeJoin: "round" },
        encoding,
      })),
      ...methods.map(({ method, rate }, i) => ({
        data: ONE_ROW,
        mark: {
          ...{ type: "text", align: "left", baseline: "top", fontSize: 11, fontWeight: 600 },
          color: METHOD_COLORS[i],
        },
        encoding: {
          ...{ x: { value: 8 }, y: { value: 8 + 15 * i } },
          text: { value: `${capital(method)}, rate ${rate}` },
        },
      })),
      titleOf(title),
    ],
  };
}

/** What stands above a panel. */
export const titleOf = (title: string): Panel => ({
  data: ONE_ROW,
  mark: { type: "text", align: "left", baseline: "bottom", fontSize: 12, fontWeight: 600 },
  encoding: { x: { value: 0 }, y: { value: -11 }, text: { value: title } },
});
