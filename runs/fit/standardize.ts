/** Inputs of mean 0 and deviation 1: found on the training examples, applied within the graph, so that a model brings it along. */
import { ops, sizeOf, type Node, type Shape } from "../../src/index.ts";
import type { DataSet } from "../minibatch/task.ts";
import { specsOf, type InputSpec, type InputSpecs } from "./columns.ts";

const ROWS = 1024;

/** What is measured by itself: every feature of [features], every channel of [channels, ...]. */
const groupsOf = (shape: Shape): number => shape[0] ?? 1;

/** The specs of a set, the inputs `names` with mean and deviation of each feature or channel; a constant one has deviation 1. */
export function standardizedBy(set: DataSet, names: readonly string[]): InputSpecs {
  const specs = specsOf(set);
  for (const name of names)
    if (!(name in specs) || specs[name].dtype !== "float")
      throw new Error(
        `fit: standardize takes inputs of float, got "${name}"${name in specs ? ` of ${specs[name].dtype}` : ` beside ${Object.keys(specs).join(", ")}`}; leave it away`,
      );
  const found = names.map((name) => [name, measured(set, name, specs[name])] as const);
  return { ...specs, ...Object.fromEntries(found) };
}

function measured(set: DataSet, name: string, spec: InputSpec): InputSpec {
  const groups = groupsOf(spec.shape);
  const each = sizeOf(spec.shape) / groups;
  /** The mean of f over all values of each group. */
  const means = (f: (x: number, group: number) => number): number[] => {
    const sums = new Float64Array(groups);
    for (let start = 0; start < set.count; start += ROWS) {
      const rows = Uint32Array.from(
        { length: Math.min(ROWS, set.count - start) },
        (_, i) => start + i,
      );
      const { data } = set.feeds(rows)[name];
      for (let i = 0; i < data.length; i++) {
        const group = Math.floor(i / each) % groups;
        sums[group] += f(data[i], group);
      }
    }
    return Array.from(sums, (sum) => sum / (set.count * each));
  };
  const mean = means((x) => x);
  const deviation = means((x, group) => (x - mean[group]) ** 2).map((v) => Math.sqrt(v) || 1);
  return { ...spec, standardized: { mean, deviation } };
}

/** An input as its network takes it. */
export function standardize(x: Node, { shape, standardized }: InputSpec): Node {
  if (!standardized) return x;
  const groups = groupsOf(shape);
  const along = [1, ...shape.map((_, i) => (i === 0 ? groups : 1))];
  const of = (values: readonly number[]): Node => ops.constant(values, along);
  return ops.mul(ops.sub(x, of(standardized.mean)), of(standardized.deviation.map((d) => 1 / d)));
}
