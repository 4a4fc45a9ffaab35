/** State as the host has it. */
import type { Dtype, Shape } from "../graph/index.ts";

/** A tensor outside the graph, row-major; what runtimes keep state in. */
export interface Values {
  readonly dtype: Dtype;
  readonly shape: Shape;
  readonly data: Float32Array | Float64Array | Int32Array | Uint32Array | Uint8Array;
}
/** Tensors by name: a state, or what comes from elsewhere. */
export type Tensors = ReadonlyMap<string, Values>;
