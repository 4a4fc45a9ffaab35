/**
 * Batch normalization with the statistics it was trained with, folded into the convolution before it: y = s (w x + b - m) / sqrt(v +
 * eps) + beta is one convolution with w' = w s / sqrt(v + eps). Unfolded to g and v, g then takes the normalization's scale.
 */
import { sizeOf } from "../graph/index.ts";
import { DataType, type GraphProto, type NodeProto, type TensorProto } from "../onnx/index.ts";
import { constantsOf, isOp, readsOf } from "./graph.ts";
import { decodeTensor, type Decoded, type External } from "./tensors.ts";

const EPSILON = 1e-5; // where the file names none, as ONNX has it

interface Pair {
  readonly conv: NodeProto;
  readonly norm: NodeProto;
}

/** The same graph with every batch normalization folded that has a convolution of its own before it, whose parts are constants. */
export function foldBatchNorm(graph: GraphProto, where: string, external?: External): GraphProto {
  const constants = constantsOf(graph);
  const decoded = (name: string): Decoded => decodeTensor(constants.get(name)!, where, external);
  const gone = new Set<NodeProto>();
  const changed = new Map<NodeProto, NodeProto>();
  const tensors = new Map<string, TensorProto>();
  for (const { conv, norm } of pairsIn(graph, constants)) {
    const [scale, beta, mean, variance] = norm.input.slice(1, 5).map((name) => decoded(name).data);
    const said = norm.attribute.find((a) => a.name === "epsilon");
    const epsilon = said ? (said.f ?? 0) : EPSILON;
    const by = Float64Array.from(scale, (s, unit) => s / Math.sqrt(variance[unit] + epsilon));
    const weight = decoded(conv.input[1]);
    const bias = conv.input.at(2) ? decoded(conv.input[2]).data : undefined;
    if (by.length !== unitsOf(conv, weight) || bias?.length === 0) continue;
    const biasName = conv.input.at(2) || norm.input[2];
    tensors.set(conv.input[1], floats(conv.input[1], weight.shape, scaled(conv, weight, by)));
    tensors.set(
      biasName,
      floats(
        biasName,
        [by.length],
        by.map((s, unit) => ((bias?.[unit] ?? 0) - mean[unit]) * s + beta[unit]),
      ),
    );
    changed.set(conv, {
      ...conv,
      input: [conv.input[0], conv.input[1], biasName],
      output: norm.output.slice(0, 1),
    });
    gone.add(norm);
  }
  const own = new Set(graph.initializer.map((x) => x.name));
  const isReplaced = (node: NodeProto): boolean =>
    isOp(node, "Constant") && tensors.has(node.output[0]);
  return {
    ...graph,
    node: graph.node.filter((n) => !gone.has(n) && !isReplaced(n)).map((n) => changed.get(n) ?? n),
    initializer: [
      ...graph.initializer.map((x) => tensors.get(x.name ?? "") ?? x),
      ...[...tensors].flatMap(([name, x]) => (own.has(name) ? [] : [x])),
    ],
  };
}

function pairsIn(graph: GraphProto, constants: ReadonlyMap<string, TensorProto>): readonly Pair[] {
  const uses = new Map<string, number>();
  const count = (name: string): void => void uses.set(name, (uses.get(name) ?? 0) + 1);
  const names = (list: readonly { readonly name?: string }[]): readonly string[] =>
    list.map((x) => x.name ?? "");
  for (const node of graph.node) {
    node.input.forEach(count);
    readsOf({ ...node, input: [] }).forEach(count); // what graphs within it see, however deep
  }
  names(graph.output).forEach(count);
  const makers = new Map(graph.node.flatMap((n) => n.output.map((name) => [name, n] as const)));
  const isAlone = (name: string): boolean => constants.has(name) && uses.get(name) === 1;
  return graph.node.flatMap((norm) => {
    if (!isOp(norm, "BatchNormalization") || norm.input.length < 5) return [];
    const conv = makers.get(norm.input[0]);
    const isConv = conv !== undefined && (isOp(conv, "Conv") || isOp(conv, "ConvTranspose"));
    const trains = norm.attribute.some((a) => a.name === "training_mode" && a.i === 1);
    if (!isConv || trains || uses.get(norm.input[0]) !== 1) return [];
    const parts = [conv.input[1], ...norm.input.slice(1, 5)];
    const bias = conv.input.slice(2).filter((name) => name !== "");
    return [...parts, ...bias].every(isAlone) ? [{ conv, norm }] : [];
  });
}

const groupsOf = (conv: NodeProto): number =>
  conv.attribute.find((a) => a.name === "group")?.i ?? 1;

/** A convolution's weight is [out, in / groups, ...], a transposed one's [in, out / groups, ...]. */
const unitsOf = (conv: NodeProto, { shape }: Decoded): number =>
  isOp(conv, "Conv") ? shape[0] : shape[1] * groupsOf(conv);

function scaled(conv: NodeProto, { shape, data }: Decoded, by: Float64Array): Float64Array {
  const inner = sizeOf(shape.slice(1));
  const taps = sizeOf(shape.slice(2));
  const inGroup = shape[0] / groupsOf(conv);
  const unitOf = (i: number): number =>
    isOp(conv, "Conv")
      ? Math.floor(i / inner)
      : Math.floor(Math.floor(i / inner) / inGroup) * shape[1] + (Math.floor(i / taps) % shape[1]);
  return Float64Array.from(data, (x, i) => x * by[unitOf(i)]);
}

const floats = (name: string, dims: readonly number[], values: Float64Array): TensorProto => ({
  ...{ name, dims, dataType: DataType.FLOAT },
  rawData: new Uint8Array(Float32Array.from(values).buffer),
  ...{
    floatData: [],
    int32Data: [],
    stringData: [],
    int64Data: [],
    doubleData: [],
    uint64Data: [],
  },
  externalData: [],
});
