/** Graphs within graphs, against ONNX Runtime on the same file. */
import * as ort from "onnxruntime-node";
import { expect, test } from "vitest";
import { parametersOf } from "../../src/graph/index.ts";
import { importModel } from "../../src/import/index.ts";
import { arms, trace } from "../../src/nn/index.ts";
import { DataType, type GraphProto } from "../../src/onnx/index.ts";
import { AttributeType, encodeModel } from "../../src/onnx/proto.ts";
import type { Draft } from "../../src/onnx/wire.ts";
import { evaluate, initialState, tensor } from "../../src/runtime/index.ts";

type Graph = Draft<GraphProto>;
type Node = NonNullable<Graph["node"]>[number];
const op = (
  opType: string,
  inputs: string,
  outputs: string,
  attribute: Node["attribute"] = [],
): Node => ({
  ...{ opType, name: `${opType} of ${outputs}`, attribute },
  input: inputs.split(" ").map((name) => (name === "-" ? "" : name)),
  output: outputs.split(" "),
});
const graph = (name: string, g: Graph): NonNullable<Node["attribute"]>[number] => ({
  ...{ name, type: AttributeType.GRAPH },
  g: { name, ...g },
});
const port = (name: string, dims: readonly number[], elemType: number = DataType.FLOAT) => ({
  name,
  type: { tensorType: { elemType, shape: { dim: dims.map((dimValue) => ({ dimValue })) } } },
});
const floats = (name: string, dims: readonly number[], ...floatData: number[]) => ({
  ...{ name, dims, floatData, dataType: DataType.FLOAT },
});
const int64 = (name: string, value: number) => ({
  ...{ name, dims: [], int64Data: [value], dataType: DataType.INT64 },
});
const bool = (name: string, value: boolean) => ({
  ...{ name, dims: [], int32Data: [Number(value)], dataType: DataType.BOOL },
});
const modelOf = (g: Graph): Uint8Array =>
  encodeModel({
    ...{ irVersion: 8, opsetImport: [{ domain: "", version: 17 }] },
    graph: { name: "main", ...g },
  });

/** Both of what the import and ONNX Runtime make of x [3]. */
async function both(g: Graph, x: readonly number[]): Promise<readonly (readonly number[])[]> {
  const bytes = modelOf(g);
  const session = await ort.InferenceSession.create(bytes, { logSeverityLevel: 4 });
  const made = await session.run({ x: new ort.Tensor("float32", Float32Array.from(x), [3]) });
  await session.release();
  const model = importModel(bytes);
  const { value } = trace((scope) => model.network(scope), { mode: "eval", norm: arms.plain });
  const state = initialState(parametersOf(Object.values(value)), 1);
  const ours = evaluate(value, { feeds: { x: tensor(x, [3]) }, state });
  const rounded = (data: Iterable<number>): number[] =>
    Array.from(data, (v) => Math.round(v * 1e5) / 1e5);
  return session.outputNames.flatMap((name) => [
    rounded(ours[name].data),
    rounded(made[name].data as Float32Array),
  ]);
}
const same = ([ours, theirs, ...rest]: readonly (readonly number[])[]): void => {
  expect(ours).toEqual(theirs);
  if (rest.length > 0) same(rest);
};

const io = { input: [port("x", [3])], output: [port("y", [3])] };
const branches = [
  graph("then_branch", { node: [op("Add", "x x", "twice")], output: [port("twice", [3])] }),
  graph("else_branch", { node: [op("Neg", "x", "less")], output: [port("less", [3])] }),
];

test("If whose condition is known takes one branch, which sees what is around it", async () => {
  for (const value of [true, false]) {
    const g = { ...io, initializer: [bool("c", value)], node: [op("If", "c", "y", branches)] };
    same(await both(g, [1, -2, 3]));
  }
});
test("If whose condition is not known computes both", async () => {
  const node = [
    op("ReduceSum", "x", "s", [{ name: "keepdims", type: AttributeType.INT, i: 0 }]),
    op("Greater", "s zero", "c"),
    op("If", "c", "y", branches),
  ];
  const g = { ...io, initializer: [floats("zero", [], 0)], node };
  same(await both(g, [1, -2, 3]));
  same(await both(g, [1, -2, -3]));
});

const loop = (last: readonly Node[]): Graph => ({
  node: [op("Mul", "v half", "w"), op("Identity", "w", "row"), ...last],
  input: [port("i", [], DataType.INT64), port("go", [], DataType.BOOL), port("v", [3])],
  output: [port("more", [], DataType.BOOL), port("w", [3]), port("row", [3])],
});
const onward = [op("Identity", "go", "more")];
const loops = (body: Graph, trips: number): Graph => ({
  input: io.input,
  output: [port("y", [3]), port("rows", [])].map(({ name }) => ({ name })),
  initializer: [int64("n", trips), bool("c", true), floats("half", [], 0.5), int64("two", 2)],
  node: [op("Loop", "n c x", "y rows", [graph("body", body)])],
});
test("Loop of a known number of rounds is written out", async () => {
  same(await both(loops(loop(onward), 3), [1, -2, 3]));
});
test("Loop ends where its own count says so", async () => {
  same(await both(loops(loop([op("Less", "i two", "more")]), 100), [1, -2, 3]));
});
test("Loop without end is refused", () => {
  const { network } = importModel(modelOf(loops(loop(onward), 1e9)));
  expect(() => trace((scope) => network(scope), { mode: "eval", norm: arms.plain })).toThrow(
    /expected at most 10000 rounds, got more/,
  );
});

test("Scan backwards, its rows in front or behind", async () => {
  const ints = (name: string, ...list: number[]): NonNullable<Node["attribute"]>[number] => ({
    ...{ name, type: AttributeType.INTS, ints: list },
  });
  const body: Graph = {
    node: [op("Add", "state part", "next"), op("Mul", "next part", "row")],
    input: [port("state", []), port("part", [])],
    output: [port("next", []), port("row", [])],
  };
  const node = op("Scan", "zero x", "last y", [
    graph("body", body),
    { name: "num_scan_inputs", type: AttributeType.INT, i: 1 },
    ints("scan_input_directions", 1),
    ints("scan_output_directions", 1),
  ]);
  const output = [{ name: "last" }, { name: "y" }];
  const g = { input: io.input, output, initializer: [floats("zero", [], 0)], node: [node] };
  same(await both(g, [1, -2, 3]));
});
