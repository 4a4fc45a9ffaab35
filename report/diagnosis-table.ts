/** The table of a diagnosis: medians over the units that were looked at, layer by layer; then what each optimizer made of |v|. */
import {
  LEAST_PER_DIMENSION,
  type ArmDiagnosis,
  type Diagnosis,
  type Growing,
  type LayerDiagnosis,
  type UnitDiagnosis,
} from "../runs/records.ts";
import { combined, meanOf, medianOf } from "./chance.ts";
import { noiseIn } from "./diagnosis-quantities.ts";
import { textTable } from "./text-table.ts";
import { fixed, list, NOTHING, probability, short } from "./words.ts";

const ARROW = "\u2192";
/** Of the rows of {@link diagnosisRows}. */
export const DIAGNOSIS_HEAD: readonly string[] = [
  ...["arm", "moment", "layer", "d", "effective"],
  ...[`condition w ${ARROW} v`, "chance", `distance w ${ARROW} v`, "chance"],
  ...["|cos|", "chance", "p", "w'Cw"],
];

/** For a terminal. */
export function diagnosisTable(diagnosis: Diagnosis): string {
  const { arms, growth, notes } = diagnosis;
  const sizes = new Set(
    arms.map(({ batches, examples }) => `${batches} minibatches of ${examples}`),
  );
  return [
    textTable(DIAGNOSIS_HEAD, arms.flatMap(diagnosisRows), { texts: 3 }),
    "",
    ...wrapped(
      `Gradients of ${list([...sizes])}, "effective": as many of one length as they are as good as; medians over units. Condition: largest over median eigenvalue, in parentheses where "effective" is below ${LEAST_PER_DIMENSION} d, so that it is rough. Distance: |C - m I| / |m I|, m the mean eigenvalue, without what few samples add. |cos|: of w and the eigenvector of the largest; p: how often chance makes the units' as large (Fisher). w'Cw: over |w|^2 m, by chance 1. Of weights without v, v is M_w dw, w projected out. "Chance" is what gradients of the same lengths in random directions would measure, of the distance one standard deviation of its square, and the median of a random w.`,
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

function cellsOf(layer: LayerDiagnosis): readonly string[] {
  const { chosen, cosine, fanIn } = layer;
  const all = (of: (unit: UnitDiagnosis) => number | null | undefined): readonly number[] =>
    chosen.flatMap((unit) => of(unit) ?? []);
  const median = (of: (unit: UnitDiagnosis) => number | null | undefined): string =>
    told(medianOf(all(of)));
  const effective = medianOf(all(({ w }) => w?.effective));
  const condition = `${median(({ w }) => w?.overMedian)} ${ARROW} ${median(({ v }) => v?.overMedian)}`;
  const isDoubtful =
    effective < LEAST_PER_DIMENSION * fanIn && chosen.some(({ w }) => w?.overMedian != null);
  return [
    told(Math.round(effective)),
    isDoubtful ? `(${condition})` : condition,
    brief(noiseIn((noise) => noise.overMedian)(layer)),
    `${median(({ w }) => w?.corrected)} ${ARROW} ${median(({ v }) => v?.corrected)}`,
    brief(noiseIn((noise) => noise.corrected)(layer)),
    median(({ alignment }) => alignment?.cosine),
    brief(cosine),
    chanceOf(combined(all(({ alignment }) => alignment?.p))),
    median(({ alignment }) => alignment?.share),
  ];
}

/** Of the rows of {@link runRows}. */
export const RUNS_HEAD: readonly string[] = [
  ...["arm", "learning rate", "steps", "minutes of training", "last test"],
];
/** The runs that were diagnosed, up to their checkpoints. */
export const runRows = ({ arms, measure }: Diagnosis): readonly (readonly string[])[] =>
  arms.map(({ arm, lr, run: { seconds, test }, moments }) => [
    ...[arm, String(lr), String(moments.at(-1)?.step ?? 0), fixed(seconds / 60, 1)],
    test === null
      ? NOTHING
      : `${measure.key} ${fixed(test * measure.scale, measure.digits)} ${measure.unit}`,
  ]);

const growthTable = (methods: readonly Growing[]): string =>
  textTable(GROWTH_HEAD, growthRows(methods));
/** Of the rows of {@link growthRows}. */
export const GROWTH_HEAD: readonly string[] = [
  ...["optimizer", "rate", "steps", "loss", "largest", "|v| / |v0|", "grew", "of"],
  ...["|cos(v, dv)|", "|v'|^2 off by"],
];
/** What each optimizer made of |v|. */
export function growthRows(methods: readonly Growing[]): readonly (readonly string[])[] {
  return methods.map(({ method, rate, loss, ratio, cosine, grew, seen, closedForm }) => [
    method,
    String(rate),
    String(loss.length),
    `${told(loss.at(0))} ${ARROW} ${told(loss.at(-1))}`,
    told(largestOf(loss)),
    told(ratio.at(-1)),
    percent(meanOf(grew.filter((x) => x !== null))),
    percent(meanOf(seen)),
    power(largestOf(cosine)),
    power(closedForm),
  ]);
}

/** Numbers, where there are any. */
const orNothing =
  (write: (x: number) => string) =>
  (x: number | undefined): string =>
    x === undefined || Number.isNaN(x) ? NOTHING : write(x);
const power = orNothing((x) => x.toExponential(1));
const told = orNothing((x) => (Math.abs(x) < 1e6 ? short(x) : power(x)));
const brief = orNothing((x) => short(x, 2));
const percent = orNothing((x) => `${fixed(100 * x, 1)}%`);
const chanceOf = orNothing(probability);
const largestOf = (values: readonly number[]): number =>
  values.reduce((a, b) => (b > a ? b : a), values[0] ?? NaN);

const WIDTH = 100;
const wrapped = (text: string): readonly string[] =>
  text.match(new RegExp(`\\S.{0,${WIDTH - 2}}(?=\\s|$)`, "g")) ?? [];
