/** Functions that ask more of their arguments than the ops they are built from: shapes, closed forms, messages. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import * as $ from "../../src/graph/index.ts";
import { input, type Dtype, type Node, type Shape } from "../../src/graph/index.ts";
import { evaluate } from "../../src/runtime/reference.ts";
import { some } from "../conformance/case.ts";

const x = (...shape: number[]): Node => input("x", shape);
const of = (dtype: Dtype, ...shape: number[]): Node => input("x", shape, dtype);
const numbers = (data: readonly number[], shape?: Shape): Node => $.constant(data, shape);
const valuesOf = (y: Node): number[] => Array.from(evaluate({ y }).y.data, (v) => v + 0); // + 0: not -0

const shapes: readonly [string, Node, Shape, Dtype?][] = [
  ["min", $.min(x(2, 3), { axes: -1 }), [2]],
  ["argmin", $.argmin(x(2, 3)), [2], "int32"],
  ["variance, kept", $.variance(x(2, 3, 4), { axes: [0, -1], keepDims: true }), [1, 3, 1]],
  ["product", $.product(x(2, 3, 4), { axes: [0, 2] }), [3]],
  ["product, kept", $.product(x(2, 5), { keepDims: true }), [1, 1]],
  ["product over nothing", $.product(x(2, 0), { axes: 1 }), [2]],
  ["topK, values", $.topK(x(2, 5, 3), 2, 1).values, [2, 2, 3]],
  ["topK, indices", $.topK(x(2, 5, 3), 2, -2).indices, [2, 2, 3], "int32"],
  ["cumulativeSum", $.cumulativeSum(x(2, 3)), [2, 3]],
  ["cumulativeSum of int32", $.cumulativeSum(of("int32", 2, 3), 0), [2, 3], "int32"],
  ["split", $.split(x(6, 2), 3)[2], [2, 2]],
  ["split into sizes", $.split(x(2, 6), [1, 5], 1)[1], [2, 5]],
  ["stack", $.stack([x(2, 3), x(2, 3)]), [2, 2, 3]],
  ["stack at the end", $.stack([x(2), x(2), x(2)], -1), [2, 3]],
  ["tile", $.tile(of("bool", 2, 3), [3, 2]), [6, 6], "bool"],
  ["flip", $.flip(of("uint32", 2, 3)), [2, 3], "uint32"],
  ["isNaN", $.isNaN(x(2, 3)), [2, 3], "bool"],
  ["isFinite", $.isFinite(x(2, 3)), [2, 3], "bool"],
  ["logicalAnd, broadcast", $.logicalAnd(of("bool", 2, 1), of("bool", 3)), [2, 3], "bool"],
  ["logicalNot", $.logicalNot(of("bool", 2)), [2], "bool"],
];
test.each(shapes)("%s", (_, { shape, dtype }, expected, expectedDtype = "float") => {
  expect([dtype, ...shape]).toEqual([expectedDtype, ...expected]);
});

describe("closed forms", () => {
  test("round takes halves to the even neighbour", () => {
    const half = numbers([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 0.49999999999999994, 2.51]);
    expect(valuesOf($.round(half))).toEqual([-2, -2, 0, 0, 2, 2, 0, 3]);
  });
  test("log1p and expm1 undo each other, near 0 too", () => {
    for (const v of [1e-300, -1e-12, 0.3, -0.9, 5])
      expect(valuesOf($.expm1($.log1p(numbers([v]))))[0] / v).toBeCloseTo(1, 12);
  });
  test("sin^2 + cos^2 is 1", () => {
    const angles = numbers([-700, -2, 0, 0.1, 3, 1e5]);
    const ones = valuesOf($.add($.square($.sin(angles)), $.square($.cos(angles))));
    for (const one of ones) expect(one).toBeCloseTo(1, 12);
  });
  test("the variance of 1 ... n is (n^2 - 1) / 12, a sample's n (n + 1) / 12", () => {
    const n = 10;
    const range = $.add($.arange(n, "float"), 1);
    expect(valuesOf($.variance(range))[0]).toBeCloseTo((n * n - 1) / 12, 12);
    expect(valuesOf($.variance(range, { correction: 1 }))[0]).toBeCloseTo((n * (n + 1)) / 12, 12);
  });
  test("the product of 1 ... n is n!, whatever n", () => {
    let factorial = 1;
    for (let n = 1; n <= 17; n++) {
      factorial *= n;
      expect(valuesOf($.product($.add($.arange(n, "float"), 1)))).toEqual([factorial]);
    }
    expect(valuesOf($.product(numbers([], [0, 2]), { axes: 0 }))).toEqual([1, 1]);
    expect(valuesOf($.product(numbers([3, 5]), { axes: [] }))).toEqual([3, 5]);
  });
  test("sums that come before, of either end", () => {
    const y = numbers([1, 10, 100]);
    expect(valuesOf($.cumulativeSum(y))).toEqual([1, 11, 111]);
    expect(valuesOf($.cumulativeSum(y, 0, { exclusive: true }))).toEqual([0, 1, 11]);
    expect(valuesOf($.cumulativeSum(y, 0, { reverse: true }))).toEqual([111, 110, 100]);
    const both = { exclusive: true, reverse: true };
    expect(valuesOf($.cumulativeSum(y, -1, both))).toEqual([110, 100, 0]);
  });
  test("isNaN is true for NaN alone, isFinite for what is neither NaN nor infinite", () => {
    const all = numbers([NaN, 0, -0, 1e308, Infinity, -Infinity]);
    expect(valuesOf($.isNaN(all))).toEqual([1, 0, 0, 0, 0, 0]);
    expect(valuesOf($.isFinite(all))).toEqual([0, 1, 1, 1, 0, 0]);
  });
  test("logic", () => {
    const [a, b] = [$.constant([0, 0, 1, 1], [4], "bool"), $.constant([0, 1, 0, 1], [4], "bool")];
    expect(valuesOf($.logicalAnd(a, b))).toEqual([0, 0, 0, 1]);
    expect(valuesOf($.logicalOr(a, b))).toEqual([0, 1, 1, 1]);
    expect(valuesOf($.logicalNot(a))).toEqual([1, 1, 0, 0]);
  });
  test("topK of ties takes the first", () => {
    const { values, indices } = $.topK(numbers([3, 7, 7, 1, 7, 3], [2, 3]), 2);
    expect(valuesOf(values)).toEqual([7, 7, 7, 3]);
    expect(valuesOf(indices)).toEqual([1, 2, 1, 2]);
  });
  test("argmin of ties takes the first", () => {
    expect(valuesOf($.argmin(numbers([3, 1, 1, 2, 2, 2], [2, 3])))).toEqual([1, 0]);
  });
});

describe("identities", () => {
  const shape = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 });
  const withAxis = shape.chain((s) => fc.tuple(fc.constant(s), fc.nat(s.length - 1)));
  const drawn = (s: Shape): Node => $.constant(some(s).data, s);

  test("parts of a split laid end to end are the whole", () => {
    fc.assert(
      fc.property(withAxis, fc.nat(4), ([s, axis], cut) => {
        const y = drawn(s);
        const first = Math.min(cut, s[axis]);
        const parts = $.split(y, [first, s[axis] - first], axis);
        expect(valuesOf($.concat(parts, axis))).toEqual(valuesOf(y));
        expect($.split(y, s[axis], axis).map((part) => part.shape[axis])).toEqual(
          new Array<number>(s[axis]).fill(1),
        );
      }),
    );
  });
  test("a slice of a stack is what was stacked", () => {
    fc.assert(
      fc.property(withAxis, ([s, axis]) => {
        const [a, b] = [drawn(s), $.neg(drawn(s))];
        const [first, second] = $.split($.stack([a, b], axis), 2, axis);
        expect(valuesOf(first)).toEqual(valuesOf(a));
        expect(valuesOf(second)).toEqual(valuesOf(b));
      }),
    );
  });
  test("a tile is concatenated copies", () => {
    fc.assert(
      fc.property(withAxis, fc.integer({ min: 1, max: 3 }), ([s, axis], n) => {
        const y = drawn(s);
        const copies = $.concat(new Array<Node>(n).fill(y), axis);
        const tiled = $.tile(
          y,
          s.map((_, i) => (i === axis ? n : 1)),
        );
        expect(valuesOf(tiled)).toEqual(valuesOf(copies));
      }),
    );
  });
  test("flipped twice is as before, and flipped sums run from the other end", () => {
    fc.assert(
      fc.property(withAxis, fc.boolean(), ([s, axis], exclusive) => {
        const y = drawn(s);
        expect(valuesOf($.flip($.flip(y)))).toEqual(valuesOf(y));
        const turned = $.flip($.cumulativeSum($.flip(y, axis), axis, { exclusive }), axis);
        const reverse = $.cumulativeSum(y, axis, { exclusive, reverse: true });
        expect(valuesOf(turned)).toEqual(valuesOf(reverse));
      }),
    );
  });
  test("topK of all is sorted, its values are where its indices say, and its first is the max", () => {
    fc.assert(
      fc.property(withAxis, ([s, axis]) => {
        const y = drawn(s);
        const { values, indices } = $.topK(y, s[axis], axis);
        const lines = (z: Node): Node => $.reshape($.stack([z]), [-1]);
        const sorted = $.split(values, s[axis], axis).map((part) => valuesOf(lines(part)));
        for (let i = 1; i < sorted.length; i++)
          for (const [j, v] of sorted[i].entries()) expect(v).toBeLessThanOrEqual(sorted[i - 1][j]);
        expect(sorted[0]).toEqual(valuesOf(lines($.max(y, { axes: axis, keepDims: true }))));
        const first = $.slice(indices, { axis, end: 1 });
        expect(valuesOf(lines(first))).toEqual(valuesOf(lines($.argmax(y, axis))));
      }),
    );
  });
});

describe("messages", () => {
  test("of dtypes", () => {
    const whole = of("int32", 3);
    const refused: readonly (() => unknown)[] = [
      () => $.min(whole),
      () => $.argmin(whole),
      () => $.variance(whole),
      () => $.product(whole),
      () => $.topK(whole, 1),
      () => $.cumulativeSum(of("bool", 3)),
      () => $.sin(whole),
      () => $.round(whole),
      () => $.isNaN(whole),
      () => $.isFinite(whole),
      () => $.rsqrt(whole),
      () => $.logicalAnd(whole, whole),
      () => $.logicalOr(of("bool", 3), x(3)),
      () => $.logicalNot(x(3)),
    ];
    expect(refused.map(messageOf)).toMatchInlineSnapshot(`
      [
        "min: expected float, got int32 [3]; cast it first",
        "argmin: expected float, got int32 [3]; cast it first",
        "variance: expected float, got int32 [3]; cast it first",
        "product: expected float, got int32 [3]; cast it first",
        "topK: expected float, got int32 [3]; cast it first",
        "cumulativeSum: expected float or int32, got bool [3]; cast it first",
        "sin: expected float, got int32 [3]; cast it first",
        "round: expected float, got int32 [3]; cast it first",
        "isNaN: expected float, got int32 [3]; cast it first",
        "isFinite: expected float, got int32 [3]; cast it first",
        "rsqrt: expected float, got int32 [3]; cast it first",
        "logicalAnd: expected bool, got int32 [3]; cast it first",
        "logicalOr: dtypes differ, got bool and float; cast one of them",
        "logicalNot: expected bool, got float [3]; cast it first",
      ]
    `);
  });
  test("of axes", () => {
    const refused: readonly (() => unknown)[] = [
      () => $.min(x(2, 3), { axes: 2 }),
      () => $.argmin(x(2, 3), -3),
      () => $.variance(x(2, 3), { axes: [0, -2] }),
      () => $.product(x(2, 3), { axes: [0, 5] }),
      () => $.topK(x(2, 3), 1, 2),
      () => $.topK(x(), 1),
      () => $.cumulativeSum(x(2, 3), 2),
      () => $.split(x(2, 3), 1, 2),
      () => $.stack([x(2, 3)], 3),
      () => $.flip(x(2, 3), [0, 2]),
      () => $.flip(x(2, 3), [1, -1]),
    ];
    expect(refused.map(messageOf)).toMatchInlineSnapshot(`
      [
        "min: axis 2 is outside a tensor of rank 2; use 0 to 1, or negative ones from the end",
        "argmin: axis -3 is outside a tensor of rank 2; use 0 to 1, or negative ones from the end",
        "variance: an axis is named twice, got [0,0]; name each once",
        "product: axis 5 is outside a tensor of rank 2; use 0 to 1, or negative ones from the end",
        "topK: axis 2 is outside a tensor of rank 2; use 0 to 1, or negative ones from the end",
        "topK: axis -1 is outside a tensor of rank 0; a scalar has no axes, reshape it first",
        "cumulativeSum: axis 2 is outside a tensor of rank 2; use 0 to 1, or negative ones from the end",
        "split: axis 2 is outside a tensor of rank 2; use 0 to 1, or negative ones from the end",
        "stack: axis 3 is outside a tensor of rank 3; use 0 to 2, or negative ones from the end",
        "flip: axis 2 is outside a tensor of rank 2; use 0 to 1, or negative ones from the end",
        "flip: an axis is named twice, got [1,1]; name each once",
      ]
    `);
  });
  test("of sizes", () => {
    const refused: readonly (() => unknown)[] = [
      () => $.variance(x(2, 1), { axes: 1, correction: 1 }),
      () => $.variance(x(2, 0), { axes: 1 }),
      () => $.topK(x(2, 3), 4),
      () => $.topK(x(2, 3), 0),
      () => $.topK(x(2, 3), 1.5),
      () => $.split(x(7), 3),
      () => $.split(x(7), 0),
      () => $.split(x(7), [3, 3]),
      () => $.split(x(7), [8, -1]),
      () => $.stack([]),
      () => $.stack([x(2), x(3)]),
      () => $.stack([x(2), of("int32", 2)]),
      () => $.tile(x(2, 3), [2]),
      () => $.tile(x(2), [-1]),
      () => $.logicalAnd(of("bool", 2), of("bool", 3)),
    ];
    expect(refused.map(messageOf)).toMatchInlineSnapshot(`
      [
        "variance: expected more elements than the correction of 1, got 1 over axes [1] of [2, 1]; reduce more of them or correct less",
        "variance: expected more elements than the correction of 0, got 0 over axes [1] of [2, 0]; reduce more of them or correct less",
        "topK: k is 1 to 3 along axis 1 of [2, 3], got 4; ask for a whole number of what is there",
        "topK: k is 1 to 3 along axis 1 of [2, 3], got 0; ask for a whole number of what is there",
        "topK: k is 1 to 3 along axis 1 of [2, 3], got 1.5; ask for a whole number of what is there",
        "split: axis 0 of [7] does not divide into 3 equal parts; give a divisor of 7, or the sizes of the parts",
        "split: axis 0 of [7] does not divide into 0 equal parts; give a divisor of 7, or the sizes of the parts",
        "split: sizes [3,3] do not add up to the 7 of axis 0 of [7]; give whole numbers that do",
        "split: sizes [8,-1] do not add up to the 7 of axis 0 of [7]; give whole numbers that do",
        "stack: no inputs, got []; give at least one",
        "stack: float [3] does not go with float [2]; give tensors of one shape and dtype",
        "stack: int32 [2] does not go with float [2]; give tensors of one shape and dtype",
        "tile: repeats [2] do not fit [2, 3]; give a whole number for every axis",
        "tile: repeats [-1] do not fit [2]; give a whole number for every axis",
        "logicalAnd: shapes [2] and [3] do not broadcast; axes must be equal or 1, counted from the right",
      ]
    `);
  });
});
function messageOf(f: () => unknown): string {
  try {
    f();
  } catch (error) {
    return (error as Error).message;
  }
  return "nothing was refused";
}
