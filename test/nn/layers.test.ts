/** Layers: gradients in every arm and mode, what they compute, names, noise, messages. */
import { describe, expect, test } from "vitest";
import { grad } from "../../src/autodiff/index.ts";
import {
  flatten,
  input,
  mul,
  relu,
  slice,
  square,
  sum,
  tanh,
  type Shape,
} from "../../src/graph/index.ts";
import {
  apply,
  arms,
  conv1d,
  conv2d,
  convTranspose1d,
  convTranspose2d,
  dense,
  depthwiseConv2d,
  dropout,
  embedding,
  gaussianNoise,
  residual,
  sequential,
  trace,
  type Layer,
  type Mode,
} from "../../src/nn/index.ts";
import { gradcheck } from "../../src/runtime/gradcheck.ts";
import { tensor, type State } from "../../src/runtime/program.ts";
import { evaluate } from "../../src/runtime/reference.ts";
import { kindNames, kinds, type Kind } from "./kinds.ts";
import { anyState, armNames, near, networkOf, noise, valueOf } from "./network.ts";

const eachMode = ["train", "eval"] as const;

describe.each(armNames)("%s: gradients", (arm) => {
  test.each(kindNames)("of %s in both modes", (name) => {
    const network = networkOf(kinds[name], arms[arm]);
    for (const mode of eachMode)
      gradcheck(network.traces[mode].value, { feeds: network.feeds, state: anyState(network) });
  });
  test("of a residual network with noise", () => {
    const layer = sequential(
      conv2d(3, { kernel: 3, pads: 1 }),
      apply(tanh),
      residual([dropout(0.3), conv2d(3, { kernel: 1 }), gaussianNoise(0.2)]),
      apply(flatten),
      dense(4),
    );
    const network = networkOf({ x: [3, 2, 3, 3], layer }, arms[arm]);
    for (const mode of eachMode)
      gradcheck(network.traces[mode].value, { feeds: network.feeds, state: anyState(network) });
  });
  test("in mode init too, through the statistics", () => {
    // Not what anyone trains by, but it shows that initialization is an ordinary graph.
    const network = networkOf(kinds.conv2d, arms[arm]);
    gradcheck(network.traces.init.value, { feeds: network.feeds, state: anyState(network) });
  });
});

describe("what layers compute", () => {
  test("dense: x w^T + b", () => {
    const state: State = new Map([
      ["dense1.w", tensor([1, 2, 3, 4], [2, 2])],
      ["dense1.b", tensor([10, 20])],
    ]);
    const x = tensor([1, 0, 0, 1, 1, 1], [3, 2]);
    const { traces } = networkOf({ x: [3, 2], layer: dense(2) }, arms.plain);
    const { y } = evaluate({ y: traces.eval.value }, { feeds: { x }, state });
    expect([...y.data]).toEqual([11, 23, 12, 24, 13, 27]);
  });

  test("embedding: rows of w, of any shape of indices", () => {
    const kind: Kind = { x: [2, 3], dtype: "int32", layer: embedding(5, 2) };
    const network = networkOf(kind, arms.plain);
    const state = anyState(network);
    const { shape } = network.traces.eval.value;
    expect(shape).toEqual([2, 3, 2]);
    const [w, b] = [state.get("embedding1.w")!.data, state.get("embedding1.b")!.data];
    const expected = [...network.feeds.x.data].flatMap((i) => [
      w[2 * i] + b[0],
      w[2 * i + 1] + b[1],
    ]);
    near(valueOf(kind, state), expected);
  });

  test("dense: the last axis of x of any rank, and a matrix as ever", () => {
    const state = anyState(networkOf(kinds.dense, arms.plain));
    const flat = valueOf(kinds.dense, state);
    const deep: Kind = { x: [2, 3, 2, 5], layer: dense(3) };
    const { value } = networkOf(deep, arms.plain).traces.eval;
    expect(value.shape).toEqual([2, 3, 2, 3]);
    const { feeds } = networkOf(kinds.dense, arms.plain);
    const x = tensor(feeds.x.data, [2, 3, 2, 5]);
    near(evaluate({ y: value }, { feeds: { x }, state }).y.data, flat);
  });

  describe.each(armNames)("embedding with a padding index, %s", (arm) => {
    const kind: Kind = { x: [4, 3], dtype: "int32", layer: embedding(5, 2, { paddingIndex: 2 }) };
    const network = networkOf(kind, arms[arm]);
    const state = anyState(network);
    const weight = arm.startsWith("weight") ? "embedding1.v" : "embedding1.w";
    test("gives zeros there and nowhere else", () => {
      for (const mode of eachMode) {
        const { feeds, traces } = network;
        const y = evaluate({ y: traces[mode].value }, { feeds, state }).y.data;
        const indices = [...feeds.x.data];
        expect(indices).toContain(2);
        indices.forEach((index, i) => {
          const row = [...y.slice(2 * i, 2 * i + 2)];
          expect(row.every((v) => Math.abs(v) === 0)).toBe(index === 2);
        });
      }
    });
    test("has no gradient for that row", () => {
      const p = network.traces.train.parameters.find((q) => q.attrs.name === weight)!;
      const [dw] = grad(sum(square(network.traces.train.value)), [p]);
      const d = evaluate({ dw }, { feeds: network.feeds, state }).dw.data;
      expect([...d].some((v) => v !== 0)).toBe(true);
      // With weight normalization the row is part of |v|, and of nothing else.
      if (!arm.startsWith("weight")) expect([...d.slice(4, 6)].map(Math.abs)).toEqual([0, 0]);
    });
  });

  test("conv1d: a sum over the window", () => {
    const kind: Kind = {
      x: [1, 1, 6],
      layer: conv1d(1, { kernel: 3, stride: 2, pad: 1, dilation: 1 }),
    };
    const state: State = new Map([
      ["conv1.w", tensor([1, 10, 100], [1, 1, 3])],
      ["conv1.b", tensor([0.5])],
    ]);
    const x = [...networkOf(kind, arms.plain).feeds.x.data];
    const at = (i: number): number => x[i] ?? 0;
    near(
      valueOf(kind, state),
      [0, 2, 4].map((i) => at(i - 1) + 10 * at(i) + 100 * at(i + 1) + 0.5),
    );
  });

  test("padding: `same` makes ceil(size / stride), `causal` lets no output see what comes after it", () => {
    const shapeOf = (layer: Layer, x: Shape): Shape =>
      networkOf({ x, layer }, arms.plain).traces.eval.value.shape;
    for (const [kernel, stride, dilation, size] of [
      [3, 1, 1, 7],
      [4, 1, 3, 7],
      [2, 2, 1, 7],
      [5, 3, 2, 8],
      [1, 4, 1, 5],
    ] as const) {
      const options = { kernel, stride, dilation };
      expect(shapeOf(conv1d(3, { ...options, pad: "same" }), [2, 2, size])).toEqual([
        2,
        3,
        Math.ceil(size / stride),
      ]);
      const causal: Kind = { x: [1, 1, size], layer: conv1d(1, { ...options, pad: "causal" }) };
      const network = networkOf(causal, arms.plain);
      const y = network.traces.eval.value;
      expect(y.shape).toEqual([1, 1, Math.ceil(size / stride)]);
      y.shape.slice(2).forEach((length) => {
        for (let t = 0; t < length; t++) {
          const [dx] = grad(sum(slice(y, { axis: 2, start: t, end: t + 1 })), [network.x]);
          const d = evaluate({ dx }, { feeds: network.feeds, state: anyState(network) }).dx.data;
          const seen = [...d.keys()].filter((i) => d[i] !== 0);
          expect(Math.max(...seen)).toBe(t * stride);
        }
      });
    }
    const window = { kernel: [3, 2], strides: [2, 1], dilations: [1, 2] } as const;
    expect(shapeOf(conv2d(3, { ...window, pads: "same" }), [1, 2, 5, 4])).toEqual([1, 3, 3, 4]);
    expect(shapeOf(conv2d(3, { ...window, pads: "causal" }), [1, 2, 5, 4])).toEqual([1, 3, 3, 4]);
  });

  test("depthwise: a filter for every channel", () => {
    const kind: Kind = { x: [2, 2, 1, 1], layer: depthwiseConv2d({ kernel: 1, multiplier: 2 }) };
    const network = networkOf(kind, arms.plain);
    const state: State = new Map([
      ["conv1.w", tensor([1, 2, 3, 4], [4, 1, 1, 1])],
      ["conv1.b", tensor([0, 0, 0, 0])],
    ]);
    const [a, b, c, d] = network.feeds.x.data;
    near(valueOf(kind, state), [a, 2 * a, 3 * b, 4 * b, c, 2 * c, 3 * d, 4 * d]);
  });

  test("convTranspose2d is the transpose of conv2d: <y, conv x> = <convT y, x>", () => {
    const options = { kernel: [3, 2], strides: [2, 1], pads: [1, 0], groups: 2 } as const;
    const down: Kind = { x: [2, 4, 5, 4], layer: conv2d(6, options) };
    const up: Kind = { x: [2, 6, 3, 3], layer: convTranspose2d(4, options) };
    const w = noise([6, 2, 3, 2], { seed: 3 });
    const zero = (n: number): State =>
      new Map([
        ["conv1.w", w],
        ["conv1.b", tensor(new Float64Array(n))],
        ["convTranspose1.w", w],
        ["convTranspose1.b", tensor(new Float64Array(n))],
      ]);
    const [x, y] = [
      networkOf(down, arms.plain).feeds.x.data,
      networkOf(up, arms.plain).feeds.x.data,
    ];
    const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
      Array.from(a).reduce((s, v, i) => s + v * b[i], 0);
    expect(dot(y, valueOf(down, zero(6)))).toBeCloseTo(dot(valueOf(up, zero(4)), x), 8);
  });

  test("residual: x + f(x), and through a shortcut where f changes the shape", () => {
    const twice = apply((x) => mul(x, 2));
    const kind: Kind = { x: [2, 3], layer: residual([twice, twice]) };
    const { feeds } = networkOf(kind, arms.plain);
    near(
      valueOf(kind, new Map()),
      [...feeds.x.data].map((v) => 5 * v),
    );
    const { traces, parameters } = networkOf(
      {
        x: [2, 3],
        layer: residual([dense(4)], { shortcut: dense(4, { name: "shortcut" }), name: "block" }),
      },
      arms.plain,
    );
    expect(traces.eval.value.shape).toEqual([2, 4]);
    expect(parameters.map((p) => p.attrs.name).sort()).toEqual([
      "block.dense1.b",
      "block.dense1.w",
      "block.shortcut.b",
      "block.shortcut.w",
    ]);
  });
});

describe("names", () => {
  const namesOf = (layer: Layer, x: Shape): string[] =>
    networkOf({ x, layer }, arms.plain).traces.train.parameters.map((p) => p.attrs.name);

  test("count layers of a kind, everywhere anew, and give way to given ones", () => {
    const conv = conv2d(2, { kernel: 1 });
    const layer = sequential(
      conv,
      conv,
      conv2d(2, { kernel: 1, name: "middle" }),
      residual([conv, conv]),
      residual([conv]),
      conv,
      apply(flatten),
      dense(2),
    );
    expect(namesOf(layer, [2, 2, 2, 2]).filter((name) => name.endsWith(".w"))).toEqual([
      "conv1.w",
      "conv2.w",
      "middle.w",
      "residual1.conv1.w",
      "residual1.conv2.w",
      "residual2.conv1.w",
      "conv4.w", // `middle` was the third
      "dense1.w",
    ]);
  });
  test("are the same in every mode", () => {
    const { traces } = networkOf(kinds.lstm, arms["weight+mean-only"]);
    const names = (mode: Mode): string[] => traces[mode].parameters.map((p) => p.attrs.name);
    expect(names("init")).toEqual(names("train"));
    expect(names("eval")).toEqual(names("train"));
  });
  test("two of one name are an error", () => {
    const twice = sequential(dense(2, { name: "fc" }), dense(2, { name: "fc" }));
    expect(() => namesOf(twice, [2, 2])).toThrowErrorMatchingInlineSnapshot(
      `[Error: scope: parameter "fc.w" is made twice; give one of the layers another \`name\`, or call one \`shared(layer)\` twice to share its weights]`,
    );
  });
  test("pre-activations go by the layer's name, each step of a recurrent cell by its own", () => {
    expect(Object.keys(networkOf(kinds.lstm, arms.plain).traces.train.preactivations)).toEqual([
      "lstm1",
      "lstm1#2",
      "lstm1#3",
    ]);
    expect(
      Object.keys(networkOf(kinds.gru, arms.plain).traces.train.preactivations).slice(0, 3),
    ).toEqual(["gru1.gates", "gru1.candidate", "gru1.gates#2"]);
  });
  test("a layer's own norm wins over the network's", () => {
    const layer = sequential(dense(2), dense(2, { norm: arms.plain }));
    const { parameters } = networkOf({ x: [2, 2], layer }, arms.weight).traces.train;
    expect(parameters.map((p) => p.attrs.name)).toEqual([
      "dense1.v",
      "dense1.g",
      "dense1.b",
      "dense2.w",
      "dense2.b",
    ]);
  });
});

describe("messages", () => {
  const build =
    (layer: Layer, shape: Shape): (() => unknown) =>
    () =>
      trace((scope) => layer(scope, input("x", shape)), { mode: "train", norm: arms.plain });
  test("of ranks", () => {
    expect(build(dense(3), [2])).toThrowErrorMatchingInlineSnapshot(
      `[Error: dense: expected x of shape [batch, ..., in], got [2]; give it a batch axis]`,
    );
    expect(build(conv1d(3, { kernel: 3 }), [2, 3])).toThrowErrorMatchingInlineSnapshot(
      `[Error: conv1d: expected x of shape [batch, in, length], got [2,3]; reshape it first]`,
    );
    expect(build(conv2d(3, { kernel: 3 }), [2, 3, 4])).toThrowErrorMatchingInlineSnapshot(
      `[Error: conv2d: expected x of shape [batch, in, height, width], got [2,3,4]; reshape it first]`,
    );
    expect(build(convTranspose2d(3, { kernel: 3 }), [2])).toThrowErrorMatchingInlineSnapshot(
      `[Error: convTranspose2d: expected x of shape [batch, in, height, width], got [2]; reshape it first]`,
    );
  });
  test("of groups", () => {
    expect(
      build(conv1d(4, { kernel: 1, groups: 2 }), [1, 3, 4]),
    ).toThrowErrorMatchingInlineSnapshot(
      `[Error: conv1d: 3 channels and 4 units do not divide into 2 groups; use multiples of it]`,
    );
    expect(
      build(conv2d(3, { kernel: 1, groups: 2 }), [1, 4, 4, 4]),
    ).toThrowErrorMatchingInlineSnapshot(
      `[Error: conv2d: 4 channels and 3 units do not divide into 2 groups; use multiples of it]`,
    );
    expect(
      build(convTranspose2d(3, { kernel: 1, groups: 2 }), [1, 4, 4, 4]),
    ).toThrowErrorMatchingInlineSnapshot(
      `[Error: convTranspose2d: 4 channels and 3 units do not divide into 2 groups; use multiples of it]`,
    );
  });
  test("of padding", () => {
    const wrong = "valid" as "same";
    expect(
      build(conv2d(3, { kernel: 3, pads: wrong }), [1, 1, 4, 4]),
    ).toThrowErrorMatchingInlineSnapshot(
      `[Error: conv2d: pads is a number, "same" or "causal", got "valid"; use 0 for no padding]`,
    );
    expect(
      build(conv1d(3, { kernel: 3, pad: wrong }), [1, 1, 4]),
    ).toThrowErrorMatchingInlineSnapshot(
      `[Error: conv1d: pad is a number, "same" or "causal", got "valid"; use 0 for no padding]`,
    );
    expect(build(embedding(3, 2, { paddingIndex: 3 }), [4])).toThrowErrorMatchingInlineSnapshot(
      `[Error: embedding: paddingIndex is one of the 3 rows, got 3; use 0 to 2]`,
    );
    expect(build(convTranspose1d(3, { kernel: 3 }), [2, 2])).toThrowErrorMatchingInlineSnapshot(
      `[Error: convTranspose1d: expected x of shape [batch, in, length], got [2,2]; reshape it first]`,
    );
  });
  test("of a kernel that does not fit", () => {
    expect(build(conv2d(3, { kernel: 5 }), [1, 1, 4, 4])).toThrowErrorMatchingInlineSnapshot(
      `[Error: conv2d: the kernel spans 5 but the padded axis has only 4; use more padding or a smaller kernel]`,
    );
  });
  test("of an embedding of floats", () => {
    expect(build(embedding(3, 2), [4])).toThrowErrorMatchingInlineSnapshot(
      `[Error: embedding1: expected int32, got float [4]; cast it first]`,
    );
  });
  test("of noise", () => {
    expect(build(dropout(1), [1])).toThrowErrorMatchingInlineSnapshot(
      `[Error: dropout: p is a probability below 1, got 1; use e.g. 0.5]`,
    );
    expect(build(dropout(-0.1), [1])).toThrowErrorMatchingInlineSnapshot(
      `[Error: dropout: p is a probability below 1, got -0.1; use e.g. 0.5]`,
    );
    expect(build(dropout(0.5), [1])).toThrowErrorMatchingInlineSnapshot(
      `[Error: scope: the network needs randomness and the trace has no key; pass \`key: input("key", [2], "uint32")\`]`,
    );
    expect(build(residual([gaussianNoise(1)]), [1])).toThrowErrorMatchingInlineSnapshot(
      `[Error: scope: residual1 needs randomness and the trace has no key; pass \`key: input("key", [2], "uint32")\`]`,
    );
  });
  test("of a residual block", () => {
    expect(build(residual([dense(3), apply(relu)]), [1, 2])).toThrowErrorMatchingInlineSnapshot(
      `[Error: residual: the block gives [1,3] and its shortcut [1,2]; pass a \`shortcut\` layer of the block's shape]`,
    );
  });
});
