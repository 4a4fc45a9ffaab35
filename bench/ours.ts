/** Our training step of the MNIST network, ready to be timed. */
import { adam, arms, input, initialState, tensor, trainStep, type Arm } from "../src/index.ts";
import { nodeRuntime } from "../src/node/index.ts";
import { classifier } from "../experiments/mnist/model.ts";

export interface OursOptions {
  readonly arm: Arm;
  readonly batch: number;
  readonly width: number;
  readonly threads: number;
}
export interface Ours {
  /** Milliseconds of each of `steps` training steps, feeding included. */
  run(steps: number): Promise<readonly number[]>;
  release(): Promise<void>;
}

export async function ours({ arm, batch, width, threads }: OursOptions): Promise<Ours> {
  const x = input("x", [batch, 1, 28, 28]);
  const labels = input("labels", [batch], "int32");
  const spec = trainStep(classifier(x, labels, { width }), {
    inputs: [x, labels],
    norm: arms[arm],
    optimizer: adam({ lr: 1e-3 }),
  });
  const program = await nodeRuntime({ threads }).compile(spec);
  const state = initialState(program.parameters, 1);
  // Noise and labels in turn, as the peer has them: what is timed does not depend on the values.
  const feeds = {
    x: tensor(
      Float32Array.from({ length: batch * 784 }, (_, i) => Math.sin(i * i)),
      [batch, 1, 28, 28],
    ),
    labels: tensor(
      Int32Array.from({ length: batch }, (_, i) => i % 10),
      [batch],
      "int32",
    ),
  };
  return {
    async run(steps) {
      const milliseconds: number[] = [];
      for (let i = 0; i < steps; i++) {
        const start = performance.now();
        await program.run(feeds, state);
        milliseconds.push(performance.now() - start);
      }
      return milliseconds;
    },
    release: program.release,
  };
}
