/** Filters as pictures: each unit's weights by their sign and size, wherever the units of a layer lie. */
import { describe, expect, test } from "vitest";
import fc from "fast-check";
import { tensor, type State } from "../../src/runtime/program.ts";
import { filtersOf, type GreyPicture } from "../../src/train/filters.ts";
import { layerStats } from "../../src/train/layer-stats.ts";
import { weightValues } from "../nn/units.ts";

const stateOf = (tensors: Readonly<Record<string, readonly [number[], number[]]>>): State =>
  new Map(
    Object.entries(tensors).map(([name, [data, shape]]) => [
      name,
      tensor(Float64Array.from(data), shape),
    ]),
  );
const rowsOf = ({ width, height, pixels }: GreyPicture): readonly (readonly number[])[] =>
  Array.from({ length: height }, (_, y) => [...pixels.subarray(y * width, (y + 1) * width)]);

describe("a unit's picture", () => {
  test("of a dense layer is a square where its inputs are one, else a row; 0 is grey, and the largest white or black", () => {
    const { filters, units, v, g } = filtersOf(
      stateOf({
        "dense1.w": [
          [0, 3, -4, 0, 0, 0, 0, 2],
          [2, 4],
        ],
      }),
      "dense1",
      9,
    );
    expect(rowsOf(filters[0])).toEqual([
      [128, 223],
      [0, 128],
    ]);
    expect([units, v, g]).toEqual([2, [5, 2], [5, 2]]);
    const state = stateOf({
      "a.dense1.w": [
        [1, 0, -1],
        [1, 3],
      ],
    });
    expect(rowsOf(filtersOf(state, "a.dense1", 1).filters[0])).toEqual([[255, 128, 0]]);
  });
  test("of a convolution has its input channels side by side", () => {
    const state = stateOf({
      "conv1.w": [
        [1, 0, 0, 1, -1, 0, 0, -1],
        [1, 2, 2, 2],
      ],
    });
    expect(rowsOf(filtersOf(state, "conv1", 1).filters[0])).toEqual([
      [255, 128, 128, 0, 128],
      [128, 255, 128, 128, 0],
    ]);
  });
  test("and of a dense layer behind it the maps that it has", () => {
    const state = stateOf({
      "conv1.w": [
        [1, 2],
        [2, 1, 1, 1],
      ],
      "dense1.w": [
        [1, 1, 1, 1, -1, -1, -1, -1],
        [1, 8],
      ],
    });
    expect(rowsOf(filtersOf(state, "dense1", 1).filters[0])).toEqual([
      [255, 255, 128, 0, 0],
      [255, 255, 128, 0, 0],
    ]);
  });
  test("turns with the sign of g, and is grey where g or v is 0", () => {
    const weights = {
      "dense1.v": [
        [2, 0, 2, 0, 2, 0, 0, 0],
        [4, 2],
      ],
    } as const;
    const state = stateOf({
      "dense1.v": [[...weights["dense1.v"][0]], [4, 2]],
      "dense1.g": [
        [3, -3, 0, 1],
        [4, 1],
      ],
    });
    const { filters, v, g } = filtersOf(state, "dense1", 4);
    expect(filters.map((picture) => rowsOf(picture)[0])).toEqual([
      [255, 128],
      [0, 128],
      [128, 128],
      [128, 128],
    ]);
    expect([v, g]).toEqual([
      [2, 2, 2, 0],
      [3, -3, 0, 1],
    ]);
  });
});

test("any weight: |v| and g of the first units, and their means are those of layerStats", () => {
  fc.assert(
    fc.property(weightValues, fc.nat(5), ({ v, g, units, v0, g0 }, most) => {
      const state: State = new Map([
        ["a.conv1.v", tensor(v0, v)],
        ["a.conv1.g", tensor(g0, g)],
      ]);
      const all = filtersOf(state, "a.conv1", units.length);
      const norms = units.map((unit) => Math.hypot(...unit.map((i) => v0[i])));
      expect(all.v.length).toBe(units.length);
      for (const [i, norm] of norms.entries()) expect(all.v[i]).toBeCloseTo(norm, 10);
      expect(all.g).toEqual([...g0]);
      const [stats] = layerStats(state, 1);
      expect(all.v.reduce((a, b) => a + b) / units.length).toBeCloseTo(stats.v, 10);
      const some = filtersOf(state, "a.conv1", most);
      expect(some.filters).toEqual(all.filters.slice(0, most));
      expect(some.units).toBe(units.length);
    }),
  );
});

test("a layer that there is not is an error that names those that there are", () => {
  const state = stateOf({ "dense1.w": [[1], [1, 1]], "conv1.b": [[1], [1]] });
  expect(() => filtersOf(state, "conv1", 1)).toThrow(
    'filtersOf: expected a layer with weights, got "conv1"; name one of dense1',
  );
});
