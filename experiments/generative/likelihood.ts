/** The importance-weighted estimate of the log-likelihood (Burda et al. 2016, eq. 8): tighter than the bound the more draws it has. */
import {
  hash,
  input,
  keyOf,
  keyTensor,
  sizeOf,
  tensor,
  trace,
  type Program,
  type Tensor,
} from "../../src/index.ts";
import type { TrainedModel } from "../../runs/minibatch/task.ts";
import type { GenerativeModel } from "./model.ts";

const BATCH = 100;

export interface EstimateOptions {
  readonly draws: number;
  readonly examples: number;
  readonly binary: boolean;
}

/** The mean over test images of -log (1/k sum_i p(x, z_i) / q(z_i | x)), z_1 ... z_k from q(z | x); in nats. */
export async function negativeLogLikelihood(
  model: Pick<GenerativeModel, "logWeight" | "image">,
  { state, norm, data, runtime, onProgress }: Omit<TrainedModel, "config" | "arm" | "seed">,
  { draws, examples, binary }: EstimateOptions,
): Promise<number> {
  const count = Math.min(examples, data.test.count);
  const size = Math.min(BATCH, count);
  const x = input("x", [size, ...model.image]);
  const key = input("key", [2], "uint32");
  const { value } = trace((scope) => model.logWeight(scope, x), { mode: "eval", norm, key });
  const program: Program = await runtime.compile({
    inputs: [x, key],
    outputs: { logWeight: value },
  });
  let total = 0;
  try {
    for (let start = 0; start < count; start += size) {
      const rows = Uint32Array.from({ length: size }, (_, i) => Math.min(start + i, count - 1));
      const feeds = binarized(data.test.feeds(rows), binary ? start : undefined);
      const logWeights: Tensor[] = [];
      for (let k = 0; k < draws; k++) {
        const drawn = { ...feeds, key: keyTensor("estimate", start, k) };
        logWeights.push((await program.run(drawn, state))["logWeight"]);
        onProgress(Math.min(1, (start * draws + (k + 1) * size) / (count * draws)));
      }
      for (let i = 0; i < Math.min(size, count - start); i++)
        total -= logMeanExp(logWeights.map(({ data: values }) => values[i]));
    }
  } finally {
    await program.release();
  }
  return total / count;
}

/** One black-and-white image for all draws: a model that is given one draws no other from it. */
function binarized(
  feeds: Record<string, Tensor>,
  start: number | undefined,
): Record<string, Tensor> {
  if (start === undefined) return feeds;
  const key = keyOf("binarized", start);
  const { data, shape } = feeds["x"];
  const pixels = Float32Array.from({ length: sizeOf(shape) }, (_, i) =>
    hash(i, key) / 2 ** 32 < data[i] ? 1 : 0,
  );
  return { ...feeds, x: tensor(pixels, shape) };
}

function logMeanExp(values: readonly number[]): number {
  const top = Math.max(...values);
  return top + Math.log(values.reduce((sum, v) => sum + Math.exp(v - top), 0) / values.length);
}
