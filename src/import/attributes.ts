/** Attributes of an ONNX node by name, each of the type that its rule asks for. */
import type { AttributeProto, GraphProto, NodeProto, TensorProto } from "../onnx/index.ts";
import type { Call } from "./call.ts";

export type Attributes = Pick<
  Call,
  "int" | "float" | "string" | "ints" | "floats" | "strings" | "has" | "tensor" | "graph"
>;

/** `fail` makes the errors of the node that they are of. */
export function attributesOf(node: NodeProto, fail: (message: string) => Error): Attributes {
  const byName = new Map(node.attribute.map((a) => [a.name ?? "", a]));
  const get =
    <T>(what: string, read: (a: AttributeProto) => T | undefined) =>
    (name: string, fallback?: T): T => {
      const a = byName.get(name);
      if (a?.refAttrName)
        throw fail(`the attribute "${name}" refers to a function's; export without functions`);
      const value = a ? read(a) : fallback;
      if (value === undefined)
        throw fail(
          `expected the attribute "${name}", ${what}, got ${a ? "another type" : "none"}; export the model again`,
        );
      return value;
    };
  // Numbers that are 0 and texts that are empty need not be in the file.
  return {
    int: get("a whole number", (a) => a.i ?? 0),
    float: get("a number", (a) => a.f ?? 0),
    string: get("a text", (a) => text(a.s ?? new Uint8Array(0))),
    ints: get<readonly number[]>("whole numbers", (a) => a.ints),
    floats: get<readonly number[]>("numbers", (a) => a.floats),
    strings: get<readonly string[]>("texts", (a) => a.strings.map(text)),
    has: (name) => byName.has(name),
    tensor: get<TensorProto>("a tensor", (a) => a.t),
    graph: get<GraphProto>("a graph", (a) => a.g),
  };
}

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
