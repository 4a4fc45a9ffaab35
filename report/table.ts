/** The results as a table for the terminal. */
import type { Results } from "../runs/records.ts";
import { bestOf, columnsOf, textOf, type TableColumn } from "./columns.ts";
import { baselineTexts, notesOf } from "./notes.ts";
import { rowsOf, type Row } from "./rows.ts";
import { tableLines } from "./text-table.ts";

export interface TableOptions {
  /** Characters a line, as of the terminal; columns give way when there are fewer than they need. */
  readonly width?: number;
  readonly colors?: boolean;
}

interface Layout {
  readonly columns: readonly TableColumn[];
  /** Those with a standard deviation. */
  readonly deviations: readonly TableColumn[];
}

/** What gives way first. */
const DISPENSABLE: readonly ((column: TableColumn) => boolean)[] = [
  ({ from }) => from === "work a second",
  ({ from }) => typeof from !== "string" && from.set === "train",
  ({ from }) => from === "milliseconds",
  ({ from }) => from === "step time",
  ({ from }) => from === "seconds to target",
  () => true,
];

/** From everything down to what the run was for, which is the first column. */
function layoutsOf(all: readonly TableColumn[]): readonly Layout[] {
  const first = all.slice(0, 1);
  const time = all.filter(({ from }) => from === "seconds to target");
  const pace = all.filter(({ from }) => from === "epochs to plain's loss");
  const fewer = all.filter((column) => !pace.includes(column));
  const layouts: Layout[] = [
    { columns: all, deviations: all },
    { columns: all, deviations: [...first, ...pace, ...time] },
    { columns: fewer, deviations: fewer },
    { columns: fewer, deviations: [...first, ...time] },
    { columns: fewer, deviations: first },
    { columns: fewer, deviations: [] },
  ];
  let left = fewer;
  for (const isOne of DISPENSABLE) {
    left = left.filter((column, i) => i === 0 || !isOne(column));
    layouts.push({ columns: left, deviations: [] });
  }
  return layouts;
}

const bold = (text: string): string => `\x1b[1m${text}\x1b[22m`;
const dim = (text: string): string => `\x1b[2m${text}\x1b[22m`;

/** One line an arm; with several seeds `mean ± standard deviation`. Where colours are on, the best of a column is bold, and what is within chance of it. */
export function resultsTable(
  results: Results,
  { width = 100, colors = false }: TableOptions = {},
): string {
  const rows = rowsOf(results);
  const layouts = layoutsOf(columnsOf(results, rows));
  const widthOf = (layout: Layout): number => draw(results, rows, layout).width;
  const layout = layouts.find((l) => widthOf(l) <= width) ?? layouts[layouts.length - 1];
  const { head, body, width: used } = draw(results, rows, layout, colors);
  const quiet = colors ? dim : (text: string) => text;
  const notes = notesOf(results, rows, { deviations: layout.deviations.length > 0 });
  return [quiet(head), quiet("\u2500".repeat(used)), ...body, ...notes.map(quiet)].join("\n");
}

interface Drawing {
  readonly head: string;
  readonly body: readonly string[];
  readonly width: number;
}

function draw(
  results: Results,
  rows: readonly Row[],
  { columns, deviations }: Layout,
  colors = false,
): Drawing {
  const cells = rows.map((row) => [
    row.arm,
    ...columns.map((column) => {
      const text = textOf(column, column.stat(row), deviations.includes(column));
      return colors && bestOf(rows, column).has(row.arm) ? bold(text) : text;
    }),
  ]);
  const { baseline } = results.sheet;
  if (baseline) cells.push([printable(baseline.name), ...baselineTexts(results, columns)]);
  const heads = ["arm", ...columns.map((column) => printable(column.head))];
  const [head, ...body] = tableLines(heads, cells);
  return { head, body, width: head.length };
}

/** Nothing that comes from a file may move a terminal's cursor. */

export const printable = (text: string): string =>
  text.replace(/[\u0000-\u001f\u007f-\u009f]/g, " ");
