/** ONNX graphs as something to walk: what a node reads, in which order nodes come, which values are constants of the file. */
import {
  DataType,
  type GraphProto,
  type NodeProto,
  type TensorProto,
  type TensorShapeProto,
} from "../onnx/index.ts";

/** Graphs within graphs, at most: `If` in `Loop` in `If`. */
const DEEPEST = 16;

/** The graphs that are attributes of a node. */
export const subgraphs = (node: NodeProto): readonly GraphProto[] =>
  node.attribute.flatMap(({ g, graphs }) => [...(g ? [g] : []), ...graphs]);

/** A graph and all within it. */
export const graphsIn = (graph: GraphProto): readonly GraphProto[] => [
  graph,
  ...graph.node.flatMap((node) => subgraphs(node).flatMap(graphsIn)),
];

/** The sizes of an input as a file says them: a number, a name, or "x.0" where it has none. */
export const sizesOf = (name: string, { dim }: TensorShapeProto): readonly (number | string)[] =>
  dim.map(({ dimValue, dimParam }, i) =>
    dimValue !== undefined && dimValue > 0
      ? dimValue
      : dimParam === undefined || dimParam === "" || dimParam === "?"
        ? `${name}.${i}`
        : dimParam,
  );

/** All nodes, those of graphs within it too. */
export function allNodes(graph: GraphProto, where: string, depth = 0): readonly NodeProto[] {
  if (depth > DEEPEST)
    throw new Error(
      `${where}: graphs within graphs are nested more than ${DEEPEST} deep, got a file that no exporter writes; check where it comes from`,
    );
  return graph.node.flatMap((node) => [
    node,
    ...subgraphs(node).flatMap((inner) => allNodes(inner, where, depth + 1)),
  ]);
}

/** The names that a node rests on: its inputs, and what its graphs see of what is around them. */
export function readsOf(node: NodeProto): readonly string[] {
  const known = reads.get(node);
  if (known) return known;
  const inner = subgraphs(node).flatMap((graph) => {
    const own = new Set([
      ...graph.input.map((x) => x.name ?? ""),
      ...graph.initializer.map((x) => x.name ?? ""),
      ...graph.node.flatMap((n) => n.output),
    ]);
    return [...graph.node.flatMap(readsOf), ...graph.output.map((x) => x.name ?? "")].filter(
      (name) => !own.has(name),
    );
  });
  const all = [...new Set([...node.input, ...inner])].filter((name) => name !== "");
  reads.set(node, all);
  return all;
}
const reads = new WeakMap<NodeProto, readonly string[]>();

/** The nodes that `outputs` rest on, each after those that it reads from; files need not have them in such an order. */
export function ordered(
  { node: nodes }: Pick<GraphProto, "node">,
  outputs: readonly string[],
  where: string,
): readonly NodeProto[] {
  const makers = new Map<string, NodeProto>();
  for (const node of nodes)
    for (const name of node.output) {
      if (name === "") continue;
      if (makers.has(name))
        throw new Error(
          `${where}: two nodes make "${name}", got a graph in which a value is not one value; export the model again`,
        );
      makers.set(name, node);
    }
  const order: NodeProto[] = [];
  const state = new Map<NodeProto, "open" | "done">();
  // An explicit stack: files may hold chains longer than the call stack.
  const stack: { readonly node: NodeProto; readonly reads: readonly string[]; next: number }[] = [];
  const visit = (name: string): void => {
    const node = makers.get(name);
    if (!node || state.get(node) === "done") return;
    if (state.get(node) === "open")
      throw new Error(
        `${where}: ${titleOf(node)} rests on itself, got a cycle through "${name}"; export the model again`,
      );
    state.set(node, "open");
    stack.push({ node, reads: readsOf(node), next: 0 });
  };
  for (const output of outputs) {
    visit(output);
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      if (top.next < top.reads.length) visit(top.reads[top.next++]);
      else {
        state.set(top.node, "done");
        order.push(top.node);
        stack.pop();
      }
    }
  }
  return order;
}

/** Constant nodes are constants of the file as initializers are. */
export function constantsOf(graph: GraphProto): ReadonlyMap<string, TensorProto> {
  const constants = new Map<string, TensorProto>();
  for (const tensor of graph.initializer) constants.set(tensor.name ?? "", tensor);
  for (const node of graph.node) {
    const tensor = isOp(node, "Constant")
      ? node.attribute.find((a) => a.name === "value")?.t
      : undefined;
    if (tensor && node.output.length > 0) constants.set(node.output[0], tensor);
  }
  return constants;
}

const OWN = new Set(["", "ai.onnx"]);
/** Whether a node is of ONNX's own operator set. */
export const isOwn = ({ domain = "" }: NodeProto): boolean => OWN.has(domain);
export const isOp = (node: NodeProto, op: string): boolean => node.opType === op && isOwn(node);

/** `Conv "conv1"`, or by its first output where it has no name. */
export const titleOf = ({ opType = "", name = "", output }: NodeProto): string =>
  `${opTold(opType)} "${(name || (output.at(0) ?? "")).slice(0, 100)}"`;

/** An op of the file in a message: in quotes where it says anything else. */
export const opTold = (op: string): string =>
  /^\w[\w.]{0,79}$/.test(op) ? op : JSON.stringify(op.slice(0, 80));

export const isFloat = ({ dataType = 0 }: TensorProto): boolean =>
  [DataType.FLOAT, DataType.DOUBLE, DataType.FLOAT16, DataType.BFLOAT16].includes(dataType as 1);
