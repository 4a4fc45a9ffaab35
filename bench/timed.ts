/** A training step on any runtime, ready to be timed. */
import {
  arms,
  initialState,
  keyTensor,
  sizeOf,
  tensor,
  type Arm,
  type Input,
  type Runtime,
  type Tensor,
} from "../src/index.ts";
import type { Subject } from "./subjects.ts";

export interface Step {
  readonly subject: Subject;
  readonly arm: Arm;
  readonly batch: number;
  readonly width: number;
}
/** One step again and again. */
export interface Timed {
  /** From the network to a session: graph, gradients, model, and what ONNX Runtime does with it. */
  readonly compileSeconds: number;
  /** Milliseconds of each of `steps` training steps, feeding included. */
  run(steps: number): Promise<readonly number[]>;
  release(): Promise<void>;
}

export async function timed(
  runtime: Runtime,
  { subject, arm, batch, width }: Step,
): Promise<Timed> {
  const began = performance.now();
  const spec = subject.step(batch, width, arms[arm]);
  const given = [...(spec.inputs ?? []), ...(spec.unused ?? [])];
  const inputs = given.filter((x) => x.attrs.name !== "key");
  const isRandom = inputs.length < given.length;
  const program = await runtime.compile(spec);
  const compileSeconds = (performance.now() - began) / 1000;
  const state = initialState(program.parameters, 1);
  const feeds = Object.fromEntries(inputs.map((x) => [x.attrs.name, anything(x, subject.choices)]));
  let step = 0;
  return {
    compileSeconds,
    async run(steps) {
      const milliseconds: number[] = [];
      for (let i = 0; i < steps; i++) {
        const start = performance.now();
        const key = isRandom ? { key: keyTensor(step++) } : {};
        await program.run({ ...feeds, ...key }, state);
        milliseconds.push(performance.now() - start);
      }
      return milliseconds;
    },
    release: program.release,
  };
}

/** Noise in 0..1, labels in turn, and now and then an end, as the peer has them: what is timed does not depend on the values. */
function anything({ shape, dtype, attrs: { name } }: Input, choices = 10): Tensor {
  const values = (value: (i: number) => number): Float32Array =>
    Float32Array.from({ length: sizeOf(shape) }, (_, i) => value(i));
  if (dtype !== "float")
    return tensor(
      values((i) => i % choices),
      shape,
      dtype,
    );
  return tensor(
    values(name === "ended" ? (i) => Number(i % 7 === 0) : (i) => (1 + Math.sin(i * i)) / 2),
    shape,
  );
}
