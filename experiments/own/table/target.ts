/** The column that is predicted: classes, or a number. */
import { UsageError } from "../../../runs/experiment.ts";
import { brief, word } from "../../../src/train/json.ts";
import { numberIn, sorted } from "./columns.ts";
import type { Row, Text } from "./csv.ts";
import { statisticsOf } from "./encode.ts";
import { MOST_CLASSES, type Target } from "./found.ts";

export interface Goal {
  /** The column's name. */
  readonly column: string;
  /** What it is, where somebody knows better than its values show. */
  readonly kind?: Target["kind"];
}

/** Whole numbers are classes where there are at most so many, each so often on the average. */
const FEW = 10;
const OFTEN = 5;

/** A target but for its means, which are those of the rows that are trained on. */
export interface Aim {
  /** The classes; undefined for a number. */
  readonly classes?: readonly string[];
  /** From the values that are trained on. */
  of(fields: readonly string[]): Target;
}

/** What the values of `rows`, none of them missing, are; throws where they cannot be predicted. */
export function targetOf(table: Text, rows: readonly Row[], { column: name, kind }: Goal): Aim {
  const index = table.header.indexOf(name);
  const where = `${table.file}:${rows[0].line}`;
  const values = rows.map(({ fields }) => fields[index]);
  const numbers = values.map((text) => numberIn(text, table.commas));
  const classes = sorted(values);
  if (classes.length === 1)
    throw new Error(
      `${where}: expected different values in column ${word(name)}, got ${brief(classes[0])} in every row; name another column with --target`,
    );
  if ((kind ?? guessed(numbers, classes.length)) === "regression") {
    const bad = numbers.indexOf(undefined);
    if (bad >= 0)
      throw new UsageError(
        `${table.file}:${rows[bad].line}: expected a number in column ${word(name)}, got ${brief(values[bad])}; mend it or add --kind classification`,
      );
    return {
      of: (fields) => ({
        ...{ kind: "regression", name },
        ...statisticsOf(fields.map((text) => numberIn(text, table.commas)!)),
      }),
    };
  }
  checkClasses(classes, { table, rows, index });
  return { classes, of: () => ({ kind: "classification", name, classes }) };
}

/** The same where a run has decided what they are; throws where they are not that. */
export function aimAt(
  target: Target,
  {
    table,
    rows,
    index,
  }: { readonly table: Text; readonly rows: readonly Row[]; readonly index: number },
): Aim {
  const name = table.header[index];
  const isOne = (text: string): boolean =>
    target.kind === "classification"
      ? target.classes.includes(text)
      : numberIn(text, table.commas) !== undefined;
  const bad = rows.find(({ fields }) => target.name !== name || !isOne(fields[index]));
  if (bad)
    throw new Error(
      `${table.file}:${bad.line}: expected in column ${word(name)} what the run predicts, ${target.kind === "classification" ? "one of its classes" : "a number"} of ${word(target.name)}, got ${brief(bad.fields[index])}; mend the run's config.json or start a new run`,
    );
  return {
    ...(target.kind === "classification" ? { classes: target.classes } : {}),
    of: () => target,
  };
}

const guessed = (numbers: readonly (number | undefined)[], different: number): Target["kind"] => {
  if (numbers.includes(undefined)) return "classification";
  const few = different <= FEW && different * OFTEN <= numbers.length;
  return few && numbers.every(Number.isInteger) ? "classification" : "regression";
};

const MOST_CHARACTERS = 100;

function checkClasses(
  classes: readonly string[],
  {
    table,
    rows,
    index,
  }: { readonly table: Text; readonly rows: readonly Row[]; readonly index: number },
): void {
  const name = word(table.header[index]);
  const counts = new Map<string, number>();
  for (const { fields } of rows) counts.set(fields[index], (counts.get(fields[index]) ?? 0) + 1);
  const first = (value: string): string =>
    `${table.file}:${rows.find(({ fields }) => fields[index] === value)!.line}`;
  const long = classes.find((value) => value.length > MOST_CHARACTERS);
  if (long !== undefined)
    throw new Error(
      `${first(long)}: expected classes of at most ${MOST_CHARACTERS} characters in column ${name}, got ${brief(long)}; shorten it or name another column with --target`,
    );
  if (classes.length > MOST_CLASSES)
    throw new Error(
      `${table.file}:${rows[0].line}: expected at most ${MOST_CLASSES} classes in column ${name}, got ${classes.length}; name another column with --target, or of numbers add --kind regression`,
    );
  const lonely = classes.find((value) => counts.get(value) === 1);
  if (lonely !== undefined)
    throw new Error(
      `${first(lonely)}: expected two rows or more of every class in column ${name}, one of them to test on, got a single one of ${brief(lonely)}; add rows of it or take this one out`,
    );
}

/** The class of every row; of numbers all are of one. */
export function labelsOf({ classes }: Aim, rows: readonly Row[], index: number): Uint8Array {
  const places = new Map(classes?.map((value, i) => [value, i]));
  return Uint8Array.from(rows, ({ fields }) => places.get(fields[index]) ?? 0);
}
