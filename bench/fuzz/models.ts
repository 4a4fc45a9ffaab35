/** Models of ONNX to damage: small ones of everything that an importer descends into, computes ahead or allocates by what a file says. */
import { describeModel, importModel } from "../../src/import/index.ts";
import { arms, trace } from "../../src/nn/index.ts";
import {
  DataType,
  decodeModel,
  type AttributeProto,
  type GraphProto,
  type NodeProto,
} from "../../src/onnx/index.ts";
import { AttributeType, encodeModel } from "../../src/onnx/proto.ts";
import type { Draft } from "../../src/onnx/wire.ts";

type Attribute = number | string | readonly number[] | Draft<GraphProto>;
type Attributes = Readonly<Record<string, Attribute>>;
const node = (
  opType: string,
  input: readonly string[],
  output: readonly string[],
  attributes: Attributes = {},
): Draft<NodeProto> => ({
  ...{ opType, input, output, name: output[0] },
  attribute: Object.entries(attributes).map(([name, x]) => ({ name, ...valueOf(x) })),
});

function valueOf(x: Attribute): Draft<AttributeProto> {
  if (typeof x === "number") return { type: AttributeType.INT, i: x };
  if (typeof x === "string") return { type: AttributeType.STRING, s: new TextEncoder().encode(x) };
  if (Array.isArray(x)) return { type: AttributeType.INTS, ints: x as readonly number[] };
  return { type: AttributeType.GRAPH, g: x as Draft<GraphProto> };
}

type Dims = readonly (number | string)[];
const port = (name: string, dims: Dims, elemType: number = DataType.FLOAT): object => ({
  name,
  type: {
    tensorType: {
      elemType,
      shape: { dim: dims.map((d) => (typeof d === "number" ? { dimValue: d } : { dimParam: d })) },
    },
  },
});
const floats = (name: string, ...dims: readonly number[]): object => {
  const count = dims.reduce((a, b) => a * b, 1);
  const values = Float32Array.from({ length: count }, (_, i) => ((i * 7) % 5) / 4 + 0.25);
  return { name, dims, dataType: DataType.FLOAT, rawData: new Uint8Array(values.buffer) };
};
const ints = (name: string, ...int64Data: readonly number[]): object => ({
  ...{ name, dims: [int64Data.length], dataType: DataType.INT64, int64Data },
});
const scalar = (name: string, x: number, dataType: number = DataType.INT64): object => ({
  ...{ name, dims: [], dataType },
  ...(dataType === DataType.INT64 ? { int64Data: [x] } : { int32Data: [x] }),
});

const model = (
  graph: Readonly<Record<"node" | "input" | "initializer", readonly object[]>>,
  version = 17,
): Uint8Array =>
  encodeModel({
    ...{ irVersion: 8, producerName: "bench" },
    opsetImport: [{ domain: "", version }],
    metadataProps: [{ key: "made by", value: "bench" }],
    graph: { ...graph, output: [{ name: "y" }] },
  });

const convolutions = model({
  input: [port("x", ["batch", 3, 6, 6])],
  initializer: [
    ...[floats("c.weight", 4, 3, 3, 3), floats("c.bias", 4), floats("fc.weight", 2, 4)],
    ...["scale", "beta", "mean", "var"].map((name) => floats(`bn.${name}`, 4)),
  ],
  node: [
    node("Conv", ["x", "c.weight", "c.bias"], ["c"], { pads: [1, 1, 1, 1], strides: [2, 2] }),
    node("BatchNormalization", ["c", "bn.scale", "bn.beta", "bn.mean", "bn.var"], ["n"]),
    node("Relu", ["n"], ["r"]),
    node("MaxPool", ["r"], ["p"], { kernel_shape: [2, 2] }),
    node("GlobalAveragePool", ["p"], ["g"]),
    node("Flatten", ["g"], ["f"]),
    node("Gemm", ["f", "fc.weight"], ["y"], { transB: 1 }),
  ],
});

const attention = model({
  input: [port("ids", ["batch", 3], DataType.INT64)],
  initializer: [
    ...[floats("words", 9, 4), floats("q.weight", 4, 4), floats("norm.weight", 4)],
    ...[floats("norm.bias", 4), ints("heads", 0, 0, 2, 2), ints("axes", 1)],
  ],
  node: [
    node("Gather", ["words", "ids"], ["e"]),
    node("MatMul", ["e", "q.weight"], ["q"]),
    node("Reshape", ["q", "heads"], ["h"]),
    node("Transpose", ["h"], ["t"], { perm: [0, 2, 1, 3] }),
    node("Transpose", ["t"], ["k"], { perm: [0, 1, 3, 2] }),
    node("MatMul", ["t", "k"], ["s"]),
    node("Softmax", ["s"], ["a"], { axis: 3 }),
    node("LayerNormalization", ["e", "norm.weight", "norm.bias"], ["l"]),
    node("ReduceSum", ["a", "axes"], ["m"], { keepdims: 0 }),
    node("Einsum", ["m", "l"], ["y"], { equation: "bij,bjd->bid" }),
  ],
});

const branch = (op: string): Draft<GraphProto> => ({
  ...{ name: op, node: [node(op, ["h"], [`${op}.y`])], output: [{ name: `${op}.y` }] },
});
const control = model({
  input: [port("x", [3, "batch", 2])],
  initializer: [
    ...[floats("W", 1, 8, 2), floats("R", 1, 8, 2), floats("B", 1, 16)],
    ...[scalar("rounds", 3), scalar("go", 1, DataType.BOOL), floats("start", 1)],
  ],
  node: [
    node("LSTM", ["x", "W", "R", "B"], ["l", "h"], { hidden_size: 2 }),
    node("If", ["go"], ["i"], { then_branch: branch("Tanh"), else_branch: branch("Neg") }),
    node("Loop", ["rounds", "go", "i"], ["y", "all"], {
      body: {
        name: "body",
        input: ["round", "on", "v"].map((name) => ({ name })),
        node: [node("Add", ["v", "start"], ["w"]), node("Identity", ["on"], ["still"])],
        output: ["still", "w", "w"].map((name) => ({ name })),
      },
    }),
  ],
});

const sizes = model({
  input: [port("x", ["batch", 2, 4, 4])],
  initializer: [
    ...[ints("two", 2), scalar("zero", 0), scalar("one", 1), ints("starts", 0), ints("ends", 3)],
    ...[ints("axes", 2), ints("times", 1, 1, 2, 1), ints("pads", 0, 0, 1, 1, 0, 0, 1, 1)],
    ...[ints("wide", 1, 2, 4, 5), ints("to", 2, 2, 8, 8), scalar("depth", 4), floats("off", 2)],
  ],
  node: [
    node("Shape", ["x"], ["s"]),
    node("Gather", ["s", "zero"], ["b"]),
    node("Unsqueeze", ["b", "starts"], ["u"]),
    node("ConstantOfShape", ["wide"], ["c"]),
    node("Range", ["zero", "depth", "one"], ["r"]),
    node("OneHot", ["r", "depth", "off"], ["o"]),
    node("EyeLike", ["o"], ["eye"], { dtype: 1 }),
    node("MatMul", ["x", "eye"], ["m"]),
    node("Slice", ["m", "starts", "ends", "axes"], ["sl"]),
    node("Tile", ["sl", "times"], ["t"]),
    node("Pad", ["t", "pads"], ["p"], { mode: "reflect" }),
    node("Resize", ["p", "", "", "to"], ["rs"], { mode: "linear" }),
    node("Expand", ["two", "u"], ["ex"]),
    node("Split", ["rs"], ["left", "right"], { axis: 1, num_outputs: 2 }),
    node("Concat", ["left", "right"], ["y"], { axis: 3 }),
  ],
});

/** Whole models, which are read. */
export const models: Readonly<Record<string, Uint8Array>> = {
  convolutions,
  attention,
  control,
  sizes,
};

/** Described, imported, and traced with two of whatever is not said. */
export function parseModel(file: Uint8Array, where: string): void {
  const { inputs } = describeModel(file, { where });
  const named = inputs.flatMap(({ shape = [] }) => shape.filter((d) => typeof d === "string"));
  const dims = Object.fromEntries(named.map((name) => [name, 2]));
  const { network } = importModel(file, { where, dims });
  trace((scope) => network(scope), { mode: "eval", norm: arms.weight });
}

/** The messages of a model as JSON, of which damage makes another model that is well-formed. */
export const contentOf = (file: Uint8Array): Uint8Array =>
  new TextEncoder().encode(
    JSON.stringify(decodeModel(file, "bench"), (_, x: unknown) =>
      x instanceof Uint8Array ? { bytes: [...x] } : x,
    ),
  );

/** A file of such content; of what is no JSON any more, or holds what no message can, a file as it was. */
export function fileOf(content: Uint8Array): Uint8Array {
  try {
    const tree: unknown = JSON.parse(new TextDecoder().decode(content), (_, x: unknown) =>
      isBytes(x) ? Uint8Array.from(x.bytes) : x,
    );
    const bytes = encodeModel(tree as Parameters<typeof encodeModel>[0]);
    // An object where a text belongs is written as this, which messages would then quote.
    return Buffer.from(bytes).includes("[object ") ? convolutions : bytes;
  } catch {
    return convolutions;
  }
}
const isBytes = (x: unknown): x is { readonly bytes: readonly number[] } =>
  typeof x === "object" && x !== null && "bytes" in x && Array.isArray(x.bytes);
