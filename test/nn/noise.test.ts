/** Dropout and Gaussian noise: their moments, and when they do nothing. */
import { describe, expect, test } from "vitest";
import { grad } from "../../src/autodiff/index.ts";
import { input, mul, sum } from "../../src/graph/index.ts";
import { arms, dropout, gaussianNoise, trace, type Layer } from "../../src/nn/index.ts";
import { keyTensor, tensor } from "../../src/runtime/program.ts";
import { evaluate } from "../../src/runtime/reference.ts";

describe("noise", () => {
  const x = input("x", [100, 200]);
  const key = input("key", [2], "uint32");
  const ones = tensor(new Float64Array(20_000).fill(2), [100, 200]);
  const sample = (layer: Layer, seed = 1): number[] => {
    const { value } = trace((scope) => layer(scope, x), { mode: "train", norm: arms.plain, key });
    return [...evaluate({ value }, { feeds: { x: ones, key: keyTensor(seed) } }).value.data];
  };
  const mean = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0) / list.length;
  /** The standard error of a mean of 20000. */
  const error = (std: number): number => std / Math.sqrt(20_000);

  test.each([0.1, 0.5, 0.9])("dropout(%d) drops that share and keeps the mean", (p) => {
    const y = sample(dropout(p));
    expect(new Set(y.map((v) => v.toFixed(9)))).toEqual(
      new Set([(0).toFixed(9), (2 / (1 - p)).toFixed(9)]),
    );
    const share = y.filter((v) => v === 0).length / y.length;
    expect(Math.abs(share - p)).toBeLessThan(4 * error(Math.sqrt(p * (1 - p))));
    expect(Math.abs(mean(y) - 2)).toBeLessThan(4 * error(2 * Math.sqrt(p / (1 - p))));
  });
  test("gaussianNoise(sigma) adds N(0, sigma^2)", () => {
    const z = sample(gaussianNoise(0.3)).map((v) => (v - 2) / 0.3);
    expect(Math.abs(mean(z))).toBeLessThan(4 * error(1));
    expect(Math.abs(mean(z.map((v) => v * v)) - 1)).toBeLessThan(4 * error(Math.sqrt(2)));
    expect(Math.abs(mean(z.map((v) => v ** 3)))).toBeLessThan(4 * error(Math.sqrt(15)));
    expect(Math.abs(mean(z.map((v) => v ** 4)) - 3)).toBeLessThan(4 * error(Math.sqrt(96)));
  });
  test("differs from layer to layer and from key to key, and not otherwise", () => {
    const both: Layer = (scope, y) => {
      const [a, b] = [dropout(0.5)(scope, y), dropout(0.5)(scope, y)];
      return mul(a, b);
    };
    const shareOfBoth = sample(both).filter((v) => v > 0).length / 20_000;
    expect(Math.abs(shareOfBoth - 0.25)).toBeLessThan(4 * error(0.5));
    expect(sample(dropout(0.5), 1)).toEqual(sample(dropout(0.5), 1));
    expect(sample(dropout(0.5), 1)).not.toEqual(sample(dropout(0.5), 2));
  });
  test("is nothing at all in mode eval, at rate 0 and at sigma 0", () => {
    const evaluated = trace((scope) => [dropout(0.5)(scope, x), gaussianNoise(1)(scope, x)], {
      mode: "eval",
      norm: arms.plain,
    });
    expect(evaluated.value).toEqual([x, x]);
    expect(evaluated.value[0]).toBe(x);
    const without = trace((scope) => [dropout(0)(scope, x), gaussianNoise(0)(scope, x)], {
      mode: "train",
      norm: arms.plain,
    });
    expect(without.value[1]).toBe(x);
  });
  test("lets the gradient through where it lets x through", () => {
    const { value } = trace((scope) => dropout(0.5)(scope, x), {
      mode: "train",
      norm: arms.plain,
      key,
    });
    const [dx] = grad(sum(value), [x]);
    const out = evaluate({ value, dx }, { feeds: { x: ones, key: keyTensor(1) } });
    expect([...out.dx.data]).toEqual([...out.value.data].map((v) => v / 2));
  });
});
