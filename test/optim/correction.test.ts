/** What averages that begin at zero are divided by: right at every step, in float32, with powers or without, and from counts of steps. */
import { describe, expect, test } from "vitest";
import { constant, div, input, parameter, sub, topological } from "../../src/graph/index.ts";
import { adam, adamax, adamW, byName, lamb } from "../../src/optim/index.ts";
import { correction, oddsAfter } from "../../src/optim/correction.ts";
import { initialState, tensor, type State } from "../../src/runtime/program.ts";
import { reference } from "../../src/runtime/reference.ts";
import { withOdds } from "../../src/train/earlier-adam.ts";
import { runtimes } from "../runtime/runtimes.ts";
import { p, roll } from "./bowl.ts";

/** 1 - beta^t in float64. */
const exact = (beta: number, t: number): number => -Math.expm1(t * Math.log(beta));

test.each([
  [0, 0],
  [0.5, 1e-7],
  [0.9, 2e-7],
  [0.99, 3e-7],
  [0.999, 6e-7],
  [0.9999, 1.5e-6],
])("of beta %d is right to %d in float32, at any step", (beta, bound) => {
  const checked = [...Array.from({ length: 60 }, (_, i) => Math.ceil(1.22 ** i)), 100_000];
  const errors = checked.map((t) => {
    const odds = oddsAfter(t, beta, Math.fround);
    const by = Math.fround(odds / Math.fround(1 + odds));
    return Math.abs(by / exact(beta, t) - 1);
  });
  expect(Math.max(...errors)).toBeLessThanOrEqual(bound);
});

test("a beta that is fed as 1 for a while stands still, and goes on", () => {
  const betas = [1, 1, 0.9, 1, 0.8];
  const odds = oddsAfter(
    betas.length,
    (step) => betas[step],
    (x) => x,
  );
  expect(odds).toBeCloseTo(1 / (0.9 * 0.8) - 1, 12);
});

describe.each(runtimes)("%s", (name, runtime) => {
  test("keeps the odds that are computed from a count, to the bit, also of a beta that changes", async () => {
    const beta = input("beta", []);
    const betaAt = (step: number): number => (step < 5 ? 0.9 : 0.5);
    const kept = [correction("adam", 0.999, "p"), correction("adam", beta, "p")];
    const updates = kept.map(({ update }) => update);
    const program = await runtime.compile({
      ...{ inputs: [beta], outputs: { by: kept[1].by }, updates },
    });
    const state = initialState(program.parameters, 1);
    let by: number | undefined;
    for (let step = 0; step < 9; step++)
      by = (await program.run({ beta: tensor(betaAt(step)) }, state))["by"].data[0];
    expect(by).toBeCloseTo(1 - 0.9 ** 5 * 0.5 ** 4, 6);
    const count = tensor(name === "reference" ? Float64Array.of(9) : Float32Array.of(9), []);
    const made = withOdds(new Map([["adam.step", count]]), program.parameters, { beta: betaAt });
    for (const odds of ["adam.odds.0.999", "adam.odds.beta"])
      if (name === "reference")
        // inputs are float32 there too
        expect(made.get(odds)!.data[0]).toBeCloseTo(state.get(odds)!.data[0], 5);
      else expect(made.get(odds)!.data[0]).toBe(state.get(odds)!.data[0]);
    expect([...made.keys()]).not.toContain("adam.step");
    await program.release();
  });
});

test.each([
  ["adam", adam({ beta1: 0 })],
  ["adam, one beta", adam({ beta1: 0.99, beta2: 0.99 })],
  ["adamw", adamW()],
  ["lamb", lamb()],
  ["adamax", adamax()],
])("%s takes no power", async (_, optimizer) => {
  const { updates, path } = await roll(optimizer, { steps: 2 });
  expect(topological(updates.map((u) => u.next)).map((n) => n.op)).not.toContain("pow");
  expect(path.flat().every(Number.isFinite)).toBe(true);
});

test("groups of one kind with other betas have corrections of their own", async () => {
  const q = parameter("q", [3], { init: p.attrs.init });
  const groups = byName([
    { match: /^p/, optimizer: adam({ beta1: 0.5 }) },
    { match: /./, optimizer: adam({ beta2: sub(1, div(constant(1), 100)) }) },
  ]);
  const gradient = constant([1, 2, -1]);
  const updates = groups([p, q], [gradient, gradient]);
  const program = await reference.compile({ updates });
  const state = initialState(program.parameters, 1);
  const start = [...state.get("p")!.data];
  for (let step = 0; step < 3; step++) await program.run({}, state);
  // Of a gradient that stays the same a corrected average is that gradient, and a step its sign.
  for (const name of ["p", "q"])
    state.get(name)!.data.forEach((x, i) => {
      expect(x).toBeCloseTo(start[i] - 0.003 * [1, 1, -1][i], 9);
    });
  expect([...state.keys()].filter((name) => name.includes(".odds.")).sort()).toEqual([
    ...["adam.odds.0.5", "adam.odds.0.9", "adam.odds.0.999", "adam.odds.q.2"],
  ]);
});

test("a state that needs nothing stays as it is, and a beta that nobody knows is left to whoever checks", () => {
  const odds = correction("adam", input("beta", []), "p").update.parameter;
  const counted: State = new Map([["adam.step", tensor(3)]]);
  expect([...withOdds(counted, [odds])]).toEqual([...counted]);
  expect([...withOdds(new Map([["p", tensor(1)]]), [odds])]).toEqual([["p", tensor(1)]]);
});
