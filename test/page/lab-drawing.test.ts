/** Drawings as pictures, files by their names, and planes of latents. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DIGITS, rasterOf } from "../../page/lab/drawing.ts";
import { kindOf, takerOf } from "../../page/lab/file-kinds.ts";
import { planeOf, pointOn } from "../../page/lab/latent-plane.ts";
import { inControls } from "../../page/lab/wording.ts";
import type { Takes } from "../../page/worker/protocol.ts";
import { CONTROLS, takenBy, TAKES } from "./fake-offers.ts";

const PAPER = { picture: { width: 56, height: 56, channels: 1 }, inverted: false } as const;
const place = fc.record({
  x: fc.double({ min: 0, max: 1, noNaN: true }),
  y: fc.double({ min: 0, max: 1, noNaN: true }),
});
const strokes = fc.array(fc.array(place, { minLength: 1, maxLength: 6 }), { maxLength: 3 });

describe("a drawing", () => {
  test("is dark where the pen was and white where it was not near", () => {
    fc.assert(
      fc.property(strokes, (drawn) => {
        const { pixels } = rasterOf(drawn, PAPER);
        const at = (x: number, y: number): number =>
          pixels[Math.min(55, Math.floor(56 * y)) * 56 + Math.min(55, Math.floor(56 * x))];
        for (const { x, y } of drawn.flat()) expect(at(x, y)).toBeLessThan(64);
        const alone = drawn.every((stroke) => stroke.every(({ x }) => x > 0.1));
        if (alone) expect(at(0, 0.5)).toBe(255);
      }),
      { numRuns: 30 },
    );
  });
  test("is the same light on dark, and in colours", () => {
    const dark = rasterOf(DIGITS[3], PAPER).pixels;
    const light = rasterOf(DIGITS[3], { ...PAPER, inverted: true }).pixels;
    for (const [i, value] of light.entries())
      expect(Math.abs(255 - value - dark[i])).toBeLessThan(2);
    const picture = { ...PAPER.picture, channels: 3 } as const;
    const colours = rasterOf(DIGITS[3], { ...PAPER, picture }).pixels;
    expect([...colours].filter((_, i) => i % 3 === 1)).toEqual([...dark]);
  });
  test("of every digit is another one, whole on the paper", () => {
    const all = DIGITS.map((digit) => rasterOf(digit, PAPER).pixels.join());
    expect(new Set(all).size).toBe(10);
    const places = DIGITS.flat(2);
    expect(places.every(({ x, y }) => Math.min(x, y) > 0.05 && Math.max(x, y) < 0.95)).toBe(true);
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

test("a model goes to what takes one beside the data that are there, and data to what takes all that is given", () => {
  const choices = ["digits", ...Object.keys(TAKES)].map((experiment) => ({
    ...{ experiment, about: "", takes: takenBy(experiment) },
  }));
  const goes = (kind: Takes, now: string): unknown => takerOf(kind, choices, now);
  for (const [kind, alone, tuned] of [
    ["table", "table", "tuned-table"],
    ["pictures", "photos", "tuned-pictures"],
  ] as const) {
    for (const now of ["digits", alone])
      expect(goes(kind, now)).toEqual({ experiment: alone, place: "data" });
    expect(goes(kind, tuned)).toEqual({ experiment: tuned, place: "data" });
    for (const now of [alone, tuned])
      expect(goes("model", now)).toEqual({ experiment: tuned, place: "model" });
  }
  expect(goes("table", "tuned-pictures")).toEqual({ experiment: "tuned-table", place: "data" });
  expect(goes("model", "digits")).toEqual({ experiment: "tuned-pictures", place: "model" });
  expect(takerOf("table", [], undefined)).toBeUndefined();
});

test("a message names controls where the command line has flags", () => {
  expect(inControls("t.csv: got none; add --target with one of x, y", CONTROLS)).toBe(
    't.csv: got none; add "column to predict" with one of x, y',
  );
  expect(inControls("name it, with --data a.csv", CONTROLS)).toBe("name it, with --data a.csv");
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
