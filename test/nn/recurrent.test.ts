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
import {
  arms,
  gru,
  lstm,
  recurrent,
  trace,
  unroll,
  type Layer,
  type LstmState,
  type RecurrentOptions,
  type Trace,
} from "../../src/nn/index.ts";
import { gradcheck } from "../../src/runtime/gradcheck.ts";
import { initialState, type State } from "../../src/runtime/program.ts";
import { evaluate } from "../../src/runtime/reference.ts";
import { kinds, type Kind } from "./kinds.ts";
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

  test("lstm with peepholes and a first state of its own", () => {
    const layer: Layer = (scope, x) => {
      const cell = lstm(scope, {
        ...{ name: "lstm1", inputs: x.shape[2], units: 2, peepholes: true, learnsStart: true },
      });
      return unroll(cell, x, ({ h }) => h);
    };
    const kind = { ...kinds.lstm, layer };
    const network = networkOf(kind, arms.plain);
    const state = anyState(network);
    const [h0, c0, p] = ["h0", "c0", "p"].map((name) => [...state.get(`lstm1.${name}`)!.data]);
    const expected = loop(
      network,
      { h: h0, c: c0 },
      (x, { h, c }) => {
        const t = gates(state, "lstm1", x, h);
        const next = c.map(
          (v, i) =>
            sigmoid(t[2 + i] + p[2 + i] * v) * v + sigmoid(t[i] + p[i] * v) * Math.tanh(t[4 + i]),
        );
        return {
          c: next,
          h: next.map((v, i) => sigmoid(t[6 + i] + p[4 + i] * v) * Math.tanh(v)),
        };
      },
      ({ h }) => h,
    );
    near(valueOf(kind, state), expected);
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

describe("recurrent layers", () => {
  const kind = (options: RecurrentOptions, name = "lstm1"): Kind => ({
    x: [3, 4, 2],
    layer: recurrent(2, { name, ...options }),
  });
  const stateOf = (options: RecurrentOptions): State =>
    anyState(networkOf(kind(options), arms.plain));
  /** y [3, 4, units] of a layer, whose parameters may be those of another. */
  const of = (layer: Layer, state: State): number[] => valueOf({ x: [3, 4, 2], layer }, state);

  test("one of one layer is its cell, unrolled", () => {
    const inputs = { inputs: 2, units: 2 };
    const lstmLayer: Layer = (scope, x) => unroll(lstm(scope, inputs), x, ({ h }) => h);
    const state = stateOf({});
    expect(of(recurrent(2), state)).toEqual(of(lstmLayer, state));
    for (const resetAfter of [false, true]) {
      const options = { cell: "gru", resetAfter } as const;
      const gruLayer: Layer = (scope, x) =>
        unroll(gru(scope, { ...inputs, resetAfter, name: "lstm1" }), x, (h) => h);
      const gruState = stateOf(options);
      expect(of(kind(options).layer, gruState)).toEqual(of(gruLayer, gruState));
    }
  });
  test("layers run on the outputs of those below, and the other direction on x turned round", () => {
    const state = stateOf({ layers: 2, bidirectional: true });
    const shapes = [...state].map(([name, { shape }]) => `${name} [${shape}]`);
    expect(shapes.filter((name) => name.includes("wih"))).toEqual([
      "lstm1.wih [8,2]",
      "lstm1.l0_reverse.wih [8,2]",
      "lstm1.l1.wih [8,4]",
      "lstm1.l1_reverse.wih [8,4]",
    ]);
    const both = of(recurrent(2, { bidirectional: true }), state);
    const back = new Map(
      ["wih", "whh", "b"].map((name) => [`lstm1.${name}`, state.get(`lstm1.l0_reverse.${name}`)!]),
    );
    const turned: Layer = (scope, x) => {
      const y = recurrent(2)(scope, slice(x, { axis: 1, step: -1 }));
      return slice(y, { axis: 1, step: -1 });
    };
    const half = (from: number): number[] =>
      both.filter((_, i) => Math.floor((i % 4) / 2) === from);
    near(half(0), of(recurrent(2), state));
    near(half(1), of(turned, back));
  });
  test("returnLast: what each direction ends with", () => {
    const state = stateOf({ bidirectional: true });
    const all = of(recurrent(2, { bidirectional: true }), state); // [3, 4, 4]
    const ends = [0, 1, 2].flatMap((n) => [
      ...all.slice(16 * n + 12, 16 * n + 14),
      ...all.slice(16 * n + 2, 16 * n + 4),
    ]);
    const { traces } = networkOf(kind({ bidirectional: true, returnLast: true }), arms.plain);
    expect(traces.eval.value.shape).toEqual([3, 4]);
    near(of(recurrent(2, { bidirectional: true, returnLast: true }), state), ends);
  });
  test("dropout drops between layers, in training", () => {
    const state = stateOf({ layers: 2 });
    const dropping = kind({ layers: 2, dropout: 0.5 });
    near(valueOf(dropping, state), valueOf(kind({ layers: 2 }), state));
    expect(valueOf(dropping, state, "train")).not.toEqual(valueOf(dropping, state));
    const one = kind({ dropout: 0.5 });
    near(valueOf(one, state, "train"), valueOf(one, state));
  });
  test("the bias of a product stays 0 in initialization and is learned after", () => {
    const options = { cell: "gru", resetAfter: true } as const;
    const { traces } = networkOf(kind(options), arms.weight);
    expect(traces.init.updates.map((u) => u.parameter.attrs.name)).toContain("lstm1.new.bh");
    expect(traces.train.parameters.map((p) => p.attrs.name)).toContain("lstm1.new.bh");
  });
  test("messages", () => {
    const build =
      (options: object, shape: readonly number[] = [3, 4, 2]): (() => unknown) =>
      () =>
        networkOf({ x: shape, layer: recurrent(2, options) }, arms.plain);
    expect(build({ cell: "rnn" })).toThrowErrorMatchingInlineSnapshot(
      `[Error: recurrent: cell is "lstm" or "gru", got "rnn"; use one of these]`,
    );
    expect(build({ layers: 0 })).toThrowErrorMatchingInlineSnapshot(
      `[Error: recurrent: layers are counted from 1, got 0; give a whole number]`,
    );
    expect(build({}, [3, 4])).toThrowErrorMatchingInlineSnapshot(
      `[Error: recurrent: expected x of shape [batch, time, in], got [3,4]; reshape it first]`,
    );
  });
});
