/** What every learning rate came to, where several were tried: the measure over the rate, on held-out examples and on the test. */
import type { Arm, Results, TriedRate } from "../runs/records.ts";
import { hasLogarithm, linearAxis, logAxis, type Axis } from "./axis.ts";
import { meanOf } from "./chance.ts";
import type { Point } from "./curves.ts";
import { INNER_WIDTH } from "./marks.ts";
import { draw, panel, type Mark } from "./panels.ts";
import { armsOf, present, scaled } from "./rows.ts";
import { capital, sentences } from "./words.ts";

/** A measure over the learning rate. */
export interface RatePane {
  readonly title: string;
  /** `at` is the learning rate. */
  readonly points: readonly Point[];
  readonly x: Axis;
  readonly y: Axis;
  /** Rates at which a run diverged: there is no value, and the figure says so. */
  readonly lost: readonly Mark[];
}

export interface RatesFigure {
  readonly title: string;
  readonly text: string;
  /** SVG. */
  readonly figure: string;
}

type Of = "heldOut" | "test" | "growth" | "effectiveStep";

/** What is drawn over the rate; `unit` is the measure's where there is none. */
const PANES: readonly {
  readonly of: Of;
  readonly title: string;
  readonly unit?: string;
  /** The end from which values count: what lies too far from it is drawn at the edge. */
  readonly near?: "least" | "most";
}[] = [
  { of: "heldOut", title: "on held-out examples" },
  { of: "test", title: "on the test" },
  {
    ...{ of: "growth", title: "How much longer |v| became", near: "least" },
    unit: "|v| at the end / at the start",
  },
  {
    ...{ of: "effectiveStep", title: "Effective step at the end, rate / |v|\u00b2", near: "most" },
    unit: "rate / |v|\u00b2",
  },
];
/** Further away is a run past use, whose loss is still a number by luck; it would leave no room for the others. */
const FAR = 100_000;

/**
 * One pane for what rates were chosen by, and one each for the test, for the growth of |v| and for the effective step where the records have
 * them; none where no rates were tried.
 */
export function ratePanes(results: Results): readonly RatePane[] {
  const arms = armsOf(results).filter((arm) => results.arms[arm]!.grid !== undefined);
  const rates = arms.flatMap((arm) => results.arms[arm]!.grid!.map(({ lr }) => lr));
  if (new Set(rates).size < 2) return [];
  const [measure] = results.sheet.measures;
  const lost = arms.flatMap((arm, row) => {
    const at = new Set(results.lost.filter((run) => run.arm === arm).map(({ lr }) => lr));
    return [...at].filter((lr) => rates.includes(lr)).map((lr): Mark => ({ arm, at: lr, row }));
  });
  const x = logAxis("learning rate (log)", rates, { own: true });
  return PANES.flatMap(({ of, title, unit, near }): readonly RatePane[] => {
    const scale = unit === undefined ? measure.scale : 1;
    const lines = arms.flatMap((arm) => linesOf(arm, results.arms[arm]!.grid!, { of, scale }));
    const points = near === undefined ? lines : edged(lines, near);
    if (points.length === 0) return [];
    const y = axisOf(
      unit ?? (measure.unit === "" ? measure.key : measure.unit),
      points.map((point) => point.y),
      Math.max(0, ...lost.map(({ row }) => row + 1)),
    );
    const whole = unit === undefined ? `${capital(measure.key)} ${title}` : title;
    return [{ title: whole, points, x, y, lost }];
  });
}

/** Lines as far as they are near the least or the most of their values, and at that edge beyond. */
function edged(points: readonly Point[], near: "least" | "most"): readonly Point[] {
  const values = points.map(({ y }) => y);
  const edge =
    near === "least"
      ? FAR * values.reduce((a, b) => Math.min(a, b), Infinity)
      : values.reduce((a, b) => Math.max(a, b), 0) / FAR;
  const bound = near === "least" ? Math.min : Math.max;
  return points.map((point) => ({ ...point, y: bound(point.y, edge) }));
}

/** Logarithmic where it can be, with room above for so many rows of crosses. */
function axisOf(unit: string, values: readonly number[], rows: number): Axis {
  const high = values.reduce((most, y) => Math.max(most, y));
  const low = values.reduce((least, y) => Math.min(least, y));
  const share = 0.09 * rows; // of what the values take
  if (!values.every(hasLogarithm)) {
    const from = Math.min(0, low);
    return linearAxis(unit, [...values, high + share * (high - from)], { from });
  }
  return logAxis(`${unit} (log)`, [...values, high * Math.max(1.3, high / low) ** share]);
}

/** The mean over the seeds, and the seeds where there are several. A rate that lost a seed has no mean. */
function linesOf(
  arm: Arm,
  grid: readonly TriedRate[],
  { of, scale }: { readonly of: Of; readonly scale: number },
): readonly Point[] {
  const rates = grid.toSorted((a, b) => a.lr - b.lr);
  const point = (lr: number, value: number | null, line: number): readonly Point[] => {
    const y = scaled(value, scale);
    return y === null ? [] : [{ arm, line, at: lr, seconds: 0, y, marked: line === 0 }];
  };
  const mean = ({ heldOut, bySeed }: TriedRate): number | null => {
    if (of === "heldOut" || heldOut === null) return heldOut;
    const ends = present((bySeed ?? []).map((one) => one[of]));
    return ends === null ? null : meanOf(ends);
  };
  const seeds = [
    ...new Set(rates.flatMap(({ bySeed = [] }) => bySeed.map(({ seed }) => seed))),
  ].sort((a, b) => a - b);
  const thin = seeds.length < 2 ? [] : seeds;
  return [
    ...rates.flatMap((rate) => point(rate.lr, mean(rate), 0)),
    ...thin.flatMap((seed, i) =>
      rates.flatMap(({ lr, bySeed = [] }) =>
        point(lr, bySeed.find((one) => one.seed === seed)?.[of] ?? null, i + 1),
      ),
    ),
  ];
}

const GAP = 72;
const SIZE = { width: (INNER_WIDTH - GAP) / 2, height: 210 };

/** The figure; undefined where there is nothing to choose between. */
export async function ratesFigure(results: Results): Promise<RatesFigure | undefined> {
  const panes = ratePanes(results);
  if (panes.length === 0) return undefined;
  const panels = panes.map(({ title, points, x, y, lost }, i) =>
    panel(`${String.fromCharCode(97 + i)}\u2002${title}`, points, {
      ...{ ...SIZE, xField: "at", x, y, lost },
    }),
  );
  const arms = armsOf(results).filter((arm) => results.arms[arm]!.grid !== undefined);
  const seeds = Math.max(
    ...arms.flatMap((arm) => results.arms[arm]!.grid!.map(({ bySeed = [] }) => bySeed.length)),
  );
  const { axis } = results.sheet;
  const hasWeights = panes.some(({ y }) => y.title.includes("|v|"));
  const runs = arms.flatMap((arm) => results.arms[arm]!.runs);
  const isFromStart = runs.every(({ start }) => start !== undefined);
  return {
    title: "What each learning rate came to",
    text: sentences([
      `After the last ${axis.name}.`,
      seeds > 1 ? "Thick lines are means over the seeds, thin lines the seeds." : "",
      panes[0].lost.length > 0
        ? "A cross stands at a rate at which a run of the arm diverged; there is no mean there."
        : "",
      hasWeights
        ? `|v| is the geometric mean over the layers, in arms without w = g v / |v| that of |w|${isFromStart ? "" : "; the start is the first point of a run's curve, after its first steps"}. The effective step takes the rate as it was tried, whatever a schedule had made of it. What is more than 100,000 times the least growth, or less than a 100,000th of the largest step, is drawn at that edge.`
        : "",
    ]),
    figure: await draw({ arms, seeds }, panels, { ...SIZE, columns: 2, gap: GAP }),
  };
}
