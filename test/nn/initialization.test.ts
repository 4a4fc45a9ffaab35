/** Data-dependent initialization (eq. 5 and 6) on ONNX Runtime, for every layer and every arm: what it promises, measured. */
import { describe, expect, test } from "vitest";
import { flatten, leakyRelu, type Node } from "../../src/graph/index.ts";
import {
  apply,
  arms,
  armsOf,
  conv2d,
  dense,
  depthwiseConv2d,
  residual,
  sequential,
  type Arm,
} from "../../src/nn/index.ts";
import { nodeRuntime } from "../../src/runtime/node.ts";
import { tensor } from "../../src/runtime/program.ts";
import { evaluate, reference } from "../../src/runtime/reference.ts";
import { kindNames, kinds, type Kind } from "./kinds.ts";
import { armNames, momentsOf, networkOf, noise, type Moments } from "./network.ts";

const ort = nodeRuntime({ threads: 1 });

/** Mean and standard deviation of every pre-activation's every unit on the batch of initialization, in both modes. */
async function measure(
  kind: Kind,
  arm: Arm,
): Promise<Record<string, Record<string, readonly Moments[]>>> {
  // Weights so large that variances dwarf the epsilon of batch normalization also where inputs are small.
  const network = networkOf(kind, armsOf({ std: 1 })[arm]);
  const { state } = await network.initialized(ort);
  const named = (mode: "train" | "eval"): [string, Node][] =>
    Object.entries(network.traces[mode].preactivations).map(([name, t]) => [`${mode} ${name}`, t]);
  const values = await network.run(
    ort,
    Object.fromEntries([...named("train"), ...named("eval")]),
    state,
  );
  const of = (mode: "train" | "eval"): Record<string, readonly Moments[]> =>
    Object.fromEntries(
      named(mode).map(([name]) => [name.slice(mode.length + 1), momentsOf(values[name])]),
    );
  return { train: of("train"), eval: of("eval") };
}
function expectMoments(units: readonly Moments[], { mean, std }: Moments): void {
  for (const unit of units) {
    expect(Math.abs(unit.mean - mean)).toBeLessThan(1e-3);
    expect(Math.abs(unit.std - std)).toBeLessThan(1e-3);
  }
}

describe.each(armNames)("%s: pre-activations have mean 0 and variance 1 on the batch", (arm) => {
  test.each(kindNames)("%s", async (name) => {
    const measured = await measure(kinds[name], arm);
    for (const byLayer of Object.values(measured)) {
      const layers = Object.entries(byLayer);
      expect(layers.length).toBe(kinds[name].reports ?? 1);
      for (const [layer, units] of layers) {
        // A recurrent cell is initialized on its first step; only batch normalization standardizes each of the others.
        if (layer.includes("#") && arm !== "batch") continue;
        expectMoments(units, { mean: 0, std: 1 });
      }
    }
  });
});

const relu = apply((x) => leakyRelu(x, 0.1));
/** Seven layers deep, with a residual block whose last layer starts small. */
const deep: Kind = {
  x: [6, 2, 6, 6],
  layer: sequential(
    conv2d(4, { kernel: 3, pads: 1 }),
    relu,
    residual([conv2d(6, { kernel: 3, pads: 1 }), relu, conv2d(4, { kernel: 1, initScale: 0.1 })]),
    relu,
    conv2d(5, { kernel: 3, strides: 2 }),
    relu,
    apply(flatten),
    dense(8),
    relu,
    dense(6),
    relu,
    dense(3),
  ),
};

describe("a deep network is initialized in order, every layer from those before it as initialized", () => {
  test.each(armNames)("%s", async (arm) => {
    for (const byLayer of Object.values(await measure(deep, arm))) {
      expect(Object.keys(byLayer)).toEqual([
        "conv1",
        "residual1.conv1",
        "residual1.conv2",
        "conv2",
        "dense1",
        "dense2",
        "dense3",
      ]);
      for (const [layer, units] of Object.entries(byLayer))
        expectMoments(units, { mean: 0, std: layer === "residual1.conv2" ? 0.1 : 1 });
    }
  });

  test.each(armNames)("%s computes the function that plain computes", async (arm) => {
    const values = async (norm: Arm): Promise<readonly (readonly number[])[]> => {
      const network = networkOf(deep, arms[norm]);
      const { state } = await network.initialized(reference);
      const outputs = { train: network.traces.train.value, eval: network.traces.eval.value };
      const same = await network.run(reference, outputs, state);
      const feeds = { ...network.feeds, x: noise(deep.x, { seed: 9 }) };
      const other = evaluate({ y: network.traces.eval.value }, { feeds, state }).y; // a batch it has not seen
      return [same.train, same.eval, other].map(({ data }) => [...data]);
    };
    const [got, expected] = [await values(arm), await values("plain")];
    // Batch normalization adds epsilon = 1e-6 to variances of about 0.0025 fan-in.
    const tolerance = arm === "batch" ? 2e-3 : 1e-9;
    got.forEach((list, k) =>
      list.forEach((v, i) => expect(Math.abs(v - expected[k][i])).toBeLessThan(tolerance)),
    );
  });
});

describe("what is set", () => {
  test("g = 1 / sigma[t], b = -mu[t] / sigma[t] with t = v x / |v|", async () => {
    const network = networkOf(kinds.dense, arms.weight);
    const before = network.fresh();
    const v = [...before.get("dense1.v")!.data];
    const x = [...network.feeds.x.data];
    const { state } = await network.initialized(reference, new Map(before));
    for (let unit = 0; unit < 3; unit++) {
      const row = v.slice(5 * unit, 5 * unit + 5);
      const n = Math.hypot(...row);
      const t = Array.from({ length: 12 }, (_, k) =>
        row.reduce((sum, w, i) => sum + (w / n) * x[5 * k + i], 0),
      );
      const [{ mean, std }] = momentsOf(tensor(Float64Array.from(t), [12, 1]));
      expect(state.get("dense1.g")!.data[unit]).toBeCloseTo(1 / std, 10);
      expect(state.get("dense1.b")!.data[unit]).toBeCloseTo(-mean / std, 10);
    }
    expect(state.get("dense1.v")).toEqual(before.get("dense1.v"));
  });

  test("the values of g and b before do not matter: initializing twice is initializing once", async () => {
    for (const arm of armNames) {
      const network = networkOf(deep, arms[arm]);
      const { state: once } = await network.initialized(reference);
      const { state: twice } = await network.initialized(reference, new Map(once));
      const { y } = await network.run(reference, { y: network.traces.eval.value }, once);
      const { y: z } = await network.run(reference, { y: network.traces.eval.value }, twice);
      // Epsilon aside, also plain weights, which are themselves scaled, end where they were.
      y.data.forEach((v, i) => expect(z.data[i]).toBeCloseTo(v, arm === "batch" ? 4 : 9));
    }
  });

  test("nothing in the other modes: only running averages move in `train`, nothing in `eval`", () => {
    const updated = (arm: Arm, mode: "train" | "eval"): string[] =>
      networkOf(kinds.dense, arms[arm]).traces[mode].updates.map((u) => u.parameter.attrs.name);
    expect(armNames.map((arm) => [arm, updated(arm, "train")])).toEqual([
      ["plain", []],
      ["weight", []],
      ["batch", ["dense1.mean", "dense1.variance"]],
      ["mean-only", ["dense1.mean"]],
      ["weight+mean-only", ["dense1.mean"]],
    ]);
    expect(armNames.flatMap((arm) => updated(arm, "eval"))).toEqual([]);
  });
});

describe("dead units are counted and keep their scale", () => {
  const dying = armNames.filter((arm) => arm !== "batch"); // batch normalization initializes no scale from sigma
  /** Five channels, one filter for each: the second is always 0, the fifth always 3.7. */
  const depthwise: Kind = {
    x: [40, 5, 4, 4],
    layer: sequential(depthwiseConv2d({ kernel: 1 }), relu, conv2d(3, { kernel: 3 })),
  };
  const x = noise(depthwise.x);
  x.data.forEach((_, i) => {
    const channel = Math.floor(i / 16) % 5;
    if (channel === 1 || channel === 4) x.data[i] = channel === 1 ? 0 : 3.7;
  });

  test.each(dying)("%s", async (arm) => {
    const plain = networkOf(depthwise, arms[arm]);
    const network = { ...plain, feeds: { ...plain.feeds, x } };
    const program = await ort.compile({
      inputs: [network.x],
      outputs: plain.traces.init.dead,
      updates: plain.traces.init.updates,
    });
    const state = plain.fresh();
    const first = state.get("conv1.w")?.data.slice();
    const dead = await program.run({ x }, state);
    await program.release();
    expect(Object.entries(dead).map(([name, n]) => [name, n.data[0]])).toEqual([
      ["conv1", 2],
      ["conv2", 0],
    ]);
    const kept = first
      ? [...state.get("conv1.w")!.data].map((w, i) => w / first[i])
      : [...state.get("conv1.g")!.data];
    expect([kept[1], kept[4]]).toEqual([1, 1]);
    for (const i of [0, 2, 3]) expect(kept[i]).not.toBeCloseTo(1, 2);
    // A dead unit answers 0, for its mean is removed, and the layer after it is initialized as any other.
    const nodes = plain.traces.eval.preactivations;
    const evaluated = evaluate(nodes, { feeds: { x }, state });
    const units = momentsOf(evaluated.conv1);
    expectMoments([units[1], units[4]], { mean: 0, std: 0 });
    expectMoments([units[0], units[2], units[3]], { mean: 0, std: 1 });
    expectMoments(momentsOf(evaluated.conv2), { mean: 0, std: 1 });
  });

  test("a zero row of v is dead too and stays finite", async () => {
    const network = networkOf(kinds.dense, arms.weight);
    const state = network.fresh();
    state.get("dense1.v")!.data.fill(0, 0, 5);
    const { dead } = await network.initialized(ort, state);
    expect(dead).toEqual({ dense1: 1 });
    expect(state.get("dense1.g")!.data[0]).toBe(1);
    expect(
      [...state.get("dense1.g")!.data, ...state.get("dense1.b")!.data].every(Number.isFinite),
    ).toBe(true);
  });
});
