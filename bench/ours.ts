/** Our training step of a network, ready to be timed. */
import { classifier as cifar10 } from "../experiments/cifar10/model.ts";
import { classifier as mnist } from "../experiments/mnist/model.ts";
import {
  adam,
  arms,
  input,
  initialState,
  keyTensor,
  sizeOf,
  tensor,
  trainStep,
  type Arm,
  type Input,
  type Network,
} from "../src/index.ts";
import { nodeRuntime } from "../src/node/index.ts";

export interface Subject {
  /** [channels, height, width] */
  readonly image: readonly number[];
  readonly network: (x: Input, labels: Input, width: number) => Network;
}
export const subjects: Readonly<Record<"mnist" | "cifar10", Subject>> = {
  mnist: { image: [1, 28, 28], network: (x, labels, width) => mnist(x, labels, { width }) },
  cifar10: { image: [3, 32, 32], network: (x, labels, width) => cifar10(x, labels, { width }) },
};

export interface OursOptions {
  readonly subject: Subject;
  readonly arm: Arm;
  readonly batch: number;
  readonly width: number;
  readonly threads: number;
  /** Whether the blocked layout may be used (default true). */
  readonly blocked?: boolean;
}
export interface Ours {
  /** Milliseconds of each of `steps` training steps, feeding included. */
  run(steps: number): Promise<readonly number[]>;
  release(): Promise<void>;
}

export async function ours({
  subject,
  arm,
  batch,
  width,
  threads,
  blocked = true,
}: OursOptions): Promise<Ours> {
  const shape = [batch, ...subject.image];
  const x = input("x", shape);
  const labels = input("labels", [batch], "int32");
  const key = input("key", [2], "uint32");
  const spec = trainStep(subject.network(x, labels, width), {
    inputs: [x, labels],
    key,
    norm: arms[arm],
    optimizer: adam({ lr: 1e-3 }),
  });
  const program = await nodeRuntime({ threads, blocked }).compile(spec);
  const state = initialState(program.parameters, 1);
  // Noise and labels in turn, as the peer has them: what is timed does not depend on the values.
  const pixels = Float32Array.from({ length: sizeOf(shape) }, (_, i) => Math.sin(i * i));
  const classes = Int32Array.from({ length: batch }, (_, i) => i % 10);
  const feeds = { x: tensor(pixels, shape), labels: tensor(classes, [batch], "int32") };
  let step = 0;
  return {
    async run(steps) {
      const milliseconds: number[] = [];
      for (let i = 0; i < steps; i++) {
        const start = performance.now();
        await program.run({ ...feeds, key: keyTensor(step++) }, state);
        milliseconds.push(performance.now() - start);
      }
      return milliseconds;
    },
    release: program.release,
  };
}
