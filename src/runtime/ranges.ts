/**
 * Whole numbers that must lie in a range: what `within` says, and the rows that `gather` and `scatterAdd` are asked for. Those
 * that are fed are checked before a program runs, constants when it is compiled, and what the graph computes afterwards.
 */
import {
  sizeOf,
  topological,
  type Dtype,
  type Input,
  type Node,
  type NodeOf,
} from "../graph/index.ts";
import { checkRange, demandOf, isInside, type Demand } from "./demand.ts";
import { meaning } from "./meaning.ts";
import type { Tensor, TensorData } from "./program.ts";

/** Elements of an input or a constant that go where a range is asked of them: all, or those at some places. */
interface Source {
  readonly leaf: Input | NodeOf<"constant">;
  readonly at?: Int32Array;
}
export interface Fed {
  readonly name: string;
  readonly demand: Demand;
  readonly at: Int32Array | undefined;
}
export interface Ranges {
  readonly fed: readonly Fed[];
  /** What is only known after a run. */
  readonly computed: readonly Demand[];
}

/** What is to be checked of a graph; throws where a constant is outside. */
export function rangesOf(roots: readonly Node[]): Ranges {
  const fed: Fed[] = [];
  const computed: Demand[] = [];
  const sourcesOf = tracer();
  for (const asked of demandsOf(roots)) {
    const sources = sourcesOf(asked.of);
    if (!sources) computed.push(asked);
    for (const { leaf, at } of sources ?? []) {
      const demand = { ...asked, of: leaf };
      if (leaf.op === "input") fed.push({ name: leaf.attrs.name, demand, at });
      else checkRange(demand, { shape: leaf.shape, data: leaf.attrs.data }, at);
    }
  }
  return { fed, computed };
}

/** Whether what is fed lies in every range asked of it: one pass over it. */
export function checkFed(fed: readonly Fed[], feeds: Readonly<Record<string, Tensor>>): void {
  for (const { name, demand, at } of fed) checkRange(demand, feeds[name], at);
}

/** Every range once, but for those that hold whatever is fed. */
function demandsOf(roots: readonly Node[]): readonly Demand[] {
  const seen = new Map<Node, readonly Demand[]>();
  return topological(roots).flatMap((n) => {
    const demand = demandOf(n);
    if (!demand) return [];
    const others = seen.get(demand.of) ?? [];
    seen.set(demand.of, [...others, demand]);
    const known = others.some(({ least, most, or = least }) =>
      [least, most, or].every((x) => isInside(x, demand)),
    );
    const sure = boundsOf(demand.of)?.every((x) => isInside(x, demand));
    return known || sure ? [] : [demand];
  });
}

type Bounds = readonly [number, number];
/** The least and the greatest that a node can be, where that shows without running anything. */
function boundsOf(n: Node, known: Map<Node, Bounds | undefined> = new Map()): Bounds | undefined {
  if (known.has(n)) return known.get(n);
  const bounds = findBounds(n, (x) => boundsOf(x, known));
  const sure = bounds?.every((x) => holds(n.dtype, x)) ? bounds : undefined;
  known.set(n, sure);
  return sure;
}
/** Whole numbers beyond 32 bits wrap around. */
const holds = (dtype: Dtype, x: number): boolean =>
  dtype === "int32" ? Math.abs(x) < 2 ** 31 : dtype === "uint32" ? x >= 0 && x < 2 ** 32 : true;
function findBounds(n: Node, boundsOf: (n: Node) => Bounds | undefined): Bounds | undefined {
  switch (n.op) {
    case "constant":
      return n.dtype === "int32" && n.attrs.data.length > 0 ? extremes(n.attrs.data) : undefined;
    case "randomBits":
      return [0, 2 ** n.attrs.bits - 1];
    case "argmax":
    case "topKIndices":
      return [0, n.inputs[0].shape[n.attrs.axis] - 1];
    case "within": {
      const { least, most, or = least } = n.attrs;
      return [Math.min(least, or), Math.max(most, or)];
    }
    case "cast": {
      const bounds = boundsOf(n.inputs[0]);
      return bounds && [Math.trunc(bounds[0]), Math.trunc(bounds[1])];
    }
    case "add": {
      const [a, b] = [boundsOf(n.inputs[0]), boundsOf(n.inputs[1])];
      return n.dtype === "int32" && a && b ? [a[0] + b[0], a[1] + b[1]] : undefined;
    }
    case "mul": {
      const [bounds, by] = [boundsOf(n.inputs[0]), n.inputs[1]];
      return bounds && by.op === "constant" && by.attrs.data.length === 1 && by.attrs.data[0] >= 0
        ? [bounds[0] * by.attrs.data[0], bounds[1] * by.attrs.data[0]]
        : undefined;
    }
    default:
      return isMove(n) && n.op !== "concat" ? boundsOf(n.inputs[0]) : undefined;
  }
}

function extremes(data: ArrayLike<number>): Bounds {
  let [least, most] = [data[0], data[0]];
  for (let i = 1; i < data.length; i++) {
    least = Math.min(least, data[i]);
    most = Math.max(most, data[i]);
  }
  return [least, most];
}

const moves = ["reshape", "transpose", "broadcastTo", "concat", "slice", "stopGradient"] as const;
/** Whether the elements of a node are those of its inputs, in other places. */
const isMove = (n: Node): n is Extract<Node, { readonly op: (typeof moves)[number] }> =>
  moves.some((op) => op === n.op);

/** Where the elements of a node come from, or null where they are computed: ids of elements are moved as they will be. */
function tracer(): (n: Node) => readonly Source[] | null {
  const leaves: { readonly leaf: Source["leaf"]; readonly first: number }[] = [];
  let count = 0;
  const ids = new Map<Node, TensorData | null>();
  const idsOf = (n: Node): TensorData | null => {
    const known = ids.get(n);
    if (known !== undefined) return known;
    const made = makeIds(n);
    ids.set(n, made);
    return made;
  };
  const makeIds = (n: Node): TensorData | null => {
    if (n.op === "input" || n.op === "constant") {
      const first = count;
      leaves.push({ leaf: n, first });
      count += sizeOf(n.shape);
      return new Int32Array(sizeOf(n.shape)).map((_, i) => first + i);
    }
    if (n.op === "within") return idsOf(n.inputs[0]);
    if (!isMove(n)) return null;
    const inputs = n.inputs.map((x) => ({ ...x, data: idsOf(x) }));
    return inputs.every((x): x is Node & { readonly data: TensorData } => x.data !== null)
      ? (meaning[n.op] as (n: Node, inputs: readonly Tensor[]) => TensorData)(n, inputs)
      : null;
  };
  return (n) => {
    const all = wholeLeaf(n);
    if (all) return [{ leaf: all }];
    const found = idsOf(n);
    if (!found) return null;
    const isUsed = new Uint8Array(count);
    for (const id of found) isUsed[id] = 1;
    return leaves.flatMap(({ leaf, first }): Source[] => {
      const size = sizeOf(leaf.shape);
      const at = new Int32Array(size).map((_, i) => i).filter((i) => isUsed[first + i] === 1);
      if (at.length === 0) return [];
      return [at.length === size ? { leaf } : { leaf, at }];
    });
  };
}

/** The leaf all of whose elements are those of `n`, each once, in whatever order: no need to follow them one by one. */
function wholeLeaf(n: Node): Source["leaf"] | undefined {
  if (n.op === "input" || n.op === "constant") return n;
  const keeps = ["reshape", "transpose", "stopGradient", "within"].includes(n.op);
  return keeps ? wholeLeaf(n.inputs[0]!) : undefined;
}
