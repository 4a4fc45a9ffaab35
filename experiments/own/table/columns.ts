/** What the columns of a table are, found by looking at their values, and what of them is left out. */
import { brief, word } from "../../../src/train/json.ts";
import type { Text } from "./csv.ts";

export type Kind = "number" | "truth" | "words";
export interface Found {
  readonly kind: Kind;
}
export interface LeftOut {
  readonly why: string;
}

/** Categories of a column, or classes: of more than this nobody learns from a table. */
export const MOST_CATEGORIES = 100;
const MOST_CHARACTERS = 100;
/** Numbers up to this can be squared and added in 64 bits. */
const LARGEST = 1e30;

const MISSING = new Set(["", "?", "-", "na", "n/a", "#n/a", "nan", "null", "nil"]);
export const isMissing = (text: string): boolean => MISSING.has(text.toLowerCase());

const POINT = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;
const COMMA = /^[+-]?\d*,\d+$/;
const THOUSANDS = /^[+-]?\d{1,3}(,\d{3})+(\.\d*)?$/;
/** The number that a field says; undefined where it says none. With `commas` "1,5" is 1.5; else "1,234" is 1234. */
export function numberIn(text: string, commas: boolean): number | undefined {
  const plain = commas
    ? COMMA.test(text)
      ? text.replace(",", ".")
      : text
    : THOUSANDS.test(text)
      ? text.replaceAll(",", "")
      : text;
  if (!POINT.test(plain)) return undefined;
  const x = Number(plain);
  return Math.abs(x) <= LARGEST ? x : undefined;
}

const TRUTHS = [
  ["true", "false"],
  ["yes", "no"],
] as const;
/** 1 or -1; undefined for what is neither. */
export function truthIn(text: string): 1 | -1 | undefined {
  const lower = text.toLowerCase();
  if (TRUTHS.some(([yes]) => yes === lower)) return 1;
  return TRUTHS.some(([, no]) => no === lower) ? -1 : undefined;
}

const DATE = /^(\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4})([T ].*)?$/;
/** Where nearly all of a column are numbers, another value is a slip: so many numbers of ten. */
const NEARLY_ALL = 0.9;
const MANY = 20;

/** What column `index` is, by the values of all rows, those without a target too; throws for one that is nearly numbers. */
export function kindOf(table: Text, index: number): Found | LeftOut {
  const { rows } = table;
  const present = rows.map(({ fields }) => fields[index]).filter((text) => !isMissing(text));
  const different = new Set(present);
  if (different.size === 0) return { why: "no values" };
  if (different.size === 1) return { why: "the same value everywhere" };
  if (present.every((text) => truthIn(text) !== undefined)) return { kind: "truth" };
  const numbers = present
    .map((text) => numberIn(text, table.commas))
    .filter((x) => x !== undefined);
  if (numbers.length === present.length)
    return isCount(numbers, rows.length) ? { why: "numbers of rows" } : { kind: "number" };
  if (present.every((text) => DATE.test(text))) return { why: "dates" };
  if (
    !table.commas &&
    present.every((text) => COMMA.test(text) || numberIn(text, false) !== undefined)
  )
    throw notANumber(table, index); // "1,5" among them
  if (numbers.length >= NEARLY_ALL * present.length && new Set(numbers).size > MANY)
    throw notANumber(table, index);
  if (different.size === present.length) return { why: "words that are all different" };
  if (present.some((text) => text.length > MOST_CHARACTERS)) return { why: "long texts" };
  return different.size > MOST_CATEGORIES
    ? { why: `${different.size} different words, more than ${MOST_CATEGORIES}` }
    : { kind: "words" };
}

/** In so many rows a number of their count may lack. */
const ENOUGH = 10;
/** 1, 2, 3, ... in any order, of many rows one less or with one left out: it says which row it is and nothing else. */
function isCount(numbers: readonly number[], rows: number): boolean {
  const lacking = rows > ENOUGH ? 1 : 0;
  if (rows <= 2 || numbers.length < rows - lacking || !numbers.every(Number.isInteger))
    return false;
  const { length } = numbers;
  const first = numbers.reduce((a, b) => Math.min(a, b));
  const last = numbers.reduce((a, b) => Math.max(a, b));
  return new Set(numbers).size === length && last - first + 1 - length <= lacking;
}

function notANumber(table: Text, index: number): Error {
  const { line, fields } = table.rows.find(
    ({ fields: f }) => !isMissing(f[index]) && numberIn(f[index], table.commas) === undefined,
  )!;
  const name = table.header[index];
  if (!table.commas && COMMA.test(fields[index]))
    return new Error(
      `${table.file}:${line}: expected a number in column ${word(name)}, got ${brief(fields[index])}; write a point for the comma, or part the fields with semicolons, in a table of which commas are points`,
    );
  return new Error(
    `${table.file}:${line}: expected a number in column ${word(name)}, as nearly all rows have, got ${brief(fields[index])}; mend it, or add --leave-out with the column`,
  );
}

/** Words in an order of their own: that of numbers where they are numbers. */
export const sorted = (words: Iterable<string>): readonly string[] =>
  [...new Set(words)].toSorted((a, b) => {
    const [x, y] = [Number(a), Number(b)];
    if (!Number.isNaN(x - y) && x !== y) return x - y;
    return a < b ? -1 : 1;
  });
