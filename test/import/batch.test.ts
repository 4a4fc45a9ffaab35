/** A batch that was baked in is free: every example gets what ONNX Runtime gives it alone, and what cannot be freed is refused. */
import { describe, expect, test } from "vitest";
import { hasChannelsFirst, headOf, importModel } from "../../src/import/index.ts";
import { arms, trace } from "../../src/nn/index.ts";
import { exportModel } from "../../src/export/index.ts";
import { input, parametersOf, sizeOf, type Shape } from "../../src/graph/index.ts";
import { nodeRuntime } from "../../src/node/index.ts";
import { encodeModel } from "../../src/onnx/proto.ts";
import {
  DataType,
  decodeModel,
  type GraphProto,
  type NodeProto,
  type TensorProto,
} from "../../src/onnx/index.ts";
import type { Draft } from "../../src/onnx/wire.ts";
import { initialState, tensor } from "../../src/runtime/index.ts";

const values = (n: number): Float32Array =>
  Float32Array.from({ length: n }, (_, i) => Math.sin(2 * i + 1));
const floats = (name: string, ...dims: number[]): Draft<TensorProto> => ({
  ...{ name, dims, dataType: DataType.FLOAT },
  rawData: new Uint8Array(values(sizeOf(dims)).buffer),
});
const ints = (name: string, ...int64Data: number[]): Draft<TensorProto> => ({
  ...{ name, dims: [int64Data.length], dataType: DataType.INT64, int64Data },
});
const node = (
  opType: string,
  inputs: readonly string[],
  output: string,
  attributes: Readonly<Record<string, number | readonly number[]>> = {},
): Draft<NodeProto> => ({
  ...{ opType, name: output, input: [...inputs], output: [output] },
  attribute: Object.entries(attributes).map(([name, x]) =>
    typeof x === "number" ? { name, type: 2, i: x } : { name, type: 7, ints: [...x] },
  ),
});
const port = (name: string, shape: Shape): Draft<GraphProto["input"][number]> => ({
  name,
  type: {
    tensorType: { elemType: DataType.FLOAT, shape: { dim: shape.map((d) => ({ dimValue: d })) } },
  },
});

interface Made {
  readonly x: Shape;
  readonly nodes: readonly Draft<NodeProto>[];
  readonly weights?: readonly Draft<TensorProto>[];
}
const modelOf = ({ x, nodes, weights = [] }: Made): Uint8Array =>
  encodeModel({
    irVersion: 8,
    opsetImport: [{ domain: "", version: 13 }],
    graph: {
      ...{ name: "g", node: nodes, initializer: weights, input: [port("x", x)] },
      output: [{ name: "y" }],
    },
  });

/** What `count` examples get. */
async function answers(bytes: Uint8Array, shape: Shape): Promise<readonly number[]> {
  const model = importModel(bytes);
  const x = input("x", shape);
  const { y } = trace((scope) => model.network(scope, { x }), {
    mode: "eval",
    norm: arms.weight,
  }).value;
  const program = await nodeRuntime({ threads: 1 }).compile({ inputs: [x], outputs: { y } });
  const fed = { x: tensor(values(sizeOf(shape)), shape) };
  const got = await program.run(fed, initialState(program.parameters, 1));
  await program.release();
  return Array.from(got["y"].data);
}

/** The same from the file itself, one example after the other. */
async function alone(bytes: Uint8Array, shape: Shape): Promise<readonly number[]> {
  const session = await nodeRuntime({ threads: 1 }).open!(bytes);
  const [count, ...rest] = shape;
  const each = sizeOf(rest);
  const all: number[] = [];
  for (let i = 0; i < count; i++) {
    const data = values(sizeOf(shape)).slice(i * each, (i + 1) * each);
    const got = await session.run({ x: tensor(data, [1, ...rest]) });
    all.push(...got["y"].data);
  }
  await session.release();
  return all;
}

const baked: Readonly<Record<string, Made>> = {
  "a shape [1, -1]": {
    x: [1, 4, 3],
    nodes: [node("Reshape", ["x", "shape"], "y")],
    weights: [ints("shape", 1, -1)],
  },
  "a bias as [1, -1, 1, 1], of as many channels as there are examples": {
    x: [1, 4, 2, 2],
    nodes: [
      node("Conv", ["x", "w"], "t", { kernel_shape: [1, 1] }),
      node("Reshape", ["b", "shape"], "c"),
      node("Add", ["t", "c"], "y"),
    ],
    weights: [floats("w", 4, 4, 1, 1), floats("b", 4), ints("shape", 1, -1, 1, 1)],
  },
  "a token that every example has": {
    x: [1, 2, 3],
    nodes: [node("Concat", ["token", "x"], "y", { axis: 1 })],
    weights: [floats("token", 1, 1, 3)],
  },
  "a shape to expand to": {
    x: [1, 1, 3],
    nodes: [node("Expand", ["x", "shape"], "y")],
    weights: [ints("shape", 1, 2, 3)],
  },
  "sizes to resize to": {
    x: [1, 1, 2, 2],
    nodes: [node("Resize", ["x", "", "", "sizes"], "y")],
    weights: [ints("sizes", 1, 1, 4, 4)],
  },
};

describe.each([2, 4, 5])("%i examples", (count) => {
  test.each(Object.entries(baked))("%s", async (_, made) => {
    const bytes = modelOf(made);
    const shape = [count, ...made.x.slice(1)];
    const expected = await alone(bytes, shape);
    expect(await answers(bytes, shape)).toEqual(
      expected.map((v) => expect.closeTo(v, 5) as number),
    );
  });
});

test.each([
  ["Flatten", [node("Flatten", ["x"], "y", { axis: 0 })], []],
  [
    "Transpose and Reshape",
    [node("Transpose", ["x"], "t", { perm: [1, 0] }), node("Reshape", ["t", "shape"], "y")],
    [ints("shape", 1, -1)],
  ],
  ["ReduceMean", [node("ReduceMean", ["x"], "y", { axes: [0] })], []],
] as const)("%s, which mixes examples, is refused", async (_, nodes, weights) => {
  const bytes = modelOf({ x: [1, 6], nodes, weights });
  await expect(answers(bytes, [4, 6])).rejects.toThrow(
    /^import: output "y" does not scale with the batch, got \[/,
  );
});

test("what nothing is called is refused", () => {
  const bytes = modelOf({ x: [1, 6], nodes: [node("Relu", ["x"], "y")] });
  const wrong = { norm: arms.plain, mode: "eval" } as const;
  expect(() => importModel(bytes, { dims: { bacth: 3 } })).toThrow(
    'import: dims names what the model has, got "bacth"; use one of none, there is nothing to name',
  );
  expect(() => importModel(bytes, { shapes: { X: [1, 6] } })).toThrow('got "X"; use one of x');
  const { network } = importModel(bytes);
  expect(() => trace((scope) => network(scope, { X: input("x", [2, 6]) }), wrong)).toThrow(
    'import: feeds names what the model has, got "X"; use one of x',
  );
});

test("what is frozen keeps its name in a file, as what is trained does", () => {
  const made = {
    x: [1, 4],
    nodes: [node("MatMul", ["x", "fc1.weight"], "h"), node("MatMul", ["h", "fc2.weight"], "y")],
    weights: [floats("fc1.weight", 4, 3), floats("fc2.weight", 3, 2)],
  };
  const model = importModel(modelOf(made), { freeze: /^fc1/ });
  const { value } = trace((scope) => model.network(scope), { mode: "eval", norm: arms.weight });
  const state = initialState(parametersOf(Object.values(value)), 1);
  const { graph } = decodeModel(exportModel(value, state, { names: model.original }), "export");
  expect(graph!.initializer.map((x) => x.name)).toEqual(["fc1.weight", "fc2.weight"]);
});

test("before a one-dimensional convolution channels come first, before a product with a matrix they come last", () => {
  const conv = modelOf({
    x: [1, 4, 9],
    nodes: [node("Relu", ["x"], "h"), node("Conv", ["h", "w"], "y", { kernel_shape: [3] })],
    weights: [floats("w", 2, 4, 3)],
  });
  expect(headOf(conv)).toEqual({ at: "h", before: 'Conv "y"' });
  expect(hasChannelsFirst(conv, "h")).toBe(true);
  const product = modelOf({
    x: [1, 9, 4],
    nodes: [node("Relu", ["x"], "h"), node("MatMul", ["h", "w"], "y")],
    weights: [floats("w", 4, 2)],
  });
  expect(hasChannelsFirst(product, "h")).toBe(false);
});
