/** Whole training steps, the largest models that there are. */
import { input, mean, square } from "../../src/graph/index.ts";
import type { Norm } from "../../src/nn/index.ts";
import { adam } from "../../src/optim/index.ts";
import type { ProgramSpec } from "../../src/runtime/program.ts";
import { trainStep } from "../../src/train/index.ts";
import type { Kind } from "../nn/kinds.ts";

/** One step of Adam on the mean square of what a layer computes. */
export function trainingStep({ x: shape, dtype = "float", layer }: Kind, norm: Norm): ProgramSpec {
  const x = input("x", shape, dtype);
  return trainStep((scope) => ({ loss: mean(square(layer(scope, x))) }), {
    inputs: [x],
    norm,
    optimizer: adam(),
  });
}
