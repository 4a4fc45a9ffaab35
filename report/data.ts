/** The table of results as data: what `--json` prints beside the records. */
import type { Arm, Results } from "../runs/records.ts";
import { bestOf, columnsOf } from "./columns.ts";
import { rowsOf } from "./rows.ts";

export interface Table {
  readonly columns: readonly {
    readonly key: string;
    readonly head: string;
    readonly unit: string;
    readonly better: "lower" | "higher" | null;
  }[];
  readonly rows: readonly {
    readonly arm: Arm;
    readonly seeds: number;
    readonly lr: number;
    /** By the keys of the columns; `best` also of what is within chance of the best. */
    readonly values: Readonly<
      Record<
        string,
        { readonly mean: number | null; readonly deviation: number | null; readonly best: boolean }
      >
    >;
  }[];
}

export function tableOf(results: Results): Table {
  const rows = rowsOf(results);
  const columns = columnsOf(results, rows);
  return {
    columns: columns.map(({ key, head, unit, better }) => ({ key, head, unit, better })),
    rows: rows.map((row) => ({
      ...{ arm: row.arm, seeds: row.runs.length, lr: row.record.lr },
      values: Object.fromEntries(
        columns.map((column) => [
          column.key,
          { ...column.stat(row), best: bestOf(rows, column).has(row.arm) },
        ]),
      ),
    })),
  };
}
