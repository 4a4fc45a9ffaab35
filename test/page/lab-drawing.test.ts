/** Drawings as pictures, files by their names, and planes of latents. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DIGITS, rasterOf } from "../../page/lab/drawing.ts";
import { experimentFor, kindOf, withModel } from "../../page/lab/file-kinds.ts";
import { planeOf, pointOn } from "../../page/lab/latent-plane.ts";

const SIZE = { width: 28, height: 28 };
const place = fc.record({
  x: fc.double({ min: 0, max: 1, noNaN: true }),
  y: fc.double({ min: 0, max: 1, noNaN: true }),
});
const strokes = fc.array(fc.array(place, { minLength: 1, maxLength: 8 }), {
  minLength: 1,
  maxLength: 3,
});

/** Where the ink is: its middle of mass and the box that it fills. */
function inkOf({ width, pixels }: ReturnType<typeof rasterOf>) {
  const dark = [...pixels].map((p, i) => ({
    ink: 255 - p,
    x: i % width,
    y: Math.floor(i / width),
  }));
  const mass = dark.reduce((sum, { ink }) => sum + ink, 0);
  const middle = (of: "x" | "y"): number =>
    dark.reduce((sum, one) => sum + one.ink * (one[of] + 0.5), 0) / mass;
  const seen = dark.filter(({ ink }) => ink > 32);
  const span = (of: "x" | "y"): number =>
    Math.max(...seen.map((d) => d[of])) - Math.min(...seen.map((d) => d[of])) + 1;
  return { mass, middle: [middle("x"), middle("y")], span: [span("x"), span("y")] };
}

describe("a drawing", () => {
  test("is the same picture wherever it was drawn", () => {
    fc.assert(
      fc.property(strokes, fc.double({ min: -0.4, max: 0.4, noNaN: true }), (drawn, move) => {
        const moved = drawn.map((all) => all.map(({ x, y }) => ({ x: x + move, y: y - move })));
        const [a, b] = [rasterOf(drawn, SIZE).pixels, rasterOf(moved, SIZE).pixels];
        expect(Math.max(...a.map((p, i) => Math.abs(p - b[i])))).toBeLessThanOrEqual(2);
      }),
      { numRuns: 20 },
    );
  });
  test.each(DIGITS.map((digit, i) => [i, digit] as const))(
    "of a %i has its ink in the middle",
    (_, digit) => {
      const { middle, span } = inkOf(rasterOf(digit, SIZE));
      for (const at of middle) expect(Math.abs(at - 14)).toBeLessThan(0.3);
      expect(Math.max(...span)).toBeGreaterThanOrEqual(20);
      expect(Math.max(...span)).toBeLessThanOrEqual(24);
    },
  );
  test("that has nothing on it is white paper, and a dot is a dot", () => {
    expect(new Set(rasterOf([], SIZE).pixels)).toEqual(new Set([255]));
    const { span } = inkOf(rasterOf([[{ x: 0.1, y: 0.9 }]], SIZE));
    expect(Math.max(...span)).toBeLessThan(6);
  });
});

test.each([
  [["weight-1.safetensors"], "checkpoint"],
  [["model.ONNX"], "model"],
  [["iris.csv"], "table"],
  [["photos/cats/1.png", "photos/dogs/2.JPG", "photos/.DS_Store"], "pictures"],
  [["notes.txt"], "other"],
  [[], "other"],
])("%j is a %s", (paths, kind) => {
  expect(kindOf(paths.map((path) => ({ path })))).toBe(kind);
});

test("a model goes to what takes one beside the data that are there", () => {
  for (const kind of ["table", "pictures"] as const) {
    const [alone, tuned] = [experimentFor(kind, false), experimentFor(kind, true)];
    expect(new Set([alone, tuned]).size).toBe(2);
    expect([withModel(alone), withModel(tuned)]).toEqual([tuned, tuned]);
  }
  expect(withModel("digits")).toBeUndefined();
});

test("a plane has two directions at right angles, a base beside both, and is a seed's own", () => {
  const dot = (a: Float64Array, b: Float64Array): number => a.reduce((s, x, i) => s + x * b[i], 0);
  fc.assert(
    fc.property(fc.integer({ min: 3, max: 100 }), fc.nat(1000), (count, seed) => {
      const plane = planeOf(count, seed);
      const [a, b] = plane.along;
      for (const [x, y, value] of [
        [a, a, 1],
        [b, b, 1],
        [a, b, 0],
        [plane.base, a, 0],
        [plane.base, b, 0],
      ] as const)
        expect(dot(x, y)).toBeCloseTo(value, 6);
      expect(pointOn(plane, 1, -2)).toEqual(pointOn(planeOf(count, seed), 1, -2));
      expect(pointOn(plane, 0, 0)).not.toEqual(pointOn(planeOf(count, seed + 1), 0, 0));
    }),
  );
});
