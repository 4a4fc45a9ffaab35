/** A model of an .onnx file, beside what ONNX Runtime makes of the file itself: what it computes, how it trains, what is exported. */
import * as ort from "onnxruntime-node";
import { exportModel } from "../../src/export/index.ts";
import { input, sizeOf, type Dtype, type Node, type Shape } from "../../src/graph/index.ts";
import type { ImportedModel } from "../../src/import/index.ts";
import {
  arms,
  fold,
  meanSquaredError,
  startScales,
  trace,
  type Norm,
  type Scope,
} from "../../src/nn/index.ts";
import { DataType, decodeModel } from "../../src/onnx/index.ts";
import { encodeModel } from "../../src/onnx/proto.ts";
import { adam } from "../../src/optim/index.ts";
import { nodeRuntime } from "../../src/runtime/node.ts";
import { initialState, tensor, type State, type Tensor } from "../../src/runtime/program.ts";
import { trainStep, type Network } from "../../src/train/index.ts";

export type Feeds = Readonly<Record<string, Tensor>>;
/** Where examples are, by the name of a value; on the first axis by default. */
export type Axes = Readonly<Partial<Record<string, number>>>;

/** Numbers between -1 and 1, the same for the same seed. */
export function noise(shape: Shape, seed: number): Tensor {
  let state = seed * 7919 + 1;
  const next = (): number => (state = (state * 16807) % 2147483647) / 2147483647;
  next();
  const data = Float32Array.from({ length: sizeOf(shape) }, () => 2 * next() - 1);
  return tensor(data, shape);
}

/** The examples from `from` on, `count` of them, along the axis that runs over them. */
export function some(x: Tensor, [from, count]: readonly [number, number], axis = 0): Tensor {
  const inner = sizeOf(x.shape.slice(axis + 1));
  const outer = sizeOf(x.shape.slice(0, axis));
  const all = x.shape[axis];
  const parts = Array.from({ length: outer }, (_, i) =>
    Array.from(x.data.subarray((i * all + from) * inner, (i * all + from + count) * inner)),
  );
  return tensor(Float32Array.from(parts.flat()), x.shape.with(axis, count));
}

/** What ONNX Runtime makes of values of a graph, its outputs or any others. */
export async function original(
  bytes: Uint8Array,
  feeds: Feeds,
  values: readonly string[],
): Promise<Readonly<Record<string, Tensor>>> {
  const model = decodeModel(bytes, "original");
  const told = new Set(model.graph!.output.map((x) => x.name));
  const others = values.filter((name) => !told.has(name)).map((name) => ({ name }));
  const graph = { ...model.graph!, output: [...model.graph!.output, ...others] };
  const session = await ort.InferenceSession.create(encodeModel({ ...model, graph }), {
    logSeverityLevel: 4,
  });
  const isWide = (name: string): boolean =>
    graph.input.find((x) => x.name === name)?.type?.tensorType?.elemType === DataType.INT64;
  const given = Object.entries(feeds).map(([name, { data, shape, dtype }]) => [
    name,
    dtype === "float"
      ? new ort.Tensor("float32", Float32Array.from(data), shape)
      : isWide(name)
        ? new ort.Tensor("int64", BigInt64Array.from(data, BigInt), shape)
        : new ort.Tensor("int32", Int32Array.from(data), shape),
  ]);
  const made = await session.run(Object.fromEntries(given) as Record<string, ort.Tensor>, [
    ...values,
  ]);
  await session.release();
  return Object.fromEntries(
    values.map((name) => [name, tensor(made[name].data as Float32Array, made[name].dims)]),
  );
}

/** The largest difference, relative to the largest value of `of`. */
export function difference(a: Tensor, b: Tensor, of: Tensor = b): number {
  if (`${a.shape}` !== `${b.shape}`) throw new Error(`shapes differ: [${a.shape}], [${b.shape}]`);
  const largest = Array.from(of.data).reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  const most = Array.from(b.data).reduce((far, x, i) => Math.max(far, Math.abs(a.data[i] - x)), 0);
  return most / largest;
}

/** How far values are from all being the same: what differs from example to example proves something. */
export function spread({ data }: Tensor): number {
  const values = Array.from(data);
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  return Math.sqrt(values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length);
}

const runtime = nodeRuntime({ threads: 1 });

/** What the imported network makes of `feeds` in a norm, on ONNX Runtime. Without a state its weights are those of the file. */
export async function computed(
  { network }: Pick<ImportedModel, "network">,
  feeds: Feeds,
  { norm = arms.plain, state }: { readonly norm?: Norm; readonly state?: State } = {},
): Promise<Readonly<Record<string, Tensor>>> {
  const inputs = inputsOf(feeds);
  const { value } = trace((scope) => network(scope, inputs), { mode: "eval", norm });
  const program = await runtime.compile({ inputs: Object.values(inputs), outputs: value });
  const made = await program.run(feeds, state ?? initialState(program.parameters, 1));
  await program.release();
  return made;
}

export const inputsOf = (
  feeds: Readonly<Record<string, { readonly shape: Shape; readonly dtype: Dtype }>>,
): Readonly<Record<string, ReturnType<typeof input>>> =>
  Object.fromEntries(
    Object.entries(feeds).map(([name, x]) => [name, input(name, x.shape, x.dtype)]),
  );

/** What came of a few steps. */
export interface Trained {
  readonly losses: readonly number[];
  readonly state: State;
}

/** Steps of Adam towards targets that say nothing, so that only the training itself can lower the loss. */
export async function trained(
  model: ImportedModel,
  feeds: Feeds,
  { norm, steps, lr }: { readonly norm: Norm; readonly steps: number; readonly lr: number },
): Promise<Trained> {
  const inputs = inputsOf(feeds);
  const [name] = model.outputs;
  const { shape } = trace((scope) => model.network(scope, inputs)[name], {
    ...{ mode: "eval", norm },
  }).value;
  const target = noise(shape, 99);
  const toward = input("target", shape);
  const network: Network = (scope: Scope) => ({
    loss: meanSquaredError(model.network(scope, inputs)[name], toward),
  });
  const spec = trainStep(network, {
    ...{ norm, inputs: [...Object.values(inputs), toward] },
    optimizer: adam({ lr }),
  });
  const program = await runtime.compile(spec);
  const state = initialState(program.parameters, 1);
  startScales(state);
  const losses: number[] = [];
  for (let i = 0; i < steps; i++)
    losses.push((await program.run({ ...feeds, target }, state))["loss"].data[0]);
  await program.release();
  return { losses, state };
}

/** A trained network as a file that takes any number of examples; `axes` say where these are where that is not the first axis. */
export function exported(
  { network, original: names }: ImportedModel,
  feeds: Feeds,
  { state, axes = {} }: { readonly state: State; readonly axes?: Axes },
): Uint8Array {
  const outputsOf = (size: number): Readonly<Record<string, Node>> => {
    const inputs = inputsOf(
      Object.fromEntries(
        Object.entries(feeds).map(([name, x]) => [
          name,
          { dtype: x.dtype, shape: x.shape.with(axes[name] ?? 0, size) },
        ]),
      ),
    );
    return trace((scope) => network(scope, inputs), { mode: "eval", norm: arms.plain }).value;
  };
  return exportModel(outputsOf, fold(state), { names });
}
