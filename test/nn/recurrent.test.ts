/** Recurrent cells against loops over numbers. */
import { describe, expect, test } from "vitest";
import { grad } from "../../src/autodiff/index.ts";
import {
  concat,
  input,
  slice,
  square,
  sum,
  topological,
  type Node,
} from "../../src/graph/index.ts";
import { arms, lstm, trace, type LstmState, type Trace } from "../../src/nn/index.ts";
import { gradcheck } from "../../src/runtime/gradcheck.ts";
import { initialState, type State } from "../../src/runtime/program.ts";
import { evaluate } from "../../src/runtime/reference.ts";
import { kinds } from "./kinds.ts";
import { anyState, near, networkOf, noise, valueOf, type Network } from "./network.ts";

describe("recurrent cells, against loops over numbers", () => {
  const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
  /** Rows of `[name].wih x + [name].whh h + [name].b`. */
  const gates = (
    state: State,
    name: string,
    x: readonly number[],
    h: readonly number[],
  ): number[] => {
    const [wih, whh, b] = ["wih", "whh", "b"].map((key) => [...state.get(`${name}.${key}`)!.data]);
    return b.map(
      (bias, row) =>
        bias +
        x.reduce((s, v, i) => s + v * wih[row * x.length + i], 0) +
        h.reduce((s, v, i) => s + v * whh[row * h.length + i], 0),
    );
  };
  /** y [batch, time, 2] of a cell given as a step of one example. */
  const loop = <S>(
    network: Network,
    first: S,
    step: (x: number[], s: S) => S,
    h: (s: S) => number[],
  ): number[] => {
    const [batch, time, width] = network.x.shape;
    const x = [...network.feeds.x.data];
    return Array.from({ length: batch }, (_, n) => {
      let s = first;
      return Array.from({ length: time }, (_t, k) => {
        s = step(x.slice((n * time + k) * width, (n * time + k + 1) * width), s);
        return h(s);
      });
    }).flat(2);
  };

  test("lstm", () => {
    const network = networkOf(kinds.lstm, arms.plain);
    const state = anyState(network);
    const expected = loop(
      network,
      { h: [0, 0], c: [0, 0] },
      (x, { h, c }) => {
        const t = gates(state, "lstm1", x, h);
        const next = c.map((v, i) => sigmoid(t[2 + i]) * v + sigmoid(t[i]) * Math.tanh(t[4 + i]));
        return { c: next, h: next.map((v, i) => sigmoid(t[6 + i]) * Math.tanh(v)) };
      },
      ({ h }) => h,
    );
    near(valueOf(kinds.lstm, state), expected);
  });

  test("gru", () => {
    const network = networkOf(kinds.gru, arms.plain);
    const state = anyState(network);
    const expected = loop(
      network,
      [0, 0],
      (x, h) => {
        const t = gates(state, "gru1.gates", x, h).map(sigmoid);
        const n = gates(
          state,
          "gru1.candidate",
          x,
          h.map((v, i) => t[i] * v),
        ).map(Math.tanh);
        return h.map((v, i) => t[2 + i] * v + (1 - t[2 + i]) * n[i]);
      },
      (h) => h,
    );
    near(valueOf(kinds.gru, state), expected);
  });

  test("weights are normalized once, not at every step", () => {
    const { traces } = networkOf(kinds.lstm, arms.weight);
    const norms = new Set<Node>();
    const visit = (n: Node): void => {
      if (n.op === "norm") norms.add(n);
      n.inputs.forEach(visit);
    };
    visit(traces.train.value);
    expect(norms.size).toBe(2);
  });
});

describe("x in parts", () => {
  const units = 2;
  const [still, moving] = [input("still", [3, 2]), input("moving", [3, 4])];
  const feeds = { still: noise([3, 2]), moving: noise([3, 4], { seed: 1 }) };
  const parts = [slice(moving, { axis: 1, end: 2 }), slice(moving, { axis: 1, start: 2 })];
  const outputOf = (xs: readonly (Node | readonly Node[])[]): Trace<Node> =>
    trace(
      (scope) => {
        const cell = lstm(scope, { inputs: 4, units });
        return xs.reduce<LstmState>((state, x) => cell.step(x, state), cell.initial(3)).h;
      },
      { mode: "train", norm: arms.weight },
    );
  const apart = outputOf(parts.map((part) => [still, part]));
  const whole = outputOf(parts.map((part) => concat([still, part], 1)));
  const state = initialState(apart.parameters, 1);

  test("are x", () => {
    const values = [apart, whole].map(
      ({ value }) => evaluate({ y: value }, { feeds, state }).y.data,
    );
    near(values[0], values[1]);
  });
  test("make it as wide as the cell expects", () => {
    expect(() => outputOf([still])).toThrow(
      "recurrent cell: x must have 4 columns in all, got 2; make it as wide as `inputs` says",
    );
  });
  test("a part that stays is multiplied once, forward and back", () => {
    const products = (y: Node): number =>
      topological([y]).filter((n) => n.op === "matmul" && n.inputs[0] === still).length;
    expect([products(apart.value), products(whole.value)]).toEqual([1, 0]);
    const [dw] = grad(sum(apart.value), [apart.parameters[0]]);
    expect(
      topological([dw]).filter(
        (n) =>
          n.op === "matmul" && n.inputs[0].op === "transpose" && n.inputs[0].inputs[0] === still,
      ),
    ).toHaveLength(1);
    gradcheck(sum(square(apart.value)), { feeds, state });
  });
});
