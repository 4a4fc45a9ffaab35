/** From outputs to a graph of ONNX: weights as constants, constants computed, and one operator where ONNX has one. */
import { topological, type Node } from "../graph/index.ts";
import { plainTarget, simplify, toGraph, type Graph, type Port } from "../onnx/index.ts";
import type { Constants } from "./constants.ts";
import { fuse } from "./fuse.ts";

export interface BuildOptions {
  readonly constants: Constants;
  /** What a constant called `label` here is called in the file. */
  readonly nameOf: (label: string) => string;
  /** 17 by default, or what is needed if that is more. */
  readonly opset?: number | undefined;
}

/** What people called a value, as it is told from what nobody called anything until both have their names in the file. */
export const given = (name: string): string => `@${name}`;
export const isGiven = (name: string): boolean => name.startsWith("@");
export const nameGiven = (name: string): string => name.slice(1);

/** The graph of `outputs`, in which a constant without a name is used once, and names are as `given` makes them. */
export function build(
  outputs: Readonly<Record<string, Node>>,
  { constants, nameOf, opset: asked }: BuildOptions,
): Graph<Port> {
  const { labelOf } = constants;
  const settled = constants.settle(Object.values(outputs));
  const roots = simplify(settled, { apart: (n) => labelOf(n) !== undefined });
  const order = topological(roots);
  const opset = asked ?? (order.some((n) => n.op === "randomBits") ? 18 : 17);
  const instead = fuse(roots, { constants, opset });
  const inputs = order.flatMap((n) => (n.op === "input" ? [n.attrs.name] : []));
  const both = inputs.find((name) => Object.hasOwn(outputs, name));
  if (both !== undefined)
    throw new Error(
      `exportModel: two values of the model have one name, got "${both}" twice; call the input or output something else`,
    );
  const taken = new Set([...Object.keys(outputs), ...inputs]);
  const names = new Map<Node, string>();
  const constantName = (n: Node): string | undefined => {
    const label = labelOf(n);
    if (label === undefined) return undefined;
    const name = names.get(n) ?? given(unique(nameOf(label), taken));
    names.set(n, name);
    return name;
  };
  const named = Object.keys(outputs).map((name, i) => [given(name), roots[i]] as const);
  return toGraph(Object.fromEntries(named), plainTarget, {
    ...{ instead, constantName, opset, apart: true },
    nameOf: (n) => given(n.attrs.name),
  });
}

/** `name`, or `name_1`, `name_2`, ... where it is taken, which it is then. */
export function unique(name: string, taken: Set<string>): string {
  let free = name;
  for (let i = 1; taken.has(free); i++) free = `${name}_${i}`;
  taken.add(free);
  return free;
}
