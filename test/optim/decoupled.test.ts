/** Decoupled weight decay: AdamW as PyTorch has it, what decays and what does not, and LAMB, whose steps depend on whole tensors. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  constant,
  input,
  parameter,
  parametersOf,
  zerosLike,
  type Shape,
} from "../../src/graph/index.ts";
import { arms, dense, trace } from "../../src/nn/index.ts";
import {
  adam,
  adamW,
  isOptimizerState,
  lamb,
  lion,
  type AdamWOptions,
  type DecayOptions,
  type Optimizer,
} from "../../src/optim/index.ts";
import { nodeRuntime } from "../../src/runtime/node.ts";
import { initialState, tensor, type Runtime, type State } from "../../src/runtime/program.ts";
import { read } from "../../src/runtime/read.ts";
import { evaluate, reference } from "../../src/runtime/reference.ts";
import { roll, slope, start } from "./bowl.ts";

interface Values {
  readonly shape: Shape;
  readonly data: readonly number[];
}
type Tensors = Readonly<Record<string, Values>>;
interface Golden {
  readonly options: AdamWOptions;
  readonly start: Tensors;
  readonly gradients: readonly Tensors[];
  readonly path: readonly Tensors[];
}
const { optimizers: golden } = JSON.parse(
  readFileSync(new URL("../golden/optim_loss.json", import.meta.url), "utf8"),
) as { readonly optimizers: Readonly<Record<"adam" | "adamW", readonly Golden[]>> };

/** PyTorch decays all that an optimizer is given. */
const all = { match: () => true };
const made: readonly (readonly [string, Optimizer, Golden])[] = [
  ["AdamW as it comes", adamW(all), golden.adamW[0]],
  ["AdamW", adamW({ ...golden.adamW[1].options, ...all }), golden.adamW[1]],
  ["Adam", adam(golden.adam[0].options), golden.adam[0]],
];

/** The parameters after each step of given gradients. */
async function path(
  runtime: Runtime,
  optimizer: Optimizer,
  { start, gradients }: Golden,
): Promise<State[]> {
  const names = Object.keys(start);
  const parameters = names.map((name) =>
    parameter(name, start[name].shape, { init: { kind: "constant", value: 0 } }),
  );
  const inputs = names.map((name) => input(`d${name}`, start[name].shape));
  const updates = optimizer(parameters, inputs);
  const program = await runtime.compile({ inputs, updates });
  const state = initialState(program.parameters, 1);
  const float64 = ({ data, shape }: Values) => tensor(Float64Array.from(data), shape);
  for (const name of names) state.set(name, float64(start[name]));
  const states: State[] = [];
  for (const step of gradients) {
    const feeds = names.map((name) => [`d${name}`, float64(step[name])] as const);
    await program.run(Object.fromEntries(feeds), state);
    states.push(await read(state));
  }
  await program.release();
  return states;
}

describe.each([
  ["reference", reference, 12],
  ["onnxruntime-node", nodeRuntime({ threads: 1 }), 5],
] as const)("%s takes the steps of PyTorch", (_, runtime, digits) => {
  test.each(made)("%s", async (_name, optimizer, figures) => {
    const states = await path(runtime, optimizer, figures);
    expect(states).toHaveLength(figures.path.length);
    figures.path.forEach((expected, step) => {
      for (const [name, { data }] of Object.entries(expected))
        data.forEach((v, i) => expect(states[step].get(name)!.data[i]).toBeCloseTo(v, digits));
    });
  });
});

describe("what decays", () => {
  const names = ["d.w", "d.v", "d.g", "d.b", "gamma"];
  const parameters = names.map((name) =>
    parameter(name, [1], { init: { kind: "constant", value: 8 } }),
  );
  const moved = (make: (options: DecayOptions) => Optimizer, options: DecayOptions): string[] => {
    const updates = make(options)(
      parameters,
      names.map(() => constant([0])),
    );
    const state = initialState(parametersOf(updates.map((u) => u.next)), 1);
    return updates.flatMap(({ parameter: { attrs }, next }) =>
      names.includes(attrs.name) && evaluate({ next }, { state }).next.data[0] < 8
        ? [attrs.name]
        : [],
    );
  };
  const makers = {
    adamW: (o: DecayOptions) => adamW({ lr: 0.1, ...o }),
    lion: (o: DecayOptions) => lion({ lr: 0.1, weightDecay: 0.5, ...o }),
    lamb: (o: DecayOptions) => lamb({ lr: 0.1, ...o }),
  };
  test.each(Object.entries(makers))("%s: weights, or what `match` says", (_, make) => {
    expect(moved(make, {})).toEqual(["d.w", "d.v"]);
    expect(moved(make, { match: (name) => /\.[gb]$/.test(name) })).toEqual(["d.g", "d.b"]);
    expect(moved(make, { weightDecay: 0 })).toEqual([]);
  });
  test("under weight normalization v grows shorter and what the layer computes stays; with g it does not", async () => {
    const x = constant([1, -2, 0.5, 0.25, 3, -1], [2, 3]);
    const { value: y, parameters: theirs } = trace((scope) => dense(4, { name: "d" })(scope, x), {
      mode: "train",
      norm: arms.weight,
    });
    const still = theirs.map(zerosLike);
    const after = async (match?: (name: string) => boolean): Promise<[number[], number]> => {
      const optimizer = adamW({ lr: 0.5, weightDecay: 0.5, ...(match ? { match } : {}) });
      const program = await reference.compile({
        outputs: { y },
        updates: optimizer(theirs, still),
      });
      const state = initialState(program.parameters, 1);
      await program.run({}, state);
      const values = await program.run({}, state); // outputs see the state before their own step's updates
      return [[...values.y.data], Math.hypot(...state.get("d.v")!.data)];
    };
    const none = await after(() => false);
    const [ofV, vShort] = await after();
    const [ofG, vLong] = await after((name) => name.endsWith(".g"));
    ofV.forEach((value, i) => expect(value).toBeCloseTo(none[0][i], 12));
    expect(vShort).toBeCloseTo(none[1] * 0.75 ** 2, 12);
    ofG.forEach((value, i) => expect(value).toBeCloseTo(none[0][i] * 0.75, 12));
    expect(vLong).toBe(none[1]);
  });
});

describe("lamb", () => {
  const [lr, beta1, beta2, epsilon, weightDecay] = [0.1, 0.8, 0.9, 0.01, 0.3];
  const optimizer = lamb({ lr, beta1, beta2, epsilon, weightDecay, ...all });
  const length = (x: readonly number[]): number => Math.hypot(...x);
  test.each([
    ["reference", reference, 12],
    ["onnxruntime-node", nodeRuntime({ threads: 1 }), 5],
  ] as const)("takes the steps of the paper's algorithm on %s", async (_, runtime, digits) => {
    let x = [...start];
    const [m, v] = [start.map(() => 0), start.map(() => 0)];
    const expected = [1, 2, 3].map((t) => {
      const u = x.map((value, i) => {
        const g = slope(value, i);
        m[i] = beta1 * m[i] + (1 - beta1) * g;
        v[i] = beta2 * v[i] + (1 - beta2) * g * g;
        const r = m[i] / (1 - beta1 ** t) / (Math.sqrt(v[i] / (1 - beta2 ** t)) + epsilon);
        return r + weightDecay * value;
      });
      const ratio = length(x) / length(u);
      return (x = x.map((value, i) => value - lr * ratio * u[i]));
    });
    const { path: steps } = await roll(optimizer, { runtime });
    expected.forEach((row, t) =>
      row.forEach((value, i) => expect(steps[t][i]).toBeCloseTo(value, digits)),
    );
  });
  test("its state is known for an optimizer's", async () => {
    const { state } = await roll(optimizer, { steps: 1 });
    const names = [...state.keys()].filter((name) => name !== "p").sort();
    expect(names).toEqual(["lamb.p.m", "lamb.p.v", "lamb.step"]);
    expect(names.filter(isOptimizerState)).toEqual(names);
  });
  test("a tensor moves by the rate's share of its length", async () => {
    const { path: steps } = await roll(optimizer, { steps: 1 });
    const distance = length(steps[0].map((value, i) => value - start[i]));
    expect(distance / length(start)).toBeCloseTo(lr, 12);
  });
  test("one that is zero moves by the step itself, and not at all without a gradient", () => {
    const zero = parameter("d.b", [2], { init: { kind: "constant", value: 0 } });
    const after = (...gradient: number[]): number[] => {
      const [, { next }] = optimizer([zero], [constant(gradient)]);
      return [...evaluate({ next }, { state: initialState(parametersOf([next]), 1) }).next.data];
    };
    [3, -4].forEach((g, i) =>
      expect(after(3, -4)[i]).toBeCloseTo((-lr * g) / (Math.abs(g) + epsilon), 12),
    );
    expect(after(0, 0)).toEqual([0, 0]);
  });
});
