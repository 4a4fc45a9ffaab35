/** What is drawn before anybody draws it: the panels of a comparison with their lines, axes and goals, as plain data for Vega and for a page. */
import type { Arm, Panel as Shown, Results } from "../runs/records.ts";
import { hasLogarithm, linearAxis, logAxis, type Axis } from "./axis.ts";
import { asDrawn, isCurve, panelLines, type Point } from "./curves.ts";
import { targetText, unitAfter } from "./measure.ts";
import { armsOf, scaled, valueOf } from "./rows.ts";
import { fixed } from "./words.ts";

/** One panel of lines. */
export interface Pane {
  readonly title: string;
  readonly points: readonly Point[];
  readonly xField: "at" | "seconds";
  readonly x: Axis;
  readonly y: Axis;
  readonly goals: readonly PaneGoal[];
}
/** A dashed line across. */
export interface PaneGoal {
  /** In the unit of the panel. */
  readonly y: number;
  readonly text: string;
  readonly dash: readonly number[];
}

/** The panels that there are points for; a figure needs one. */
export function panelsOf(results: Results): readonly Shown[] {
  const { panels } = results.sheet;
  const curves = panels.filter((shown) => isCurve(results, shown));
  return (curves.length > 0 ? curves : panels.slice(0, 1)).map((one) => asDrawn(results, one));
}

/**
 * The panels of a comparison in the order of its figure, those against both axes first. Their axes have room for what stands
 * `beside` it too: panels of the same title, unit and kind of axis then have the same domain and ticks.
 */
export function panesOf(results: Results, beside: readonly Results[] = []): readonly Pane[] {
  const shown = linesIn(results);
  const others = beside.flatMap((other) =>
    linesIn(other).map((lines) => ({ ...lines, per: other.sheet.axis })),
  );
  const alongside = others.filter(
    ({ per }) => per.name === results.sheet.axis.name && per.per === results.sheet.axis.per,
  );
  const all = [...shown, ...alongside].flatMap(({ points }) => points);
  const x = {
    at: progressAxis(results, all, 6),
    seconds: linearAxis("training time (s)", valuesOf(all, "seconds"), { count: 6 }),
  };
  const goals = goalsOf(results);
  return rowsFirst(shown).map(({ one, points, by }) => {
    const own = goals
      .filter((goal) => goal.of(one))
      .map(({ value, text, dash }) => ({ y: value * one.scale, text, dash }));
    const same = others.filter((other) => isSame(other.one, one));
    const values = [points, ...same.map((other) => other.points)].flatMap((p) => valuesOf(p, "y"));
    return {
      ...{ title: titled(one, by, results), points, xField: by },
      ...{ x: x[by], y: yAxis(one, [...values, ...own.map(({ y }) => y)]) },
      goals: own.filter(({ y }) => one.axis === "linear" || hasLogarithm(y)),
    };
  });
}

interface Lines {
  readonly one: Shown;
  readonly points: readonly Point[];
}
const linesIn = (results: Results): readonly Lines[] =>
  panelsOf(results).map((one) => ({ one, points: panelLines(results, one) }));
const isSame = (a: Shown, b: Shown): boolean =>
  a.title === b.title && a.unit === b.unit && a.axis === b.axis;

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

/** Panels against both axes have a row of their own; of the others two share one. */
function rowsFirst(
  shown: readonly Lines[],
): readonly (Lines & { readonly by: "at" | "seconds" })[] {
  const panes = shown.flatMap((lines) => lines.one.by.map((by) => ({ ...lines, by })));
  return [
    ...panes.filter(({ one }) => one.by.length > 1),
    ...panes.filter(({ one }) => one.by.length === 1),
  ];
}

/** A dashed line and the panels that have it. */
interface GoalOf extends Omit<PaneGoal, "y"> {
  /** Not scaled. */
  readonly value: number;
  readonly of: (panel: Shown) => boolean;
}

/** Dashed lines: the target on the test, and what those get who learn nothing. */
export function goalsOf({ sheet }: Results): readonly GoalOf[] {
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

/** The arms that have lines, and how many runs one has at most. */
export function linesOfArms(results: Results): {
  readonly arms: readonly Arm[];
  readonly seeds: number;
} {
  const arms = armsOf(results);
  const seeds = arms.map((arm) => results.arms[arm]!.runs.length);
  return { arms, seeds: Math.max(0, ...seeds) };
}

export const valuesOf = (
  points: readonly Point[],
  key: "at" | "seconds" | "y",
): readonly number[] => points.map((p) => p[key]);
