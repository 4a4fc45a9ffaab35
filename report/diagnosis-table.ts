/** The table of a diagnosis: medians over the units that were looked at, layer by layer; then what each optimizer made of |v|. */
import type {
  ArmDiagnosis,
  Diagnosis,
  Growing,
  LayerDiagnosis,
  UnitDiagnosis,
} from "../runs/records.ts";
import { textTable } from "./text-table.ts";
import { fixed, NOTHING, short } from "./words.ts";

const ARROW = "\u2192";
/** Of the rows of {@link diagnosisRows}. */
export const DIAGNOSIS_HEAD: readonly string[] = [
  ...["arm", "moment", "layer", "d"],
  ...[`condition w ${ARROW} v`, "chance", `distance w ${ARROW} v`, "chance"],
  ...["|cos|", "chance", "w'Cw"],
];

/** For a terminal. */
export function diagnosisTable(diagnosis: Diagnosis): string {
  const { arms, batches, examples, growth, notes } = diagnosis;
  return [
    textTable(DIAGNOSIS_HEAD, arms.flatMap(diagnosisRows), { texts: 3 }),
    "",
    ...wrapped(
      `Gradients of ${batches} minibatches of ${examples}, medians over units. Condition: largest over median eigenvalue. Distance: |C - m I| / |m I|, m the mean eigenvalue, without what few samples add. |cos|: of w and the eigenvector of the largest. w'Cw: over |w|^2 m, by chance 1. Of weights without v, v is M_w dw, w projected out. "Chance" is what a multiple of the identity would measure, and a random w.`,
    ),
    ...(growth ? ["", growthTable(growth.methods)] : []),
    ...notes.flatMap((note) => ["", ...wrapped(`Note: ${note}.`)]),
  ].join("\n");
}

/** A row for every moment and layer: medians over the units that were looked at. */
export function diagnosisRows({ arm, moments }: ArmDiagnosis): readonly (readonly string[])[] {
  return moments.flatMap(({ name, layers }) =>
    layers.map((layer) => [...[arm, name, layer.layer, String(layer.fanIn)], ...cellsOf(layer)]),
  );
}

function cellsOf({ chosen, noise, fanIn }: LayerDiagnosis): readonly string[] {
  const median = (of: (unit: UnitDiagnosis) => number | null | undefined): string =>
    told(medianOf(chosen.flatMap((unit) => of(unit) ?? [])));
  return [
    `${median(({ w }) => w?.overMedian)} ${ARROW} ${median(({ v }) => v?.overMedian)}`,
    brief(noise.w.overMedian),
    `${median(({ w }) => w?.corrected)} ${ARROW} ${median(({ v }) => v?.corrected)}`,
    brief(noise.w.distance),
    median(({ alignment }) => alignment?.cosine),
    brief(1 / Math.sqrt(fanIn)),
    median(({ alignment }) => alignment?.share),
  ];
}

const growthTable = (methods: readonly Growing[]): string =>
  textTable(GROWTH_HEAD, growthRows(methods));
/** Of the rows of {@link growthRows}. */
export const GROWTH_HEAD: readonly string[] = [
  ...["optimizer", "rate", "steps", "loss", "|v| / |v0|", "grew", "of"],
  ...["|cos(v, dv)|", "|v'|^2 off by"],
];
/** What each optimizer made of |v|. */
export function growthRows(methods: readonly Growing[]): readonly (readonly string[])[] {
  return methods.map(({ method, rate, loss, ratio, cosine, grew, seen, closedForm }) => [
    method,
    String(rate),
    String(loss.length),
    `${told(loss.at(0))} ${ARROW} ${told(loss.at(-1))}`,
    told(ratio.at(-1)),
    percent(meanOf(grew.filter((x) => x !== null))),
    percent(meanOf(seen)),
    power(cosine.length > 0 ? cosine.reduce((a, b) => Math.max(a, b)) : null),
    power(closedForm),
  ]);
}

const told = (x: number | null | undefined): string =>
  x == null ? NOTHING : Math.abs(x) < 1e6 ? short(x) : power(x);
const brief = (x: number | null): string => (x === null ? NOTHING : short(x, 2));
const power = (x: number | null | undefined): string => (x == null ? NOTHING : x.toExponential(1));
const percent = (x: number | null): string => (x === null ? NOTHING : `${fixed(100 * x, 1)}%`);
const meanOf = (values: readonly number[]): number | null =>
  values.length === 0 ? null : values.reduce((a, b) => a + b, 0) / values.length;

/** Of an even number the mean of the two in the middle. */
export function medianOf(values: readonly number[]): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length === 0) return null;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

const WIDTH = 100;
const wrapped = (text: string): readonly string[] =>
  text.match(new RegExp(`\\S.{0,${WIDTH - 2}}(?=\\s|$)`, "g")) ?? [];
