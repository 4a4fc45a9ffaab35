/** Numbers whose squares leave float32: |v|, norms of gradients and standard deviations are what they are, on every runtime. */
import { describe, expect, test } from "vitest";
import { grad } from "../../src/autodiff/index.ts";
import { input, mul, sum, type Input, type Node } from "../../src/graph/index.ts";
import { arms, conv2d, dense, fold, normalize, trace, type Arm } from "../../src/nn/index.ts";
import { clipByNorm, globalNorm } from "../../src/optim/index.ts";
import { initialState, tensor, type State, type Tensor } from "../../src/runtime/program.ts";
import { initStep } from "../../src/train/step.ts";
import { runtimes } from "../runtime/runtimes.ts";

type Values = Readonly<Record<string, readonly number[]>>;
/** Each a share of 1e-5 from what it should be, or, where that is 0, 0. */
function near(got: ArrayLike<number>, expected: readonly number[], share = 1e-5): void {
  expect(got.length).toBe(expected.length);
  expected.forEach((x, i) =>
    x === 0
      ? expect(Math.abs(got[i])).toBe(0)
      : expect(Math.abs(got[i] / x - 1)).toBeLessThan(share),
  );
}

describe.each(runtimes)("%s", (_, runtime) => {
  const valuesOf = async <K extends string>(
    outputs: Readonly<Record<K, Node>>,
    inputs: readonly Input[],
    data: Values,
  ): Promise<Readonly<Record<K, Tensor>>> => {
    const program = await runtime.compile({ inputs, outputs });
    const feeds = inputs.map((x) => [x.attrs.name, tensor(data[x.attrs.name], x.shape)] as const);
    const values = await program.run(Object.fromEntries(feeds), new Map());
    await program.release();
    return values;
  };

  describe("w = g v / |v| with one row of any size, one of zeros and one as usual", () => {
    const [v, g, dw] = [input("v", [3, 2]), input("g", [3, 1]), input("dw", [3, 2])];
    const w = normalize(v, g);
    const [dv, dg] = grad(sum(mul(w, dw)), [v, g]);
    const rows = (s: number): Values => ({
      v: [3 * s, 4 * s, 0, 0, 3, 4],
      g: [2, 5, 10],
      dw: [1, 2, 3, 4, 5, 6],
    });
    // u = (0.6, 0.8); dg = dw u; dv = g / |v| (dw - u dg)  (eq. 3)
    const last = { w: [6, 8], dg: 7.8, dv: [2 * 0.32, 2 * -0.24] };
    test.each([1e-35, 1e-30, 1e-25, 1e-20, 1e-15, 1e-5, 1, 1e5, 1e15, 1e19, 1e25, 1e30, 1e35])(
      "of size %f",
      async (s) => {
        const got = await valuesOf({ w, dv, dg }, [v, g, dw], rows(s));
        near(got.w.data, [1.2, 1.6, 0, 0, ...last.w]);
        near(got.dg.data, [2.2, 0, last.dg], 1e-4);
        const by = 2 / 5 / s;
        near(got.dv.data, [by * -0.32, by * 0.24, 0, 0, ...last.dv], 1e-4);
        const folded = fold(
          new Map([
            ["l.v", tensor(rows(s)["v"], [3, 2])],
            ["l.g", tensor(rows(s)["g"], [3, 1])],
          ]),
        );
        near(got.w.data, [...folded.get("l.w")!.data]);
      },
    );
    test.each([1e-37, 1e37])("w alone, of size %f", async (s) => {
      near((await valuesOf({ w }, [v, g], rows(s))).w.data, [1.2, 1.6, 0, 0, ...last.w]);
    });
  });

  describe("the norm of gradients", () => {
    const [a, b] = [input("a", [2]), input("b", [1])];
    test.each([1e-37, 1e-25, 1e-20, 1, 1e19, 1e30, 1e37])("of size %f", async (s) => {
      const outputs = {
        n: globalNorm([a, b]),
        ...Object.fromEntries(clipByNorm([a, b], 1).map((y, i) => [`clipped${i}`, y])),
      };
      const got: Readonly<Record<string, Tensor>> = await valuesOf(outputs, [a, b], {
        a: [3 * s, -4 * s],
        b: [12 * s],
      });
      near(got["n"].data, [13 * s]);
      const factor = 13 * s > 1 ? 1 / (13 * s) : 1;
      near(got["clipped0"].data, [3 * s * factor, -4 * s * factor]);
      near(got["clipped1"].data, [12 * s * factor]);
    });
    test("of zeros", async () => {
      const clipped = clipByNorm([a, b], 1);
      const got = await valuesOf({ a: clipped[0], n: globalNorm([a, b]) }, [a, b], {
        a: [0, 0],
        b: [0],
      });
      near(got.a.data, [0, 0]);
      near(got.n.data, [0]);
    });
  });

  describe("data-dependent initialization", () => {
    const x = input("x", [4, 1]);
    test.each([1e-30, 1e-25, 1e-20, 1, 1e19, 1e25, 1e30])(
      "standardizes pre-activations of size %f",
      async (s) => {
        for (const arm of ["plain", "weight", "mean-only"] satisfies Arm[]) {
          const program = await runtime.compile(
            initStep((scope) => ({ loss: sum(x), y: dense(2, { name: "d" })(scope, x) }), {
              inputs: [x],
              norm: arms[arm],
            }),
          );
          const state: State = initialState(program.parameters, 1);
          const feeds = { x: tensor([s, -s, 3 * s, s], [4, 1]) };
          const { y, "dead:d": dead } = await program.run(feeds, state);
          await program.release();
          expect(dead.data[0]).toBe(0);
          // (x - 1) / sqrt 2 for x = 1, -1, 3, 1, and the sign of w
          near(
            [...y.data].map(Math.abs).map((t) => (t < 1e-5 ? 0 : t)),
            [...[0, 0], ...[Math.SQRT2, Math.SQRT2], ...[Math.SQRT2, Math.SQRT2], ...[0, 0]],
          );
        }
      },
    );
  });
});

test("where float32 does not hold the norm at all, clipping says NaN and not 0", async () => {
  const a = input("a", [2]);
  for (const [, runtime] of runtimes.slice(1)) {
    const program = await runtime.compile({ inputs: [a], outputs: { y: clipByNorm([a], 1)[0] } });
    const { y } = await program.run({ a: tensor([3e38, 3e38]) }, new Map());
    await program.release();
    expect([...y.data]).toEqual([NaN, NaN]);
  }
});

describe("statistics of a single value", () => {
  const one = input("one", [1, 3]);
  const build = (arm: Arm, mode: "init" | "train" | "eval") => (): unknown =>
    trace((scope) => dense(2)(scope, one), { mode, norm: arms[arm] });
  test("are refused where they are taken", () => {
    expect(build("batch", "train")).toThrowErrorMatchingInlineSnapshot(
      `[Error: dense1: normalization by the batch needs several values a unit, got one in [1,2]; use a larger batch, or the arm weight]`,
    );
    expect(build("mean-only", "train")).toThrow("dense1: normalization by the batch");
    expect(build("weight", "init")).toThrowErrorMatchingInlineSnapshot(
      `[Error: dense1: data-dependent initialization needs several values a unit, got one in [1,2]; use a larger batch]`,
    );
    expect(build("batch", "init")).toThrow("dense1: data-dependent initialization");
  });
  test("and are no matter elsewhere", () => {
    for (const arm of Object.keys(arms) as Arm[]) expect(build(arm, "eval")).not.toThrow();
    for (const arm of ["plain", "weight"] as const) expect(build(arm, "train")).not.toThrow();
    const image = input("image", [1, 2, 5, 5]);
    for (const mode of ["init", "train"] as const)
      expect(() =>
        trace((scope) => conv2d(3, { kernel: 3 })(scope, image), { mode, norm: arms.batch }),
      ).not.toThrow();
  });
});
