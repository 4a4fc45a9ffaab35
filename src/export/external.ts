/** Weights in a file of their own: a .onnx file holds no more than 2 GB, since Protocol Buffers count in 31 bits. */
import type { Graph, TensorDraft } from "../onnx/index.ts";

export const LARGEST_FILE: number = 2 ** 31 - 1;
/** Smaller tensors stay in the model, as runtimes look at shapes before they have a file. */
const LEAST = 1024;
/** Where a large tensor begins, so that it can be mapped into memory. */
const PAGE = 4096;

export const bytesOf = ({ initializers }: Graph): number =>
  initializers.reduce((sum, x) => sum + (x.rawData?.length ?? 0), 0);

/** A graph without its weights, and these: one after the other they are the file `location`. */
export function external(
  graph: Graph,
  location: string,
): { readonly graph: Graph; readonly data: readonly Uint8Array[] } {
  const data: Uint8Array[] = [];
  let at = 0;
  const push = (bytes: Uint8Array): void => {
    data.push(bytes);
    at += bytes.length;
  };
  const initializers = graph.initializers.map((x): TensorDraft => {
    const { rawData, ...rest } = x;
    if (!rawData || rawData.length < LEAST) return x;
    const gap = (PAGE - (at % PAGE)) % PAGE;
    if (gap > 0) push(new Uint8Array(gap));
    const place = { location, offset: String(at), length: String(rawData.length) };
    push(rawData);
    const externalData = Object.entries(place).map(([key, value]) => ({ key, value }));
    return { ...rest, externalData, dataLocation: 1 };
  });
  return { graph: { ...graph, initializers }, data };
}
