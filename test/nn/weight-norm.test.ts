/** Section 2 of the paper, as properties: w = g v / |v| and its gradients, for every shape that a layer uses. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { grad } from "../../src/autodiff/index.ts";
import { exp, input, mul, sum } from "../../src/graph/index.ts";
import {
  bias,
  combine,
  normalize,
  plainWeight,
  unitShapes,
  weightNorm,
} from "../../src/nn/index.ts";
import { nodeRuntime } from "../../src/runtime/node.ts";
import { initialState, tensor, type State } from "../../src/runtime/program.ts";
import { evaluate, reference } from "../../src/runtime/reference.ts";
import { kindNames, kinds } from "./kinds.ts";
import { networkOf } from "./network.ts";
import { weights, weightValues, values, type Weight, type WeightValues } from "./units.ts";

type Numbers = Float64Array;
interface Result {
  readonly w: Numbers;
  readonly dv: Numbers;
  readonly dg: Numbers;
}
/** w and, for the loss sum(w dw), the gradients to v and g. */
function run({ v: vShape, g: gShape, v0, g0, dw0 }: Omit<WeightValues, "units" | "what">): Result {
  const [v, g, dw] = [input("v", vShape), input("g", gShape), input("dw", vShape)];
  const w = normalize(v, g);
  const [dv, dg] = grad(sum(mul(w, dw)), [v, g]);
  const feeds = { v: tensor(v0, vShape), g: tensor(g0, gShape), dw: tensor(dw0, vShape) };
  const out = evaluate({ w, dv, dg }, { feeds });
  return { w: out.w.data as Numbers, dv: out.dv.data as Numbers, dg: out.dg.data as Numbers };
}

const total = (list: readonly number[], f: (i: number) => number): number =>
  list.reduce((sum, i) => sum + f(i), 0);
const normOver = (x: ArrayLike<number>, unit: readonly number[]): number =>
  Math.sqrt(total(unit, (i) => x[i] ** 2));
/** Within 1e-9 of the largest value that went into either. */
function close(got: number, expected: number, scale = 1): void {
  expect(Math.abs(got - expected)).toBeLessThanOrEqual(
    1e-9 * Math.max(1, scale, Math.abs(expected)),
  );
}
const everyUnit = (
  check: (w: WeightValues, result: Result, unit: readonly number[], k: number) => void,
): void =>
  fc.assert(
    fc.property(weightValues, (w) => {
      const result = run(w);
      w.units.forEach((unit, k) => check(w, result, unit, k));
    }),
  );

describe("w = g v / |v|", () => {
  test("|w| = |g| whatever v is, and w points along g v (eq. 2)", () => {
    everyUnit(({ v0, g0 }, { w }, unit, k) => {
      close(normOver(w, unit), Math.abs(g0[k]));
      for (const i of unit) close(w[i], (g0[k] * v0[i]) / normOver(v0, unit));
    });
  });

  test("the length of v does not matter, its sign does", () => {
    const scale = fc.constantFrom(1e-3, 0.5, 2, 1000, -1, -3);
    fc.assert(
      fc.property(weightValues, scale, (w, c) => {
        const first = run(w);
        const scaled = run({ ...w, v0: w.v0.map((x) => c * x) });
        first.w.forEach((x, i) => close(scaled.w[i], Math.sign(c) * x));
        first.dv.forEach((x, i) => close(scaled.dv[i], x / Math.abs(c), Math.abs(x / c)));
        first.dg.forEach((x, i) => close(scaled.dg[i], Math.sign(c) * x));
      }),
    );
  });

  test("dg = sum(dw u), dv = (g/n)(dw - u dg) with n = |v|, u = v/n (eq. 3)", () => {
    everyUnit(({ v0, g0, dw0 }, { dv, dg }, unit, k) => {
      const n = normOver(v0, unit);
      const expected = total(unit, (i) => (dw0[i] * v0[i]) / n);
      close(dg[k], expected, normOver(dw0, unit));
      for (const i of unit)
        close(
          dv[i],
          (g0[k] / n) * (dw0[i] - (v0[i] / n) * expected),
          Math.abs(g0[k] / n) * normOver(dw0, unit),
        );
    });
  });

  test("dv = (g/|v|) M_w dw, M_w = I - w w^T / |w|^2 (eq. 4)", () => {
    everyUnit(({ v0, g0, dw0 }, { w, dv }, unit, k) => {
      if (g0[k] === 0) return; // no direction of w to project away from
      const along = total(unit, (i) => w[i] * dw0[i]) / normOver(w, unit) ** 2;
      const factor = g0[k] / normOver(v0, unit);
      for (const i of unit)
        close(dv[i], factor * (dw0[i] - along * w[i]), Math.abs(factor) * normOver(dw0, unit));
    });
  });

  test("dv is at right angles to v", () => {
    everyUnit(({ v0, g0, dw0 }, { dv }, unit, k) => {
      close(
        total(unit, (i) => dv[i] * v0[i]),
        0,
        Math.abs(g0[k]) * normOver(dw0, unit),
      );
    });
  });

  test("|v| never shrinks under plain SGD: |v'|^2 = |v|^2 + lr^2 |dv|^2", () => {
    fc.assert(
      fc.property(weightValues, fc.constantFrom(0.01, 1, 30), (w, lr) => {
        const { dv } = run(w);
        const next = w.v0.map((x, i) => x - lr * dv[i]);
        for (const unit of w.units) {
          const [before, after] = [normOver(w.v0, unit) ** 2, normOver(next, unit) ** 2];
          close(after, before + lr ** 2 * normOver(dv, unit) ** 2, after);
          expect(after).toBeGreaterThanOrEqual(before - 1e-9);
        }
      }),
    );
  });

  test("along g = e^s the gradient is ds = g dg", () => {
    fc.assert(
      fc.property(weightValues, ({ v: vShape, g: gShape, v0, g0, dw0 }) => {
        const s = input("s", gShape);
        const [v, dw] = [input("v", vShape), input("dw", vShape)];
        const [ds] = grad(sum(mul(normalize(v, exp(s)), dw)), [s]);
        const feeds = { v: tensor(v0, vShape), dw: tensor(dw0, vShape), s: tensor(g0, gShape) };
        const got = evaluate({ ds }, { feeds }).ds.data;
        const e = g0.map(Math.exp);
        const { dg } = run({ v: vShape, g: gShape, v0, g0: e, dw0 });
        dg.forEach((d, k) => close(got[k], e[k] * d, e[k] * Math.abs(d)));
      }),
    );
  });
});

describe("zero rows of v", () => {
  const withZeroRow = weightValues.chain((w) =>
    fc.nat(w.units.length - 1).map((zero) => {
      const row = new Set(w.units[zero]);
      return { w, zero, zeroed: { ...w, v0: w.v0.map((x, i) => (row.has(i) ? 0 : x)) } };
    }),
  );
  test("give w = 0, dv = 0, dg = 0 exactly and leave the other rows alone, to the last bit", () => {
    fc.assert(
      fc.property(withZeroRow, ({ w, zero, zeroed }) => {
        const [before, after] = [run(w), run(zeroed)];
        w.units.forEach((unit, k) => {
          const expected = (x: number): number => (k === zero ? 0 : x);
          for (const i of unit) {
            expect(after.w[i] + 0).toBe(expected(before.w[i]) + 0); // + 0 makes no difference between 0 and -0
            expect(after.dv[i] + 0).toBe(expected(before.dv[i]) + 0);
          }
          expect(after.dg[k] + 0).toBe(expected(before.dg[k]) + 0);
        });
      }),
    );
  });
  test("on ONNX Runtime: zeros exactly, nothing that is not a number, and the other row to its precision", async () => {
    const [v, g, dw] = [input("v", [2, 3]), input("g", [2, 1]), input("dw", [2, 3])];
    const w = normalize(v, g);
    const [dv, dg] = grad(sum(mul(w, dw)), [v, g]);
    const program = await nodeRuntime({ threads: 1 }).compile({
      inputs: [v, g, dw],
      outputs: { w, dv, dg },
    });
    const feeds = {
      v: tensor([0, 0, 0, 3, 0, 4], [2, 3]),
      g: tensor([2, 10], [2, 1]),
      dw: tensor([1, 2, 3, 5, 7, 0], [2, 3]),
    };
    const got = await program.run(feeds, new Map());
    await program.release();
    const expected = { w: [0, 0, 0, 6, 0, 8], dg: [0, 3], dv: [0, 0, 0, 6.4, 14, -4.8] };
    for (const [name, list] of Object.entries(expected))
      list.forEach((x, i) => {
        if (x === 0) expect(Math.abs(got[name].data[i])).toBe(0);
        else expect(got[name].data[i]).toBeCloseTo(x, 5);
      });
  });
  test("in all rows at once", () => {
    fc.assert(
      fc.property(weightValues, (w) => {
        const { w: all, dv, dg } = run({ ...w, v0: w.v0.map(() => 0) });
        expect([...all, ...dv, ...dg].every((x) => x === 0)).toBe(true);
      }),
    );
  });
});

describe("unitShapes", () => {
  test("a PyTorch transposed convolution has one scale for each input: g tells the axis", () => {
    const v: Weight["v"] = [4, 3, 2, 2];
    expect(unitShapes(v, [4, 1, 1, 1])).toEqual({ vShape: v, gShape: [4, 1, 1, 1] });
    expect(unitShapes(v, [1, 3, 1, 1])).toEqual({ vShape: v, gShape: [1, 3, 1, 1] });
    expect(unitShapes(v, [1, 6, 1, 1])).toEqual({
      vShape: [2, 2, 3, 2, 2],
      gShape: [2, 1, 3, 1, 1],
    });
  });
  test("g that does not fit is an error", () => {
    expect(() => unitShapes([3, 4], [4, 1])).toThrowErrorMatchingInlineSnapshot(
      `[Error: weightNorm: g [4,1] does not fit v [3,4]; g has v's shape with 1 along the axes that the norm runs over]`,
    );
    expect(() => unitShapes([3, 4], [3])).toThrowErrorMatchingInlineSnapshot(
      `[Error: weightNorm: g [3] does not fit v [3,4]; g has v's shape with 1 along the axes that the norm runs over]`,
    );
    expect(() => unitShapes([4, 3, 2], [1, 5, 1])).toThrowErrorMatchingInlineSnapshot(
      `[Error: weightNorm: g [1,5,1] does not fit v [4,3,2]; g has v's shape with 1 along the axes that the norm runs over]`,
    );
    expect(() => unitShapes([3, 3, 2, 2], [1, 6, 1, 1])).toThrowErrorMatchingInlineSnapshot(
      `[Error: weightNorm: g [1,6,1,1] does not fit v [3,3,2,2]; g has v's shape with 1 along the axes that the norm runs over]`,
    );
  });
  test("g = 1 for all: the norm runs over everything", () => {
    fc.assert(
      fc.property(
        weights.chain(({ v }) => fc.tuple(fc.constant(v), values(v))),
        ([v, v0]) => {
          fc.pre(v0.some((x) => x !== 0));
          const { w } = run({ v, g: v.map(() => 1), v0, g0: Float64Array.of(3), dw0: v0 });
          close(normOver(w, [...w.keys()]), 3);
        },
      ),
    );
  });
});

describe("layers", () => {
  const norms = {
    linear: combine(weightNorm(), bias),
    exponential: combine(weightNorm({ scale: "exponential" }), bias),
  };
  test("shapes of v and g of every kind", () => {
    const shapes = Object.fromEntries(
      kindNames.map((name) => {
        const { parameters } = networkOf(kinds[name], norms.linear).traces.train;
        return [name, parameters.map((p) => `${p.attrs.name} [${p.shape}]`).join(", ")];
      }),
    );
    expect(shapes).toMatchInlineSnapshot(`
      {
        "conv1d": "conv1.v [6,2,3], conv1.g [6,1,1], conv1.b [6]",
        "conv2d": "conv1.v [4,3,3,3], conv1.g [4,1,1,1], conv1.b [4]",
        "convTranspose1d": "convTranspose1.v [4,3,3], convTranspose1.g [1,6,1], convTranspose1.b [6]",
        "convTranspose2d": "convTranspose1.v [3,2,3,3], convTranspose1.g [1,2,1,1], convTranspose1.b [2]",
        "dense": "dense1.v [3,5], dense1.g [3,1], dense1.b [3]",
        "denseOnSequences": "dense1.v [3,5], dense1.g [3,1], dense1.b [3]",
        "denseShared": "dense1.v [4,4], dense1.g [4,1], dense1.b [4]",
        "depthwiseConv2d": "conv1.v [6,1,3,3], conv1.g [6,1,1,1], conv1.b [6]",
        "embedding": "embedding1.v [5,3], embedding1.g [1,3], embedding1.b [3]",
        "groupedConv2d": "conv1.v [6,2,2,3], conv1.g [6,1,1,1], conv1.b [6]",
        "groupedConvTranspose2d": "convTranspose1.v [4,3,3,2], convTranspose1.g [1,6,1,1], convTranspose1.b [6]",
        "gru": "gru1.gates.wih.v [4,4], gru1.gates.wih.g [4,1], gru1.gates.whh.v [4,2], gru1.gates.whh.g [4,1], gru1.gates.b [4], gru1.candidate.wih.v [2,4], gru1.candidate.wih.g [2,1], gru1.candidate.whh.v [2,2], gru1.candidate.whh.g [2,1], gru1.candidate.b [2]",
        "gruResetAfter": "gru1.gates.wih.v [4,4], gru1.gates.wih.g [4,1], gru1.gates.whh.v [4,2], gru1.gates.whh.g [4,1], gru1.gates.b [4], gru1.new.wih.v [2,4], gru1.new.wih.g [2,1], gru1.new.whh.v [2,2], gru1.new.whh.g [2,1], gru1.new.b [2], gru1.new.bh [2]",
        "lstm": "lstm1.wih.v [8,4], lstm1.wih.g [8,1], lstm1.whh.v [8,2], lstm1.whh.g [8,1], lstm1.b [8]",
        "multiHeadAttention": "attention1.query.v [4,5], attention1.query.g [4,1], attention1.query.b [4], attention1.key.v [4,5], attention1.key.g [4,1], attention1.key.b [4], attention1.value.v [4,5], attention1.value.g [4,1], attention1.value.b [4], attention1.output.v [4,4], attention1.output.g [4,1], attention1.output.b [4]",
        "paddedEmbedding": "embedding1.v [5,3], embedding1.g [1,3], embedding1.b [3]",
        "recurrentGru": "gru1.gates.wih.v [4,4], gru1.gates.wih.g [4,1], gru1.gates.whh.v [4,2], gru1.gates.whh.g [4,1], gru1.gates.b [4], gru1.candidate.wih.v [2,4], gru1.candidate.wih.g [2,1], gru1.candidate.whh.v [2,2], gru1.candidate.whh.g [2,1], gru1.candidate.b [2], gru1.l1.gates.wih.v [4,2], gru1.l1.gates.wih.g [4,1], gru1.l1.gates.whh.v [4,2], gru1.l1.gates.whh.g [4,1], gru1.l1.gates.b [4], gru1.l1.candidate.wih.v [2,2], gru1.l1.candidate.wih.g [2,1], gru1.l1.candidate.whh.v [2,2], gru1.l1.candidate.whh.g [2,1], gru1.l1.candidate.b [2]",
        "recurrentLstm": "lstm1.wih.v [8,4], lstm1.wih.g [8,1], lstm1.whh.v [8,2], lstm1.whh.g [8,1], lstm1.b [8], lstm1.l0_reverse.wih.v [8,4], lstm1.l0_reverse.wih.g [8,1], lstm1.l0_reverse.whh.v [8,2], lstm1.l0_reverse.whh.g [8,1], lstm1.l0_reverse.b [8], lstm1.l1.wih.v [8,4], lstm1.l1.wih.g [8,1], lstm1.l1.whh.v [8,2], lstm1.l1.whh.g [8,1], lstm1.l1.b [8], lstm1.l1_reverse.wih.v [8,4], lstm1.l1_reverse.wih.g [8,1], lstm1.l1_reverse.whh.v [8,2], lstm1.l1_reverse.whh.g [8,1], lstm1.l1_reverse.b [8]",
      }
    `);
  });

  test.each(kindNames)("%s does not hear the length of v, and with g = 0 only its bias", (name) => {
    const { feeds, fresh, parameters, traces } = networkOf(kinds[name], norms.linear);
    const y = (letter: string, factor: number): number[] => {
      const state = fresh();
      for (const { attrs } of parameters.filter((p) => p.attrs.name.endsWith(letter))) {
        const { data, shape } = state.get(attrs.name)!;
        state.set(
          attrs.name,
          tensor(
            Float64Array.from(data, (x) => x * factor),
            shape,
          ),
        );
      }
      return [...evaluate({ y: traces.eval.value }, { feeds, state }).y.data];
    };
    const first = y("v", 1);
    y("v", 100).forEach((value, i) => close(value, first[i]));
    expect(first.some((value) => Math.abs(value) > 0.01)).toBe(true);
    expect(y("g", 0).every((value) => value === 0)).toBe(true);
  });

  test("g = e^s is one function with g, initialized alike", async () => {
    for (const name of kindNames) {
      const [g, s] = [
        networkOf(kinds[name], norms.linear),
        networkOf(kinds[name], norms.exponential),
      ];
      const [gs, ss] = [
        (await g.initialized(reference)).state,
        (await s.initialized(reference)).state,
      ];
      for (const [key, x] of gs)
        if (key.endsWith("g"))
          x.data.forEach((v, i) => close(Math.exp(ss.get(key.slice(0, -1) + "s")!.data[i]), v));
      const [a, b] = [
        (await g.run(reference, { y: g.traces.eval.value }, gs)).y,
        (await s.run(reference, { y: s.traces.eval.value }, ss)).y,
      ];
      a.data.forEach((v, i) => close(b.data[i], v));
    }
  });

  test("trainable: { g: false } freezes g, which initialization still sets", async () => {
    const frozen = networkOf(kinds.dense, combine(weightNorm({ trainable: { g: false } }), bias));
    expect(frozen.traces.train.parameters.map((p) => p.attrs.name)).toEqual([
      "dense1.v",
      "dense1.b",
    ]);
    const free = networkOf(kinds.dense, norms.linear);
    const [a, b] = [await frozen.initialized(reference), await free.initialized(reference)];
    expect(a.state.get("dense1.g")).toEqual(b.state.get("dense1.g"));
  });

  test("plain weights start as v does", () => {
    const plain = networkOf(kinds.dense, combine(plainWeight(), bias));
    const weighted = networkOf(kinds.dense, norms.linear);
    expect(plain.fresh(3).get("dense1.w")).toEqual(weighted.fresh(3).get("dense1.v"));
  });

  test("first values of v are N(0, 0.05^2) and g = 1, b = 0", () => {
    const big = networkOf({ ...kinds.dense, x: [2, 4000] }, norms.linear);
    const state: State = initialState(big.parameters, 5);
    const v = [...state.get("dense1.v")!.data];
    const mean = v.reduce((a, b) => a + b, 0) / v.length;
    const variance = v.reduce((a, b) => a + b * b, 0) / v.length;
    // Four standard errors.
    expect(Math.abs(mean / 0.05)).toBeLessThan(4 / Math.sqrt(v.length));
    expect(Math.abs(variance / 0.05 ** 2 - 1)).toBeLessThan(4 * Math.sqrt(2 / v.length));
    expect([...state.get("dense1.g")!.data, ...state.get("dense1.b")!.data]).toEqual([
      1, 1, 1, 0, 0, 0,
    ]);
  });
});
