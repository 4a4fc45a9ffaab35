/** A trained model as an .onnx file of its own: what the file says of itself, and a trial of it before it is kept. */
import {
  hash,
  keyOf,
  largestDifference,
  sizeOf,
  tensor,
  topological,
  type Arm,
  type ExportOptions,
  type Input,
  type Runtime,
  type Tensor,
} from "../src/index.ts";
import type { Experiment, Exported } from "./experiment.ts";

export const aboutFile = (
  { metadata, original }: Exported,
  { experiment, arm }: { readonly experiment: Experiment; readonly arm: Arm },
): Pick<ExportOptions, "metadata" | "names" | "graphName"> => ({
  ...{ metadata: { ...metadata, arm }, names: original, graphName: experiment.name },
});

export interface TrialOptions {
  /** On so many random examples. */
  readonly count: number;
  /** Whether weights were stored in half precision. */
  readonly half: boolean;
  /** What runs the file, and what runs the network. */
  readonly runtime: Runtime;
  readonly against: Runtime;
}

/** How far answers may be from those of the network, as a share of the largest or of 1: float32 rounds, and half precision rounds weights. */
const [SAME, HALF] = [1e-3, 0.1];

/** How far the file's answers are from those of the network; throws where that is too far. */
export async function tried(
  model: Uint8Array,
  { outputs, state }: Exported,
  { count, half, ...runtimes }: TrialOptions,
): Promise<{ readonly difference: number; readonly largest: number }> {
  const network = outputs(count);
  const inputs = topological(Object.values(network)).filter((n): n is Input => n.op === "input");
  const feeds = Object.fromEntries(inputs.map((x) => [x.attrs.name, randomly(x)]));
  const found = await largestDifference(model, network, { ...runtimes, feeds, state });
  const all = [...found.values()];
  const difference = Math.max(...all.map((x) => x.difference));
  const largest = Math.max(...all.map((x) => x.largest));
  if (difference <= (half ? HALF : SAME) * Math.max(1, largest)) return { difference, largest };
  throw new Error(
    `export: expected a file that answers as the network does, got answers that are ${difference} away from its ${largest}; ${half ? "leave --half away" : "report it, with the model"}`,
  );
}

function randomly({ attrs, shape, dtype }: Input): Tensor {
  const key = keyOf("export", attrs.name);
  const values = Float32Array.from({ length: sizeOf(shape) }, (_, i) => hash(i, key) / 2 ** 31 - 1);
  return tensor(dtype === "float" ? values : Int32Array.from(values), shape, dtype);
}
