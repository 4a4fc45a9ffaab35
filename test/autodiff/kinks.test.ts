/** Gradients where functions bend, at zeros and among equals. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { grad } from "../../src/autodiff/index.ts";
import {
  abs,
  clip,
  elu,
  expm1,
  input,
  leakyRelu,
  log1p,
  max,
  maximum,
  min,
  minimum,
  mul,
  norm,
  pow,
  product,
  reshape,
  safeReciprocal,
  sigmoid,
  slice,
  softplus,
  sum,
  topK,
  type Node,
} from "../../src/graph/index.ts";
import { gradcheck } from "../../src/runtime/gradcheck.ts";
import { tensor } from "../../src/runtime/program.ts";
import { evaluate } from "../../src/runtime/reference.ts";

/** The gradient of the sum of f at a vector. */
const at = (values: readonly number[], f: (x: Node) => Node): number[] => {
  const point = input("point", [values.length]);
  const [d] = grad(sum(f(point)), [point]);
  return [...evaluate({ d }, { feeds: { point: tensor(Float64Array.from(values)) } }).d.data];
};

test("ties share the gradient equally", () => {
  expect(at([1, 3, 3], (p) => max(p))).toEqual([0, 0.5, 0.5]);
  expect(at([1, 3, 1], (p) => min(p))).toEqual([0.5, 0, 0.5]);
  expect(at([2, 2], (p) => maximum(p, 2))).toEqual([0.5, 0.5]);
  expect(at([2, 2], (p) => minimum(2, p))).toEqual([0.5, 0.5]);
});
test("topK gives the gradient to those it chose, of equals to the first", () => {
  const weighted = (p: Node, k: number): Node => mul(topK(p, k).values, 4);
  expect(at([1, 3, 3, 0], (p) => weighted(p, 1))).toEqual([0, 4, 0, 0]);
  expect(at([1, 3, 3, 0], (p) => weighted(p, 3))).toEqual([4, 4, 4, 0]);
  expect(at([5, 7, 6], (p) => slice(topK(p, 2).values, { axis: 0, start: 1 }))).toEqual([0, 0, 1]);
});
test("zeros have finite gradients", () => {
  expect(at([0, 0], (p) => norm(p))).toEqual([0, 0]);
  expect(at([0], (p) => safeReciprocal(p))).toEqual([-0]);
  expect(at([0], abs)).toEqual([0]);
  expect(at([0], (p) => leakyRelu(p, 0))).toEqual([0]);
  expect(at([0], (p) => pow(p, 2))).toEqual([0]);
});
test("clip passes the gradient on its bounds", () => {
  expect(at([-2, -1, 0, 1, 2], (p) => clip(p, -1, 1))).toEqual([0, 1, 1, 1, 0]);
});
test("large arguments stay finite, small ones keep their gradient", () => {
  expect(at([-800, 800], softplus)).toEqual([0, 1]);
  expect(at([-800, 800], sigmoid)).toEqual([0, 0]);
  expect(at([-800], elu)).toEqual([0]);
  expect(at([-40], expm1)).toEqual([Math.exp(-40)]); // y + 1 would be 0
  expect(at([1e300], log1p)).toEqual([1e-300]);
});

test("the gradient of a product is the product of all others, whichever of them are 0", () => {
  const others = (x: readonly number[], ...left: number[]): number =>
    x.reduce((total, v, i) => (left.includes(i) ? total : total * v), 1);
  const numbers = fc.array(fc.oneof(fc.constant(0), fc.double({ min: 0.5, max: 2, noNaN: true })), {
    minLength: 1,
    maxLength: 9,
  });
  fc.assert(
    fc.property(numbers, fc.nat(8), (x, k) => {
      const i = k % x.length;
      const gradient = at(x, (p) => product(p));
      for (const [j, d] of gradient.entries()) expect(d).toBeCloseTo(others(x, j), 10);
      // and again: the second derivative by two different ones is the product of the rest
      const second = at(x, (p) => {
        const [d] = grad(product(p), [p]);
        return slice(d, { axis: 0, start: i, end: i + 1 });
      });
      for (const [j, d] of second.entries())
        expect(d).toBeCloseTo(i === j ? 0 : others(x, i, j), 10);
    }),
  );
});

test("several zeros in some rows of a product", () => {
  const x = input("x", [4, 3]);
  const feeds = { x: tensor([2, 3, 0.5, -1, 0, 4, 0, 3, 0, 1.5, -2, 0.25], [4, 3]) };
  gradcheck(product(x, { axes: 1 }), { feeds });
  gradcheck(product(x, { axes: 0, keepDims: true }), { feeds });
  gradcheck(product(reshape(x, [2, 2, 3]), { axes: [0, 2] }), { feeds });
  gradcheck(product(x), { feeds });
});
