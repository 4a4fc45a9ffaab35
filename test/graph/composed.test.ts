/** Functions made of other ops: what they say of arguments that do not fit, and closed forms. */
import { describe, expect, test } from "vitest";
import { gelu, input, upsample, type Shape, type UpsampleOptions } from "../../src/graph/index.ts";
import { tensor } from "../../src/runtime/program.ts";
import { evaluate } from "../../src/runtime/reference.ts";

const run = (data: readonly number[], shape: Shape, options: UpsampleOptions): number[] => {
  const x = input("x", shape);
  const { y } = evaluate({ y: upsample(x, options) }, { feeds: { x: tensor(data, shape) } });
  return [...y.data];
};

describe("upsample", () => {
  test("nearest repeats every element", () => {
    expect(run([1, 2, 3], [1, 1, 3], { scale: 2 })).toEqual([1, 1, 2, 2, 3, 3]);
    expect(run([1, 2, 3, 4], [1, 1, 2, 2], { scale: [1, 2] })).toEqual([1, 1, 2, 2, 3, 3, 4, 4]);
    expect(run([1, 2, 3, 4], [1, 1, 4], { size: 2 })).toEqual([1, 3]);
  });
  test("bilinear gives lines back, between aligned corners all of them", () => {
    const line = run([0, 3], [1, 1, 1, 2], { size: [1, 4], mode: "bilinear", alignCorners: true });
    line.forEach((v, i) => expect(v).toBeCloseTo(i, 12));
    expect(run([0, 4], [1, 1, 1, 2], { scale: [1, 2], mode: "bilinear" })).toEqual([0, 1, 3, 4]);
    expect(run([5], [1, 1, 1, 1], { size: 3, mode: "bilinear" })).toEqual(new Array(9).fill(5));
  });
  test("messages", () => {
    const of =
      (options: object, shape: Shape = [1, 2, 3, 4]): (() => unknown) =>
      () =>
        upsample(input("x", shape), options);
    expect(of({})).toThrowErrorMatchingInlineSnapshot(
      `[Error: upsample: one of scale and size says how large, got neither; give one]`,
    );
    expect(of({ scale: 2, size: 3 })).toThrowErrorMatchingInlineSnapshot(
      `[Error: upsample: one of scale and size says how large, got both; give one]`,
    );
    expect(of({ scale: 2, mode: "cubic" })).toThrowErrorMatchingInlineSnapshot(
      `[Error: upsample: mode is "nearest" or "bilinear", got "cubic"; use one of these]`,
    );
    expect(of({ scale: 2, alignCorners: true })).toThrowErrorMatchingInlineSnapshot(
      `[Error: upsample: alignCorners is for mode "bilinear", got it with "nearest"; leave it out]`,
    );
    expect(of({ scale: 2 }, [2, 3])).toThrowErrorMatchingInlineSnapshot(
      `[Error: upsample: expected x of shape [batch, channels, height, width] or [batch, channels, length], got [2,3]; reshape it first]`,
    );
    expect(of({ scale: 2, mode: "bilinear" }, [2, 3, 4])).toThrowErrorMatchingInlineSnapshot(
      `[Error: upsample: expected x of shape [batch, channels, height, width], got [2,3,4]; reshape it first]`,
    );
    expect(of({ size: [3, 4, 5] })).toThrowErrorMatchingInlineSnapshot(
      `[Error: upsample: size [3,4,5] does not fit [1,2,3,4]; give one positive number, or one for each of its last 2 axes]`,
    );
    expect(of({ scale: 0.1 })).toThrowErrorMatchingInlineSnapshot(
      `[Error: upsample: scale [0.1,0.1] does not fit [1,2,3,4]; give one positive number, or one for each of its last 2 axes]`,
    );
    expect(of({ size: 2.5 })).toThrowErrorMatchingInlineSnapshot(
      `[Error: upsample: size [2.5,2.5] does not fit [1,2,3,4]; give one positive number, or one for each of its last 2 axes]`,
    );
  });
});

test("gelu: message", () => {
  expect(() =>
    gelu(input("x", [2]), { approximate: "sigmoid" as "tanh" }),
  ).toThrowErrorMatchingInlineSnapshot(
    `[Error: gelu: approximate is "none" or "tanh", got "sigmoid"; leave it out for the exact function]`,
  );
});
