/** Shapes that are computed from the size of an input's axis when a model runs. */
import { DataType, type Graph, type NodeDraft, type TensorDraft } from "../onnx/index.ts";
import { AttributeType } from "../onnx/proto.ts";
import { unique } from "./build.ts";

/** The input, and its axis, that has the size. */
export interface Source {
  readonly name: string;
  readonly axis: number;
}
/** The number `times` size + `plus`. */
export interface Entry {
  readonly times: number;
  readonly plus: number;
}
export interface Shapes {
  /** The name of an int64 vector of these numbers. */
  vector(entries: readonly Entry[]): string;
  /** A name that nothing in the graph has. */
  name(like: string): string;
  /** What there is to be computed, and out of what. */
  readonly nodes: readonly NodeDraft[];
  readonly initializers: readonly TensorDraft[];
}

/** Shapes beside those of `graph`, by the size of the input `source`. */
export function shapes(graph: Graph, { name: input, axis }: Source): Shapes {
  const nodes: NodeDraft[] = [];
  const initializers: TensorDraft[] = [];
  const taken = new Set([
    ...[...graph.initializers, ...graph.inputs].map((x) => x.name),
    ...graph.nodes.flatMap((n) => n.output),
  ]);
  const known = new Map<string, string>();
  const once = (key: string, make: () => string): string => {
    const name = known.get(key) ?? make();
    known.set(key, name);
    return name;
  };
  const emit = (opType: string, inputs: readonly string[], along?: number): string =>
    once(`${opType} ${inputs.join(" ")}`, () => {
      const name = unique(`size:${opType}`, taken);
      const attribute =
        along === undefined ? [] : [{ name: "axis", type: AttributeType.INT, i: along }];
      nodes.push({ name, opType, domain: "", input: [...inputs], output: [name], attribute });
      return name;
    });
  const constant = (values: readonly number[]): string =>
    once(values.join(" "), () => {
      const name = unique("size:const", taken);
      const rawData = new Uint8Array(BigInt64Array.from(values, BigInt).buffer);
      initializers.push({ name, dims: [values.length], dataType: DataType.INT64, rawData });
      return name;
    });
  const size = (): string => emit("Gather", [emit("Shape", [input]), constant([axis])], 0);
  const number = ({ times, plus }: Entry): string => {
    const product = times === 1 ? size() : emit("Mul", [size(), constant([times])]);
    return plus === 0 ? product : emit("Add", [product, constant([plus])]);
  };
  return {
    nodes,
    initializers,
    name: (like) => unique(like, taken),
    vector(entries) {
      const parts: string[] = [];
      let fixed: number[] = [];
      const close = (): void => {
        if (fixed.length > 0) parts.push(constant(fixed));
        fixed = [];
      };
      for (const e of entries) {
        if (e.times === 0) fixed.push(e.plus);
        else {
          close();
          parts.push(number(e));
        }
      }
      close();
      return parts.length === 1 ? parts[0] : emit("Concat", parts, 0);
    },
  };
}
