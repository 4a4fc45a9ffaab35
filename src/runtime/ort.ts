/** What the two ONNX Runtime packages have in common: everything but how they are imported. */
import type { InferenceSession, Tensor as OrtTensor, TensorConstructor } from "onnxruntime-common";
import type { Dtype } from "../graph/index.ts";
import { inputName, parameterName, toModel, type Target } from "../onnx/index.ts";
import {
  checkFeed,
  checkSpec,
  type Program,
  type ProgramSpec,
  type Runtime,
  type State,
  type Tensor,
  type TensorData,
} from "./program.ts";

/** The part of `onnxruntime-node` and `onnxruntime-web` that is used here. */
export interface Ort {
  readonly InferenceSession: {
    /** A session of a model. */
    create(model: Uint8Array, options?: InferenceSession.SessionOptions): Promise<InferenceSession>;
  };
  readonly Tensor: TensorConstructor;
}

const ortType = { float: "float32", int32: "int32", uint32: "uint32", bool: "bool" } as const;

/** Outputs carry this before their names so that updates, whose names are parameters', cannot meet them. */
const outputKey = (name: string): string => `output:${name}`;
const updateKey = (name: string): string => `next:${name}`;

export interface OrtOptions {
  readonly session: InferenceSession.SessionOptions;
  /** Probed once; the plain target by default. */
  target?(ort: Ort): Promise<Target>;
}

/** A runtime on top of an imported ONNX Runtime package. */
export const ortRuntime = (
  name: string,
  load: () => Promise<Ort>,
  { session: options, target }: OrtOptions,
): Runtime => ({
  name,
  async compile(spec) {
    const { parameters } = checkSpec(spec);
    const ort = await load();
    const { bytes, inputs, nodes } = toModel(rootsOf(spec), await target?.(ort));
    const session = await ort.InferenceSession.create(bytes, sessionOptions(options, nodes));
    const used = new Set(inputs.map((x) => x.name));
    const feedsOf = (
      feeds: Readonly<Record<string, Tensor>>,
      state: State,
    ): Record<string, OrtTensor> => {
      const result: Record<string, OrtTensor> = {};
      const take = (key: string, x: Tensor): void => {
        if (used.has(key)) result[key] = toOrt(ort, x);
      };
      for (const { attrs } of spec.inputs ?? [])
        take(inputName(attrs.name), checkFeed("input", attrs, feeds[attrs.name]));
      for (const { attrs } of parameters)
        take(parameterName(attrs.name), checkFeed("parameter", attrs, state.get(attrs.name)));
      return result;
    };
    return { parameters, ...running(spec, session, feedsOf) };
  },
  async open(model) {
    const ort = await load();
    const session = await ort.InferenceSession.create(model, options);
    return {
      async run(feeds) {
        const given = Object.entries(feeds).map(([key, x]) => [key, asIs(ort, x)] as const);
        const values = await session.run(Object.fromEntries(given));
        return Object.fromEntries(
          Object.entries(values).map(([key, x]) => [
            key,
            { dtype: dtypeOf(x), shape: x.dims, data: x.data as TensorData },
          ]),
        );
      },
      release: () => session.release(),
    };
  },
});

/**
 * ONNX Runtime's own passes take time that grows with the graph. An unrolled recurrence of 20,000 nodes spends more on them
 * (3 s) than on the rest of its session (3 s), and its steps are no faster for it.
 */
const MANY_NODES = 5000;
const sessionOptions = (
  options: InferenceSession.SessionOptions,
  nodes: number,
): InferenceSession.SessionOptions =>
  nodes > MANY_NODES ? { ...options, graphOptimizationLevel: "disabled" } : options;

/** Outputs and updates of a spec as the outputs of one model. */
export const rootsOf = ({ outputs = {}, updates = [] }: ProgramSpec): Record<string, ProgramRoot> =>
  Object.fromEntries([
    ...Object.entries(outputs).map(([name, node]) => [outputKey(name), node] as const),
    ...updates.map(({ parameter, next }) => [updateKey(parameter.attrs.name), next] as const),
  ]);
type ProgramRoot = NonNullable<ProgramSpec["outputs"]>[string];

function running(
  { outputs = {}, updates = [] }: ProgramSpec,
  session: InferenceSession,
  feedsOf: (feeds: Readonly<Record<string, Tensor>>, state: State) => Record<string, OrtTensor>,
): Pick<Program, "run" | "release"> {
  return {
    async run(feeds, state) {
      const values = await session.run(feedsOf(feeds, state));
      const read = (key: string, { shape, dtype }: ProgramRoot): Tensor => ({
        shape,
        dtype,
        data: values[key].data as TensorData,
      });
      for (const { parameter: p, next } of updates)
        state.set(p.attrs.name, read(updateKey(p.attrs.name), next));
      return Object.fromEntries(
        Object.entries(outputs).map(([name, node]) => [name, read(outputKey(name), node)]),
      );
    },
    release: () => session.release(),
  };
}

/** A program computes in single precision, whatever it is given; a model in what it was made for. */
const asIs = (ort: Ort, x: Tensor): OrtTensor =>
  x.data instanceof Float64Array ? new ort.Tensor("float64", x.data, x.shape) : toOrt(ort, x);

const dtypeOf = ({ type }: OrtTensor): Dtype =>
  type === "int32" || type === "uint32" || type === "bool" ? type : "float";

function toOrt(ort: Ort, { dtype, shape, data }: Tensor): OrtTensor {
  const values = data instanceof Float64Array ? Float32Array.from(data) : data;
  return new ort.Tensor(ortType[dtype], values as never, shape);
}
