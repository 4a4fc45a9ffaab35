/** Making nodes: the one place where a node comes to be, typed and frozen. */
import { described, isNode, isScope, isTensor } from "./described.ts";
import { infer, type Type } from "./infer.ts";
import { optionsOf } from "./options.ts";
import type { AttrsOf, Dtype, Init, Input, Node, NodeOf, OpName, Parameter, Shape } from "./op.ts";

/** `op(...inputs)` with its shape and dtype inferred; throws when the inputs do not fit the op. */
export function node<K extends OpName>(
  op: K,
  inputs: NodeOf<K>["inputs"],
  attrs: AttrsOf<K>,
): Node {
  for (const x of inputs) if (!isNode(x)) throw noNode(op, x);
  const { shape, dtype } = (infer[op] as (inputs: readonly Type[], attrs: unknown) => Type)(
    inputs,
    attrs,
  );
  const frozen = { op, inputs: Object.freeze([...inputs]), attrs: Object.freeze({ ...attrs }) };
  return Object.freeze({ ...frozen, shape: Object.freeze([...shape]), dtype } as unknown as Node);
}

/** The error that `x` is where a node is needed. */
export function noNode(op: string, x: unknown): Error {
  const advice = isScope(x)
    ? `an op is no layer: wrap it, apply(${op})`
    : isTensor(x)
      ? "give it as constant(data, shape), or feed it to an input"
      : typeof x === "number"
        ? `write constant(${x})`
        : "make one with input, parameter, constant or another op";
  return new Error(`${op}: expected a node, got ${described(x)}; ${advice}`);
}

/** A value handed in at every run. */
export const input = (name: string, shape: Shape, dtype: Dtype = "float"): Input =>
  node("input", [], { name, shape, dtype }) as Input;

/** How a parameter starts, and whether optimizers change it. */
export interface ParameterOptions {
  readonly init: Init;
  readonly dtype?: Dtype;
  /** Whether optimizers change it (default true); running averages and optimizer state are not trainable. */
  readonly trainable?: boolean;
}

const known = optionsOf<ParameterOptions>("parameter", {
  init: "required",
  dtype: "optional",
  trainable: "optional",
});
/** State: a named tensor that lasts from run to run. Two parameters of one name are one parameter. */
export const parameter = (name: string, shape: Shape, options: ParameterOptions): Parameter => {
  const { init, dtype = "float", trainable = true } = known(options);
  return node("parameter", [], { name, shape, dtype, init, trainable }) as Parameter;
};

/** Every node that `roots` rest on, inputs before the nodes that use them, in a fixed order. `inputsOf`: what a node rests on. */
export function topological(
  roots: readonly Node[],
  inputsOf: (n: Node) => readonly Node[] = ({ inputs }) => inputs,
): readonly Node[] {
  const seen = new Set<Node>();
  const order: Node[] = [];
  // An explicit stack: unrolled recurrent graphs are deeper than the call stack.
  const stack: { readonly node: Node; next: number }[] = [];
  const visit = (n: Node): void => {
    if (seen.has(n)) return;
    seen.add(n);
    stack.push({ node: n, next: 0 });
  };
  for (const root of roots) {
    visit(root);
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      const child = inputsOf(top.node).at(top.next++);
      if (child) visit(child);
      else order.push(stack.pop()!.node);
    }
  }
  return order;
}

/** The parameters that `roots` rest on, in order of first use. */
export const parametersOf = (roots: readonly Node[]): readonly Parameter[] => {
  const byName = new Map<string, Parameter>();
  for (const n of topological(roots)) {
    if (n.op !== "parameter") continue;
    const other = byName.get(n.attrs.name);
    if (other && (`${other.shape}` !== `${n.shape}` || other.dtype !== n.dtype))
      throw new Error(
        `parameter: "${n.attrs.name}" has two types, got ${other.dtype} [${other.shape}] and ${n.dtype} [${n.shape}]; give one of them another name`,
      );
    if (!other) byName.set(n.attrs.name, n);
  }
  return [...byName.values()];
};
