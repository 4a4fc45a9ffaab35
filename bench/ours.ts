/** Our training step of a network, ready to be timed. */
import { classifier as cifar10 } from "../experiments/cifar10/model.ts";
import { draw, type DrawOptions } from "../experiments/draw/model.ts";
import { classifier as mnist } from "../experiments/mnist/model.ts";
import { vae } from "../experiments/vae/model.ts";
import {
  adam,
  adamax,
  arms,
  clipByNorm,
  initialState,
  input,
  keyTensor,
  sizeOf,
  tensor,
  trainStep,
  type Arm,
  type Input,
  type Network,
  type Norm,
  type Optimizer,
  type ProgramSpec,
  type Runtime,
  type Tensor,
} from "../src/index.ts";
import { nodeRuntime } from "../src/node/index.ts";
import type { Pass } from "../src/onnx/index.ts";

/** A training step that can be timed here and in the peer. */
export interface Subject {
  /** The peer's program in bench/peers, and which of its models where there are several. */
  readonly peer: string;
  readonly variant?: string;
  step(batch: number, width: number, norm: Norm): ProgramSpec;
  /** What a label or an action can be: 0 to one less. */
  readonly choices?: number;
}

/** A network that trains on minibatches of `inputs`. */
const training =
  (
    inputs: (batch: number) => readonly Input[],
    network: (inputs: readonly Input[], width: number) => Network,
    optimizer: Optimizer,
  ): Subject["step"] =>
  (batch, width, norm) => {
    const fed = inputs(batch);
    const key = input("key", [2], "uint32");
    return trainStep(network(fed, width), { inputs: fed, key, norm, optimizer });
  };

const classifier = (
  peer: string,
  image: readonly number[],
  network: (x: Input, labels: Input, width: number) => Network,
): Subject => ({
  peer,
  step: training(
    (batch) => [input("x", [batch, ...image]), input("labels", [batch], "int32")],
    ([x, labels], width) => network(x, labels, width),
    adam({ lr: 1e-3 }),
  ),
});

const digits = (batch: number): readonly Input[] => [input("x", [batch, 1, 28, 28])];

const drawing = (variant: string, options: DrawOptions): Subject => ({
  peer: "draw.py",
  variant,
  step: training(
    digits,
    ([x], units) =>
      (scope) =>
        draw({ ...options, units }).bound(scope, x),
    (parameters, gradients) => adam({ lr: 1e-3 })(parameters, clipByNorm(gradients, 10)),
  ),
});

/** By name; what is called width is the feature maps of the VAE at full size, and the units of DRAW's LSTMs. */
export const subjects: Readonly<
  Record<"mnist" | "cifar10" | "vae" | "draw" | "draw-attention", Subject>
> = {
  vae: {
    peer: "vae.py",
    step: training(
      digits,
      ([x], width) =>
        (scope) =>
          vae({ width }).bound(scope, x),
      adamax({ lr: 2e-3 }),
    ),
  },
  draw: drawing("plain", { steps: 10 }),
  "draw-attention": drawing("attention", { steps: 64, read: 2, write: 5 }),
  mnist: classifier("mnist.py", [1, 28, 28], (x, labels, width) => mnist(x, labels, { width })),
  cifar10: classifier("cifar10.py", [3, 32, 32], (x, labels, width) =>
    cifar10(x, labels, { width }),
  ),
};

export interface OursOptions {
  readonly subject: Subject;
  readonly arm: Arm;
  readonly batch: number;
  readonly width: number;
  readonly threads: number;
  /** Whether the blocked layout may be used (default true). */
  readonly blocked?: boolean;
  /** Passes of the compiler to leave out. */
  readonly without?: readonly Pass[];
  /** What runs it instead of a CPU runtime of these options. */
  readonly runtime?: Runtime;
  /** Where ONNX Runtime's own profile goes, if it is wanted. */
  readonly profile?: string;
}
export interface Ours {
  /** From the network to a session: graph, gradients, model, and what ONNX Runtime does with it. */
  readonly compileSeconds: number;
  /** Milliseconds of each of `steps` training steps, feeding included. */
  run(steps: number): Promise<readonly number[]>;
  release(): Promise<void>;
}

export async function ours({
  subject,
  arm,
  batch,
  width,
  runtime,
  ...options
}: OursOptions): Promise<Ours> {
  const began = performance.now();
  const spec = subject.step(batch, width, arms[arm]);
  const inputs = (spec.inputs ?? []).filter((x) => x.attrs.name !== "key");
  const program = await (runtime ?? nodeRuntime(options)).compile(spec);
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
        await program.run({ ...feeds, key: keyTensor(step++) }, state);
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
