/** What an import must agree with. */
import { expect } from "vitest";
import { imported, onOnnxRuntime, type OneNode } from "./one-node.ts";

/** Numbers that ONNX Runtime has in float32 and the reference interpreter in float64. */
export async function expectSame(one: OneNode): Promise<void> {
  const expected = await onOnnxRuntime(one);
  const got = imported(one);
  expect(got.map(({ shape }) => shape)).toEqual(expected.map(({ shape }) => shape));
  for (const [i, { data }] of got.entries()) expectClose(data, expected[i].data);
}
export function expectClose(got: readonly number[], expected: readonly number[]): void {
  const far = expected.findIndex((y, i) =>
    Number.isFinite(y)
      ? !(Math.abs(got[i] - y) <= 2e-5 * (1 + Math.abs(y)))
      : !Object.is(got[i], y),
  );
  expect([far, got[far], expected[far]]).toEqual([-1, undefined, undefined]);
}
