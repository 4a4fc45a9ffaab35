/**
 * One graph for every size of an axis, out of the graphs of one network at several sizes: they are the same but for numbers that
 * rest on the size, all of them shapes. Where one number of a Reshape does, -1 says it; all else is computed from an input's shape.
 */
import { sizeOf } from "../graph/index.ts";
import {
  DataType,
  renamed,
  type Graph,
  type NodeDraft,
  type Port,
  type Signature,
  type TensorDraft,
} from "../onnx/index.ts";
import { differences } from "./alike.ts";
import { isGiven, nameGiven } from "./build.ts";
import { shapes, type Entry, type Source } from "./shapes.ts";

export interface Sizes {
  /** That the graphs have, one after the other. */
  readonly sizes: readonly number[];
  /** What the axis is called. */
  readonly axis: string;
}

/** What is said at every size, merged; throws where it is not one graph. */
export function dynamicGraph(graphs: readonly Graph<Port>[], { sizes, axis }: Sizes): Graph {
  const [first] = graphs;
  const different = differences(graphs);
  if (different) throw unlike(`at ${sizes.join(", ")} it has ${different}`);
  const source = sourceOf(graphs, sizes);
  const uses = usesOf(first.nodes);
  const made = shapes(first, source);
  const other = new Map<string, string>();
  const expanded: NodeDraft[] = [];
  const initializers = first.initializers.flatMap((x, i): readonly TensorDraft[] => {
    const versions = graphs.map((g) => g.initializers[i]);
    if (versions.every((y) => y === x || isSame(x, y))) return [x];
    const users = uses.get(x.name) ?? [];
    const rows = x.dataType === DataType.INT64 ? versions.map(int64sOf) : undefined;
    if (rows?.every((row) => row.length === rows[0].length)) {
      const entries = rows[0].map((_, k) =>
        entryOf(
          rows.map((row) => row[k]),
          sizes,
        ),
      );
      const free = withRest(entries, users);
      if (free) return [{ ...x, rawData: bytesOf(free) }];
      if (!entries.includes(undefined)) {
        other.set(x.name, made.vector(entries as readonly Entry[]));
        return [];
      }
    }
    const [base, ...others] = versions.map((y) => alongRest(y, versions));
    const dims = x.dims!.map((_, k) =>
      entryOf(
        versions.map((y) => y.dims![k]),
        sizes,
      ),
    );
    if (!base || !others.every((y) => y && isSame(base, y)) || dims.includes(undefined))
      throw unlike(
        `${users.map(({ n }) => `${n.opType} "${n.name}"`).join(", ")} takes ${shown(versions)} at ${sizes.join(", ")}`,
      );
    const output = made.name(`${x.name}:expanded`);
    expanded.push({
      ...{ name: output, opType: "Expand", domain: "", output: [output], attribute: [] },
      input: [x.name, made.vector(dims as readonly Entry[])],
    });
    other.set(x.name, output);
    return [base];
  });
  const nodes = graphs[0].nodes.map((n, i) =>
    insides(
      n,
      graphs.map((g) => g.nodes[i]),
      { sizes, axis },
    ),
  );
  return {
    ...first,
    initializers: [...initializers, ...made.initializers],
    nodes: [...made.nodes, ...expanded, ...renamed(nodes, other)],
    inputs: first.inputs.map((x, i) =>
      signature(
        x,
        graphs.map((g) => g.inputs[i].shape),
        { sizes, axis },
      ),
    ),
    outputs: first.outputs.map((x, i) =>
      signature(
        x,
        graphs.map((g) => g.outputs[i].shape as readonly number[]),
        { sizes, axis },
      ),
    ),
  };

  function unlike(what: string): Error {
    return new Error(
      `exportModel: the network is no single graph for every size of "${axis}": ${what}; let it rest on the size by the shapes of its inputs alone, or export it for one size: give outputs, not a function`,
    );
  }
}

/** The input and its axis that say the size at run time. */
function sourceOf(graphs: readonly Graph<Port>[], sizes: readonly number[]): Source {
  for (const [i, { name, shape }] of graphs[0].inputs.entries())
    for (const axis of shape.keys())
      if (graphs.every((g, k) => g.inputs[i].shape[axis] === sizes[k])) return { name, axis };
  throw new Error(
    `exportModel: no input has an axis of the size that the function was given, got ${graphs[0].inputs.map(({ name, shape }) => `${isGiven(name) ? nameGiven(name) : name} [${shape}]`).join(", ") || "no inputs"} at ${sizes[0]}; make inputs of that size, or give outputs, not a function`,
  );
}
/** How a number rests on the size, if it does so in a straight line: `times` size + `plus`. */
function entryOf(values: readonly number[], sizes: readonly number[]): Entry | undefined {
  const times = (values[1] - values[0]) / (sizes[1] - sizes[0]);
  const plus = values[0] - times * sizes[0];
  const fits = values.every((v, i) => v === times * sizes[i] + plus);
  return Number.isInteger(times) && fits ? { times, plus } : undefined;
}
const isFixed = (e: Entry | undefined): boolean => e?.times === 0;

/** The shape with -1 for its one number that rests on the size, where it is asked for by nothing but Reshape. */
function withRest(
  entries: readonly (Entry | undefined)[],
  users: readonly Use[],
): readonly number[] | undefined {
  const alone = entries.filter((e) => !isFixed(e)).length === 1;
  const plain = entries.every((e) => !isFixed(e) || e!.plus > 0);
  const reshapes = users.every(({ n, i }) => n.opType === "Reshape" && i === 1);
  return alone && plain && reshapes ? entries.map((e) => (isFixed(e) ? e!.plus : -1)) : undefined;
}

/** A constant that repeats itself along every axis that grows: what is repeated. */
function alongRest(x: TensorDraft, versions: readonly TensorDraft[]): TensorDraft | undefined {
  const dims = x.dims!;
  const count = sizeOf(dims);
  if (versions.some((y) => y.dims!.length !== dims.length) || count === 0) return undefined;
  const kept = dims.map((d, k) => (versions.every((y) => y.dims![k] === d) ? d : 1));
  if (`${kept}` === `${dims}`) return undefined;
  const bytes = x.rawData!;
  const width = bytes.length / count;
  const rest = new Uint8Array(sizeOf(kept) * width);
  for (let i = 0; i < count; i++) {
    let [left, at, step, isFirst] = [i, 0, 1, true];
    for (let k = dims.length - 1; k >= 0; k--) {
      const place = left % dims[k];
      left = (left - place) / dims[k];
      if (kept[k] === dims[k]) at += place * step;
      else if (place > 0) isFirst = false;
      step *= kept[k];
    }
    for (let b = 0; b < width; b++) {
      if (isFirst) rest[at * width + b] = bytes[i * width + b];
      else if (rest[at * width + b] !== bytes[i * width + b]) return undefined;
    }
  }
  return { ...x, dims: kept, rawData: rest };
}

const isSame = (x: TensorDraft, y: TensorDraft): boolean => {
  const [a, b] = [x.rawData!, y.rawData!];
  if (x.dims!.join(",") !== y.dims!.join(",") || a.length !== b.length) return false;
  return (a.buffer === b.buffer && a.byteOffset === b.byteOffset) || a.every((v, i) => v === b[i]);
};

const int64sOf = ({ rawData }: TensorDraft): readonly number[] => {
  const view = new DataView(rawData!.buffer, rawData!.byteOffset, rawData!.length);
  return Array.from({ length: rawData!.length / 8 }, (_, i) =>
    Number(view.getBigInt64(8 * i, true)),
  );
};
const bytesOf = (values: readonly number[]): Uint8Array =>
  new Uint8Array(BigInt64Array.from(values, BigInt).buffer);

/** The first numbers of a constant at every size. */
function shown(versions: readonly TensorDraft[]): string {
  return versions
    .map(({ dims, dataType, rawData }) => {
      const view = new DataView(rawData!.buffer, rawData!.byteOffset, rawData!.length);
      const first =
        rawData!.length < 4
          ? ""
          : dataType === DataType.FLOAT
            ? ` of ${Number(view.getFloat32(0, true).toPrecision(4))}`
            : ` of ${view.getInt32(0, true)}`;
      return `[${dims!.join(",")}]${first}${sizeOf(dims!) > 1 ? ", ..." : ""}`;
    })
    .join(" and ");
}

interface Use {
  readonly n: NodeDraft;
  readonly i: number;
}
/** Who takes each value, in the branches of an `If` too. */
function usesOf(nodes: readonly NodeDraft[], found = new Map<string, Use[]>()): Map<string, Use[]> {
  for (const n of nodes) {
    (n.input ?? []).forEach((x, i) => found.set(x, [...(found.get(x) ?? []), { n, i }]));
    for (const a of n.attribute ?? [])
      if (a.g) usesOf((a.g.node ?? []) as readonly NodeDraft[], found);
  }
  return found;
}

const dimOf = (values: readonly number[], { sizes, axis }: Sizes): number | string => {
  const e = entryOf(values, sizes);
  if (!e) return `f(${axis})`;
  if (e.times === 0) return e.plus;
  const product = e.times === 1 ? axis : `${e.times}*${axis}`;
  return e.plus === 0 ? product : `${product}${e.plus > 0 ? "+" : ""}${e.plus}`;
};
const signature = (x: Signature, shapes: readonly (readonly number[])[], by: Sizes): Signature => ({
  ...x,
  shape: x.shape.map((_, k) =>
    dimOf(
      shapes.map((s) => s[k]),
      by,
    ),
  ),
});

/** The branches of an `If` say the shapes of what they give. */
function insides(n: NodeDraft, versions: readonly NodeDraft[], by: Sizes): NodeDraft {
  if (!n.attribute?.some((a) => a.g)) return n;
  const attribute = n.attribute.map((a, k) => {
    if (!a.g) return a;
    const others = versions.map((v) => v.attribute![k].g!);
    const output = (a.g.output ?? []).map((x, o) => {
      const dims = others.map((g) => g.output![o].type!.tensorType!.shape!.dim!);
      const dim = dims[0].map((_, j) => {
        const d = dimOf(
          dims.map((list) => list[j].dimValue!),
          by,
        );
        return typeof d === "string" ? { dimParam: d } : { dimValue: d };
      });
      return { ...x, type: { tensorType: { ...x.type!.tensorType, shape: { dim } } } };
    });
    const node = (a.g.node ?? []).map((inner, o) =>
      insides(
        inner as NodeDraft,
        others.map((g) => g.node![o] as NodeDraft),
        by,
      ),
    );
    return { ...a, g: { ...a.g, output, node } };
  });
  return { ...n, attribute };
}
