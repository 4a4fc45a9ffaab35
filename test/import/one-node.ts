/** Models of one node each, as ONNX Runtime computes them and as they are imported. */
import * as ort from "onnxruntime-node";
import { parametersOf, sizeOf, type Shape } from "../../src/graph/index.ts";
import { importModel } from "../../src/import/index.ts";
import { arms, trace, type Norm } from "../../src/nn/index.ts";
import { DataType, type AttributeProto } from "../../src/onnx/index.ts";
import { AttributeType, encodeModel } from "../../src/onnx/proto.ts";
import { evaluate, initialState, type Tensor } from "../../src/runtime/index.ts";

/** An input of the node. */
export interface Given {
  readonly shape: Shape;
  readonly data: readonly number[];
  /** One of `DataType`, FLOAT by default. */
  readonly type?: number;
  /** Whether it is a weight of the file rather than fed. */
  readonly isWeight?: boolean;
}
/** Numbers are FLOAT where they come as `{ f }`, else INT. */
export type Attribute =
  number | string | readonly number[] | readonly string[] | { readonly f: number };
export interface OneNode {
  readonly op: string;
  readonly opset: number;
  readonly inputs: readonly (Given | undefined)[];
  readonly attributes?: Readonly<Record<string, Attribute>>;
  /** How many outputs are asked for (default 1). */
  readonly outputs?: number;
}

/** Numbers between -2 and 2, the same for the same seed. */
export function random(shape: Shape, seed = 1, options: Partial<Given> = {}): Given {
  let state = seed * 7919;
  const next = (): number => (state = (state * 16807) % 2147483647) / 2147483647;
  next();
  return { shape, data: Array.from({ length: sizeOf(shape) }, () => 4 * next() - 2), ...options };
}
export const int64 = (...data: number[]): Given => ({
  ...{ shape: [data.length], data, type: DataType.INT64, isWeight: true },
});

export function modelOf({ op, opset, inputs, attributes = {}, outputs = 1 }: OneNode): Uint8Array {
  const names = inputs.map((x, i) => (x ? `x${i}` : ""));
  const made = Array.from({ length: outputs }, (_, i) => `y${i}`);
  const given = inputs.flatMap((x, i) => (x ? [{ ...x, name: names[i] }] : []));
  return encodeModel({
    irVersion: opset < 9 ? 3 : 8,
    opsetImport: [{ domain: "", version: opset }],
    graph: {
      name: "one",
      node: [
        {
          ...{ input: names, output: made, opType: op, name: "n" },
          attribute: Object.entries(attributes).map(([name, x]) => attributeOf(name, x)),
        },
      ],
      // In the oldest files weights are inputs, too.
      input: given
        .filter((x) => !x.isWeight || opset < 9)
        .map(({ name, shape, type = DataType.FLOAT }) => ({
          name,
          type: {
            tensorType: { elemType: type, shape: { dim: shape.map((d) => ({ dimValue: d })) } },
          },
        })),
      output: made.map((name) => ({ name })),
      initializer: given
        .filter((x) => x.isWeight)
        .map(({ name, shape, data, type = DataType.FLOAT }) => ({
          ...{ name, dims: shape, dataType: type },
          rawData: new Uint8Array(bytesOf(type, data).slice().buffer),
        })),
    },
  });
}

function attributeOf(name: string, x: Attribute): Partial<AttributeProto> {
  if (typeof x === "number") return { name, type: AttributeType.INT, i: x };
  if (typeof x === "string")
    return { name, type: AttributeType.STRING, s: new TextEncoder().encode(x) };
  if ("f" in x) return { name, type: AttributeType.FLOAT, f: x.f };
  if (typeof x[0] === "string")
    return {
      ...{ name, type: AttributeType.STRINGS },
      strings: (x as readonly string[]).map((s) => new TextEncoder().encode(s)),
    };
  return { name, type: AttributeType.INTS, ints: x as readonly number[] };
}

const arrays = new Map<number, readonly [string, (data: readonly number[]) => ort.Tensor["data"]]>([
  [DataType.FLOAT, ["float32", (data) => Float32Array.from(data)]],
  [DataType.INT32, ["int32", (data) => Int32Array.from(data)]],
  [DataType.INT64, ["int64", (data) => BigInt64Array.from(data, BigInt)]],
  [DataType.UINT8, ["uint8", (data) => Uint8Array.from(data)]],
  [DataType.INT8, ["int8", (data) => Int8Array.from(data)]],
  [DataType.BOOL, ["bool", (data) => Uint8Array.from(data)]],
]);
const bytesOf = (type: number, data: readonly number[]): Float32Array =>
  arrays.get(type)![1](data) as Float32Array;

export interface Result {
  readonly shape: Shape;
  readonly data: readonly number[];
}

/** What ONNX Runtime makes of the file. */
export async function onOnnxRuntime(one: OneNode): Promise<Result[]> {
  const session = await ort.InferenceSession.create(modelOf(one), {
    logSeverityLevel: 4, // old operator sets and odd shapes are meant
  });
  const feeds = one.inputs.flatMap((x, i) => {
    if (!x || x.isWeight) return [];
    const { shape, data, type = DataType.FLOAT } = x;
    const [name, array] = arrays.get(type)!;
    return [[`x${i}`, new ort.Tensor(name as "float32", array(data) as Float32Array, shape)]];
  });
  const made = await session.run(Object.fromEntries(feeds) as Record<string, ort.Tensor>);
  await session.release();
  return session.outputNames.map((name) => ({
    shape: [...made[name].dims],
    data: Array.from(made[name].data as ArrayLike<number>, Number),
  }));
}

/** What the imported network makes of it, in the reference interpreter; its weights are in the norm `norm`. */
export function imported(one: OneNode, norm: Norm = arms.plain): Result[] {
  const known = one.inputs.flatMap((x, i) => (x && !x.isWeight ? [[`x${i}`, x] as const] : []));
  const feeds = Object.fromEntries(
    known.map(([name, { shape, data, type = DataType.FLOAT }]) => [
      name,
      tensorOf(shape, data, type),
    ]),
  );
  const { network, outputs } = importModel(modelOf(one));
  const { value } = trace((scope) => network(scope), { mode: "eval", norm });
  const state = initialState(parametersOf(Object.values(value)), 1);
  const made = evaluate(value, { feeds, state });
  return outputs.map((name) => ({
    shape: made[name].shape,
    data: Array.from(made[name].data, Number),
  }));
}
function tensorOf(shape: Shape, data: readonly number[], type: number): Tensor {
  if (type === DataType.FLOAT) return { dtype: "float", shape, data: Float32Array.from(data) };
  if (type === DataType.BOOL) return { dtype: "bool", shape, data: Uint8Array.from(data) };
  return { dtype: "int32", shape, data: Int32Array.from(data) };
}
