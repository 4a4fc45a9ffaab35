/** Sessions that copy values from a device and onto it. */
import type { Dtype, Shape } from "../graph/index.ts";
import { encodeGraph } from "../onnx/index.ts";
import type { Ort, OrtSession, SessionOptions } from "./session.ts";

export interface Type {
  readonly dtype: Dtype;
  readonly shape: Shape;
}
/**
 * A session with output y = input x for values of a type, made once for all that have as many axes. To be asked for by one piece of
 * work at a time. To read a value by its own `getData` would be shorter, and ends the process in Node.
 */
export function copySessions(ort: Ort, options: SessionOptions): (x: Type) => Promise<OrtSession> {
  const made = new Map<string, OrtSession>();
  return async ({ dtype, shape }) => {
    const key = `${dtype} ${shape.length}`;
    const session =
      made.get(key) ?? (await ort.InferenceSession.create(copyOf(dtype, shape.length), options));
    made.set(key, session);
    return session;
  };
}
function copyOf(dtype: Dtype, rank: number): Uint8Array {
  const shape = Array.from({ length: rank }, (_, axis) => `axis ${axis}`);
  const nodes = [{ name: "y", opType: "Identity", domain: "", input: ["x"], output: ["y"] }];
  const ports = { inputs: [{ name: "x", dtype, shape }], outputs: [{ name: "y", dtype, shape }] };
  const graph = { ...ports, nodes, initializers: [], opset: 17, domains: [] };
  return encodeGraph(graph, { metadata: {} });
}
