/** Weight normalization folded, unfolded and renamed: the function stays, by whichever axis and in whichever type. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compareWeights, rewriteWeights, type RewriteOptions } from "../../src/index.ts";
import { fold } from "../../src/nn/index.ts";
import { bytesOfFloats, floatsOf } from "../../src/checkpoints/floats.ts";
import { entryOf, type Entry } from "../../src/checkpoints/entry.ts";
import { f32, golden, names, open, valuesOf, written } from "./read.ts";

const where = "f";
const rewritten = (entries: readonly Entry[], options: Omit<RewriteOptions, "where">) =>
  rewriteWeights(entries, { where, ...options });
const random = (length: number): readonly number[] =>
  Array.from({ length }, (_, i) => Math.sin(1 + 7 * i));

describe("weight_g, folded, unfolded, parametrizations: the same function to 1e-6", () => {
  test.each([".safetensors", ".pth", ".npz"])("through %s", async (ending) => {
    const before = (await open(golden("torch_zip.pth"))).entries.filter(({ name }) =>
      name.startsWith("generator."),
    );
    const through = async (entries: readonly Entry[]): Promise<readonly Entry[]> =>
      (await open(await written(`x${ending}`, entries))).entries;
    const folded = await through(rewritten(before, { scheme: "folded" }).entries);
    expect(names(folded).some((name) => /weight_[gv]$/.test(name))).toBe(false);
    const unfolded = await through(rewritten(folded, { unfold: true }).entries);
    const last = await through(rewritten(unfolded, { scheme: "parametrizations" }).entries);
    expect(names(last).filter((name) => name.includes("original0"))).toHaveLength(4);
    for (const after of [folded, unfolded, last]) {
      const { largest, others } = await compareWeights(before, after, { where });
      expect(largest).toBeLessThan(1e-6);
      expect(others).toEqual([]);
    }
  });
});

const cases: readonly (readonly [string, readonly number[], readonly number[]])[] = [
  ["by units", [3, 4, 2], [3, 1, 1]],
  ["by positions, as in wav2vec2", [3, 4, 5], [1, 1, 5]],
  ["by units of a transposed convolution", [3, 4, 2], [1, 4, 1]],
  ["in groups of a transposed convolution", [4, 3, 2], [1, 6, 1]],
  ["one for all", [3, 4], []],
  ["one for all, with an axis", [3, 4], [1]],
  ["without the other axes", [3, 4, 2], [3]],
  ["with two wide axes", [3, 4, 2], [3, 4, 1]],
];
test.each(cases)("folds as the library does: %s", async (_, shape, gShape) => {
  const size = (s: readonly number[]): number => s.reduce((a, b) => a * b, 1);
  const [v, g] = [random(size(shape)), random(size(gShape))];
  const entries = [f32("a.weight_v", shape, v), f32("a.weight_g", gShape, g)];
  const { entries: folded } = rewritten(entries, { scheme: "folded" });
  const expected = fold(
    new Map([
      ["a.weight_v", { dtype: "float", shape, data: Float32Array.from(v) }],
      ["a.weight_g", { dtype: "float", shape: gShape, data: Float32Array.from(g) }],
    ]),
  ).get("a.weight")!;
  expect(names(folded)).toEqual(["a.weight"]);
  const got = await valuesOf(folded[0]);
  got.forEach((x, i) => expect(x).toBeCloseTo(expected.data[i], 6));
});

test("where the shape of g leaves the axis open it is asked for", async () => {
  const entries = [f32("a.weight_v", [2, 2], [3, 4, 6, 8]), f32("a.weight_g", [2], [1, 1])];
  expect(() => rewritten(entries, { scheme: "folded" })).toThrow(
    'f: "a.weight_g" does not fit "a.weight_v", got [2] and [2,2]; say along which axis its units are (--axis 0)',
  );
  const values = async (axis: number): Promise<readonly number[]> =>
    (await valuesOf(rewritten(entries, { scheme: "folded", axis }).entries[0])).map(
      (x) => +x.toFixed(3),
    );
  expect(await values(0)).toEqual([0.6, 0.8, 0.6, 0.8]);
  expect(await values(1)).toEqual([0.447, 0.447, 0.894, 0.894]);
});

describe("unfolding", () => {
  const entries = [
    f32("a.weight", [2, 2], [3, 4, 0, 0]),
    f32("norm.weight", [2], [1, 1]),
    f32("a.bias", [2], [1, 1]),
    f32("rnn.weight_ih_l0", [1, 2], [3, 4]),
  ];
  test("takes every `weight` of rank 2 and more, and only those", async () => {
    const { entries: result, changes } = rewritten(entries, { unfold: true });
    expect(names(result)).toEqual([
      "a.weight_g",
      "a.weight_v",
      "norm.weight",
      "a.bias",
      "rnn.weight_ih_l0",
    ]);
    expect(await valuesOf(result[0])).toEqual([5, 0]);
    expect(changes).toEqual([{ weight: "a.weight", what: "unfolded", note: "g [2,1]" }]);
  });
  test("or what a pattern names, and says what it could not", () => {
    const { entries: result, changes } = rewritten(entries, {
      unfold: true,
      only: /rnn|norm/,
      scheme: "parametrizations",
      axis: 1,
    });
    expect(names(result).slice(3)).toEqual([
      "rnn.parametrizations.weight_ih_l0.original0",
      "rnn.parametrizations.weight_ih_l0.original1",
    ]);
    expect(result[3].shape).toEqual([1, 2]);
    expect(changes.map(({ what }) => what)).toEqual(["kept", "unfolded"]);
  });
  test("a pattern that nothing matches is an error", () => {
    expect(() => rewritten(entries, { unfold: true, only: /nothing/ })).toThrow(
      'f: expected a weight that "nothing" matches, got "a.weight", "norm.weight", "a.bias" ...; mend the pattern',
    );
  });
});

test("a part without the other, and a weight that is there twice, are errors; a letter alone is none", () => {
  expect(() => rewritten([f32("a.weight_v", [2, 2], [1, 2, 3, 4])], {})).toThrow(
    /direction of a weight whose scale is missing/,
  );
  const twice = [
    f32("a.weight", [1, 1], [1]),
    f32("a.weight_v", [1, 1], [1]),
    f32("a.weight_g", [1, 1], [1]),
  ];
  expect(() => rewritten(twice, {})).toThrow(/a weight twice/);
  expect(
    names(rewritten([f32("attention.v", [2, 2], [1, 2, 3, 4])], { scheme: "folded" }).entries),
  ).toEqual(["attention.v"]);
});

test.each(["F16", "BF16"] as const)(
  "%s is kept, and what it does not hold is an error",
  async (dtype) => {
    const entry = (name: string, shape: readonly number[], values: readonly number[]): Entry =>
      entryOf(name, dtype, shape, () => bytesOfFloats(dtype, values)!);
    const parts = [entry("a.weight_v", [1, 2], [3, 4]), entry("a.weight_g", [1, 1], [2])];
    const [w] = rewritten(parts, { scheme: "folded" }).entries;
    expect(w.dtype).toBe(dtype);
    expect((await valuesOf(w))[0]).toBeCloseTo(1.2, 2);
    const large = rewritten([f32("a", [1], [3e38])], { dtype }).entries;
    if (dtype === "F16")
      await expect(written("x.pth", large)).rejects.toThrow(
        /^f: "a": expected numbers that F16 holds, got 3/,
      );
  },
);

test("rounding is to the nearest, ties to even, as hardware rounds", () => {
  for (const dtype of ["F16", "BF16"] as const) {
    // Every value of the type is itself.
    const bits = Uint16Array.from({ length: 2 ** 16 }, (_, i) => i);
    const all = floatsOf(dtype, new Uint8Array(bits.buffer), "all");
    const finite = Array.from(all).filter(Number.isFinite);
    const back = floatsOf(dtype, bytesOfFloats(dtype, finite)!, "back");
    expect(Array.from(back).every((x, i) => Object.is(x, finite[i]))).toBe(true);
  }
  const half = (x: number): number => floatsOf("F16", bytesOfFloats("F16", [x])!, "x")[0];
  expect([1 + 2 ** -11, 1 + 3 * 2 ** -11, 2 ** -25, 3 * 2 ** -26, -(2 ** -25)].map(half)).toEqual([
    1,
    1 + 2 ** -9,
    0,
    2 ** -24,
    -0,
  ]);
  fc.assert(
    fc.property(fc.float({ min: -60000, max: 60000, noNaN: true }), (x) => {
      const y = half(x);
      expect(Math.abs(y - x)).toBeLessThanOrEqual(Math.max(Math.abs(x) * 2 ** -11, 2 ** -25));
    }),
  );
});
