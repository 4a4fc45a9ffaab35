/** Runs beside each other: which panels, which measures and which settings stand in a row. Plain functions of records. */
import type { Arm, Results, Told } from "../../runs/records.ts";
import { ARMS } from "../../runs/records.ts";
import { leadersOf } from "../../report/rows.ts";
import { columnsOf, textOf, type TableColumn } from "../../report/columns.ts";
import { rowsOf, type Row } from "../../report/rows.ts";
import { NOTHING } from "../../report/words.ts";
import { panesOf, type Pane } from "../shared/curves.ts";

/** A row of panels: one a run, undefined where a run has none of that title. */
export interface PaneRow {
  readonly title: string;
  readonly panes: readonly (Pane | undefined)[];
}

/** Panels of the same title in a row, all with the same axes. */
export function paneRows(all: readonly (Results | undefined)[]): readonly PaneRow[] {
  const there = all.filter((results) => results !== undefined);
  const columns = all.map((results) => (results ? panesOf(results, there) : []));
  const titles = [...new Set(columns.flatMap((panes) => panes.map(({ title }) => title)))];
  return titles.map((title) => ({
    title,
    panes: columns.map((panes) => panes.find((pane) => pane.title === title)),
  }));
}

/** What an arm ended with, in every run. */
export interface MeasureTable {
  /** "test error %" */
  readonly head: string;
  readonly rows: readonly {
    readonly arm: Arm;
    readonly cells: readonly { readonly text: string; readonly isBest: boolean }[];
  }[];
}

/** A table for each thing that tests measure: arms by runs; the best run of an arm, with all within chance of it, is marked. */
export function measureTables(all: readonly (Results | undefined)[]): readonly MeasureTable[] {
  const runs = all.map((results) => {
    const rows = results ? rowsOf(results) : [];
    return { rows, columns: results ? columnsOf(results, rows).filter(isOfTests) : [] };
  });
  const heads = [...new Set(runs.flatMap(({ columns }) => columns.map(({ head }) => head)))];
  return heads.map((head) => ({
    head,
    rows: ARMS.flatMap((arm) => {
      const entries = runs.map(({ rows, columns }) => {
        const row = rows.find((one) => one.arm === arm);
        const column = columns.find((one) => one.head === head);
        return row && column ? { row, column } : undefined;
      });
      const there = entries.filter((entry) => entry !== undefined);
      if (there.length === 0) return [];
      const best = bestAmong(there);
      return [
        {
          arm,
          cells: entries.map((entry) => ({
            text: entry ? textOf(entry.column, entry.column.stat(entry.row)) : NOTHING,
            isBest: entry !== undefined && best.has(entry),
          })),
        },
      ];
    }),
  }));
}

interface Entry {
  readonly row: Row;
  readonly column: TableColumn;
}
const isOfTests = ({ from }: TableColumn): boolean =>
  typeof from !== "string" && from.set === "test";

function bestAmong(entries: readonly Entry[]): ReadonlySet<Entry> {
  const [{ column }] = entries;
  const estimate = ({ row, column: own }: Entry): ReturnType<TableColumn["estimate"]> =>
    own.estimate(row);
  const measured = entries.filter((entry) => estimate(entry) !== null);
  if (column.better === null || measured.length < 2) return new Set();
  const leaders = leadersOf(measured, estimate, column.better);
  return new Set(leaders.length < measured.length ? leaders : []);
}

/** The settings that differ, a row each. */
export function settingRows(
  all: readonly (readonly Told[])[],
): readonly { readonly name: string; readonly values: readonly string[] }[] {
  const names = [...new Set(all.flatMap((settings) => settings.map(({ name }) => name)))];
  const rows = names.map((name) => ({
    name,
    values: all.map((settings) => settings.find((one) => one.name === name)?.value ?? NOTHING),
  }));
  return rows.filter(({ values }) => new Set(values).size > 1);
}
