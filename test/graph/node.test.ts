import { expect, test } from "vitest";
import { add, constant, input, reshape } from "../../src/graph/index.ts";

test("nodes, their inputs, attributes and shapes are frozen", () => {
  const x = input("x", [2, 3]);
  const y = reshape(add(x, 1), [3, 2]);
  for (const part of [y, y.inputs, y.attrs, y.shape, x.shape])
    expect(Object.isFrozen(part)).toBe(true);
});

test("a constant owns its data", () => {
  const data = new Float32Array([1, 2]);
  const list = [3, 4];
  const [a, b] = [constant(data), constant(list)];
  data[0] = 9;
  list[0] = 9;
  expect([a, b].map((n) => n.op === "constant" && n.attrs.data[0])).toEqual([1, 3]);
});
