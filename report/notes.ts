/** What the numbers of the table are: beside it on a page, below it in a terminal. */
import type { Results } from "../runs/records.ts";
import type { TableColumn } from "./columns.ts";
import { inUnit } from "./measure.ts";
import { scaled, valueOf, type Row } from "./rows.ts";
import { capital, count, NOTHING, singular, stepName, thousands } from "./words.ts";

/** What those get who learn nothing, in the columns of the table. */
export const baselineTexts = (
  { sheet }: Results,
  columns: readonly TableColumn[],
): readonly string[] =>
  columns.map(({ from, write }) => {
    if (typeof from === "string" || from.set !== "test") return NOTHING;
    const mean = scaled(valueOf(sheet.baseline?.test, from.key), from.scale);
    return mean === null ? NOTHING : write(mean, mean);
  });

/** Short lines: what a mean is of, what is unfinished, what diverged. */
export function notesOf(
  results: Results,
  rows: readonly Row[],
  { deviations }: { readonly deviations: boolean },
): readonly string[] {
  const { soFar, sheet, lost } = results;
  const seeds = seedsText(rows);
  return [
    ...(soFar === undefined
      ? []
      : [`unfinished: after ${thousands(soFar.at)} of ${count(soFar.of, sheet.axis.name)}`]),
    ...(seeds === "" ? [] : [`mean${deviations ? " \u00b1 standard deviation" : ""} of ${seeds}`]),
    ...lost.map(
      ({ arm, seed, lr, step }) =>
        `${arm} with seed ${seed} and learning rate ${lr} diverged after ${stepName(sheet)} ${thousands(step)}`,
    ),
  ];
}

/** "3 seeds", "2 to 3 seeds", "" where there is only one of each. */
function seedsText(rows: readonly Row[]): string {
  const counts = rows.map(({ runs }) => runs.length);
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  if (rows.length === 0 || most < 2) return "";
  return least === most ? count(most, "seed") : `${least} to ${count(most, "seed")}`;
}

/** The note below the page's table, in full sentences. */
export function tableNote(
  results: Results,
  rows: readonly Row[],
  columns: readonly TableColumn[],
): string {
  const { sheet } = results;
  const { tested, baseline, axis } = sheet;
  const [measure] = sheet.measures;
  const has = (kind: TableColumn["from"]): boolean => columns.some(({ from }) => from === kind);
  const seeds = seedsText(rows);
  const error = largestError(results, rows);
  return [
    ...(seeds === "" ? [] : [`Mean \u00b1 standard deviation of ${seeds}.`]),
    ...(rows.length > 1 && columns.some(({ better }) => better !== null)
      ? [
          "Bold: the best of a column with all that are within chance of it; none where chance may have made all its differences.",
        ]
      : []),
    `Tests are the last ones${lastAt(results, rows)}, not the best ones: ${thousands(tested.count)} ${tested.unit}${error === "" ? "" : `, with a standard error of at most ${error}`}.`,
    ...(columns.some(({ from }) => typeof from !== "string" && from.set === "train")
      ? [
          `Training columns are means ${trainedOver(results, rows)}, while the parameters still changed.`,
        ]
      : []),
    ...(sheet.notes.table === undefined ? [] : [sheet.notes.table]),
    ...(has("epochs to plain's loss")
      ? [
          `${capital(axis.name)}s to plain's: how many until the training loss, smoothed as in the figure, was where that of plain ended.`,
        ]
      : []),
    ...(has("step time")
      ? [`${capital(singular(sheet.work.step))} time: the median, relative to plain.`]
      : []),
    ...(has("seconds to target")
      ? [
          `The last column counts seconds of training until a test found ${measure.key} ${measure.better === "lower" ? "at or below" : "at or above"} the target; ${NOTHING} where none did.`,
        ]
      : []),
    ...(baseline
      ? [
          `${capital(baseline.name)}: ${thousands(baseline.count)} ${tested.unit}, standard error ${inUnit(measure, valueOf(baseline.errors, measure.key))}.`,
        ]
      : []),
  ].join(" ");
}

/** " after 3 epochs" */
function lastAt({ sheet }: Results, rows: readonly Row[]): string {
  const ats = [...new Set(rows.map(({ at }) => at))].filter((at) => at !== null);
  return ats.length === 1 ? ` (after ${count(ats[0], sheet.axis.name)})` : "";
}

/** "over the last epoch", "over the last 18,000 frames": since the test before that ended a turn. */
function trainedOver({ sheet }: Results, rows: readonly Row[]): string {
  const spans = rows.flatMap(({ runs }) =>
    runs.map(({ tests }) => {
      const [before, last] = [undefined, ...tests.filter(({ train }) => train)].slice(-2);
      // Where there were tests before the only one with means, what it is a mean of is not known.
      if (last === undefined || (before === undefined && tests[0] !== last)) return 0;
      return last.at - (before?.at ?? 0);
    }),
  );
  const [span = 0, ...others] = new Set(spans.map((x) => Number(x.toPrecision(6))));
  if (others.length > 0 || !(span > 0)) return "over training up to the last test";
  return span === 1
    ? `over the last ${sheet.axis.name}`
    : `over the last ${count(span, sheet.axis.name)}`;
}

function largestError({ sheet }: Results, rows: readonly Row[]): string {
  const [measure] = sheet.measures;
  const errors = rows.flatMap(({ runs }) =>
    runs.map((run) => valueOf(run.tests.at(-1)?.errors, measure.key) ?? -1),
  );
  const most = Math.max(-1, ...errors);
  return most < 0 ? "" : inUnit(measure, most);
}
