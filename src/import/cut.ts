/** Where a trained network ends and its last layer begins: where a head of one's own goes. */
import { decodeModel, type NodeProto } from "../onnx/index.ts";
import { constantsOf, isOp, ordered, titleOf } from "./graph.ts";

/** A place to cut a model at. */
export interface Cut {
  /** The value that its last layer with weights reads, for `outputs` of `importModel`. */
  readonly at: string;
  /** That layer: `MatMul "fc"`. */
  readonly before: string;
}

/** The first kind that a model has decides: a classifier's product with a matrix, or else a convolution. */
const LAST = [
  ["Gemm", "MatMul"],
  ["Conv", "ConvTranspose"],
] as const;

/** Whether a value goes to a convolution, which has the channels on axis 1 and positions behind them. */
export function hasChannelsFirst(bytes: Uint8Array, value: string): boolean {
  const { graph } = decodeModel(bytes, "hasChannelsFirst");
  const isRead = (node: NodeProto): boolean =>
    LAST[1].some((op) => isOp(node, op)) && node.input[0] === value;
  return graph?.node.some(isRead) ?? false;
}

/** Where the model in `bytes` is cut for a new head: before the last layer that its first output rests on. `where` is what messages call it. */
export function headOf(bytes: Uint8Array, where = "headOf"): Cut {
  const { graph } = decodeModel(bytes, where);
  const output = graph?.output.at(0)?.name;
  const order = graph && output !== undefined ? ordered(graph, [output], where) : [];
  const constants = graph ? constantsOf(graph) : new Map<string, never>();
  const made = new Set(order.flatMap((node) => (isOp(node, "Constant") ? [] : node.output)));
  const isLayer = (node: NodeProto, ops: readonly string[]): boolean =>
    ops.some((op) => isOp(node, op)) && made.has(node.input[0]) && constants.has(node.input[1]);
  for (const ops of LAST) {
    const layer = order.findLast((node) => isLayer(node, ops));
    if (layer) return { at: layer.input[0], before: titleOf(layer) };
  }
  throw new Error(
    `${where}: expected a layer to cut before, got no Gemm, MatMul or convolution with weights of the file; name a value of the graph to cut at`,
  );
}
