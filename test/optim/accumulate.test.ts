/** Microbatches that make one step: the step of all their examples at once. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hash, keyOf } from "../../src/graph/hash.ts";
import { input, tanh, type Input } from "../../src/graph/index.ts";
import { apply, arms, dense, meanSquaredError, sequential } from "../../src/nn/index.ts";
import {
  accumulating,
  adam,
  adamW,
  clipByNorm,
  isOptimizerState,
  sgd,
  type Optimizer,
} from "../../src/optim/index.ts";
import { nodeRuntime } from "../../src/runtime/node.ts";
import {
  initialState,
  tensor,
  type Program,
  type Runtime,
  type State,
  type Tensor,
} from "../../src/runtime/program.ts";
import { reference } from "../../src/runtime/reference.ts";
import { trainStep, type Network } from "../../src/train/step.ts";
import { adamStepsIn } from "./bowl.ts";

type ArmName = "plain" | "weight";
interface Step {
  readonly program: Program;
  readonly examples: number;
}

/** A training step of `examples` examples; the names of what lasts are the same for every number. */
async function stepOf(
  runtime: Runtime,
  arm: ArmName,
  examples: number,
  optimizer: Optimizer,
): Promise<Step> {
  const inputs: Input[] = [input("x", [examples, 3]), input("target", [examples, 2])];
  const layers = sequential(dense(4, { name: "first" }), apply(tanh), dense(2, { name: "second" }));
  const network: Network = (scope) => ({
    loss: meanSquaredError(layers(scope, inputs[0]), inputs[1]),
  });
  const spec = trainStep(network, { inputs, norm: arms[arm], optimizer });
  return { program: await runtime.compile(spec), examples };
}

/** Numbers on [-1, 1), the rows of example `from` and those after it. */
const rows = (what: string, from: number, [n, width]: readonly [number, number]): Tensor =>
  tensor(
    Float64Array.from(
      { length: n * width },
      (_, i) => hash(from * width + i, keyOf(what)) / 2 ** 31 - 1,
    ),
    [n, width],
  );
/** Runs steps one after the other, each on the examples that follow those of the one before, and lets them go. */
async function train(steps: readonly Step[]): Promise<State> {
  const state = initialState(
    steps.flatMap(({ program }) => program.parameters),
    1,
  );
  let from = 0;
  for (const { program, examples } of steps) {
    const feeds = { x: rows("x", from, [examples, 3]), target: rows("t", from, [examples, 2]) };
    await program.run(feeds, state);
    from += examples;
  }
  for (const { program } of new Set(steps)) await program.release();
  return state;
}

/** Every batch at once, and every batch in the microbatches of these sizes. */
async function both(
  runtime: Runtime,
  arm: ArmName,
  optimizer: Optimizer,
  batches: readonly (readonly number[])[],
): Promise<readonly [whole: State, inParts: State]> {
  const whole: Step[] = [];
  const parts: Step[] = [];
  for (const sizes of batches) {
    const total = sizes.reduce((a, b) => a + b);
    whole.push(await stepOf(runtime, arm, total, optimizer));
    for (const [i, examples] of sizes.entries()) {
      const { collect, apply } = accumulating(optimizer, { examples });
      parts.push(await stepOf(runtime, arm, examples, i < sizes.length - 1 ? collect : apply));
    }
  }
  return [await train(whole), await train(parts)];
}

const isCollected = (name: string): boolean => name.startsWith("accumulated.");
function expectAlike(whole: State, inParts: State, tolerance: number): void {
  const names = [...inParts.keys()].filter((name) => !isCollected(name));
  expect(names.sort()).toEqual([...whole.keys()].sort());
  for (const name of names)
    inParts.get(name)!.data.forEach((value, i) => {
      const expected = whole.get(name)!.data[i];
      expect(Math.abs(value - expected)).toBeLessThan(tolerance * Math.max(1, Math.abs(expected)));
    });
}

const optimizers: Readonly<Record<string, Optimizer>> = {
  "sgd with momentum": sgd({ lr: 0.1, momentum: 0.9 }),
  adam: adam({ lr: 0.01 }),
  adamW: adamW({ lr: 0.01, weightDecay: 0.1 }),
  "sgd of clipped gradients": (parameters, gradients) =>
    sgd({ lr: 0.1 })(parameters, clipByNorm(gradients, 0.05)),
};
const someBatches = fc.array(
  fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 4 }),
  { minLength: 1, maxLength: 3 },
);

describe.each(["plain", "weight"] as const)("%s", (arm) => {
  test.each(Object.entries(optimizers))(
    "%s: microbatches of any sizes make the steps of their batches",
    async (_, optimizer) => {
      await fc.assert(
        fc.asyncProperty(someBatches, async (batches) => {
          const [whole, inParts] = await both(reference, arm, optimizer, batches);
          expectAlike(whole, inParts, 1e-12);
        }),
        { numRuns: 6, seed: 1 }, // for Adam, an element whose gradient is all but 0 would make rounding a step
      );
    },
  );
  test("on ONNX Runtime, to its precision", async () => {
    const batches = [[3, 3, 1], [4], [2, 5]];
    const [whole, inParts] = await both(nodeRuntime({ threads: 1 }), arm, optimizers.adam, batches);
    expectAlike(whole, inParts, 1e-4);
  });
});

test("while gradients are collected the model stays; a step leaves nothing of them", async () => {
  const { collect, apply } = accumulating(adam(), { examples: 2 });
  const [collecting, applying] = [
    await stepOf(reference, "weight", 2, collect),
    await stepOf(reference, "weight", 2, apply),
  ];
  const first = initialState(collecting.program.parameters, 1);
  const collected = await train([collecting, collecting]);
  for (const [name, { data }] of collected)
    if (!isOptimizerState(name)) expect([...data]).toEqual([...first.get(name)!.data]);
  expect([...collected.get("accumulated.examples")!.data]).toEqual([4]);
  expect(Math.hypot(...collected.get("accumulated.first.v.gradient")!.data)).toBeGreaterThan(0);

  const others = await stepOf(reference, "weight", 2, collect);
  const applied = await train([others, applying]);
  const left = [...applied].filter(([name]) => isCollected(name));
  expect(left.map(([name]) => name)).toHaveLength(1 + 6); // v, g and b of two layers
  expect(left.flatMap(([, { data }]) => [...data]).every((value) => value === 0)).toBe(true);
  expect(adamStepsIn(applied)).toBe(1);
});

test("how many examples there are may be an input: those that count", async () => {
  const counted = input("counted", []);
  const [x, target] = [input("x", [4, 3]), input("target", [4, 1])];
  const network: Network = (scope) => {
    const y = dense(1, { name: "d" })(scope, x);
    return { loss: meanSquaredError(y, target) };
  };
  const options = { inputs: [x, target, counted], norm: arms.plain };
  const { collect } = accumulating(sgd({ lr: 1 }), { examples: counted });
  const program = await reference.compile(trainStep(network, { ...options, optimizer: collect }));
  const state = initialState(program.parameters, 1);
  const feeds = { x: rows("x", 0, [4, 3]), target: rows("t", 0, [4, 1]) };
  await program.run({ ...feeds, counted: tensor(3, []) }, state);
  const once = [...state.get("accumulated.d.w.gradient")!.data];
  await program.run({ ...feeds, counted: tensor(1.5, []) }, state);
  const twice = [...state.get("accumulated.d.w.gradient")!.data];
  once.forEach((value, i) => expect(twice[i]).toBeCloseTo(1.5 * value, 12));
  expect([...state.get("accumulated.examples")!.data]).toEqual([4.5]);
});

test("messages", () => {
  expect(() => accumulating(adam(), { examples: 0 })).toThrowErrorMatchingInlineSnapshot(
    `[Error: accumulating: examples is how many a microbatch holds, got 0; pass its size, a positive number]`,
  );
  expect(() => accumulating(adam(), { examples: NaN })).toThrowErrorMatchingInlineSnapshot(
    `[Error: accumulating: examples is how many a microbatch holds, got NaN; pass its size, a positive number]`,
  );
});
