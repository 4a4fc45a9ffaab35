/** Other names for the values of a graph. */
import type { NodeDraft } from "./emit.ts";
import type { NodeProto } from "./proto.ts";
import type { Draft } from "./wire.ts";

/** The node that copies a value to the output of that number. */
export type Copy = (value: string, i: number) => Pick<NodeDraft, "opType" | "input">;
/**
 * The nodes with every output [name, value] under its own name: what computes a value is named after its output. Only where two
 * outputs are one value, or one is an input or a constant, is it copied, since ONNX Runtime loses a value that is an output by
 * way of a copy and besides the input of nothing but a product that it fuses ("Invalid model. Node input ...").
 */
export function named(
  nodes: readonly NodeDraft[],
  outputs: readonly (readonly [string, string])[],
  copy: Copy = (value) => ({ opType: "Identity", input: [value] }),
): readonly NodeDraft[] {
  const computed = new Set(nodes.flatMap((n) => n.output));
  const names = new Map<string, string>();
  const copies = outputs.flatMap(([name, value], i) => {
    if (computed.has(value) && !names.has(value)) {
      names.set(value, name);
      return [];
    }
    return [{ name: `output ${name}`, domain: "", ...copy(value, i), output: [name] }];
  });
  return renamed([...nodes, ...copies], names);
}

/** Nodes whose values have other names, in the branches of an `If` too, which see the values around them. */
export function renamed(
  nodes: readonly NodeDraft[],
  names: ReadonlyMap<string, string>,
): readonly NodeDraft[] {
  const of = (list: readonly string[] = []): string[] => list.map((x) => names.get(x) ?? x);
  const output = <T extends { readonly name?: string }>(x: T): T =>
    x.name !== undefined && names.has(x.name) ? { ...x, name: names.get(x.name) } : x;
  const rename = (n: Draft<NodeProto>): NodeDraft => ({
    ...n,
    input: of(n.input),
    output: of(n.output),
    attribute: (n.attribute ?? []).map((a) =>
      a.g
        ? {
            ...a,
            g: {
              ...a.g,
              node: (a.g.node ?? []).map(rename),
              output: (a.g.output ?? []).map(output),
            },
          }
        : a,
    ),
  });
  return nodes.map(rename);
}
