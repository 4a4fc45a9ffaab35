/** What happened to the weights: a small panel a layer, and captions that say what is to be seen in them. */
import type { Arm, LayerStats, Quantity, Results, RunRecord } from "../runs/records.ts";
import { logAxis } from "./axis.ts";
import { meanOf } from "./chance.ts";
import { layerLines, layersOf, learning } from "./curves.ts";
import { legendOf, progressAxis } from "./figure.ts";
import { draw, INNER_WIDTH, panel, valuesOf } from "./panels.ts";
import { armsOf } from "./rows.ts";
import { list, short } from "./words.ts";

export interface LayerFigure {
  readonly title: string;
  readonly text: string;
  /** SVG. */
  readonly figure: string;
}

const TITLE: Readonly<Record<Quantity, string>> = {
  v: "|v| in each layer",
  g: "g in each layer",
  effectiveStep: "Effective step lr / |v|\u00b2 in each layer",
};
const AXIS: Readonly<Record<Quantity, string>> = {
  v: "mean |v|",
  g: "mean g",
  effectiveStep: "mean lr / |v|\u00b2",
};
/** More are not drawn. */
const MOST_LAYERS = 60;

/** The figures that the sheet asks for; none if the runs kept no numbers of their layers. */
export async function layerFigures(results: Results): Promise<readonly LayerFigure[]> {
  const layers = layersOf(results);
  if (layers.length === 0) return [];
  const cut =
    layers.length > MOST_LAYERS
      ? ` Of ${layers.length} layers the first ${MOST_LAYERS} are shown.`
      : "";
  const changes = changesOf(results, layers);
  const figures: LayerFigure[] = [];
  for (const quantity of results.sheet.layers) {
    const figure = await layerFigure(results, quantity, layers.slice(0, MOST_LAYERS));
    figures.push({ title: TITLE[quantity], text: `${CAPTION[quantity](changes)}${cut}`, figure });
  }
  return figures;
}

function layerFigure(
  results: Results,
  quantity: Quantity,
  layers: readonly string[],
): Promise<string> {
  const columns = 5;
  const gap = 44;
  const size = { width: (INNER_WIDTH - (columns - 1) * gap) / columns, height: 112 };
  const panels = layers.map((layer, i) => {
    const points = layerLines(results, layer, quantity).filter((p) => p.y > 0);
    const x = progressAxis(results, points, 4);
    // One title a row is enough: every panel of the row has the same quantity.
    const y = logAxis(i % columns === 0 ? AXIS[quantity] : "", valuesOf(points, "y"));
    return panel(layer, points, { ...size, xField: "at", x, y });
  });
  return draw(legendOf(results), panels, { ...size, columns, gap });
}

/** What became of the layers of an arm from the first point to the last: means over the seeds of last / first. */
export interface Change {
  readonly arm: Arm;
  readonly v: readonly number[];
  readonly g: readonly number[];
  /** Of lr / |v|^2, and of the learning rate alone. */
  readonly step: readonly number[];
  readonly rate: number;
}

function changesOf(results: Results, layers: readonly string[]): readonly Change[] {
  return armsOf(results).flatMap((arm): Change[] => {
    const { runs } = results.arms[arm]!;
    const of = (value: (x: LayerStats) => number): readonly number[] =>
      layers
        .map((layer) => meanOf(runs.flatMap((run) => ratio(run, layer, value))))
        .filter(isRatio);
    const [v, g, step] = [of((x) => x.v), of((x) => x.g), of((x) => x.effectiveStep)];
    // lr / |v|^2 times |v|^2, up to how much |v| differs within a layer.
    const rates = of((x) => x.effectiveStep * x.v ** 2);
    return v.length === 0
      ? []
      : [{ arm, v, g, step, rate: median(rates.length > 0 ? rates : [1]) }];
  });
}

const isRatio = (x: number): boolean => Number.isFinite(x) && x > 0;

function ratio(run: RunRecord, layer: string, value: (x: LayerStats) => number): readonly number[] {
  const points = learning(run);
  const [first, last] = [points[0], points.at(-1)].map((p) => {
    const found = p?.layers.find((l) => l.layer === layer);
    return found === undefined ? NaN : value(found);
  });
  return points.length > 1 && isRatio(last / first) ? [last / first] : [];
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

/** Less than this is no change. */
const SAME = 1.02;

/** "In weight it grew in all 9 layers, to at most 3.2 times its first value." */
function told({ arm }: Change, ratios: readonly number[]): string {
  const grew = ratios.filter((x) => x > SAME);
  const fell = ratios.filter((x) => x < 1 / SAME);
  const all = ratios.length;
  if (grew.length + fell.length === 0) return `in ${arm} it stayed what it was`;
  const most = grew.reduce((a, b) => Math.max(a, b), 1);
  const least = fell.reduce((a, b) => Math.min(a, b), 1);
  const parts = [
    ...(grew.length > 0
      ? [`grew in ${howMany(grew.length, all)}, to ${upTo(grew.length)}${times(most)}`]
      : []),
    ...(fell.length > 0
      ? [
          `fell in ${howMany(fell.length, all)}, to ${fell.length > 1 ? "no less than " : ""}${times(least)}`,
        ]
      : []),
  ];
  return `in ${arm} it ${parts.join(" and ")}`;
}

const howMany = (n: number, all: number): string =>
  n === all
    ? all === 1
      ? "its one layer"
      : all === 2
        ? "both layers"
        : `all ${all} layers`
    : `${n} of ${all} layers`;
const upTo = (n: number): string => (n > 1 ? "at most " : "");

/** "1.3 times", "1/600 of" what it was. */
const times = (x: number): string =>
  x >= 0.1 ? `${x < 10 ? x.toFixed(2) : short(x, 2)} times` : `1/${short(1 / x, 2)}`;

const joined = (changes: readonly Change[], of: (change: Change) => readonly number[]): string => {
  const parts = changes.flatMap((change) =>
    of(change).length > 0 ? [told(change, of(change))] : [],
  );
  return parts.length === 0 ? "" : ` From the first point to the last ${parts.join("; ")}.`;
};

const NORMALIZED: ReadonlySet<Arm> = new Set(["weight", "weight+mean-only"]);

/** Section 2.1 of the paper is why each is worth looking at; what was seen is said from the numbers. */
const CAPTION: Readonly<Record<Quantity, (changes: readonly Change[]) => string>> = {
  v(changes) {
    const arms = changes.map(({ arm }) => arm);
    const others = arms.filter((arm) => !NORMALIZED.has(arm));
    const reasons = [
      ...(arms.some((arm) => NORMALIZED.has(arm))
        ? [
            "With weight normalization the gradient of v is at right angles to v, so every step of plain gradient descent lengthens it (with Adam or momentum this holds only roughly).",
          ]
        : []),
      ...(others.length > 0 ? ["Without weight normalization v is the weight itself."] : []),
      ...(arms.includes("batch")
        ? ["Batch normalization ignores its length, so there it grows for the same reason."]
        : []),
    ];
    return `${reasons.join(" ")}${joined(changes, ({ v }) => v)}`;
  },
  g(changes) {
    const others = changes.filter(({ arm }) => !NORMALIZED.has(arm));
    const alike =
      others.length === 0
        ? ""
        : " Without weight normalization it is |w|, the same curve as |v| above.";
    const normalized = changes.filter(({ arm }) => NORMALIZED.has(arm));
    return `g is the length of the weights, with weight normalization learned apart from their direction.${alike}${joined(normalized, ({ g }) => g)}`;
  },
  effectiveStep: stepCaption,
};

/** What of the fall is the schedule's and what is that of |v|: both are in the curves. */
function stepCaption(changes: readonly Change[]): string {
  const what = "How far a gradient of fixed direction turns the direction of the weights.";
  if (changes.length === 0) return what;
  const rates = changes.map(({ rate }) => rate);
  const rate = median(rates);
  const schedule =
    rate < 0.9
      ? ` The learning rate fell to ${times(rate)}${rate < 0.1 ? " of" : ""} its first value on the way, and all curves fall with it`
      : rate > 1.1
        ? ` The learning rate rose to ${times(rate)} its first value on the way, and all curves rise with it`
        : " The learning rate stayed what it was, so that the curves show |v| alone";
  const shares = changes.map(({ arm, step, rate: own }) => {
    const own2 = median(step.map((x) => x / own));
    return { arm, factor: own2 };
  });
  const shrunk = shares.filter(({ factor }) => factor < 1 / SAME);
  const grown = shares.filter(({ factor }) => factor > SAME);
  const said = [
    ...(shrunk.length > 0
      ? [
          `${rate < 0.9 ? "; beyond that, " : "; "}as |v| grew, the step of the median layer shrank to ${list(shrunk.map(({ arm, factor }) => `${times(factor)} in ${arm}`))}`,
        ]
      : []),
    ...(grown.length > 0
      ? [
          `; as |v| fell, it grew to ${list(grown.map(({ arm, factor }) => `${times(factor)} in ${arm}`))}`,
        ]
      : []),
  ];
  return `${what}${schedule}${said.join("")}.`;
}
