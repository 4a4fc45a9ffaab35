/** Weights in half precision: half the bytes, cast to float where they are used. */
import { halfOf } from "../graph/floats.ts";
import { sizeOf } from "../graph/index.ts";
import { DataType, renamed, type Graph, type NodeDraft, type TensorDraft } from "../onnx/index.ts";
import { AttributeType } from "../onnx/proto.ts";
import { isGiven, nameGiven } from "./build.ts";

/** What has fewer elements, or one axis, as biases have, stays as it is. */
const LEAST = 64;

/** The graph with every weight of two axes or more as FLOAT16. */
export function halved(graph: Graph): Graph {
  const casts: NodeDraft[] = [];
  const names = new Map<string, string>();
  const initializers = graph.initializers.map((x): TensorDraft => {
    const dims = x.dims ?? [];
    if (x.dataType !== DataType.FLOAT || dims.length < 2 || sizeOf(dims) < LEAST) return x;
    const output = `${x.name}:float`;
    names.set(x.name, output);
    casts.push({
      ...{ name: output, opType: "Cast", domain: "", input: [x.name], output: [output] },
      attribute: [{ name: "to", type: AttributeType.INT, i: DataType.FLOAT }],
    });
    return { ...x, dataType: DataType.FLOAT16, rawData: toHalf(x) };
  });
  return { ...graph, initializers, nodes: [...casts, ...renamed(graph.nodes, names)] };
}

function toHalf({ name, rawData }: TensorDraft): Uint8Array {
  const bytes = rawData!;
  const from = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const count = bytes.length / 4;
  const to = new DataView(new ArrayBuffer(2 * count));
  for (let i = 0; i < count; i++) {
    const x = from.getFloat32(4 * i, true);
    const bits = halfOf(x);
    if (Number.isFinite(x) && (bits & 0x7fff) === 0x7c00)
      throw new Error(
        `exportModel: half precision ends at 65504, got ${x} in ${isGiven(name) ? `"${nameGiven(name)}"` : "a constant"}; leave half out`,
      );
    to.setUint16(2 * i, bits, true);
  }
  return new Uint8Array(to.buffer);
}
