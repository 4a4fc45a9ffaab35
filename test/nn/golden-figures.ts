/** Figures that others computed, and how near ours must come to them. */
import { expect } from "vitest";
import type { Values } from "../../src/nn/index.ts";

/** The same names and shapes, and values within `tolerance` of the largest of each tensor, or of 1. */
export function expectFigures(
  got: Readonly<Record<string, Pick<Values, "shape" | "data">>>,
  expected: ReadonlyMap<string, Values>,
  tolerance: number,
): void {
  expect(Object.keys(got).sort()).toEqual([...expected.keys()].sort());
  for (const [key, { shape, data }] of expected) {
    expect(got[key].shape).toEqual(shape);
    const scale = Math.max(1, ...Array.from(data, Math.abs));
    data.forEach((v, i) => expect(Math.abs(got[key].data[i] - v) / scale).toBeLessThan(tolerance));
  }
}
