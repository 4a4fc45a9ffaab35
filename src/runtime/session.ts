/** ONNX Runtime as its packages have it. */
import type { Node } from "../graph/index.ts";
import type { TensorData } from "./program.ts";

/** The part of `onnxruntime-node` and `onnxruntime-web` that is used here; whoever has neither can still check types. */
export interface Ort {
  readonly InferenceSession: {
    /** A session of a model. */
    create(model: Uint8Array, options?: SessionOptions): Promise<OrtSession>;
  };
  readonly Tensor: new (type: OrtType, data: TensorData, dims: readonly number[]) => OrtTensor;
}
export interface OrtSession {
  /** `fetches`: where to write outputs, or null for arrays of their own. */
  run(
    feeds: Readonly<Record<string, OrtTensor>>,
    fetches?: Readonly<Record<string, OrtTensor | null>>,
  ): Promise<Readonly<Record<string, OrtTensor>>>;
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

/** A session and what it is for. */
export interface Opened {
  readonly session: OrtSession;
  /** What it computes, by output. */
  readonly roots: Readonly<Record<string, Node>>;
  /** What it has to be fed, of all that there may be. */
  readonly takes: ReadonlySet<string>;
}
