/** What happened to the weights: a small panel a layer, and captions that say what is to be seen in them. */
import type { Arm, LayerStats, Quantity, Results, RunRecord } from "../runs/records.ts";
import { hasLogarithm, logAxis } from "./axis.ts";
import { meanOf, medianOf } from "./chance.ts";
import { layerLines, layersOf, learning } from "./curves.ts";
import { progressAxis, valuesOf, type Pane } from "./panes.ts";
import { armsOf } from "./rows.ts";
import { list, sentences, short } from "./words.ts";

/** A quantity in every layer. */
export interface LayerPanes {
  readonly title: string;
  /** What is to be seen, as sentences. */
  readonly text: string;
  /** One a layer. */
  readonly panes: readonly Pane[];
}

export const LAYER_TITLE: Readonly<Record<Quantity, string>> = {
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

/** What the sheet asks for; nothing if the runs kept no numbers of their layers. */
export const layerPanes = (results: Results): readonly LayerPanes[] =>
  hasLayers(results) ? results.sheet.layers.map((quantity) => layerPanesOf(results, quantity)) : [];

export const hasLayers = (results: Results): boolean => layersOf(results).length > 0;

export function layerPanesOf(results: Results, quantity: Quantity): LayerPanes {
  const layers = layersOf(results);
  const cut =
    layers.length > MOST_LAYERS
      ? ` Of ${layers.length} layers the first ${MOST_LAYERS} are shown.`
      : "";
  return {
    title: LAYER_TITLE[quantity],
    text: `${CAPTION[quantity](changesOf(results, layers))}${cut}`,
    panes: layers.slice(0, MOST_LAYERS).map((layer) => paneOf(results, layer, quantity)),
  };
}

/** One layer by how far training was. */
function paneOf(results: Results, layer: string, quantity: Quantity): Pane {
  const points = layerLines(results, layer, quantity).filter((p) => hasLogarithm(p.y));
  return {
    ...{ title: layer, points, xField: "at", goals: [] },
    x: progressAxis(results, points, 4),
    y: logAxis(AXIS[quantity], valuesOf(points, "y"), { most: 5 }),
  };
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
      : [{ arm, v, g, step, rate: medianOf(rates.length > 0 ? rates : [1]) }];
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

/** Less than this is no change. */
const SAME = 1.02;

const grown = (ratios: readonly number[]): number => ratios.filter((x) => x > SAME).length;

/** " From the first point to the last it was multiplied by 0.99 to 1.21 (plain) and 1.04 (weight)." */
function factors(changes: readonly Change[], of: (change: Change) => readonly number[]): string {
  const parts = changes.flatMap((change) => {
    const ratios = of(change).toSorted((a, b) => a - b);
    if (ratios.length === 0) return [];
    const [least, most] = [ratios[0], ratios[ratios.length - 1]].map(factor);
    return [`${least === most ? least : `${least} to ${most}`} (${change.arm})`];
  });
  return parts.length === 0
    ? ""
    : ` From the first point to the last it was multiplied by ${list(parts)}.`;
}

const howMany = (n: number, all: number): string =>
  n === 0 ? "in none of the layers" : n === all ? "in every layer" : `in ${n} of ${all} layers`;

const factor = (x: number): string => (x >= 0.1 && x < 10 ? x.toFixed(2) : short(x));

const NORMALIZED: ReadonlySet<Arm> = new Set(["weight", "weight+mean-only"]);

/** Section 2.1 of the paper is why each is worth looking at; what was seen is said from the numbers. */
const CAPTION: Readonly<Record<Quantity, (changes: readonly Change[]) => string>> = {
  v(changes) {
    const here = (of: (arm: Arm) => boolean): string => {
      const seen = changes
        .filter(({ arm }) => of(arm))
        .map(({ arm, v }) => `${howMany(grown(v), v.length)} of ${arm}`);
      return list(seen);
    };
    const has = (of: (arm: Arm) => boolean): boolean => changes.some(({ arm }) => of(arm));
    const isNormalized = (arm: Arm): boolean => NORMALIZED.has(arm);
    const isBatch = (arm: Arm): boolean => arm === "batch";
    return sentences([
      has(isNormalized)
        ? `With weight normalization the gradient of v is at right angles to v, so every step of plain gradient descent lengthens it (with Adam or momentum this holds only roughly): here |v| grew by more than 2% ${here(isNormalized)}.`
        : "",
      has((arm) => !isNormalized(arm))
        ? "Without weight normalization v is the weight itself."
        : "",
      has(isBatch)
        ? `Batch normalization ignores its length, so there it may grow for the same reason: it did ${here(isBatch)}.`
        : "",
      factors(changes, ({ v }) => v).trim(),
    ]);
  },
  g(changes) {
    const normalized = changes.filter(({ arm }) => NORMALIZED.has(arm));
    return sentences([
      "g is the length of the weights, with weight normalization learned apart from their direction.",
      normalized.length < changes.length
        ? "Without weight normalization it is |w|, the same curve as |v| above."
        : "",
      factors(normalized, ({ g }) => g).trim(),
    ]);
  },
  effectiveStep: stepCaption,
};

/** What of it is the schedule's and what is that of |v|: both are in the curves. */
function stepCaption(changes: readonly Change[]): string {
  const what = "How far a gradient of fixed direction turns the direction of the weights.";
  if (changes.length === 0) return what;
  const rate = medianOf(changes.map((change) => change.rate));
  const own = changes.map(({ arm, step, rate: of }) => `${factor(medianOf(step) / of)} (${arm})`);
  const alone = `|v| alone multiplied the step of the median layer by ${list(own)}`;
  if (rate > 0.9 && rate < 1.1)
    return `${what} The learning rate ended where it began, so from the first point to the last ${alone}.`;
  const schedule = rate < 1 ? ["fell", "fall"] : ["rose", "rise"];
  const to = rate >= 0.1 ? `${short(rate)} times` : `1/${short(1 / rate, 2)} of`;
  return `${what} The learning rate ${schedule[0]} to ${to} its first value, and all curves ${schedule[1]} with it; ${alone}.`;
}
