/** What is in the bytes of a model. */
import { decodeModel, type ModelProto, type ValueInfoProto } from "../../src/onnx/proto.ts";

export interface Decoded {
  readonly model: ModelProto;
  /** Names with ONNX's element type and shape, e.g. `input:x 1 [2,3]`. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Domain (empty for ONNX's own) to version. */
  readonly opsets: Readonly<Record<string, number>>;
  readonly ops: readonly string[];
}
const show = ({ name, type }: ValueInfoProto): string => {
  const { elemType, shape } = type!.tensorType!;
  return `${name!} ${elemType!} [${shape!.dim.map((d) => d.dimParam ?? String(d.dimValue)).join(",")}]`;
};

export function decode(bytes: Uint8Array): Decoded {
  const model = decodeModel(bytes, "model");
  const graph = model.graph!;
  return {
    model,
    inputs: graph.input.map(show),
    outputs: graph.output.map(show),
    opsets: Object.fromEntries(model.opsetImport.map((o) => [o.domain!, Number(o.version)])),
    ops: graph.node.map((n) => n.opType!),
  };
}

/** One line a node, `Add_3 = Add(x, y)`; constants by their shapes. */
export function text({ graph }: ModelProto): string {
  const constants = new Map(
    graph!.initializer.map((c) => [c.name!, `const [${c.dims.join(",")}]`]),
  );
  return graph!.node
    .map((n) => {
      const inputs = n.input.map((x) => constants.get(x) ?? x).join(", ");
      const attributes = n.attribute.map((a) => a.name!).join(" ");
      return `${n.output.join(", ")} = ${n.opType!}(${inputs})${attributes && ` ${attributes}`}`;
    })
    .join("\n");
}
