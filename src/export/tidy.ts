/** Names for people who look at a file: "conv1/Conv" after the weights of a node, "Relu_1" without; equal constants are stored once. */
import { renamed, type Graph, type NodeDraft, type TensorDraft } from "../onnx/index.ts";
import { isGiven, nameGiven, unique } from "./build.ts";

export function tidy(graph: Graph): Graph {
  const { first, initializers } = storedOnce(graph.initializers);
  const nodes = renamed(graph.nodes, first);
  const ports = [...graph.inputs, ...graph.outputs];
  const own = [...initializers, ...ports].map((x) => x.name).filter(isGiven);
  const taken = new Set(own.map(nameGiven));
  const names = new Map(own.map((name) => [name, nameGiven(name)]));
  for (const { name } of initializers)
    if (!names.has(name)) names.set(name, unique("const", taken));
  const stored = new Set(initializers.map((x) => x.name));
  const name = (n: NodeDraft): NodeDraft => {
    const weight = (n.input ?? []).find((x) => isGiven(x) && stored.has(x) && x.includes("."));
    const stem = weight === undefined ? "" : nameGiven(weight).replace(/\.[^.]*$/, "");
    const own = unique(stem === "" ? n.opType! : `${stem}/${n.opType!}`, taken);
    n.output.forEach((x, i) => {
      if (!names.has(x)) names.set(x, i === 0 ? own : unique(`${own}:${i}`, taken));
    });
    return { ...n, name: own, attribute: (n.attribute ?? []).map(nameInside) };
  };
  const nameInside = (a: NonNullable<NodeDraft["attribute"]>[number]): typeof a =>
    a.g ? { ...a, g: { ...a.g, node: (a.g.node ?? []).map((n) => name(n as NodeDraft)) } } : a;
  const called = nodes.map(name);
  const rename = <T extends { readonly name: string }>(x: T): T => ({
    ...x,
    name: names.get(x.name)!,
  });
  return {
    ...graph,
    nodes: renamed(called, names),
    initializers: initializers.map(rename),
    inputs: graph.inputs.map(rename),
    outputs: graph.outputs.map(rename),
  };
}

/** Constants without a name of their own, by the first that is equal. */
function storedOnce(all: readonly TensorDraft[]): {
  readonly first: ReadonlyMap<string, string>;
  readonly initializers: readonly TensorDraft[];
} {
  const known = new Map<string, string>();
  const first = new Map<string, string>();
  const initializers = all.filter(({ name, dims, dataType, rawData }) => {
    if (isGiven(name) || (rawData?.length ?? 0) > 4096) return true;
    const key = `${dataType} [${dims!.join(",")}] ${rawData!.join(" ")}`;
    const other = known.get(key);
    if (other === undefined) known.set(key, name);
    else first.set(name, other);
    return other === undefined;
  });
  return { first, initializers };
}
