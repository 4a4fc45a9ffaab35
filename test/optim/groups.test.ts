/** Different optimizers for different parameters, and averages of what they reach. */
import { describe, expect, test } from "vitest";
import { grad } from "../../src/autodiff/index.ts";
import {
  add,
  input,
  parameter,
  parametersOf,
  square,
  sum,
  type Update,
} from "../../src/graph/index.ts";
import {
  adam,
  averaged,
  byName,
  movingAverage,
  sgd,
  type Optimizer,
} from "../../src/optim/index.ts";
import { initialState, tensor, type State } from "../../src/runtime/program.ts";
import { reference } from "../../src/runtime/reference.ts";
import { adamStepsIn } from "./bowl.ts";

const init = { kind: "values", values: [3, -2] } as const;
const [v, g] = ["layer.v", "layer.g"].map((name) => parameter(name, [2], { init }));
const loss = add(sum(square(v)), sum(square(g)));

async function run(updates: readonly Update[], steps = 1, decay = 0): Promise<State> {
  const d = input("decay", []);
  const program = await reference.compile({ inputs: [d], updates });
  const state = initialState(
    parametersOf([loss, ...updates.flatMap((u) => [u.parameter, u.next])]),
    1,
  );
  for (let i = 0; i < steps; i++) await program.run({ decay: tensor(decay, []) }, state);
  return state;
}
const step = (optimizer: Optimizer, steps = 1): Promise<State> =>
  run(optimizer([v, g], grad(loss, [v, g])), steps);
const values = (state: State, name: string): number[] => [...state.get(name)!.data];

describe("byName", () => {
  test("gives every parameter to the first group that matches", async () => {
    const state = await step(
      byName([
        { match: /\.g$/, optimizer: sgd({ lr: 0.1 }) },
        { match: /./, optimizer: sgd({ lr: 0.25 }) },
      ]),
    );
    const [vs, gs] = [values(state, "layer.v"), values(state, "layer.g")];
    [1.5, -1].forEach((x, i) => expect(vs[i]).toBeCloseTo(x, 12));
    [2.4, -1.6].forEach((x, i) => expect(gs[i]).toBeCloseTo(x, 12));
  });
  test("null leaves a group as it is", async () => {
    const state = await step(
      byName([
        { match: /\.g$/, optimizer: null },
        { match: /./, optimizer: sgd({ lr: 0.25 }) },
      ]),
    );
    expect(values(state, "layer.g")).toEqual([3, -2]);
    expect(values(state, "layer.v")).toEqual([1.5, -1]);
  });
  test("one kind of optimizer may serve several groups at different rates, on one correction", async () => {
    const groups = byName([
      { match: /\.g$/, optimizer: adam({ lr: 0.1 }) },
      { match: /./, optimizer: adam({ lr: 0.3 }) },
    ]);
    const state = await step(groups, 3);
    expect(adamStepsIn(state)).toBe(3);
    expect(values(state, "layer.g")).toEqual(values(await step(adam({ lr: 0.1 }), 3), "layer.g"));
    expect(values(state, "layer.v")).toEqual(values(await step(adam({ lr: 0.3 }), 3), "layer.v"));
  });
  test("a group that matches nothing adds nothing", async () => {
    const state = await step(
      byName([
        { match: /nothing/, optimizer: adam() },
        { match: /./, optimizer: sgd({ lr: 0.25 }) },
      ]),
    );
    expect([...state.keys()]).toEqual(["layer.v", "layer.g"]);
  });
  test("a parameter that no group matches is an error", () => {
    const only = byName([{ match: /\.g$/, optimizer: sgd({ lr: 0.1 }) }]);
    expect(() => only([v, g], grad(loss, [v, g]))).toThrowErrorMatchingInlineSnapshot(
      `[Error: byName: no group matches "layer.v"; end the list with { match: /./, ... }]`,
    );
  });
});

test("as many gradients as parameters", () => {
  expect(() => sgd({ lr: 0.1 })([v, g], [v])).toThrowErrorMatchingInlineSnapshot(
    `[Error: optimizer: got 2 parameters and 1 gradients; pass grad(loss, parameters)]`,
  );
});

describe("movingAverage", () => {
  const decay = input("decay", []);
  const updates = sgd({ lr: 0.25 })([v], grad(loss, [v])); // halves v
  test("starts as the parameter and takes 1 - decay of its new values", async () => {
    const all = [...updates, ...movingAverage(updates, 0.9)];
    const state = await run(all, 2);
    const first = 0.9 * 3 + 0.1 * 1.5;
    expect(values(state, "layer.v")).toEqual([0.75, -0.5]);
    expect(values(state, "average.layer.v")[0]).toBeCloseTo(0.9 * first + 0.1 * 0.75, 12);
  });
  test("with decay 0 is the parameter itself, and decay may be an input", async () => {
    const state = await run([...updates, ...movingAverage(updates, decay)], 2, 0);
    expect(values(state, "average.layer.v")).toEqual(values(state, "layer.v"));
  });
  test("is kept for what is trained alone", () => {
    const all = adam()([v, g], grad(loss, [v, g]));
    expect(movingAverage(all, 0.9).map((u) => u.parameter.attrs.name)).toEqual([
      "average.layer.v",
      "average.layer.g",
    ]);
    expect(movingAverage(all, 0.9).every((u) => !u.parameter.attrs.trainable)).toBe(true);
  });
  test("averaged puts averages in the place of parameters and leaves the state as it is", () => {
    const [one, two, three] = [1, 2, 3].map((x) => tensor(x));
    const state = new Map(Object.entries({ a: one, "average.a": two, b: three }));
    expect(averaged(state)).toEqual(
      new Map(Object.entries({ a: two, "average.a": two, b: three })),
    );
    expect(state.get("a")).toBe(one);
  });
});
