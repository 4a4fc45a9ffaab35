/** What the loops are for: every optimizer in every arm, with the bits of the graph, and next to nothing left in it. */
import { describe, expect, test } from "vitest";
import { flatten, input, mul, relu } from "../../src/graph/index.ts";
import {
  apply,
  arms,
  conv2d,
  dense,
  meanSquaredError,
  sequential,
  type Arm,
} from "../../src/nn/index.ts";
import {
  adam,
  adamax,
  adamW,
  clipByNorm,
  clipByValue,
  lamb,
  lion,
  movingAverage,
  rmsprop,
  sgd,
  weightDecay,
  type Optimizer,
} from "../../src/optim/index.ts";
import { tensor, type ProgramSpec, type Tensor } from "../../src/runtime/program.ts";
import { trainStep, type Network } from "../../src/train/step.ts";
import { some } from "../conformance/case.ts";
import { builds, differences, left, ran } from "./both.ts";

const x = input("x", [6, 3, 5, 5]);
const target = input("target", [6, 3]);
const lr = input("lr", []);
const layers = sequential(conv2d(7, { kernel: 3 }), apply(relu), apply(flatten), dense(3));
const network: Network = (scope) => {
  const y = layers(scope, x);
  return { loss: meanSquaredError(y, target), y };
};
const optimizers: Readonly<Record<string, Optimizer>> = {
  sgd: sgd({ lr }),
  momentum: sgd({ lr, momentum: 0.9 }),
  nesterov: sgd({ lr: 0.1, momentum: 0.9, nesterov: true }),
  adam: adam({ lr, epsilonWhere: "inside" }),
  adamW: adamW({ lr, beta1: mul(lr, 10) }),
  adamax: adamax({ lr }),
  rmsprop: rmsprop({ lr }),
  centred: rmsprop({ lr, centred: true, momentum: 0.9, epsilonWhere: "outside" }),
  lion: lion({ lr, weightDecay: 0.1 }),
  lamb: lamb({ lr }),
  "clipped by norm": (ps, gs) => adam({ lr })(ps, clipByNorm(gs, 0.1)),
  "clipped by value": (ps, gs) => sgd({ lr })(ps, clipByValue(gs, 0.01)),
  "with weight decay": (ps, gs) => sgd({ lr })(ps, weightDecay(ps, gs, { rate: 0.1 })),
};
const stepOf = (arm: Arm, optimizer: Optimizer): ProgramSpec =>
  trainStep(network, {
    inputs: [x, target, lr],
    norm: arms[arm],
    optimizer,
    also: (updates) => movingAverage(updates, 0.9),
  });
const steps = [0, 1, 2].map((seed): Readonly<Record<string, Tensor>> => ({
  x: some([6, 3, 5, 5], { seed }),
  target: some([6, 3], { seed }),
  lr: tensor(0.1 / (seed + 1)),
}));

describe.each(builds)("%s", (_, runtimeOf) => {
  describe.each(Object.entries(optimizers))("%s", (_name, optimizer) => {
    test.each(Object.keys(arms) as Arm[])("%s", async (arm) => {
      const spec = stepOf(arm, optimizer);
      const graph = await ran(runtimeOf(false), spec, { steps });
      const loops = await ran(runtimeOf(true), spec, { steps });
      expect(loops.outputs).toEqual(graph.outputs);
      expect(differences(graph, loops)).toEqual([]);
    });
  });
});

test("only LAMB leaves something to the graph: its trust is a norm over all axes", () => {
  const leaving = Object.entries(optimizers).filter(([, optimizer]) =>
    (Object.keys(arms) as Arm[]).some((arm) => left(stepOf(arm, optimizer)).length > 0),
  );
  expect(leaving.map(([name]) => name)).toEqual(["lamb"]);
});
