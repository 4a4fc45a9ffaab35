/** What the two ONNX Runtime packages have in common: everything but how they are imported. */
import type { Dtype } from "../graph/index.ts";
import { inputName, parameterName, toModel, type Target } from "../onnx/index.ts";
import { outside } from "./demand.ts";
import type { Runtime, Session, State, Tensor, TensorData } from "./program.ts";
import { computed, planOf, programOf, type Plan } from "./run.ts";
import { lifetime } from "./turns.ts";

/** The part of `onnxruntime-node` and `onnxruntime-web` that is used here; whoever has neither can still check types. */
export interface Ort {
  readonly InferenceSession: {
    /** A session of a model. */
    create(model: Uint8Array, options?: SessionOptions): Promise<OrtSession>;
  };
  readonly Tensor: new (type: OrtType, data: TensorData, dims: readonly number[]) => OrtTensor;
}
export interface OrtSession {
  run(feeds: Readonly<Record<string, OrtTensor>>): Promise<Readonly<Record<string, OrtTensor>>>;
  release(): Promise<void>;
}
export interface OrtTensor {
  readonly type: string;
  readonly dims: readonly number[];
  readonly data: unknown;
  /** "cpu", "gpu-buffer" or another. */
  readonly location?: string;
  /** Frees what lies on a device. */
  dispose?(): void;
}
export type OrtType = "float32" | "float64" | "int32" | "uint32" | "bool";
export interface SessionOptions {
  readonly executionProviders?: readonly (
    string | { readonly name: "webgpu"; readonly preferredLayout?: "NCHW" | "NHWC" }
  )[];
  /** Where outputs are left, by name. */
  readonly preferredOutputLocation?: Readonly<Record<string, "cpu" | "gpu-buffer">>;
  readonly extra?: Record<string, unknown>;
  readonly executionMode?: "sequential" | "parallel";
  readonly graphOptimizationLevel?: "disabled" | "basic" | "extended" | "all";
  readonly intraOpNumThreads?: number;
  readonly logSeverityLevel?: 0 | 1 | 2 | 3 | 4;
  readonly enableProfiling?: boolean;
  readonly profileFilePrefix?: string;
}

const ortType = { float: "float32", int32: "int32", uint32: "uint32", bool: "bool" } as const;

export interface OrtOptions {
  readonly session: SessionOptions;
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
    const plan = planOf(spec);
    const ort = await load();
    const { bytes, inputs, nodes } = toModel(plan.roots, await target?.(ort));
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
      for (const { attrs } of spec.inputs ?? []) take(inputName(attrs.name), feeds[attrs.name]);
      for (const { attrs } of plan.parameters)
        take(parameterName(attrs.name), state.get(attrs.name)!);
      return result;
    };
    const roots = Object.entries(plan.roots);
    return programOf(plan, {
      async compute(feeds, state) {
        const values = await session.run(feedsOf(feeds, state)).catch((error: unknown) => {
          throw inOurWords(error, plan);
        });
        const tensors = roots.map(([key, { shape, dtype }]) => {
          const data = values[key].data as TensorData;
          return [key, { shape, dtype, data }] as const;
        });
        return computed(Object.fromEntries(tensors), spec);
      },
      release: () => session.release(),
    });
  },
  async open(model) {
    const ort = await load();
    const session = await ort.InferenceSession.create(model, options);
    const { use, end } = lifetime({ what: "session", again: "open" }, () => session.release());
    const run: Session["run"] = async (feeds) => {
      const given = Object.entries(feeds).map(([key, x]) => [key, asIs(ort, x)] as const);
      const values = await session.run(Object.fromEntries(given));
      return Object.fromEntries(
        Object.entries(values).map(([key, x]) => [
          key,
          { dtype: dtypeOf(x), shape: x.dims, data: x.data as TensorData },
        ]),
      );
    };
    return { run: (feeds) => use(() => run(feeds)), release: end };
  },
});

/**
 * ONNX Runtime's own passes take time that grows with the graph. An unrolled recurrence of 20,000 nodes spends more on them
 * (3 s) than on the rest of its session (3 s), and its steps are no faster for it.
 */
const MANY_NODES = 5000;
const sessionOptions = (options: SessionOptions, nodes: number): SessionOptions =>
  nodes > MANY_NODES ? { ...options, graphOptimizationLevel: "disabled" } : options;

/** ONNX Runtime notices by itself where an index that the graph computes is too large. */
function inOurWords(error: unknown, { ranges: { computed } }: Plan): unknown {
  const text = error instanceof Error ? error.message : "";
  const [, got, most] = /idx=(-?\d+) must be within .*?,(-?\d+)\]/.exec(text) ?? [];
  const demand = computed.find((d) => d.most === Number(most));
  return demand ? outside(demand, Number(got), { cause: error }) : error;
}

/** A program computes in single precision, whatever it is given; a model in what it was made for. */
const asIs = (ort: Ort, x: Tensor): OrtTensor =>
  x.data instanceof Float64Array ? new ort.Tensor("float64", x.data, x.shape) : toOrt(ort, x);

const dtypeOf = ({ type }: OrtTensor): Dtype =>
  type === "int32" || type === "uint32" || type === "bool" ? type : "float";

export function toOrt(ort: Ort, { dtype, shape, data }: Tensor): OrtTensor {
  const values = data instanceof Float64Array ? Float32Array.from(data) : data;
  return new ort.Tensor(ortType[dtype], values, shape);
}
