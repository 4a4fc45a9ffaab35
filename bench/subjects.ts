/** Networks whose training step is timed, here and elsewhere. */
import { classifier as cifar10 } from "../experiments/cifar10/model.ts";
import { draw, type DrawOptions } from "../experiments/draw/model.ts";
import { classifier as mnist } from "../experiments/mnist/model.ts";
import { vae } from "../experiments/vae/model.ts";
import {
  adam,
  adamax,
  clipByNorm,
  input,
  trainStep,
  type Input,
  type Network,
  type Norm,
  type Optimizer,
  type ProgramSpec,
} from "../src/index.ts";

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
