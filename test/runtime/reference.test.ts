/** The reference itself, against values by hand and the identities that define its trickier ops. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  argmax,
  cast,
  constant,
  conv2d,
  convTranspose2d,
  exp,
  gather,
  input,
  maxPool2d,
  mul,
  node,
  parameter,
  randomBits,
  scatterAdd,
  slice,
  sub,
  sum,
  type Node,
  type Pool2dAttrs,
  type PoolOptions,
  type Shape,
} from "../../src/graph/index.ts";
import { hash, streamKey } from "../../src/graph/hash.ts";
import { item, keyTensor, tensor, type State } from "../../src/runtime/program.ts";
import { evaluate, reference } from "../../src/runtime/reference.ts";
import { convolutions } from "../conformance/arbitrary.ts";
import { some } from "../conformance/case.ts";
import { products } from "../conformance/convolutions.ts";

const valuesOf = (y: Node): number[] => Array.from(evaluate({ y }).y.data, (x) => x + 0); // + 0: not -0
/** 1, 2, 3, ... */
const count = (shape: Shape): Node =>
  constant(
    Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i + 1),
    shape,
  );
const known = (shape: Shape, seed: number): Node => constant(some(shape, { seed }).data, shape);
/** <a, b>, the sum of all products. */
const inner = (a: Node, b: Node): number => item(evaluate({ y: sum(mul(a, b)) }).y);

describe("conv2d", () => {
  // 1  2  3  4
  // 5  6  7  8
  // 9 10 11 12
  const x = count([1, 1, 3, 4]);
  const w = constant([1, 10, 100, 1000], [1, 1, 2, 2]);

  test("slides the kernel without turning it", () => {
    expect(valuesOf(conv2d(x, w))).toEqual([6521, 7632, 8743, 10965, 12076, 13187]);
  });
  test("with pads at the top and left only", () => {
    expect(valuesOf(conv2d(x, w, { pads: [1, 1, 0, 0] })).slice(0, 5)).toEqual([
      1000, 2100, 3200, 4300, 5010,
    ]);
  });
  test("with strides 1 down and 2 across", () => {
    expect(valuesOf(conv2d(x, w, { strides: [1, 2] }))).toEqual([6521, 8743, 10965, 13187]);
  });
  test("with dilations 2 down and 3 across", () => {
    expect(valuesOf(conv2d(x, w, { dilations: [2, 3] }))).toEqual([1 + 40 + 900 + 12000]);
  });
  test("in groups, each output channel sees its group's inputs", () => {
    const channels = constant([1, 2, 3, 4], [1, 4, 1, 1]);
    const taps = constant([1, 10, 100, 1000, 1, 1], [3, 2, 1, 1]);
    expect(() => conv2d(channels, taps, { groups: 2 })).toThrow("3 output channels");
    const four = constant([1, 10, 100, 1000, 1, 10, 100, 1000], [4, 2, 1, 1]);
    expect(valuesOf(conv2d(channels, four, { groups: 2 }))).toEqual([21, 2100, 43, 4300]);
  });
  test("sums over input channels, for every image of the batch", () => {
    const images = constant([1, 2, 3, 4], [2, 2, 1, 1]);
    const taps = constant([1, 10, 100, 1000], [2, 2, 1, 1]);
    expect(valuesOf(conv2d(images, taps))).toEqual([21, 2100, 43, 4300]);
  });
});

describe("convTranspose2d", () => {
  test("lays the kernel down at every position, a stride apart", () => {
    const x = constant([1, 10], [1, 1, 1, 2]);
    const w = constant([1, 2, 3], [1, 1, 1, 3]);
    expect(valuesOf(convTranspose2d(x, w, { strides: [1, 2] }))).toEqual([1, 2, 13, 20, 30]);
    expect(valuesOf(convTranspose2d(x, w, { strides: [1, 2], pads: [0, 1] }))).toEqual([2, 13, 20]);
  });
  test("outputPadding adds columns at the end", () => {
    const x = constant([1, 10], [1, 1, 1, 2]);
    const w = constant([1, 2, 3], [1, 1, 1, 3]);
    const options = { strides: [1, 2], pads: [0, 1], outputPadding: [0, 1] } as const;
    expect(valuesOf(convTranspose2d(x, w, options))).toEqual([2, 13, 20, 30]);
  });
});

test("the three products of a convolution are one trilinear form", () => {
  fc.assert(
    fc.property(convolutions, ({ x, w, y, options }) => {
      const [image, kernel, dy] = [known(x, 0), known(w, 1), known(y, 2)];
      const form = products(options);
      const value = inner(form.y(image, kernel), dy);
      expect(inner(image, form.dx(image, kernel, dy))).toBeCloseTo(value, 9);
      expect(inner(kernel, form.dw(image, kernel, dy))).toBeCloseTo(value, 9);
    }),
    { numRuns: 100 },
  );
});

describe("maxPool2d", () => {
  const window = (options: Partial<Pool2dAttrs>): Pool2dAttrs => ({
    kernel: [2, 2],
    strides: [2, 2],
    pads: [0, 0, 0, 0],
    dilations: [1, 1],
    ...options,
  });
  const grad = (x: Node, dy: readonly number[], options: Partial<Pool2dAttrs> = {}): number[] => {
    const attrs = window(options);
    const y = node("maxPool2d", [x], attrs);
    return valuesOf(node("maxPool2dGrad", [x, constant(dy, y.shape)], attrs));
  };
  const pooled = (x: Node, options: PoolOptions): number[] => valuesOf(maxPool2d(x, options));

  test("shares its gradient among ties", () => {
    const x = constant([1, 7, 7, 7, 0, 0, 0, 0], [1, 1, 2, 4]);
    expect(pooled(x, { kernel: 2 })).toEqual([7, 7]);
    expect(grad(x, [1, 2])).toEqual([0, 1, 1, 1, 0, 0, 0, 0]);
    expect(grad(x, [1, 2], { kernel: [1, 4], strides: [1, 4] })).toEqual([
      0,
      ...[1 / 3, 1 / 3, 1 / 3],
      ...[0.5, 0.5, 0.5, 0.5],
    ]);
    const below = constant([1, 2, 5, 5], [1, 1, 2, 2]);
    expect(grad(below, [3])).toEqual([0, 0, 1.5, 1.5]);
  });
  test("adds the gradients of windows that overlap", () => {
    const x = constant([1, 9, 2, 3], [1, 1, 1, 4]);
    const options = { kernel: [1, 3], strides: [1, 1] } as const;
    expect(pooled(x, options)).toEqual([9, 9]);
    expect(grad(x, [1, 10], options)).toEqual([0, 11, 0, 0]);
  });
  test("never chooses padding, even among negative numbers", () => {
    const x = constant([-1, -2, -3, -4], [1, 1, 2, 2]);
    const options = { kernel: [2, 2], strides: [2, 2], pads: [1, 1, 1, 1] } as const;
    expect(pooled(x, options)).toEqual([-1, -2, -3, -4]);
    expect(grad(x, [1, 2, 3, 4], options)).toEqual([1, 2, 3, 4]);
  });
});

test("slice walks backwards and by steps", () => {
  const x = constant([0, 1, 2, 3, 4, 5, 6]);
  expect(valuesOf(slice(x, { axis: 0, step: -1 }))).toEqual([6, 5, 4, 3, 2, 1, 0]);
  expect(valuesOf(slice(x, { axis: 0, step: -2 }))).toEqual([6, 4, 2, 0]);
  expect(valuesOf(slice(x, { axis: 0, start: 5, end: 0, step: -2 }))).toEqual([5, 3, 1]);
  expect(valuesOf(slice(x, { axis: 0, start: -3, end: -1 }))).toEqual([4, 5]);
  expect(valuesOf(slice(x, { axis: 0, start: 1, step: 3 }))).toEqual([1, 4]);
  const both = slice(count([2, 3]), { axis: 0, step: -1 }, { axis: 1, step: -2 });
  expect(valuesOf(both)).toEqual([6, 4, 3, 1]);
});

describe("gather and scatterAdd", () => {
  test("are each other's transpose", () => {
    const indices = fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(indices, fc.integer({ min: 1, max: 3 }), (list, width) => {
        const i = constant(list, [list.length], "int32");
        const x = known([5, width], 0);
        const y = known([list.length, width], 1);
        expect(inner(gather(x, i), y)).toBeCloseTo(inner(x, scatterAdd(i, y, 5)), 9);
      }),
    );
  });
  test("rows whose index comes twice are added up", () => {
    const i = constant([2, 0, 2], [3], "int32");
    expect(valuesOf(scatterAdd(i, count([3, 2]), 3))).toEqual([3, 4, 0, 0, 6, 8]);
    expect(valuesOf(gather(count([3, 2]), i))).toEqual([5, 6, 1, 2, 5, 6]);
  });
  test("an index outside is an error", () => {
    const at = (i: number): Node => gather(count([3, 2]), constant(i, [], "int32"));
    expect(() => evaluate({ y: at(3) })).toThrowErrorMatchingInlineSnapshot(
      `[Error: gather: expected whole numbers from 0 to 2, got 3 in a constant; check them]`,
    );
    expect(() => evaluate({ y: at(-1) })).toThrowErrorMatchingInlineSnapshot(
      `[Error: gather: expected whole numbers from 0 to 2, got -1 in a constant; check them]`,
    );
    expect(() =>
      evaluate({ y: scatterAdd(constant([7], [1], "int32"), count([1]), 5) }),
    ).toThrowErrorMatchingInlineSnapshot(
      `[Error: scatterAdd: expected whole numbers from 0 to 4, got 7 at [0] of a constant; check them]`,
    );
  });
});

test("cast truncates toward zero and makes any nonzero number true", () => {
  const x = constant([-1.9, -0.5, 0, 0.5, 1.9]);
  expect(valuesOf(cast(x, "int32"))).toEqual([-1, 0, 0, 0, 1]);
  expect(valuesOf(cast(x, "bool"))).toEqual([1, 1, 0, 1, 1]);
});

test("whole numbers wrap around at 32 bits", () => {
  const big = constant([2 ** 31 - 1], [1], "int32");
  expect(valuesOf(sub(big, -1))).toEqual([-(2 ** 31)]);
  expect(valuesOf(mul(big, big))).toEqual([1]);
});

test("argmax is the first of the largest", () => {
  expect(valuesOf(argmax(constant([3, 5, 5, 2, 2, 1], [2, 3])))).toEqual([1, 0]);
  expect(valuesOf(argmax(constant([3, 5, 5, 5, 2, 1], [2, 3]), 0))).toEqual([1, 0, 0]);
});

test("randomBits are the highest bits of the hash of index, key and stream", () => {
  const key = keyTensor(1, 2, 3);
  const k = input("key", [2], "uint32");
  const { y } = evaluate({ y: randomBits(k, 5, { shape: [2, 3], stream: 9 }) }, { feeds: { key } });
  const [s0, s1] = streamKey(9);
  const mixed = [key.data[0] ^ s0, key.data[1] ^ s1] as const;
  const expected = Array.from({ length: 6 }, (_, i) => Math.floor(hash(i, mixed) / 2 ** 27));
  expect(Array.from(y.data)).toEqual(expected);
});

describe("evaluate", () => {
  test("computes in float64", () => {
    const { y } = evaluate({ y: exp(constant(1)) });
    expect(y.data).toBeInstanceOf(Float64Array);
    expect(item(y)).toBe(Math.E);
  });
  test("takes inputs from feeds and parameters from state, by name", () => {
    const x = input("x", [2]);
    const w = parameter("w", [2], { init: { kind: "constant", value: 0 } });
    const options = { feeds: { x: tensor([1, 2]) }, state: new Map([["w", tensor([3, 5])]]) };
    expect(Array.from(evaluate({ y: mul(x, w) }, options).y.data)).toEqual([3, 10]);
  });
  test("keeps nothing of the arrays it is given", () => {
    const data = Float64Array.of(1, 2);
    const { y } = evaluate({ y: input("x", [2]) }, { feeds: { x: tensor(data) } });
    data[0] = 99;
    expect(Array.from(y.data)).toEqual([1, 2]);
  });
  test("says what is missing or misshapen", () => {
    const x = input("x", [2]);
    const w = parameter("w", [2, 3], { init: { kind: "constant", value: 0 } });
    expect(() => evaluate({ x })).toThrowErrorMatchingInlineSnapshot(
      `[Error: run: input "x" is missing, expected float [2]; add it]`,
    );
    expect(() => evaluate({ w })).toThrowErrorMatchingInlineSnapshot(
      `[Error: run: parameter "w" is missing, expected float [2,3]; add it]`,
    );
    expect(() =>
      evaluate({ x }, { feeds: { x: tensor([1, 2, 3]) } }),
    ).toThrowErrorMatchingInlineSnapshot(
      `[Error: run: input "x" is float [3], expected float [2]; the program was compiled for that shape]`,
    );
  });
  test("reaches through graphs deeper than the call stack", () => {
    let y: Node = constant(0);
    for (let i = 0; i < 50_000; i++) y = sub(y, 1);
    expect(item(evaluate({ y }).y)).toBe(-50_000);
  });
});

describe("the reference runtime", () => {
  const a = parameter("a", [2], { init: { kind: "constant", value: 0 } });
  const b = parameter("b", [2], { init: { kind: "constant", value: 0 } });

  test("takes all updates at once, after everything is computed", async () => {
    const state: State = new Map([
      ["a", tensor([1, 2])],
      ["b", tensor([3, 4])],
    ]);
    const program = await reference.compile({
      outputs: { sum: sum(a) },
      updates: [
        { parameter: a, next: b },
        { parameter: b, next: a },
      ],
    });
    const outputs = await program.run({}, state);
    expect(item(outputs.sum)).toBe(3);
    expect(Object.keys(outputs)).toEqual(["sum"]);
    expect([...state].map(([name, x]) => [name, ...x.data])).toEqual([
      ["a", 3, 4],
      ["b", 1, 2],
    ]);
  });
  test("rejects, instead of throwing, and then leaves the state as it was", async () => {
    const x = input("x", [2]);
    await expect(reference.compile({ outputs: { x } })).rejects.toThrow('input "x"');
    const state: State = new Map([["a", tensor([1, 2])]]);
    const program = await reference.compile({ updates: [{ parameter: a, next: b }] });
    await expect(program.run({}, state)).rejects.toThrow('parameter "b" is missing');
    expect(Array.from(state.get("a")!.data)).toEqual([1, 2]);
  });
});
