/** A table's text: its names and its rows, each with the line where it stands in the file. */
import { brief, word } from "../../../src/train/json.ts";

export interface Row {
  readonly line: number;
  /** Without spaces around them. */
  readonly fields: readonly string[];
}
export interface Text {
  /** What messages call the file. */
  readonly file: string;
  readonly header: readonly string[];
  readonly rows: readonly Row[];
  /** Whether "1,5" is 1.5: where semicolons part fields. Elsewhere commas in numbers part thousands. */
  readonly commas: boolean;
}

const MOST_BYTES = 200_000_000;
const MOST_COLUMNS = 1000;
const MOST_CHARACTERS = 200;
const DELIMITERS = [",", ";", "\t"] as const;

/** The table in a file's bytes. Rows may be of any length; throws for what is none. */
export async function readTable(bytes: Uint8Array, file: string): Promise<Text> {
  const text = textOf(bytes, file);
  const delimiter = delimiterOf(text);
  const [head, ...rows] = await rowsOf(text, delimiter, file);
  if (!(head as Row | undefined))
    throw new Error(
      `${file}:1: expected a header with the columns' names, got an empty file; check the file`,
    );
  const header = head.fields.map((name, i) => (name === "" ? `column ${i + 1}` : name));
  checkHeader(header, head.line, file);
  if (rows.length === 0)
    throw new Error(
      `${file}:${head.line}: expected rows under the header, got none; check the file`,
    );
  return { file, header, rows, commas: delimiter === ";" };
}

/** Throws for a row that has not a field for every column. */
export function checkRow({ header, file }: Text, { line, fields }: Row): void {
  if (fields.length === header.length) return;
  throw new Error(
    `${file}:${line}: expected ${header.length} fields as the header has, got ${fields.length}; mend the row, e.g. with quotes around what holds a delimiter`,
  );
}

function textOf(bytes: Uint8Array, file: string): string {
  if (bytes.length > MOST_BYTES)
    throw new Error(
      `${file}: expected a table of at most ${MOST_BYTES / 1e6} MB, got ${Math.ceil(bytes.length / 1e6)} MB; train on a part of its rows`,
    );
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes); // without a byte order mark
  } catch (cause) {
    throw new Error(
      `${file}:${lineOfFault(bytes)}: expected text in UTF-8, got other bytes; save the table as CSV in UTF-8`,
      { cause },
    );
  }
  const at = text.indexOf("\0");
  if (at < 0) return text.replaceAll(/\r\n?/g, "\n"); // one end of lines, or their numbers would be off
  const line = text.slice(0, at).split("\n").length;
  throw new Error(
    `${file}:${line}: expected text, got a zero byte; save the table as CSV in UTF-8`,
  );
}

/** The line of the first bytes that are no UTF-8. */
function lineOfFault(bytes: Uint8Array): number {
  let [good, bad] = [0, bytes.length];
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    try {
      new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(0, middle), { stream: true });
      good = middle;
    } catch {
      bad = middle;
    }
  }
  return bytes.subarray(0, good).reduce((lines, x) => lines + (x === 10 ? 1 : 0), 1);
}

/** What parts the names of the header most often. */
function delimiterOf(text: string): string {
  const [line = ""] = /^\s*\S.*$/m.exec(text) ?? [];
  const bare = line.replaceAll(/"[^"]*"/g, "");
  const counts = DELIMITERS.map((d) => bare.split(d).length);
  return DELIMITERS[counts.indexOf(Math.max(...counts))];
}

interface Parsed {
  readonly record: readonly string[];
  readonly info: { readonly lines: number };
}

async function rowsOf(text: string, delimiter: string, file: string): Promise<readonly Row[]> {
  const { parse } = await import("csv-parse/sync").catch((cause: unknown) => {
    throw new Error(
      `${file}: reading tables takes the npm package csv-parse, got no such package; run \`npm install csv-parse\``,
      { cause },
    );
  });
  try {
    const options = { delimiter, info: true, relax_column_count: true, skip_empty_lines: true };
    const parsed = parse(text, { ...options, trim: true, bom: true }) as unknown as Parsed[];
    return parsed.map(({ record, info }) => ({
      line: info.lines - record.reduce((sum, field) => sum + field.split("\n").length - 1, 0), // where it begins
      fields: record,
    }));
  } catch (cause) {
    const { code, lines = 1 } = cause as { readonly code?: string; readonly lines?: number };
    throw new Error(`${file}:${lines}: ${FAULTS[code ?? ""] ?? OTHER_FAULT}`, { cause });
  }
}

const FAULTS: Readonly<Record<string, string>> = {
  CSV_QUOTE_NOT_CLOSED:
    "expected a quote that ends before the file does, got one that is left open; close it, or double the quotes within a field",
  INVALID_OPENING_QUOTE:
    'expected quotes around a whole field, got one within it; write it twice and the field in quotes, "like ""this"""',
  CSV_INVALID_CLOSING_QUOTE:
    "expected a delimiter after a closing quote, got more text; double the quotes within a field",
};
const OTHER_FAULT = "expected rows of a table, got something else; save the table as CSV";

function checkHeader(header: readonly string[], line: number, file: string): void {
  const where = `${file}:${line}`;
  if (header.length > MOST_COLUMNS)
    throw new Error(
      `${where}: expected at most ${MOST_COLUMNS} columns, got ${header.length}; leave some out of the file`,
    );
  if (header.every((name) => name !== "" && !Number.isNaN(Number(name))))
    throw new Error(
      `${where}: expected a header with the columns' names, got numbers (${brief(header.join(", "))}); add a line of names`,
    );
  const twice = header.find((name, i) => header.indexOf(name) !== i);
  if (twice !== undefined)
    throw new Error(
      `${where}: expected every column's name once, got ${word(twice)} twice; rename one of them`,
    );
  const long = header.find((name) => name.length > MOST_CHARACTERS);
  if (long !== undefined)
    throw new Error(
      `${where}: expected names of at most ${MOST_CHARACTERS} characters, got ${brief(long)}; shorten it`,
    );
}
