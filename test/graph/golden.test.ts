/** The figures of PyTorch, reproduced: test/golden/ops.py writes them. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { grad } from "../../src/autodiff/index.ts";
import * as $ from "../../src/graph/index.ts";
import type { Node, Shape } from "../../src/graph/index.ts";
import { evaluate } from "../../src/runtime/reference.ts";

type Name = "x" | "y" | "dy" | "dx";
interface Values {
  readonly shape: Shape;
  readonly data: readonly number[];
}
const { cases } = JSON.parse(
  readFileSync(new URL("../golden/ops.json", import.meta.url), "utf8"),
) as { readonly cases: Readonly<Record<string, Readonly<Partial<Record<Name, Values>>>>> };

const functions: Readonly<Record<string, (x: Node) => Node>> = {
  min: (x) => $.min(x, { axes: [0, 2] }),
  "min of ties": (x) => $.min(x, { axes: 1 }),
  argmin: (x) => $.argmin(x, 1),
  variance: (x) => $.variance(x, { axes: [0, 2], keepDims: true }),
  "variance of a sample": (x) => $.variance(x, { axes: 1, correction: 1 }),
  product: (x) => $.product(x, { axes: 2 }),
  "product with zeros": (x) => $.product(x, { axes: 1 }),
  cumulativeSum: (x) => $.cumulativeSum(x, 1),
  "cumulativeSum, reverse": (x) => $.cumulativeSum(x, 0, { reverse: true }),
  topK: (x) => $.topK(x, 2, 1).values,
  "topK's indices": (x) => $.topK(x, 2, 1).indices,
  split: (x) => $.split(x, [1, 3], 1)[1],
  stack: (x) => $.stack([x, $.mul(x, 2)], 1),
  tile: (x) => $.tile(x, [2, 1, 3]),
  flip: (x) => $.flip(x, [0, 2]),
  round: $.round,
  expm1: $.expm1,
  log1p: $.log1p,
  rsqrt: $.rsqrt,
  sin: $.sin,
  cos: $.cos,
};

const known = ({ data, shape }: Values): Node => $.constant(data, shape);
function expectNear(got: Node, { shape, data }: Values): void {
  expect(got.shape).toEqual(shape);
  const values = evaluate({ got }).got.data;
  for (const [i, v] of data.entries())
    expect(Math.abs(values[i] - v)).toBeLessThanOrEqual(1e-13 * Math.max(Math.abs(v), 1e-6));
}

test("every case is here", () => {
  expect(Object.keys(functions)).toEqual(Object.keys(cases));
});
test.each(Object.entries(cases))("%s", (name, { x, y, dy, dx }) => {
  const from = known(x!);
  const to = functions[name](from);
  expectNear(to, y!);
  if (dy && dx) expectNear(grad($.sum($.mul(to, known(dy))), [from])[0], dx);
});
