/** The four programs of a network, on the interpreter and on ONNX Runtime. */
import { describe, expect, test } from "vitest";
import { input, relu, type Input } from "../../src/graph/index.ts";
import {
  apply,
  arms,
  dense,
  dropout,
  meanSquaredError,
  sequential,
  type Arm,
  type Layer,
} from "../../src/nn/index.ts";
import { adam, averaged, movingAverage, sgd } from "../../src/optim/index.ts";
import { nodeRuntime } from "../../src/runtime/node.ts";
import {
  initialState,
  item,
  keyTensor,
  tensor,
  type ProgramSpec,
  type State,
  type Tensor,
} from "../../src/runtime/program.ts";
import { reference } from "../../src/runtime/reference.ts";
import {
  diagnosticStep,
  evalStep,
  initStep,
  trainStep,
  type Network,
  type StepOptions,
} from "../../src/train/step.ts";

const x = input("x", [2, 2]);
const target = input("target", [2, 1]);
/** `layer` with the mean squared error, and what it predicts. */
const regression =
  (layer: Layer, to: Input = target, from: Input = x): Network =>
  (scope) => {
    const y = layer(scope, from);
    return { loss: meanSquaredError(y, to), y };
  };
const optionsOf = (arm: Arm): StepOptions => ({ inputs: [x, target], norm: arms[arm] });

const stateOf = (values: Readonly<Record<string, Tensor>>): State =>
  new Map(Object.entries(values));
const numbers = (values: Iterable<number>): readonly number[] => [...values];
/** Both runtimes, the second in float32. */
const close = (actual: Tensor | undefined, expected: readonly number[]): void => {
  expect(actual?.data.length).toBe(expected.length);
  numbers(actual!.data).forEach((value, i) => expect(value).toBeCloseTo(expected[i], 5));
};

describe.each([reference, nodeRuntime({ threads: 1 })])("$name", (runtime) => {
  /** One run of a program on a state. */
  async function once(
    spec: ProgramSpec,
    feeds: Readonly<Record<string, Tensor>>,
    state?: State,
  ): Promise<{ readonly outputs: Readonly<Record<string, Tensor>>; readonly state: State }> {
    const program = await runtime.compile(spec);
    const given = state ?? initialState(program.parameters, 1);
    const outputs = await program.run(feeds, given);
    await program.release();
    return { outputs, state: given };
  }

  test("a step of gradient descent by hand", async () => {
    const spec = trainStep(regression(dense(1, { name: "d" })), {
      ...optionsOf("plain"),
      optimizer: sgd({ lr: 0.1 }),
    });
    const { outputs, state } = await once(
      spec,
      { x: tensor([1, 0, 0, 2], [2, 2]), target: tensor([1, 2], [2, 1]) },
      stateOf({ "d.w": tensor([1, 2], [1, 2]), "d.b": tensor([0.5]) }),
    );
    close(outputs["y"], [1.5, 4.5]); // errors [0.5, 2.5], whose mean square has the gradients [0.5, 2.5] too
    close(outputs["loss"], [3.25]);
    close(state.get("d.w"), [1 - 0.1 * 0.5, 2 - 0.1 * 5]);
    close(state.get("d.b"), [0.5 - 0.1 * 3]);
  });

  test("the same for v and g", async () => {
    const lr = input("lr", []);
    const spec = trainStep(regression(dense(1, { name: "d" })), {
      inputs: [x, target, lr],
      norm: arms.weight,
      optimizer: sgd({ lr }),
    });
    const { outputs, state } = await once(
      spec,
      { x: tensor([1, 0, 0, 1], [2, 2]), target: tensor([5, 8], [2, 1]), lr: tensor(0.5) },
      stateOf({
        "d.v": tensor([3, 4], [1, 2]),
        "d.g": tensor([10], [1, 1]),
        "d.b": tensor([0]),
      }),
    );
    close(outputs["y"], [6, 8]); // w = 10 [3, 4] / 5
    close(outputs["loss"], [0.5]);
    // dw = [1, 0]; dg = dw v / |v| = 0.6; dv = g / |v| dw - g dg / |v|^2 v = [2, 0] - 0.24 [3, 4]  (eq. 3)
    close(state.get("d.g"), [10 - 0.5 * 0.6]);
    close(state.get("d.v"), [3 - 0.5 * 1.28, 4 + 0.5 * 0.96]);
    close(state.get("d.b"), [-0.5]);
  });

  test("initialization standardizes pre-activations and counts dead units", async () => {
    const constant = input("c", [2, 2]);
    const network: Network = (scope) => {
      const dead = dense(3, { name: "dead" })(scope, constant);
      const y = dense(1, { name: "alive" })(scope, x);
      return { loss: meanSquaredError(y, target), y, dead };
    };
    const options = { inputs: [x, constant, target], norm: arms.weight };
    const feeds = {
      x: tensor([1, 0, 0, 2], [2, 2]),
      c: tensor([1, 1, 1, 1], [2, 2]),
      target: tensor([1, 2], [2, 1]),
    };
    const { outputs, state } = await once(initStep(network, options), feeds);
    expect(Object.keys(outputs).sort()).toEqual(["dead", "dead:alive", "dead:dead", "loss", "y"]);
    expect([item(outputs["dead:dead"]), item(outputs["dead:alive"])]).toEqual([3, 0]);
    close(tensor(Float64Array.from(outputs["y"].data, Math.abs), [2]), [1, 1]); // mean 0, variance 1 of two numbers
    const after = await once(evalStep(network, options), feeds, state);
    close(after.outputs["y"], numbers(outputs["y"].data));
  });

  test("evaluation takes running averages and changes nothing; training moves them", async () => {
    const network = regression(dense(1, { name: "d" }));
    const state = stateOf({
      "d.w": tensor([1, 1], [1, 2]),
      "d.gamma": tensor([2]),
      "d.beta": tensor([1]),
      "d.mean": tensor([3]),
      "d.variance": tensor([4]),
    });
    const before = structuredClone([...state]);
    const feeds = { x: tensor([1, 2, 2, 5], [2, 2]), target: tensor([1, 1], [2, 1]) };
    const { outputs } = await once(evalStep(network, optionsOf("batch")), feeds, state);
    close(outputs["y"], [1, 5]); // 2 (t - 3) / 2 + 1 for t = 3, 7
    close(outputs["loss"], [8]);
    expect([...state]).toEqual(before);

    const spec = trainStep(network, { ...optionsOf("batch"), optimizer: sgd({ lr: 0 }) });
    const trained = await once(spec, feeds, state);
    close(trained.outputs["y"], [-1, 3]); // batch mean 5, variance 4
    close(state.get("d.mean"), [0.9 * 3 + 0.1 * 5]);
    close(state.get("d.variance"), [0.9 * 4 + 0.1 * 8]); // without bias: twice that of two examples
  });

  test("`also` keeps averages beside the parameters", async () => {
    const spec = trainStep(regression(dense(1, { name: "d" })), {
      ...optionsOf("plain"),
      optimizer: sgd({ lr: 0.1 }),
      also: (updates) => movingAverage(updates, 0.75),
    });
    const { state } = await once(
      spec,
      { x: tensor([1, 0, 0, 2], [2, 2]), target: tensor([1, 2], [2, 1]) },
      stateOf({
        "d.w": tensor([1, 2], [1, 2]),
        "d.b": tensor([0.5]),
        "average.d.w": tensor([1, 2], [1, 2]),
        "average.d.b": tensor([0.5]),
      }),
    );
    close(state.get("d.w"), [0.95, 1.5]);
    close(state.get("average.d.w"), [0.75 * 1 + 0.25 * 0.95, 0.75 * 2 + 0.25 * 1.5]);
    close(averaged(state).get("d.b"), [0.75 * 0.5 + 0.25 * 0.2]);
  });

  test("a key decides what is dropped, and evaluation needs none", async () => {
    const wide = input("wide", [2, 50]);
    const key = input("key", [2], "uint32");
    const layer = sequential(dropout(0.5), dense(1, { name: "d" }));
    const options = { inputs: [wide, target], norm: arms.plain, key };
    const network = regression(layer, target, wide);
    const spec = trainStep(network, { ...options, optimizer: sgd({ lr: 0 }) });
    const feeds = {
      wide: tensor(new Float32Array(100).fill(1), [2, 50]),
      target: tensor([0, 0], [2, 1]),
    };
    const lossOf = async (step: number): Promise<number> =>
      item((await once(spec, { ...feeds, key: keyTensor(1, step) })).outputs["loss"]);
    expect(await lossOf(1)).toBe(await lossOf(1));
    expect(await lossOf(1)).not.toBe(await lossOf(2));
    const { key: _, ...keyless } = options;
    const { outputs } = await once(evalStep(network, keyless), feeds);
    expect(item(outputs["loss"])).toBeGreaterThan(0);
  });

  describe("diagnosis", () => {
    const network = regression(
      sequential(dense(2, { name: "first" }), apply(relu), dense(1, { name: "second" })),
    );
    const weights = (first: number, second: number): State =>
      stateOf({
        "first.w": tensor(Float64Array.of(first, 0, 0, -1), [2, 2]),
        "first.b": tensor([0, 0]),
        "second.w": tensor(Float64Array.of(second, 1), [1, 2]),
        "second.b": tensor([0]),
      });
    const largest = async (state: State): Promise<Readonly<Record<string, number>>> => {
      const { outputs } = await once(
        diagnosticStep(network, optionsOf("plain")),
        { x: tensor([1, 2, 3, 7], [2, 2]), target: tensor([0, 0], [2, 1]) },
        state,
      );
      return Object.fromEntries(Object.entries(outputs).map(([k, value]) => [k, item(value)]));
    };

    test("the largest |pre-activation| of every layer, in order", async () => {
      expect(Object.entries(await largest(weights(1, 5)))).toEqual([
        ["first", 7],
        ["second", 15],
      ]);
    });
    test("the layer that overflows", async () => {
      expect(await largest(weights(1, 1e308))).toEqual({ first: 7, second: NaN });
      expect(await largest(weights(1e308, 1))).toEqual({ first: NaN, second: NaN });
    });
    test("a single NaN anywhere in a large batch", async () => {
      const many = input("many", [40, 30]);
      const spec = diagnosticStep((scope) => ({ loss: dense(64, { name: "d" })(scope, many) }), {
        inputs: [many],
        norm: arms.plain,
      });
      for (const at of [0, 37, 600, 1199]) {
        const data = new Float32Array(1200).fill(0.5);
        data[at] = NaN;
        const { outputs } = await once(spec, { many: tensor(data, [40, 30]) });
        expect(item(outputs["d"])).toBeNaN();
      }
    });
  });
});

test.each(Object.keys(arms) as Arm[])("%s: all that lasts is in the updates", (arm) => {
  const network = regression(
    sequential(dense(2, { name: "first" }), apply(relu), dense(1, { name: "second" })),
  );
  const spec = trainStep(network, { ...optionsOf(arm), optimizer: adam() });
  const updated = spec.updates!.map((u) => u.parameter.attrs.name);
  expect(new Set(updated).size).toBe(updated.length);
  const letters: Readonly<Record<Arm, readonly string[]>> = {
    plain: ["w", "b"],
    weight: ["v", "g", "b"],
    batch: ["w", "gamma", "beta"],
    "mean-only": ["w", "b"],
    "weight+mean-only": ["v", "g", "b"],
  };
  const running: Readonly<Record<Arm, readonly string[]>> = {
    plain: [],
    weight: [],
    batch: ["mean", "variance"],
    "mean-only": ["mean"],
    "weight+mean-only": ["mean"],
  };
  const expected = ["first", "second"].flatMap((layer) => [
    ...running[arm].map((name) => `${layer}.${name}`),
    ...letters[arm].flatMap((name) => {
      const full = `${layer}.${name}`;
      return [full, `adam.${full}.m`, `adam.${full}.v`];
    }),
  ]);
  expect(updated.toSorted()).toEqual([...expected, "adam.odds.0.9", "adam.odds.0.999"].sort());
  expect(evalStep(network, optionsOf(arm)).updates ?? []).toEqual([]);
  expect(diagnosticStep(network, optionsOf(arm)).updates ?? []).toEqual([]);
});

test("noise without a key is an error that says what to pass", () => {
  const network = regression(sequential(dropout(0.5), dense(1)));
  const make = (): unknown =>
    trainStep(network, { ...optionsOf("plain"), optimizer: sgd({ lr: 1 }) });
  expect(make).toThrowErrorMatchingInlineSnapshot(
    `[Error: scope: the network needs randomness and the trace has no key; pass \`key: input("key", [2], "uint32")\`]`,
  );
});
