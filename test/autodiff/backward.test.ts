/** The reverse sweep itself: what reaches what, sums over fan-out, depth. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { grad } from "../../src/autodiff/index.ts";
import {
  add,
  constant,
  exp,
  input,
  matmul,
  mean,
  mul,
  neg,
  parameter,
  print,
  sigmoid,
  square,
  stopGradient,
  sub,
  sum,
  tanh,
  topological,
  transpose,
  type Node,
} from "../../src/graph/index.ts";
import { tensor } from "../../src/runtime/program.ts";
import { evaluate } from "../../src/runtime/reference.ts";

const x = input("x", [3]);
const feeds = { x: tensor([1, -2, 0.5]) };
const valueOf = (n: Node, values = feeds): number[] => [
  ...evaluate({ n }, { feeds: values }).n.data,
];

test("a parameter that the loss does not use gets zeros of its shape", () => {
  const unused = parameter("unused", [2, 3], { init: { kind: "constant", value: 1 } });
  const [dx, zero] = grad(sum(x), [x, unused]);
  expect(valueOf(dx)).toEqual([1, 1, 1]);
  expect(zero.shape).toEqual([2, 3]);
  expect(valueOf(zero)).toEqual([0, 0, 0, 0, 0, 0]);
});

test("the loss must be a scalar", () => {
  expect(() => grad(x, [x])).toThrowErrorMatchingInlineSnapshot(
    `[Error: grad: the loss must be a scalar, got [3]; take its sum or mean]`,
  );
});

test("the gradient of a scalar to itself is 1", () => {
  const loss = sum(x);
  expect(grad(loss, [loss]).map((d) => valueOf(d))).toEqual([[1]]);
});

test("to nodes inside the graph", () => {
  const h = tanh(x);
  const [dh, dx] = grad(sum(square(h)), [h, x]);
  const t = [...feeds.x.data].map(Math.tanh);
  expect(valueOf(dh)).toEqual(t.map((v) => 2 * v));
  valueOf(dx).forEach((v, i) => expect(v).toBeCloseTo(2 * t[i] * (1 - t[i] ** 2), 12));
});

test("stopGradient cuts one path and leaves the others", () => {
  const [dx] = grad(sum(mul(stopGradient(x), x)), [x]);
  expect(valueOf(dx)).toEqual([1, -2, 0.5]);
});

test("fan-out sums: x used n times has n times the gradient", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20 }), (n) => {
      const uses = Array.from({ length: n }, () => neg(x)).reduce((a, b) => add(a, b));
      expect(valueOf(grad(sum(uses), [x])[0])).toEqual([-n, -n, -n]);
    }),
  );
});

test("shared values are swept once: 2^50 paths through 50 doublings", () => {
  let y: Node = x;
  for (let i = 0; i < 50; i++) y = add(y, y);
  expect(valueOf(grad(sum(y), [x])[0])).toEqual([2 ** 50, 2 ** 50, 2 ** 50]);
});

test("a chain of 20000 nodes does not overflow the stack", () => {
  let y: Node = x;
  for (let i = 0; i < 20_000; i++) y = add(y, 1);
  const [dx] = grad(sum(y), [x]);
  expect(valueOf(dx)).toEqual([1, 1, 1]);
  let z: Node = x;
  for (let i = 0; i < 20_000; i++) z = mul(z, 1.0001);
  const [dz] = grad(sum(z), [x]);
  expect(topological([dz]).length).toBeGreaterThan(20_000);
  expect(valueOf(dz)[0]).toBeCloseTo(1.0001 ** 20_000, 8);
});

test("only paths to a target are swept", () => {
  const other = input("other", [3]);
  const [dx] = grad(sum(add(x, exp(tanh(other)))), [x]);
  expect(topological([dx]).map((n) => n.op)).not.toContain("exp");
});

test("gradients of gradients are gradients: the third derivative of x^4 is 24 x", () => {
  let d = sum(square(square(x)));
  for (let i = 0; i < 3; i++) d = sum(grad(d, [x])[0]);
  expect(valueOf(grad(d, [x])[0])).toEqual([24, 24, 24]);
});

test("the gradient of a tiny dense layer", () => {
  const data = input("data", [4, 3]);
  const target = input("target", [4, 2]);
  const w = parameter("w", [2, 3], { init: { kind: "normal", std: 1 } });
  const b = parameter("b", [2], { init: { kind: "constant", value: 0 } });
  const loss = mean(square(sub(add(matmul(data, transpose(w)), b), target)));
  const [dw, db] = grad(loss, [w, b]);
  expect(print({ dw, db })).toMatchInlineSnapshot(`
    "data = input  float [4, 3]
    %0 = transpose data perm=[1, 0]  float [3, 4]
    %1 = constant data=[1]  float []
    %2 = constant data=[0.125]  float []
    %3 = mul %1 %2  float []
    %4 = reshape %3  float [1, 1]
    %5 = broadcastTo %4  float [4, 2]
    w = parameter init={kind: "normal", std: 1} trainable=true  float [2, 3]
    %6 = transpose w perm=[1, 0]  float [3, 2]
    %7 = matmul data %6  float [4, 2]
    b = parameter init={kind: "constant", value: 0} trainable=true  float [2]
    %8 = add %7 b  float [4, 2]
    target = input  float [4, 2]
    %9 = sub %8 target  float [4, 2]
    %10 = mul %5 %9  float [4, 2]
    %11 = mul %5 %9  float [4, 2]
    %12 = add %10 %11  float [4, 2]
    %13 = matmul %0 %12  float [3, 2]
    %14 = transpose %13 perm=[1, 0]  float [2, 3]
    %15 = sum %12 axes=[0] keepDims=false  float [2]
    return dw = %14
    return db = %15"
  `);
});

/** Smooth functions to put on top of each other. */
const functions = fc.array(
  fc.constantFrom<(x: Node) => Node>(
    tanh,
    sigmoid,
    square,
    neg,
    (y) => mul(y, x),
    (y) => sub(y, x),
  ),
  { maxLength: 6 },
);
const number = fc.double({ min: -3, max: 3, noNaN: true });

test("linear in the loss", () => {
  fc.assert(
    fc.property(functions, functions, number, number, (fs, gs, a, b) => {
      const loss = (list: readonly ((x: Node) => Node)[]): Node =>
        mean(list.reduce<Node>((y, f) => f(y), x));
      const [both] = grad(add(mul(a, loss(fs)), mul(constant(b), loss(gs))), [x]);
      const [first] = grad(loss(fs), [x]);
      const [second] = grad(loss(gs), [x]);
      const apart = valueOf(add(mul(first, a), mul(second, b)));
      valueOf(both).forEach((v, i) =>
        expect(Math.abs(v - apart[i])).toBeLessThan(1e-9 * Math.max(1, Math.abs(v))),
      );
    }),
  );
});
