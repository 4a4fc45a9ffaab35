/** Deep Q-learning's programs in float64, against what the papers say in plain numbers; and the networks' sizes. */
import { describe, expect, test } from "vitest";
import { networks } from "../../experiments/dqn/networks.ts";
import {
  actStep,
  copyStep,
  initialStep,
  learnStep,
  type QLearning,
} from "../../experiments/dqn/q-learning.ts";
import {
  apply,
  arms,
  dense,
  evaluate,
  input,
  item,
  ops,
  reference,
  sequential,
  sgd,
  tensor,
  trace,
  type Arm,
  type ProgramSpec,
  type State,
  type Tensor,
} from "../../src/index.ts";
import { momentsOf, noise } from "../nn/network.ts";

const BATCH = 7;
const [INPUTS, HIDDEN, ACTIONS] = [3, 4, 5];
const GAMMA = 0.9;

/** Two layers with tanh between them; what is seen is 0..255. */
const learning = (arm: Arm, changes: Partial<QLearning> = {}): QLearning => ({
  network: sequential(
    dense(HIDDEN, { name: "hidden" }),
    apply(ops.tanh),
    dense(ACTIONS, { name: "values" }),
  ),
  norm: arms[arm],
  ...{ shape: [INPUTS], most: 255, gamma: GAMMA, double: false },
  optimizer: sgd({ lr: 1 }),
  ...changes,
});

/** Random float64 values of all that some programs read; variances are above 0. */
async function stateOf(...specs: readonly ProgramSpec[]): Promise<State> {
  const programs = await Promise.all(specs.map((spec) => reference.compile(spec)));
  const state: State = new Map();
  for (const { attrs, shape } of programs.flatMap((p) => p.parameters)) {
    const { data } = noise(shape, { seed: state.size + 1 });
    const values = Float64Array.from(data, (x) => (attrs.name.endsWith("variance") ? x * x : x));
    if (!state.has(attrs.name)) state.set(attrs.name, tensor(values, shape));
  }
  return state;
}
const copyOf = (state: State): State =>
  new Map([...state].map(([name, t]) => [name, { ...t, data: t.data.slice() }]));

const seen = (seed: number, batch = BATCH): Tensor =>
  tensor(
    Float64Array.from(noise([batch, INPUTS], { seed }).data, (x) => Math.round(128 + 40 * x)),
    [batch, INPUTS],
  );
/** Transitions: two are ends, and rewards are so large that some errors are beyond Huber's 1, on either side. */
const transitions = {
  x: seen(91),
  next: seen(92),
  actions: tensor([0, 1, 2, 3, 4, 0, 2], [BATCH], "int32"),
  rewards: tensor(Float64Array.of(0, 4, -5, 0.25, 0, 1, -0.5)),
  ended: tensor(Float64Array.of(0, 1, 0, 0, 1, 0, 0)),
};

/** Q values of one observation by hand; `of` is "" or "target.". */
function valuesOf(state: State, of: string, x: readonly number[]): number[] {
  const layer = (name: string, y: readonly number[]): number[] => {
    const b = state.get(`${of}${name}.b`)!.data;
    const plain = state.get(`${of}${name}.w`);
    const rows = (plain ?? state.get(`${of}${name}.v`)!).data;
    return Array.from(b, (shift, unit) => {
      const row = [...rows.subarray(unit * y.length, (unit + 1) * y.length)];
      const scale = plain ? 1 : state.get(`${of}${name}.g`)!.data[unit] / Math.hypot(...row);
      return row.reduce((sum, w, i) => sum + scale * w * y[i], shift);
    });
  };
  return layer("values", layer("hidden", x.map((v) => v / 255)).map(Math.tanh)); // prettier-ignore
}

/** The loss as Mnih et al. and van Hasselt et al. define it. */
function lossOf(state: State, double: boolean): { readonly loss: number; readonly q: number } {
  const { x, next, actions, rewards, ended } = transitions;
  let [loss, q] = [0, 0];
  for (let i = 0; i < BATCH; i++) {
    const row = (t: Tensor): number[] => [...t.data.subarray(i * INPUTS, (i + 1) * INPUTS)];
    const values = valuesOf(state, "", row(x));
    const judged = valuesOf(state, "target.", row(next));
    const online = valuesOf(state, "", row(next));
    const best = double ? judged[online.indexOf(Math.max(...online))] : Math.max(...judged);
    const goal = ended.data[i] === 1 ? rewards.data[i] : rewards.data[i] + GAMMA * best;
    const error = Math.abs(values[actions.data[i]] - goal);
    loss += (error <= 1 ? error ** 2 / 2 : error - 1 / 2) / BATCH;
    q += Math.max(...values) / BATCH;
  }
  return { loss, q };
}

describe.each(["plain", "weight"] as const)("a step of learning of %s", (arm) => {
  test.each([false, true])("with double Q-learning %s", async (double) => {
    const spec = learnStep(BATCH, learning(arm, { double }));
    const state = await stateOf(spec);
    const before = copyOf(state);
    const { loss, q } = await (await reference.compile(spec)).run(transitions, state);
    const expected = lossOf(before, double);
    expect(item(loss)).toBeCloseTo(expected.loss, 12);
    expect(item(q)).toBeCloseTo(expected.q, 12);

    for (const [name, { data }] of before) {
      const after = state.get(name)!.data;
      if (name.startsWith("target.")) expect(after).toEqual(data);
      else
        for (const [i, value] of data.entries()) {
          const at = (moved: number): number => {
            const other = copyOf(before);
            other.get(name)!.data[i] = moved;
            return lossOf(other, double).loss;
          };
          const slope = (at(value + 1e-5) - at(value - 1e-5)) / 2e-5;
          expect(value - after[i]).toBeCloseTo(slope, 7); // the learning rate is 1
        }
    }
  });

  test("the two kinds are not the same, and neither are others' rewards or ends", async () => {
    const state = await stateOf(learnStep(BATCH, learning(arm)));
    expect(Math.abs(lossOf(state, true).loss - lossOf(state, false).loss)).toBeGreaterThan(0.01);
    const loss = async (changes: object, q: Partial<QLearning> = {}): Promise<number> => {
      const program = await reference.compile(learnStep(BATCH, learning(arm, q)));
      return item((await program.run({ ...transitions, ...changes }, copyOf(state)))["loss"]);
    };
    const as = await loss({});
    expect(await loss({ ended: tensor(new Float64Array(BATCH)) })).not.toBe(as);
    expect(await loss({}, { gamma: 0.8 })).not.toBe(as);
    const ends = { ended: tensor(new Float64Array(BATCH).fill(1)) };
    expect(await loss({ ...ends, next: seen(93) })).toBe(await loss(ends)); // nothing comes after the end
  });
});

describe.each(Object.keys(arms) as Arm[])("the target network of %s", (arm) => {
  test("changes only by a copy, which makes it equal in everything", async () => {
    const q = learning(arm);
    const specs = [learnStep(BATCH, q), copyStep(q), actStep(BATCH, q)];
    const [learn, copy, act] = await Promise.all(specs.map((spec) => reference.compile(spec)));
    const state = await stateOf(...specs);
    const names = [...state.keys()].filter((name) => !name.startsWith("target."));
    expect([...state.keys()].filter((name) => !names.includes(name)).sort()).toEqual(
      names.map((name) => `target.${name}`).sort(), // running averages, too
    );
    const [target, before] = [copyOf(state), copyOf(state)];
    await learn.run(transitions, state);
    await act.run({ x: transitions.x }, state);
    for (const name of names) {
      expect(state.get(`target.${name}`)).toEqual(target.get(`target.${name}`));
      expect(state.get(name), name).not.toEqual(before.get(name));
    }
    const learned = copyOf(state);
    await copy.run({}, state);
    for (const name of names) {
      expect(state.get(name)).toEqual(learned.get(name));
      expect(state.get(`target.${name}`)!.data).toEqual(learned.get(name)!.data);
    }
  });
});

test("to act is to take the best action, the first of equals", async () => {
  const spec = actStep(BATCH, learning("weight"));
  const state = await stateOf(spec);
  const program = await reference.compile(spec);
  const { x } = transitions;
  const best = async (): Promise<readonly (readonly number[])[]> => {
    const { action, value } = await program.run({ x }, state);
    expect([action.dtype, action.shape, value.shape]).toEqual(["int32", [BATCH], [BATCH]]);
    return Array.from(action.data, (a, i) => [a, value.data[i]]);
  };
  for (const [i, [action, value]] of (await best()).entries()) {
    const values = valuesOf(state, "", [...x.data.subarray(i * INPUTS, (i + 1) * INPUTS)]);
    expect(action).toBe(values.indexOf(Math.max(...values)));
    expect(value).toBeCloseTo(Math.max(...values), 12);
  }
  state.get("values.g")!.data.fill(0);
  state.get("values.b")!.data.set([1, 3, 2, 3, 0]);
  expect(await best()).toEqual(Array.from({ length: BATCH }, () => [1, 3]));
});

test.each(["weight", "weight+mean-only"] as const)(
  "initialization of %s standardizes the pre-activations of every unit on its batch",
  async (arm) => {
    const q = learning(arm);
    const batch = 50;
    const state = await stateOf(initialStep(batch, q));
    const x = seen(94, batch);
    const { values, ...dead } = await (
      await reference.compile(initialStep(batch, q))
    ).run({ x }, state);
    expect(values.shape).toEqual([batch, ACTIONS]);
    expect(Object.entries(dead).map(([name, n]) => [name, item(n)])).toEqual([
      ["dead:hidden", 0],
      ["dead:values", 0],
    ]);
    const scaled = ops.mul(input("x", [batch, INPUTS]), 1 / 255);
    const { preactivations } = trace((scope) => q.network(scope, scaled), {
      ...{ mode: "train", norm: q.norm },
    });
    const measured = evaluate(preactivations, { feeds: { x }, state });
    for (const name of ["hidden", "values"])
      for (const { mean, std } of momentsOf(measured[name])) {
        expect(mean).toBeCloseTo(0, 9);
        expect(std).toBeCloseTo(1, 6);
      }
  },
);

describe("networks for six actions", () => {
  /** Parameters by layer, and the shape of its pre-activations. */
  const layersOf = (
    name: keyof typeof networks,
    shape: readonly number[],
    arm: Arm,
  ): Record<string, unknown> => {
    const x = input("x", [1, ...shape]);
    const { parameters, preactivations } = trace((scope) => networks[name](6)(scope, x), {
      ...{ mode: "train", norm: arms[arm] },
    });
    const sizes = Object.keys(preactivations).map((layer) => {
      const own = parameters.filter(({ attrs }) => attrs.name.startsWith(`${layer}.`));
      return own.reduce((n, p) => n + p.shape.reduce((a, b) => a * b), 0);
    });
    return Object.fromEntries(
      Object.entries(preactivations).map(([layer, t], i) => [layer, [t.shape.slice(1), sizes[i]]]),
    );
  };

  test.each([
    ["plain", 0],
    ["weight", 1], // a scale for every unit
  ] as const)("of %s", (arm, scales) => {
    const each = (units: number, inputs: number): number => units * (inputs + 1 + scales);
    expect(layersOf("minatar", [4, 10, 10], arm)).toEqual({
      conv1: [[16, 8, 8], each(16, 4 * 3 * 3)],
      dense1: [[128], each(128, 16 * 8 * 8)],
      values: [[6], each(6, 128)],
    });
    expect(layersOf("nature", [4, 84, 84], arm)).toEqual({
      conv1: [[32, 20, 20], each(32, 4 * 8 * 8)],
      conv2: [[64, 9, 9], each(64, 32 * 4 * 4)],
      conv3: [[64, 7, 7], each(64, 64 * 3 * 3)],
      dense1: [[512], each(512, 64 * 7 * 7)],
      values: [[6], each(6, 512)],
    });
  });

  test("are as large as in the papers", () => {
    const total = (layers: Record<string, unknown>): number =>
      (Object.values(layers) as [unknown, number][]).reduce((sum, [, n]) => sum + n, 0);
    expect(total(layersOf("minatar", [4, 10, 10], "plain"))).toBe(132_566);
    expect(total(layersOf("nature", [4, 84, 84], "plain"))).toBe(1_687_206);
  });
});
