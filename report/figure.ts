/** The main figure of a comparison: the panels of its sheet. */
import type { Panel as Shown, Results } from "../runs/records.ts";
import { hasLogarithm, linearAxis, logAxis, type Axis } from "./axis.ts";
import { asDrawn, isCurve, panelLines, type Point } from "./curves.ts";
import { targetText, unitAfter } from "./measure.ts";
import type { Goal, Legend } from "./legend.ts";
import { INNER_WIDTH } from "./marks.ts";
import { draw, panel, valuesOf } from "./panels.ts";
import { armsOf, scaled, valueOf } from "./rows.ts";
import { fixed } from "./words.ts";

const GAP = 72;
const SIZE = { width: (INNER_WIDTH - GAP) / 2, height: 210 };

/** The panels that there are points for; a figure needs one. */
export function panelsOf(results: Results): readonly Shown[] {
  const { panels } = results.sheet;
  const curves = panels.filter((shown) => isCurve(results, shown));
  return (curves.length > 0 ? curves : panels.slice(0, 1)).map((one) => asDrawn(results, one));
}

export function mainFigure(results: Results): Promise<string> {
  const shown = panelsOf(results).map((one) => ({ one, points: panelLines(results, one) }));
  const all = shown.flatMap(({ points }) => points);
  const x = {
    at: progressAxis(results, all, 6),
    seconds: linearAxis("training time (s)", valuesOf(all, "seconds"), { count: 6 }),
  };
  const goals = goalsOf(results);
  const drawn = rowsFirst(shown).map(({ one, points, by }, i) => {
    const own = goals.filter((goal) => goal.of(one));
    const values = own.map((goal) => goal.value * one.scale);
    const y = yAxis(one, [...valuesOf(points, "y"), ...values]);
    const title = `${String.fromCharCode(97 + (i % 26))}\u2002${titled(one, by, results)}`;
    const lines = own.map((goal, j) => ({ y: values[j], dash: goal.dash }));
    return panel(title, points, {
      ...SIZE,
      ...{ xField: by, x: x[by], y },
      goals: lines.filter(({ y: at }) => one.axis === "linear" || hasLogarithm(at)),
    });
  });
  const inUse = goals.filter((goal) => shown.some(({ one }) => goal.of(one)));
  return draw({ ...legendOf(results), goals: inUse }, drawn, { ...SIZE, columns: 2, gap: GAP });
}

/** The horizontal axis of progress: whole epochs, or thousands of frames. */
export const progressAxis = (results: Results, points: readonly Point[], most: number): Axis => {
  const { name, per } = results.sheet.axis;
  return linearAxis(inPlural(name, per), valuesOf(points, "at"), {
    integer: per === 1,
    count: most,
  });
};

const inPlural = (name: string, per: number): string =>
  per === 1
    ? name
    : `${per === 1000 ? "thousand" : per === 1e6 ? "million" : String(per)} ${name}s`;

const titled = ({ title, by }: Shown, field: "at" | "seconds", { sheet }: Results): string => {
  const { name, per } = sheet.axis;
  if (by.length < 2) return title;
  return `${title} by ${field === "seconds" ? "training time" : per === 1 ? name : `${name}s`}`;
};

function yAxis({ unit, axis }: Shown, values: readonly number[]): Axis {
  return axis === "log"
    ? logAxis(`${unit} (log)`, values)
    : linearAxis(unit, values, { from: values.reduce((least, y) => Math.min(least, y), 0) });
}

interface Pane {
  readonly one: Shown;
  readonly points: readonly Point[];
  readonly by: "at" | "seconds";
}

/** Panels against both axes have a row of their own; of the others two share one. */
function rowsFirst(shown: readonly Omit<Pane, "by">[]): readonly Pane[] {
  const panes = shown.flatMap((pane) => pane.one.by.map((by) => ({ ...pane, by })));
  return [
    ...panes.filter(({ one }) => one.by.length > 1),
    ...panes.filter(({ one }) => one.by.length === 1),
  ];
}

type GoalOf = Goal & {
  /** Not scaled. */
  readonly value: number;
  readonly of: (panel: Shown) => boolean;
};

/** Dashed lines: the target on the test, and what those get who learn nothing. */
function goalsOf({ sheet }: Results): readonly GoalOf[] {
  const { measures, target, baseline } = sheet;
  const [measure] = measures;
  const atTarget =
    target === undefined
      ? []
      : [
          {
            ...{ value: target, dash: [4, 3], text: `target ${targetText(measure, target)}` },
            of: ({ from, key }: Shown) => from === "test" && key === measure.key,
          },
        ];
  const value = valueOf(baseline?.test, measure.key);
  const level = scaled(value, measure.scale);
  if (baseline === undefined || value === null || level === null) return atTarget;
  const text = `${baseline.name} ${fixed(level, measure.digits)}${unitAfter({ unit: measure.unit })}`;
  const of = ({ key }: Shown): boolean => key === measure.key;
  return [...atTarget, { value, dash: atTarget.length > 0 ? [1, 3] : [4, 3], text, of }];
}

export const legendOf = (results: Results): Legend => {
  const arms = armsOf(results);
  const seeds = arms.map((arm) => results.arms[arm]!.runs.length);
  return { arms, seeds: Math.max(0, ...seeds) };
};
