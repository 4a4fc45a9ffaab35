/** Which examples are trained on, and which are held out to test on. */
import { keyOf, permutation } from "../../src/index.ts";
import type { DataSet } from "../minibatch/task.ts";
import { classesIn, isDataSet, readColumns, specsOf, subset, type Data } from "./columns.ts";
import type { Definition } from "./definition.ts";

export interface Divided {
  readonly train: DataSet;
  readonly test: DataSet;
  readonly classes: readonly string[] | undefined;
}
interface Given {
  readonly data: Data;
  readonly validate?: number | Data;
  readonly classes?: readonly string[];
}

/** Both sets; a share is drawn from every class by itself, so that small ones are not lost. */
export function divided(given: Given, { labels }: Definition, seed: number): Divided {
  const { data, validate = 0.1 } = given;
  const column = labels === undefined || isDataSet(data) ? undefined : data[labels];
  const classes = given.classes ?? classesIn(column);
  const whole = isDataSet(data) ? data : readColumns(data, { where: "fit", labels, classes });
  if (typeof validate !== "number") {
    const test = isDataSet(validate)
      ? validate
      : readColumns(validate, { where: "fit: validate", specs: specsOf(whole), labels, classes });
    return { train: whole, test, classes };
  }
  if (!(validate >= 0 && validate < 1))
    throw new Error(
      `fit: validate is a share of the examples, from 0 to below 1, or other data, got ${validate}; use e.g. 0.1`,
    );
  const kinds = labels === undefined ? undefined : labelsOf(whole, labels);
  const out = new Set(heldOut(whole.count, validate, { kinds, seed }));
  if (out.size === whole.count)
    throw new Error(
      `fit: expected examples to train on, got ${whole.count} in all and each held out; give more, or validate: 0`,
    );
  const rows = (held: boolean): Uint32Array =>
    Uint32Array.from({ length: whole.count }, (_, i) => i).filter((i) => out.has(i) === held);
  return { train: subset(whole, rows(false)), test: subset(whole, rows(true)), classes };
}

/** The class of every example, where a set holds them. */
function labelsOf(set: DataSet, labels: string): ArrayLike<number> | undefined {
  const all = Uint32Array.from({ length: set.count }, (_, i) => i);
  return set.inputs(1).some((x) => x.attrs.name === labels && x.dtype === "int32")
    ? set.feeds(all)[labels].data
    : undefined;
}

interface Drawing {
  readonly kinds: ArrayLike<number> | undefined;
  readonly seed: number;
}
/** Rows that are held out: that share of every kind, in an order that the seed decides. */
export function heldOut(count: number, share: number, { kinds, seed }: Drawing): readonly number[] {
  const groups = new Map<number, number[]>();
  for (const row of permutation(count, keyOf(seed, "validate"))) {
    const kind = kinds?.[row] ?? 0;
    const group = groups.get(kind);
    if (group) group.push(row);
    else groups.set(kind, [row]);
  }
  return [...groups.values()].flatMap((rows) => rows.slice(0, Math.round(rows.length * share)));
}
