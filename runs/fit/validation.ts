/** Which examples are trained on, and which are held out to test on. */
import type { DataSet } from "../minibatch/task.ts";
import { splitOf } from "../split.ts";
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
  if (validate === 0) return { train: whole, test: subset(whole, new Uint32Array()), classes };
  const kinds = labelsOf(whole, labels) ?? new Uint8Array(whole.count);
  const { train, test } = splitOf(kinds, { seed, share: validate });
  return { train: subset(whole, train.toSorted()), test: subset(whole, test), classes };
}

/** Examples that are looked at at a time. */
const ROWS = 1024;

/** The class of every example, where a set has one for each. */
function labelsOf(set: DataSet, labels: string | undefined): Int32Array | undefined {
  const given = set.inputs(1).find((x) => x.attrs.name === labels);
  if (given?.dtype !== "int32" || given.shape.length !== 1) return undefined;
  const kinds = new Int32Array(set.count);
  for (let start = 0; start < set.count; start += ROWS) {
    const length = Math.min(ROWS, set.count - start);
    const rows = Uint32Array.from({ length }, (_, i) => start + i);
    kinds.set(set.feeds(rows)[given.attrs.name].data, start);
  }
  return kinds;
}
