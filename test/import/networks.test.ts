/** What an imported network is to the rest of the library: five arms that start as one function, frozen weights, a head of one's own. */
import { describe, expect, test } from "vitest";
import { input, topological } from "../../src/graph/index.ts";
import * as ops from "../../src/graph/ops.ts";
import { headOf, importModel } from "../../src/import/index.ts";
import { arms, dense, meanSquaredError, trace, type Arm, type Scope } from "../../src/nn/index.ts";
import { adam } from "../../src/optim/index.ts";
import { nodeRuntime } from "../../src/runtime/node.ts";
import { initialState } from "../../src/runtime/program.ts";
import { evalStep, initStep, trainStep, type Network } from "../../src/train/index.ts";
import { smallNetwork } from "./small-network.ts";
import { computed, difference, noise, original, trained } from "./trained.ts";

const runtime = nodeRuntime({ threads: 1 });
const feeds = { x: noise([5, 3, 8, 8], 4) };
const x = input("x", [5, 3, 8, 8]);

describe.each(Object.keys(arms) as Arm[])("the arm %s", (arm) => {
  const norm = arms[arm];
  const { layer } = importModel(smallNetwork());
  test("starts as the function that was trained, and learns", async () => {
    const network: Network = (scope) => {
      const y = layer(scope, x);
      return { y, loss: meanSquaredError(y, ops.zerosLike(y)) };
    };
    const init = await runtime.compile(initStep(network, { norm, inputs: [x] }));
    const ask = await runtime.compile(evalStep(network, { norm, inputs: [x] }));
    const state = initialState([...init.parameters, ...ask.parameters], 1);
    await init.run(feeds, state);
    const { y } = await ask.run(feeds, state);
    const { scores } = await original(smallNetwork(), feeds, ["scores"]);
    expect(difference(y, scores)).toBeLessThan(1e-5);

    const target = input("target", [5, 4]);
    const step = await runtime.compile(
      trainStep((scope) => ({ loss: meanSquaredError(layer(scope, x), target) }), {
        ...{ norm, inputs: [x, target] },
        optimizer: adam({ lr: 0.03 }),
      }),
    );
    const all = new Map([...initialState(step.parameters, 1), ...state]);
    const losses: number[] = [];
    for (let i = 0; i < 10; i++) {
      const { loss } = await step.run({ ...feeds, target: noise([5, 4], 5) }, all);
      losses.push(loss.data[0]);
    }
    expect(losses.at(-1)).toBeLessThan(0.9 * losses[0]);
  });
});

test("a frozen backbone is constants, and the same to the bit once a head was trained on it", async () => {
  const bytes = smallNetwork();
  const { at, before } = headOf(bytes);
  expect([at, before]).toEqual(["features", 'Gemm "scores"']);
  const model = importModel(bytes, { outputs: [at], freeze: /^/ });
  expect([...model.original]).toEqual([]);
  const head = dense(3, { name: "head" });
  const network = (scope: Scope): Readonly<Record<"features" | "y", ReturnType<typeof head>>> => {
    const features = model.layer(scope, x);
    return { features, y: head(scope, features) };
  };
  const { value, parameters } = trace(network, { mode: "eval", norm: arms.weight });
  expect(parameters.map((p) => p.attrs.name)).toEqual(["head.v", "head.g", "head.b"]);
  expect(topological([value.features]).some((n) => n.op === "parameter")).toBe(false);

  const target = input("target", [5, 3]);
  const step = await runtime.compile(
    trainStep(
      (scope) => {
        const { features, y } = network(scope);
        return { features, loss: meanSquaredError(y, target) };
      },
      { norm: arms.weight, inputs: [x, target], optimizer: adam({ lr: 0.05 }) },
    ),
  );
  const state = initialState(step.parameters, 1);
  const made = [];
  for (let i = 0; i < 10; i++)
    made.push(await step.run({ ...feeds, target: noise([5, 3], 6) }, state));
  expect(made.at(-1)!["loss"].data[0]).toBeLessThan(made[0]["loss"].data[0]);
  expect(made.at(-1)!["features"]).toEqual(made[0]["features"]);
  const untrained = await original(bytes, feeds, [at]);
  expect(difference(made[9]["features"], untrained[at])).toBeLessThan(1e-6);
});

test("a batch that the file fixed is free", async () => {
  const fixed = importModel(smallNetwork(2));
  const { scores } = await computed(fixed, feeds);
  const free = await original(smallNetwork(), feeds, ["scores"]);
  expect(difference(scores, free["scores"])).toBeLessThan(1e-5);
});

test("some weights train and some do not", async () => {
  const model = importModel(smallNetwork(), { upTo: "r1" });
  expect([...model.original.keys()]).toEqual(["conv2.w", "conv2.b", "fc.w", "fc.b"]);
  const { state, losses } = await trained(model, feeds, {
    ...{ norm: arms.weight, steps: 5, lr: 0.01 },
  });
  expect(losses[4]).toBeLessThan(losses[0]);
  expect([...state.keys()].filter((name) => name.startsWith("conv1"))).toEqual([]);
});
