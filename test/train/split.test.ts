/** A step that several processes take together, here by one process in their place, one share after the other. */
import { describe, expect, test } from "vitest";
import { shareOf } from "../../runs/ranks.ts";
import { hash, keyOf } from "../../src/graph/hash.ts";
import * as ops from "../../src/graph/index.ts";
import { input, type Input } from "../../src/graph/index.ts";
import {
  apply,
  arms,
  dense,
  dropout,
  gaussianNoise,
  meanSquaredError,
  sequential,
  type Arm,
  type Scope,
} from "../../src/nn/index.ts";
import {
  adam,
  adamax,
  clipByNorm,
  movingAverage,
  rmsprop,
  sgd,
  type Optimizer,
} from "../../src/optim/index.ts";
import { nodeRuntime } from "../../src/runtime/node.ts";
import { initialState, item, keyTensor, read, tensor } from "../../src/runtime/index.ts";
import type { Program, State, Tensor } from "../../src/runtime/program.ts";
import { reference } from "../../src/runtime/reference.ts";
import { splitStep, trainStep, type Network, type SplitStep } from "../../src/train/index.ts";

/** Examples of a batch: 5 do not divide it. */
const BATCH = 12;
const key = input("key", [2], "uint32");
const lr = input("lr", []);

interface Model {
  readonly inputs: readonly Input[];
  readonly network: Network;
}
/** A smooth network with noise, on so many examples. */
function model(examples: number): Model {
  const inputs = [input("x", [examples, 5]), input("t", [examples, 3]), lr];
  const layers = sequential(
    gaussianNoise(0.1),
    dense(8, { name: "first" }),
    apply(ops.tanh),
    dropout(0.2),
    dense(3, { name: "second" }),
  );
  const network: Network = (scope) => {
    const y = layers(scope, inputs[0]);
    const each = ops.mean(ops.square(ops.sub(y, inputs[1])), { axes: [1] });
    return { loss: meanSquaredError(y, inputs[1]), each };
  };
  return { inputs, network };
}
const rows = (what: string, width: number, [from, count]: readonly [number, number]): Tensor =>
  tensor(
    Float32Array.from(
      { length: count * width },
      (_, i) => hash(from * width + i, keyOf(what)) / 2 ** 31 - 1,
    ),
    [count, width],
  );
const feedsOf = (step: number, range: readonly [number, number]): Record<string, Tensor> => ({
  x: rows(`x${step}`, 5, range),
  t: rows(`t${step}`, 3, range),
  lr: tensor(Float32Array.of(0.05), []),
  key: keyTensor(1, "noise", step),
});

interface Half {
  readonly split: SplitStep;
  readonly range: readonly [number, number];
  readonly gradients: Program;
  readonly update: Program;
  readonly state: State;
}
interface Asked {
  readonly arm: Arm;
  readonly optimizer: Optimizer;
  readonly steps: number;
}
const also = (updates: readonly ops.Update[]): readonly ops.Update[] => movingAverage(updates, 0.9);

async function alone({ arm, optimizer, steps }: Asked): Promise<State> {
  const { inputs, network } = model(BATCH);
  const norm = arms[arm];
  const program = await nodeRuntime({ threads: 1 }).compile(
    trainStep(network, { inputs, norm, key, optimizer, also }),
  );
  const state = initialState(program.parameters, 1);
  for (let step = 0; step < steps; step++) await program.run(feedsOf(step, [0, BATCH]), state);
  const values = await read(state);
  await program.release();
  return values;
}

/** The states of all processes, and what each step said of its loss and of `each`. */
async function shared(
  size: number,
  { arm, optimizer, steps }: Asked,
): Promise<{ readonly states: readonly State[]; readonly said: readonly number[] }> {
  const norm = arms[arm];
  const runtime = nodeRuntime({ threads: 1 });
  const halves: Half[] = [];
  for (let rank = 0; rank < size; rank++) {
    const { from, count } = shareOf(BATCH, { rank, size });
    const { inputs, network } = model(count);
    const split = splitStep(network, {
      ...{ inputs, norm, key, optimizer, also, means: ["each"] },
      ...{ share: { of: BATCH, from, count }, whole: model(BATCH).network },
    });
    const gradients = await runtime.compile(split.gradients);
    const update = await runtime.compile(split.update);
    const state = initialState(update.parameters, 1);
    halves.push({ split, range: [from, count], gradients, update, state });
  }
  const said: number[] = [];
  for (let step = 0; step < steps; step++) {
    const sum = new Float32Array(halves[0].split.length);
    for (const { gradients, range, state } of halves) {
      const { flat } = await gradients.run(feedsOf(step, range), state);
      flat.data.forEach((x, i) => (sum[i] += x));
    }
    for (const { split, update, state, range } of halves) {
      const fed = { ...feedsOf(step, range), ...split.feeds(sum.slice()) };
      const outputs = await update.run(fed, state);
      said.push(item(outputs["loss"]), item(outputs["each"]));
    }
  }
  const states = await Promise.all(halves.map(({ state }) => read(state)));
  for (const { gradients, update } of halves) {
    await gradients.release();
    await update.release();
  }
  return { states, said };
}

/** The largest difference of two states, of numbers near 1. */
function difference(a: State, b: State): number {
  expect([...b.keys()].toSorted()).toEqual([...a.keys()].toSorted());
  const all = [...a].flatMap(([name, { data }]) =>
    Array.from(data, (x, i) => Math.abs(x - b.get(name)!.data[i]) / Math.max(1, Math.abs(x))),
  );
  return Math.max(...all);
}

const optimizers: Readonly<Record<string, Optimizer>> = {
  sgd: sgd({ lr }),
  momentum: sgd({ lr, momentum: 0.9 }),
  adam: adam({ lr }),
  adamax: adamax({ lr }),
  rmsprop: rmsprop({ lr }),
  "clipped sgd": (parameters, gradients) => sgd({ lr })(parameters, clipByNorm(gradients, 0.5)),
};
const ARMS = ["plain", "weight", "batch", "mean-only", "weight+mean-only"] as const;
const cases = ARMS.flatMap((arm) => Object.keys(optimizers).map((name) => [arm, name] as const));

describe("one process", () => {
  test.each(cases)("gets the bits of trainStep: %s, %s", async (arm, name) => {
    const asked = { arm, optimizer: optimizers[name], steps: 20 };
    const { states } = await shared(1, asked);
    expect(difference(await alone(asked), states[0])).toBe(0);
  });
});

describe("several", () => {
  const local = cases.filter(([arm]) => arm === "plain" || arm === "weight");
  test.each(local)("train as one, with its noise: %s, %s", async (arm, name) => {
    const asked = { arm, optimizer: optimizers[name], steps: 20 };
    const one = await alone(asked);
    for (const size of [2, 5]) {
      const { states, said } = await shared(size, asked);
      for (const state of states) expect(difference(states[0], state)).toBe(0);
      expect(difference(one, states[0])).toBeLessThan(1e-5);
      expect(said.every(Number.isFinite)).toBe(true);
    }
  });

  test("say the loss and the means of the whole batch", async () => {
    const asked = { arm: "weight", optimizer: optimizers["sgd"], steps: 1 } as const;
    const [one] = (await shared(1, asked)).said;
    for (const x of (await shared(5, asked)).said) expect(x).toBeCloseTo(one, 5);
  });

  test.each([2, 3])("have running averages of the whole batch: %i", async (size) => {
    const asked = { arm: "batch", optimizer: sgd({ lr: 0 }), steps: 1 } as const;
    const one = await alone(asked);
    const { states } = await shared(size, asked);
    for (const name of ["first.mean", "first.variance"])
      for (const [i, x] of one.get(name)!.data.entries())
        expect(states[0].get(name)!.data[i]).toBeCloseTo(x, 5);
  });
});

test("the mathematics of it, in float64: gradients of shares add up to that of the batch", async () => {
  const whole = model(BATCH);
  const norm = arms.weight;
  const options = { norm, key, optimizer: sgd({ lr }) };
  const one = await reference.compile(
    trainStep(whole.network, { inputs: whole.inputs, ...options }),
  );
  const expected = initialState(one.parameters, 1);
  await one.run(feedsOf(0, [0, BATCH]), expected);
  const parts = [0, 1, 2, 3, 4].map((rank) => {
    const { from, count } = shareOf(BATCH, { rank, size: 5 });
    const { inputs, network } = model(count);
    const share = { of: BATCH, from, count };
    return {
      from,
      count,
      split: splitStep(network, { inputs, ...options, share, whole: whole.network }),
    };
  });
  const state = initialState(one.parameters, 1);
  const sum = new Float64Array(parts[0].split.length);
  for (const { from, count, split } of parts) {
    const { flat } = await (
      await reference.compile(split.gradients)
    ).run(feedsOf(0, [from, count]), state);
    flat.data.forEach((x, i) => (sum[i] += x));
  }
  const { split } = parts[0];
  const update = await reference.compile(split.update);
  await update.run({ ...feedsOf(0, [0, BATCH]), ...split.feeds(sum as never) }, state);
  expect(difference(expected, state)).toBeLessThan(1e-12);
});

describe("what cannot be shared is refused", () => {
  const options = { norm: arms.plain, optimizer: sgd({ lr: 0.1 }) };
  test("a share of nothing", () => {
    const { inputs, network } = model(1);
    const share = { of: 3, from: 3, count: 0 };
    expect(() =>
      splitStep(network, { ...options, key, inputs, share, whole: model(3).network }),
    ).toThrowErrorMatchingInlineSnapshot(
      `[Error: splitStep: the share must be at least one example of the batch, got 0 from 3 of 3; give fewer processes a share]`,
    );
  });
  test("noise whose examples are not its first axis", () => {
    const of = (examples: number): Model => {
      const x = input("x", [3, examples]);
      const network: Network = (scope) => ({ loss: ops.mean(gaussianNoise(1)(scope, x)) });
      return { inputs: [x], network };
    };
    const share = { of: 4, from: 0, count: 2 };
    expect(() =>
      splitStep(of(2).network, {
        ...options,
        key,
        inputs: of(2).inputs,
        share,
        whole: of(4).network,
      }),
    ).toThrowErrorMatchingInlineSnapshot(
      `[Error: splitStep: expected noise of examples along its first axis, got [3,2] where the whole batch has [3,4]; draw it with the examples first]`,
    );
  });
  test("a state that rests on examples", () => {
    const of = (examples: number): Model => {
      const x = input("x", [examples]);
      const network: Network = (scope: Scope) => {
        const seen = scope.parameter("seen", [], {
          init: { kind: "constant", value: 0 },
          trainable: false,
        });
        scope.update(seen, ops.add(seen, ops.sum(x)));
        return { loss: ops.mean(x) };
      };
      return { inputs: [x], network };
    };
    const share = { of: 4, from: 0, count: 2 };
    expect(() =>
      splitStep(of(2).network, { ...options, inputs: of(2).inputs, share, whole: of(4).network }),
    ).toThrowErrorMatchingInlineSnapshot(
      `[Error: splitStep: "seen" becomes something that rests on "x", of which every process has its own; take the mean over the whole batch by scope.part]`,
    );
  });
});
