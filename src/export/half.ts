/** Weights in half precision: half the bytes, cast to float where they are used. */
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

const scratch = new DataView(new ArrayBuffer(4));
/** The bits of the IEEE half that is nearest to a single, of two the even one. */
export function halfOf(x: number): number {
  scratch.setFloat32(0, x);
  const bits = scratch.getUint32(0);
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00; // NaN
  if (magnitude >= 0x477ff000) return sign | 0x7c00; // what rounds beyond 65504
  // Below 2^-14 a half has steps of 2^-24.
  if (magnitude < 0x38800000) return sign | evenly(Math.abs(Math.fround(x)) * 2 ** 24);
  const rounded = magnitude + 0xfff + ((magnitude >>> 13) & 1);
  return sign | ((rounded - 0x38000000) >>> 13);
}
/** To the nearest whole number, of two the even one. */
function evenly(x: number): number {
  const low = Math.floor(x);
  const rest = x - low;
  return rest > 0.5 || (rest === 0.5 && low % 2 === 1) ? low + 1 : low;
}
