/** Fields become numbers: standardized, 1 of several, 1 or -1; and what could not become one is told. */
import { brief, word } from "../../../src/train/json.ts";
import { isMissing, numberIn, sorted, truthIn, type Kind } from "./columns.ts";
import type { Row, Text } from "./csv.ts";
import { inputsOf, widthOf, type Column, type TableFound } from "./found.ts";

/** What is remembered of a column, from the rows that are trained on. */
export function learned(
  { name, kind }: { readonly name: string; readonly kind: Kind },
  fields: readonly string[],
  commas: boolean,
): Column {
  const present = fields.filter((text) => !isMissing(text));
  const gaps = present.length < fields.length;
  switch (kind) {
    case "number":
      return { kind, name, ...statisticsOf(present.map((x) => numberIn(x, commas)!)), gaps };
    case "truth":
      return { kind, name };
    case "words": {
      const categories = sorted(present);
      return { kind, name, categories: categories.length > 0 ? categories : ["?"], gaps };
    }
  }
}

/** Mean and standard deviation; numbers that are all the same have 1, so that it can be divided by. */
export function statisticsOf(values: readonly number[]): {
  readonly mean: number;
  readonly deviation: number;
} {
  if (values.length === 0) return { mean: 0, deviation: 1 };
  const average = (f: (x: number) => number): number =>
    values.reduce((sum, x) => sum + f(x) / values.length, 0);
  const mean = average((x) => x);
  return { mean, deviation: Math.sqrt(average((x) => (x - mean) ** 2)) || 1 };
}

/** Something about a field that people should know. */
export interface Remark {
  readonly line: number;
  readonly column: string;
  readonly got: string;
  readonly what: "missing" | "unknown" | "no number";
}

/** `[rows.length, inputs]`, row after row. A field that is no number where one is needed, and what is unknown, counts as missing. */
export function encoded(
  { columns, commas }: Pick<TableFound, "columns" | "commas">,
  { header }: Pick<Text, "header">,
  rows: readonly Row[],
  tell: (remark: Remark) => void = () => undefined,
): Float32Array {
  const width = inputsOf({ columns });
  const out = new Float32Array(rows.length * width);
  let at = 0;
  for (const column of columns) {
    const index = header.indexOf(column.name);
    const write = writer(column, commas);
    for (const [i, { line, fields }] of rows.entries()) {
      const what = write(fields[index], out, i * width + at);
      if (what) tell({ line, column: column.name, got: fields[index], what });
    }
    at += widthOf(column);
  }
  return out;
}

type Write = (text: string, out: Float32Array, at: number) => Remark["what"] | undefined;

function writer(column: Column, commas: boolean): Write {
  switch (column.kind) {
    case "number":
      return (text, out, at) => {
        const x = isMissing(text) ? undefined : numberIn(text, commas);
        if (x !== undefined) out[at] = limited((x - column.mean) / column.deviation);
        else if (column.gaps) out[at + 1] = 1;
        return x !== undefined ? undefined : isMissing(text) ? "missing" : "no number";
      };
    case "truth":
      return (text, out, at) => {
        const x = truthIn(text);
        out[at] = x ?? 0;
        return x !== undefined ? undefined : isMissing(text) ? "missing" : "unknown";
      };
    case "words": {
      const places = new Map(column.categories.map((category, i) => [category, i]));
      return (text, out, at) => {
        const missing = isMissing(text);
        const place = missing
          ? column.gaps
            ? column.categories.length
            : undefined
          : places.get(text);
        if (place !== undefined) out[at + place] = 1;
        return missing ? "missing" : place === undefined ? "unknown" : undefined;
      };
    }
  }
}

/** Deviations from the mean: what lies further out is a slip of the pen, and would only make the loss overflow. */
const FURTHEST = 1e6;
const limited = (x: number): number => Math.max(-FURTHEST, Math.min(FURTHEST, x));

/** Remarks in a line or two: how many, and the first ones by line and column. */
export function remarked(
  remarks: readonly Remark[],
  file: string,
  { what, handled }: { readonly what: string; readonly handled: string },
): readonly string[] {
  if (remarks.length === 0) return [];
  const [{ line }] = remarks;
  const shown = remarks
    .slice(0, MOST_SHOWN)
    .map(
      (r) => `line ${r.line} ${word(r.column)}${r.what === "missing" ? "" : ` ${brief(r.got)}`}`,
    );
  const more = remarks.length > shown.length ? `, and ${remarks.length - shown.length} more` : "";
  return [`${file}:${line}: ${what} (${shown.join(", ")}${more}); ${handled}`];
}
const MOST_SHOWN = 3;
