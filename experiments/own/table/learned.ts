/** From a table's text to what a network trains on, and what the table decides on the way. */
import { UsageError } from "../../../runs/experiment.ts";
import { brief, word } from "../../../src/train/json.ts";
import { meant } from "../nearest.ts";
import type { Source } from "../source.ts";
import { splitOf, type Parts, type Split } from "../../../runs/split.ts";
import { isMissing, kindOf, type Kind } from "./columns.ts";
import { checkRow, type Row, type Text } from "./csv.ts";
import { learned } from "./encode.ts";
import { inputsOf, MOST_INPUTS, type TableFound } from "./found.ts";
import { aimAt, labelsOf, targetOf, type Goal } from "./target.ts";

export interface Wanted extends Goal {
  readonly leaveOut: readonly string[];
  readonly split: Split;
  readonly source: Omit<Source, "count">;
  /** What a run on the same table has decided before: it stays decided. */
  readonly began?: TableFound;
}

export interface Learned {
  readonly found: TableFound;
  /** Those that have a target. */
  readonly rows: readonly Row[];
  readonly parts: Parts;
  /** What was left out, by name and reason. */
  readonly leftOut: readonly (readonly [name: string, why: string])[];
}

/** What a table is for a run that predicts one of its columns from the others; throws where nothing can be learned. */
export function learnedFrom(read: Text, wanted: Wanted): Learned {
  const { began } = wanted;
  const table = began ? { ...read, commas: began.commas } : read;
  if (began) checkColumns(table, began);
  for (const name of [wanted.column, ...wanted.leaveOut])
    if (!table.header.includes(name)) throw noColumn(name, table, wanted.column === name);
  for (const row of table.rows) checkRow(table, row);
  const index = table.header.indexOf(wanted.column);
  const rows = table.rows.filter(({ fields }) => !isMissing(fields[index]));
  if (rows.length === 0)
    throw new Error(
      `${table.file}:${table.rows[0].line}: expected values in column ${word(wanted.column)}, got none in any row; name another column with --target`,
    );
  const goal = began ? aimAt(began.target, { table, rows, index }) : targetOf(table, rows, wanted);
  const parts = splitOf(labelsOf(goal, rows, index), wanted.split);
  const target = goal.of(Array.from(parts.train, (row) => rows[row].fields[index]));

  const kinds = table.header.flatMap((name, i) => {
    if (i === index || began?.columns.some((column) => column.name === name)) return [];
    const kind = wanted.leaveOut.includes(name) ? { why: "as was asked for" } : kindOf(table, i);
    return [{ name, i, ...(began && "kind" in kind ? { why: "as the run began" } : kind) }];
  });
  const columns =
    began?.columns ??
    kinds.flatMap((found) =>
      "kind" in found
        ? [
            learned(
              { name: found.name, kind: found.kind satisfies Kind },
              Array.from(parts.train, (row) => rows[row].fields[found.i]),
              table.commas,
            ),
          ]
        : [],
    );
  const leftOut = kinds.flatMap((found) =>
    "why" in found ? [[found.name, found.why] as const] : [],
  );
  if (columns.length === 0)
    throw new Error(
      `${table.file}:1: expected a column to learn ${word(wanted.column)} from, got ${leftOut.length === 0 ? "no other column" : `none but ${leftOut.map(([name, why]) => `${word(name)} (${why})`).join(", ")}`}; add columns of numbers or of a few words`,
    );
  const inputs = inputsOf({ columns });
  if (inputs > MOST_INPUTS)
    throw new Error(
      `${table.file}:1: expected columns that become at most ${MOST_INPUTS} numbers a row, got ${inputs}; leave some out with --leave-out`,
    );
  const { source, split } = wanted;
  const found = began ?? {
    source: { ...source, count: table.rows.length },
    ...{ split, target, columns, commas: table.commas },
  };
  return { found, rows, parts, leftOut };
}

/** Throws for a table that lacks a column that a run learned from. */
export function checkColumns(
  { header, file }: Text,
  { columns }: Pick<TableFound, "columns">,
): void {
  const lacking = columns.map(({ name }) => name).filter((name) => !header.includes(name));
  if (lacking.length > 0)
    throw new Error(
      `${file}:1: expected the columns that the run learned from, got none called ${namesIn(lacking)}; add what is lacking`,
    );
}

/** Names that a message lists. */
const MOST_NAMES = 20;

export const namesIn = (header: readonly string[]): string =>
  `${header.slice(0, MOST_NAMES).map(word).join(", ")}${header.length > MOST_NAMES ? ", ..." : ""}`;

function noColumn(name: string, { file, header }: Text, isTarget: boolean): UsageError {
  return new UsageError(
    `${file}:1: expected a column called ${brief(name)}, got ${namesIn(header)}; name one of them with ${isTarget ? "--target" : "--leave-out"}${meant(name, header)}`,
  );
}
