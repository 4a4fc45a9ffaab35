/** A step in two parts: a graph that ends at the gradients, and what follows as loops over memory that change it in place. */
import { topological, type Node, type Update } from "../graph/index.ts";
import { simplify } from "../onnx/index.ts";
import { cutOf, isGiven, type Cut } from "./cut.ts";
import { valuesOf, type Place, type Store, type Value } from "./expression.ts";
import { nestKernel, numbersKernel, type Kernel } from "./kernel.ts";
import { below, nestsOf, type Nests } from "./nests.ts";
import { reductions, type SumOrder } from "./reductions.ts";
import { moduleOf } from "./wasm.ts";

/** The loops, and what they work on. */
export interface Pass {
  readonly module: Uint8Array<ArrayBuffer>;
  /** To be called in this order: functions of the module by name, and the pointers of their tables. */
  readonly calls: readonly (Omit<Kernel, "func"> & { readonly name: string })[];
  /** The parameters that they read or write, and how many floats these have. */
  readonly parameters: ReadonlyMap<string, number>;
  /** The numbers that they are fed. */
  readonly fed: readonly string[];
  /** The keys of what is hoisted that they read. */
  readonly reads: ReadonlySet<string>;
}
export interface Split extends Omit<Cut, "roots"> {
  /** What the graph computes, by key. */
  readonly roots: Readonly<Record<string, Node>>;
  /** None where nothing follows the graph. */
  readonly pass: Pass | undefined;
}
export interface SplitOptions {
  readonly roots: Readonly<Record<string, Node>>;
  readonly updates: readonly Update[];
  /** In which order the runtime sums rows; undefined where no known one gives its bits, so that sums stay in the graph. */
  readonly order: SumOrder | undefined;
}

export function splitOf({ roots, updates, order }: SplitOptions): Split {
  const keys = Object.keys(roots);
  const nodes = simplify([...Object.values(roots), ...updates.map((u) => u.next)]);
  const asked = nodes.slice(0, keys.length);
  const parameters = new Map(
    topological(nodes).flatMap((n) => (n.op === "parameter" ? [[n.attrs.name, n] as const] : [])),
  );
  const simple = updates.map(({ parameter: p }, i) => ({
    parameter: parameters.get(p.attrs.name) ?? p,
    next: nodes[keys.length + i],
  }));
  const split = (cut: Cut, pass: Pass | undefined): Split => ({
    ...cut,
    roots: Object.fromEntries(keys.map((key, i) => [key, cut.roots[i]])),
    pass,
  });
  const left = new Set<Node>();
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const cut = cutOf({ roots: asked, updates: simple, sums: order !== undefined, not: left });
    const stores = storesOf(cut);
    const nests = nestsOf(stores);
    if (!("misfits" in nests))
      return split(cut, stores.length > 0 ? passOf(stores, nests, order) : undefined);
    const before = left.size;
    leave(nests.misfits, { cut, stores, graph: nodes, left });
    if (left.size === before) break;
  }
  return split({ roots: asked, stay: simple, handed: [], hoisted: [], updates: [] }, undefined);
}

/** As often a step is cut anew without what did not fit; after that it stays whole. */
const MOST_ROUNDS = 8;

/** Leaves to the graph what does not fit: itself, of a parameter who uses it, of what the pass made the store that it is for. */
function leave(
  misfits: readonly Value[],
  {
    cut,
    stores,
    graph,
    left,
  }: {
    readonly cut: Cut;
    readonly stores: readonly Store[];
    readonly graph: readonly Node[];
    readonly left: Set<Node>;
  },
): void {
  const order = topological(graph);
  const known = new Set(order);
  const isOwn = ({ node }: Value): boolean => known.has(node) && node.inputs.length > 0;
  const parameters = new Set(misfits.filter((v) => !isOwn(v)).map((v) => v.node));
  for (const v of misfits) if (isOwn(v)) left.add(v.node);
  for (const n of order) if (n.inputs.some((x) => parameters.has(x))) left.add(n);
  const made = new Set(misfits.filter((v) => !known.has(v.node)));
  for (const { to, value } of made.size > 0 ? stores : [])
    if (below([value]).some((v) => made.has(v))) left.add(sourceOf(to, cut));
}
/** The node of the graph whose value is stored. */
function sourceOf(to: Place, { updates, hoisted }: Cut): Node {
  const update = updates.find((u) => to.kind === "parameter" && u.parameter.attrs.name === to.name);
  return update?.next ?? hoisted.find((h) => to.kind === "hoisted" && h.key === to.key)!.node;
}

/** What the pass puts where. */
function storesOf({ updates, hoisted, handed }: Cut): readonly Store[] {
  const places = new Map<Node, Place>([
    ...handed.map(({ node }, index) => [node, { kind: "handed", index }] as const),
    ...hoisted.map(({ node, key }) => [node, { kind: "hoisted", key }] as const),
  ]);
  const leafOf = (n: Node): Place | undefined => {
    if (n.op === "parameter" && isGiven(n)) return { kind: "parameter", name: n.attrs.name };
    if (n.op === "input" && isGiven(n)) return { kind: "fed", name: n.attrs.name };
    return places.get(n);
  };
  const valueOf = valuesOf(leafOf);
  const starts = [...updates.map((u) => u.next), ...hoisted.flatMap((h) => h.next ?? [])];
  for (const n of topological(starts, (n) => (leafOf(n) ? [] : n.inputs))) valueOf(n);
  return [
    ...updates.map(({ parameter: { attrs }, next }): Store => ({
      to: { kind: "parameter", name: attrs.name },
      value: valueOf(next),
    })),
    ...hoisted.flatMap(({ key, next }): Store[] =>
      next ? [{ to: { kind: "hoisted", key }, value: valueOf(next) }] : [],
    ),
  ];
}

/** Kernels of one structure are one function. */
function passOf(
  stores: readonly Store[],
  { numbers, nests }: Nests,
  order: SumOrder = "sequence",
): Pass {
  const kernels = [
    ...(numbers.values.length + numbers.stores.length > 0 ? [numbersKernel(numbers)] : []),
    ...nests.map((nest) => nestKernel(nest, order)),
  ];
  const names = new Map<string, string>();
  const functions = [...reductions(order)];
  const calls = kernels.map(({ func, ...kernel }) => {
    const structure = `${func.locals} ${func.body}`;
    const name = names.get(structure) ?? `kernel${names.size}`;
    if (!names.has(structure)) functions.push({ ...func, name });
    names.set(structure, name);
    return { ...kernel, name };
  });
  const leaves = below(stores.map((s) => s.value)).flatMap(({ at, size }) =>
    at ? [{ to: at, size }] : [],
  );
  const places = [...leaves, ...stores.map(({ to, value }) => ({ to, size: value.size }))];
  return {
    module: moduleOf(functions),
    calls,
    parameters: new Map(
      places.flatMap(({ to, size }) => (to.kind === "parameter" ? [[to.name, size] as const] : [])),
    ),
    fed: leaves.flatMap(({ to }) => (to.kind === "fed" ? [to.name] : [])),
    reads: new Set(leaves.flatMap(({ to }) => (to.kind === "hoisted" ? [to.key] : []))),
  };
}
