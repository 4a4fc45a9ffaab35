/** Gradients of what is used many times: one large op, and the same values as many small ones. */
import { describe, expect, test } from "vitest";
import { grad } from "../../src/autodiff/index.ts";
import {
  add,
  concat,
  input,
  matmul,
  mul,
  parameter,
  slice,
  square,
  sum,
  tanh,
  topological,
  type Node,
  type OpName,
} from "../../src/graph/index.ts";
import { gradcheck } from "../../src/runtime/gradcheck.ts";

const count = (y: Node, op: OpName): number => topological([y]).filter((n) => n.op === op).length;
const init = { kind: "normal", std: 1 } as const;
const w = parameter("w", [3, 3], { init });
const b = parameter("b", [3], { init });
const x = input("x", [2, 3]);

describe("a recurrence of three steps", () => {
  const step = (h: Node): Node => tanh(add(matmul(h, w), b));
  const loss = sum(step(step(step(x))));
  test("has one product for the gradient of its weight", () => {
    const [dw] = grad(loss, [w]);
    expect(dw.op).toBe("matmul");
    expect(dw.inputs.map((n) => n.shape)).toEqual([
      [3, 6],
      [6, 3],
    ]);
    expect(count(dw, "matmul")).toBe(3 + 2 + 1); // forward, back to h, dw
  });
  test("and one sum for that of its bias", () => {
    const [db] = grad(loss, [b]);
    expect(count(db, "sum")).toBe(1);
    expect(count(db, "add")).toBe(3); // of the forward pass
  });
  test("both right", () => void gradcheck(loss));
});

describe("slices of one value", () => {
  const part = (start: number, end: number): Node => slice(x, { axis: 1, start, end });
  test("that make it up have their gradients laid side by side", () => {
    const loss = sum(concat([square(part(1, 3)), tanh(part(0, 1))], 1));
    const [dx] = grad(loss, [x]);
    expect(dx.op).toBe("concat");
    expect(count(dx, "pad")).toBe(0);
    gradcheck(loss);
  });
  test.each([
    ["leave something out", 0, 1, 2],
    ["overlap", 0, 2, 1],
  ])("that %s have them added up", (_, start, end, next) => {
    const loss = add(sum(square(part(start, end))), sum(tanh(part(next, 3))));
    expect(count(grad(loss, [x])[0], "pad")).toBe(2);
    gradcheck(loss);
  });
  test("one beside other uses", () => {
    gradcheck(add(sum(mul(x, x)), sum(tanh(concat([part(2, 3), part(0, 2)], 1)))));
  });
});
