/** What a trained network says of many examples, batch after batch. */
import {
  checkState,
  evalStep,
  isOptimizerState,
  parametersOf,
  type Input,
  type Network,
  type Tensor,
} from "../../src/index.ts";
import type { TrainedModel } from "../../runs/minibatch/task.ts";

const BATCH = 100;

export interface Asking {
  /** The input of so many examples. */
  input(size: number): Input;
  /** Its values for those from `start` on, `size` of them. */
  feed(start: number, size: number): Promise<Tensor> | Tensor;
  readonly count: number;
  /** Its output `answer` is [size, outputs]. */
  network(x: Input): Network;
}

/** The answers, one an example. The last batch is as small as need be. */
export async function answersOf(
  { norm, state: saved, runtime, onProgress }: Omit<TrainedModel, "data">,
  { input, feed, count, network }: Asking,
): Promise<readonly (readonly number[])[]> {
  // A run that was stopped before its first test has no best parameters, only a state to train on from.
  const state = new Map([...saved].filter(([name]) => !isOptimizerState(name)));
  const answers: (readonly number[])[] = [];
  for (const [start, end] of ranges(count)) {
    const batch = Math.min(BATCH, count - start);
    const x = input(batch);
    const { outputs = {}, ...spec } = evalStep(network(x), { inputs: [x], norm });
    const { answer } = outputs;
    checkState(parametersOf([answer]), state, "the checkpoint");
    const program = await runtime.compile({ ...spec, outputs: { answer } });
    try {
      for (let at = start; at < end; at += batch) {
        const { data } = (await program.run({ x: await feed(at, batch) }, state))["answer"];
        const width = data.length / batch;
        for (let i = 0; i < batch; i++)
          answers.push(Array.from(data.subarray(i * width, (i + 1) * width)));
        onProgress((at + batch) / count);
      }
    } finally {
      await program.release();
    }
  }
  return answers;
}

/** All full batches, and the rest. */
const ranges = (count: number): readonly (readonly [start: number, end: number])[] => {
  const full = count - (count % BATCH);
  return (
    [
      [0, full],
      [full, count],
    ] as const
  ).filter(([start, end]) => end > start);
};

/** The most likely class, and how likely it is. */
export function likeliest(probabilities: readonly number[]): {
  readonly index: number;
  readonly probability: number;
} {
  const probability = Math.max(...probabilities);
  return { index: probabilities.indexOf(probability), probability: rounded(probability) };
}

/** Six digits: what 32 bits know. */
export const rounded = (x: number): number => Number(x.toPrecision(6));
