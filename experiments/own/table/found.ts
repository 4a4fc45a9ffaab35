/** What a table decides of a run: its columns, its classes, its means. Kept in the run's configuration, and checked when it is read. */
import * as z from "zod/mini";
import type { OwnConfig } from "../settings.ts";
import { sourceSchema, type Source } from "../source.ts";
import { modelFound, type ModelFound } from "../tuned/found.ts";
import { splitSchema, type Split } from "../../../runs/split.ts";

/** A column as the network takes it. */
export type Column =
  /** Standardized; where `gaps`, a second number says that there was none. */
  | {
      readonly kind: "number";
      readonly name: string;
      readonly mean: number;
      readonly deviation: number;
      readonly gaps: boolean;
    }
  /** 1 or -1, or 0 where there is none. */
  | { readonly kind: "truth"; readonly name: string }
  /** A number for each, 1 for the one that it is; where `gaps`, one more for none. */
  | {
      readonly kind: "words";
      readonly name: string;
      readonly categories: readonly string[];
      readonly gaps: boolean;
    };

export type Target =
  | { readonly kind: "classification"; readonly name: string; readonly classes: readonly string[] }
  /** Standardized inside. */
  | {
      readonly kind: "regression";
      readonly name: string;
      readonly mean: number;
      readonly deviation: number;
    };

export interface TableConfig extends OwnConfig {
  /** The name of the column that is predicted. */
  readonly column?: string;
  readonly kind?: Target["kind"];
  readonly leaveOut?: readonly string[];
  readonly found?: TableFound;
}

export interface TableFound {
  readonly source: Source;
  readonly split: Split;
  readonly target: Target;
  /** Those that are learned from, in the order of the file. */
  readonly columns: readonly Column[];
  readonly commas: boolean;
  /** The trained model that is fine-tuned, where it is one of somebody else's. */
  readonly model?: ModelFound | undefined;
}

/** Numbers that a row becomes, at most. */
export const MOST_INPUTS = 5000;
export const MOST_CLASSES = 256;

/** How many numbers a column becomes. */
export const widthOf = (column: Column): number => {
  switch (column.kind) {
    case "number":
      return column.gaps ? 2 : 1;
    case "truth":
      return 1;
    case "words":
      return column.categories.length + (column.gaps ? 1 : 0);
  }
};
export const inputsOf = ({ columns }: Pick<TableFound, "columns">): number =>
  columns.reduce((sum, column) => sum + widthOf(column), 0);

const name = z.string().check(z.minLength(1), z.maxLength(200));
const word = z.string().check(z.maxLength(100));
const words = (least: number, most: number): z.ZodMiniType<readonly string[]> =>
  z.array(word).check(
    z.minLength(least),
    z.maxLength(most),
    z.refine((all) => new Set(all).size === all.length, "every one once"),
  );
const statistics = {
  mean: z.number().check(z.minimum(-1e30), z.maximum(1e30)),
  deviation: z.number().check(z.positive(), z.maximum(1e30)),
};
const column = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("number"), name, ...statistics, gaps: z.boolean() }),
  z.strictObject({ kind: z.literal("truth"), name }),
  z.strictObject({ kind: z.literal("words"), name, categories: words(1, 100), gaps: z.boolean() }),
]);
const target = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("classification"), name, classes: words(2, MOST_CLASSES) }),
  z.strictObject({ kind: z.literal("regression"), name, ...statistics }),
]);

export const tableFound: z.ZodMiniType<TableFound> = z
  .strictObject({
    source: sourceSchema,
    split: splitSchema,
    target,
    columns: z.array(column).check(z.minLength(1), z.maxLength(1000)),
    commas: z.boolean(),
    model: z.optional(modelFound),
  })
  .check(
    z.refine(
      (found) => inputsOf(found) <= MOST_INPUTS,
      `columns of at most ${MOST_INPUTS} numbers`,
    ),
    z.refine(
      ({ columns, target: { name: own } }) =>
        new Set([own, ...columns.map((c) => c.name)]).size === columns.length + 1,
      "columns of different names",
    ),
  );

/** "150 rows of iris.csv: species (3 classes) from 4 columns" */
export const tableTold = ({
  source,
  target: { name: predicted, ...rest },
  columns,
}: TableFound): string =>
  `${source.count} rows of ${source.name}: ${predicted}${rest.kind === "classification" ? ` (${rest.classes.length} classes)` : ""} from ${columns.length} column${columns.length === 1 ? "" : "s"}`;
