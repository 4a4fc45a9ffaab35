/** The table of results as texts: what a page shows, whoever makes it. */
import type { Arm, Results } from "../runs/records.ts";
import { bestOf, columnsOf, textOf } from "./columns.ts";
import { baselineTexts, tableNote } from "./notes.ts";
import type { Row } from "./rows.ts";

export interface Cells {
  /** Of all columns, the arm's first. */
  readonly heads: readonly string[];
  readonly rows: readonly {
    readonly arm: Arm;
    /** `isBest` also what is within chance of the best. */
    readonly cells: readonly { readonly text: string; readonly isBest: boolean }[];
  }[];
  /** What those get who learn nothing. */
  readonly baseline?: { readonly name: string; readonly cells: readonly string[] };
  /** What the numbers are, in full sentences. */
  readonly note: string;
}

export function cellsOf(results: Results, rows: readonly Row[]): Cells {
  const columns = columnsOf(results, rows);
  const best = columns.map((column) => bestOf(rows, column));
  const { baseline } = results.sheet;
  return {
    heads: ["arm", ...columns.map((column) => column.head)],
    rows: rows.map((row) => ({
      arm: row.arm,
      cells: columns.map((column, i) => ({
        text: textOf(column, column.stat(row)),
        isBest: best[i].has(row.arm),
      })),
    })),
    ...(baseline
      ? { baseline: { name: baseline.name, cells: baselineTexts(results, columns) } }
      : {}),
    note: tableNote(results, rows, columns),
  };
}
