/** Asking a trained network: of any number of examples, and of those whose labels are known how well it does. */
import { keyTensor, sizeOf, type Tensor, type TensorData } from "../../src/index.ts";
import type { DataSet } from "../minibatch/task.ts";
import { programOf, WHOLE } from "./asking.ts";
import { isDataSet, readColumns, type Columns, type Data } from "./columns.ts";
import type { Model } from "./model.ts";

/** What a model says of some examples. */
export interface Predictions {
  /** By name, [examples, ...]: all that does not rest on an input that was not given. */
  readonly outputs: Readonly<Record<string, Tensor>>;
  /** The likeliest class of every example, by name, where classes have names. */
  readonly labels?: readonly string[];
}

/** Examples of a program: a few sizes, so that few programs are made; the rest of a batch is filled up. */
const SIZES = [1, 8, WHOLE] as const;

/** Outputs for any number of examples; programs are made when they are needed, and kept until `releaseModel`. */
export async function predict(model: Model, inputs: Columns): Promise<Predictions> {
  if (!("definition" in model))
    throw new Error(
      `predict: expected a model, got an object with ${Object.keys(model).join(", ")}; fit returns it as model: const { model } = await fit(...)`,
    );
  const set = readColumns(inputs, {
    ...{ where: "predict", specs: model.inputs },
    ...{ labels: model.definition.labels, classes: model.classes },
  });
  const given = Object.keys(inputs);
  const parts: Readonly<Record<string, Tensor>>[] = [];
  for (let start = 0; start < set.count; start += WHOLE) {
    const left = Math.min(WHOLE, set.count - start);
    const size = SIZES.find((s) => s >= left)!;
    const rows = Uint32Array.from({ length: size }, (_, i) => start + (i < left ? i : 0));
    const values = await programOf(model, given, size).run(feedsOf(set, rows, start), model.state);
    parts.push(Object.fromEntries(Object.entries(values).map(([k, x]) => [k, first(x, left)])));
  }
  const outputs = Object.fromEntries(
    Object.keys(parts[0]).map((name) => [name, joined(parts.map((part) => part[name]))]),
  );
  const { classes } = model;
  const chosen = outputs["class"] as Tensor | undefined;
  return {
    outputs,
    ...(classes && chosen ? { labels: Array.from(chosen.data, (i) => classes[i]) } : {}),
  };
}

/** The mean of every measure and of the loss over examples whose labels are known. */
export async function measure(model: Model, data: Data): Promise<Readonly<Record<string, number>>> {
  const set = asSet(model, data, "measure");
  const names = Object.keys(model.inputs);
  const wanted = new Set(["loss", ...model.definition.measures.map(({ key }) => key)]);
  const sums: Record<string, number> = {};
  for (let start = 0; start < set.count; start += WHOLE) {
    const rows = Uint32Array.from(
      { length: Math.min(WHOLE, set.count - start) },
      (_, i) => start + i,
    );
    const program = programOf(model, names, rows.length, wanted);
    const values = await program.run(feedsOf(set, rows, start), model.state);
    for (const [name, { data: all }] of Object.entries(values)) {
      const mean = Array.from(all).reduce((a, b) => a + b, 0) / all.length;
      sums[name] = (sums[name] ?? 0) + mean * rows.length;
    }
  }
  return Object.fromEntries(Object.entries(sums).map(([name, sum]) => [name, sum / set.count]));
}

/** How many examples of every class (row) were taken for every class (column). */
export async function confusionMatrix(
  model: Model,
  columns: Columns,
): Promise<readonly (readonly number[])[]> {
  const { labels } = model.definition;
  if (labels === undefined)
    throw new Error(
      "confusionMatrix: expected a model that tells classes apart, got one without labels; use measure",
    );
  if (!(labels in columns))
    throw new Error(
      `confusionMatrix: it needs "${labels}", which says what is right, got ${Object.keys(columns).join(", ")}; add it`,
    );
  const known = asSet(model, columns, "confusionMatrix");
  const right = known.feeds(Uint32Array.from({ length: known.count }, (_, i) => i))[labels].data;
  const { [labels]: _, ...rest } = columns;
  const { outputs } = await predict(model, rest);
  if (!("class" in outputs && "probability" in outputs))
    throw new Error(
      `confusionMatrix: expected outputs class and probability, got ${Object.keys(outputs).join(", ")}; make the network with classifier`,
    );
  const size = outputs["probability"].shape[1];
  const wrong = right.find((label) => label < 0 || label >= size);
  if (wrong !== undefined)
    throw new Error(
      `confusionMatrix: classes are 0 to ${size - 1}, got ${wrong} in "${labels}"; use one of these`,
    );
  const counts = Array.from({ length: size }, () => new Array<number>(size).fill(0));
  outputs["class"].data.forEach((taken, i) => counts[right[i]][taken]++);
  return counts;
}

/** Noise is the same every time. */
const feedsOf = (set: DataSet, rows: Uint32Array, start: number): Record<string, Tensor> => ({
  ...set.feeds(rows),
  key: keyTensor("predict", start),
});

export const asSet = (
  { inputs, definition: { labels }, classes }: Pick<Model, "inputs" | "definition" | "classes">,
  data: Data,
  where: string,
): DataSet =>
  isDataSet(data) ? data : readColumns(data, { where, specs: inputs, labels, classes });

const first = ({ dtype, shape, data }: Tensor, count: number): Tensor => ({
  dtype,
  shape: [count, ...shape.slice(1)],
  data: data.subarray(0, count * sizeOf(shape.slice(1))),
});

function joined(parts: readonly Tensor[]): Tensor {
  const [{ dtype, shape, data }] = parts;
  const count = parts.reduce((n, part) => n + part.shape[0], 0);
  const whole = new (data.constructor as new (length: number) => TensorData)(
    count * sizeOf(shape.slice(1)),
  );
  let at = 0;
  for (const part of parts) {
    whole.set(part.data, at);
    at += part.data.length;
  }
  return { dtype, shape: [count, ...shape.slice(1)], data: whole };
}
