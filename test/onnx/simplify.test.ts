import fc from "fast-check";
import { describe, expect, test } from "vitest";
import * as $ from "../../src/graph/index.ts";
import {
  constant,
  input,
  parameter,
  print,
  topological,
  type Node,
} from "../../src/graph/index.ts";
import { simplify } from "../../src/onnx/index.ts";
import { evaluate } from "../../src/runtime/reference.ts";
import { some } from "../conformance/case.ts";

const simplified = (outputs: Readonly<Record<string, Node>>): Record<string, Node> => {
  const roots = simplify(Object.values(outputs));
  return Object.fromEntries(Object.keys(outputs).map((name, i) => [name, roots[i]]));
};
const only = (x: Node): Node => simplify([x])[0];
const x = input("x", [2, 3]);
const y = input("y", [2, 3]);

describe("values never change", () => {
  const feeds = { x: some([2, 3]), y: some([2, 3], { seed: 1 }) };
  /** Numbers that are neutral somewhere and not elsewhere, on shapes that stretch and shapes that do not. */
  const constants = fc
    .tuple(
      fc.constantFrom(-0, 0, 1, -1, 0.5, 2),
      fc.constantFrom([], [1], [1, 1], [1, 1, 1], [2, 3]),
    )
    .map(([value, shape]) => constant(value, shape));
  type Grow = (a: Node, b: Node) => Node;
  const binary: Grow[] = [$.add, $.sub, $.mul, $.div, $.maximum, $.minimum];
  const ofOne: Grow[] = [
    $.neg,
    $.stopGradient,
    (a) => $.pow(a, 1),
    $.safeReciprocal,
    (a) => $.clip(a, -Infinity, 0),
    (a) => $.clip(a, -Infinity, Infinity),
    (a) => $.clip(a, -0, 1),
    (a) => $.clip(a, 0, 1),
    (a) => $.leakyRelu(a, 0.5),
    (a) => $.reshape(a, [-1]),
    (a) => $.reshape(a, [1, ...a.shape]),
    (a) => $.reshape(a, a.shape.toReversed()),
    (a) => (a.shape.length < 2 ? a : $.transpose(a)),
    (a) => $.transpose(a, [...a.shape.keys()].reverse()),
    (a) => $.sum(a, { axes: a.shape.length - 1 }),
    (a) => $.sum(a, { axes: a.shape.length - 1, keepDims: true }),
  ];
  const unary = ofOne.map(
    (f): Grow =>
      (a, b) =>
        a.shape.length === 0 ? a : f(a, b),
  );
  const fits: Grow = (a, b) => {
    // Two shapes that do not broadcast are made to, so that every choice makes a graph.
    const last = a.shape.at(-1);
    return `${a.shape}` === `${b.shape}` || last === undefined || $.sizeOf(b.shape) === 1
      ? b
      : $.broadcastTo($.sum(b), a.shape);
  };
  /** A graph of up to 24 nodes, each made of two before it; every node is an output. */
  const graphs: fc.Arbitrary<readonly Node[]> = fc
    .tuple(
      fc.array(constants, { minLength: 1, maxLength: 4 }),
      fc.array(fc.tuple(fc.constantFrom(...binary, ...unary), fc.nat(), fc.nat()), {
        maxLength: 20,
      }),
    )
    .map(([leaves, steps]) => {
      const nodes: Node[] = [x, y, ...leaves];
      for (const [grow, i, j] of steps) {
        const [a, b] = [nodes[i % nodes.length], nodes[j % nodes.length]];
        nodes.push(grow(a, fits(a, b)));
      }
      return nodes;
    });

  test("in any graph, to the sign of zero", () => {
    fc.assert(
      fc.property(graphs, (nodes) => {
        const before = Object.fromEntries(nodes.map((n, i) => [`y${i}`, n]));
        const after = simplified(before);
        expect(topological(Object.values(after)).length).toBeLessThanOrEqual(
          topological(nodes).length,
        );
        expect(evaluate(after, { feeds })).toEqual(evaluate(before, { feeds }));
      }),
      { numRuns: 300, seed: 1 },
    );
  });
});

test("what is there before and after", () => {
  const w = parameter("w", [3, 2], { init: { kind: "constant", value: 0 } });
  const rows = $.stopGradient($.matmul($.mul(x, 1), $.transpose($.transpose(w))));
  const again = $.matmul($.div(x, 1), w);
  const graph = {
    loss: $.sum($.add($.reshape(rows, [4]), $.reshape($.reshape(again, [1, 4]), [4]))),
  };
  expect(print(graph)).toMatchInlineSnapshot(`
    "x = input  float [2, 3]
    %0 = constant data=[1]  float []
    %1 = mul x %0  float [2, 3]
    w = parameter init={kind: "constant", value: 0} trainable=true  float [3, 2]
    %2 = transpose w perm=[1, 0]  float [2, 3]
    %3 = transpose %2 perm=[1, 0]  float [3, 2]
    %4 = matmul %1 %3  float [2, 2]
    %5 = stopGradient %4  float [2, 2]
    %6 = reshape %5  float [4]
    %7 = constant data=[1]  float []
    %8 = div x %7  float [2, 3]
    %9 = matmul %8 w  float [2, 2]
    %10 = reshape %9  float [1, 4]
    %11 = reshape %10  float [4]
    %12 = add %6 %11  float [4]
    %13 = sum %12 axes=[0] keepDims=false  float []
    return loss = %13"
  `);
  expect(print(simplified(graph))).toMatchInlineSnapshot(`
    "x = input  float [2, 3]
    w = parameter init={kind: "constant", value: 0} trainable=true  float [3, 2]
    %0 = matmul x w  float [2, 2]
    %1 = reshape %0  float [4]
    %2 = add %1 %1  float [4]
    %3 = sum %2 axes=[0] keepDims=false  float []
    return loss = %3"
  `);
});

test("equal expressions become one node", () => {
  const [a, b] = simplify([$.exp($.add(x, 2)), $.mul($.exp($.add(x, 2)), y)]);
  expect(b.inputs[0]).toBe(a);
});

test("inputs and parameters of one name stay two", () => {
  const p = parameter("x", [2, 3], { init: { kind: "constant", value: 0 } });
  const [a, b] = simplify([$.exp(x), $.exp(p)]);
  expect(a).not.toBe(b);
});

describe("neutral constants", () => {
  test.each([
    ["x - 0", $.sub(x, 0)],
    ["x * 1", $.mul(x, 1)],
    ["1 * x", $.mul(1, x)],
    ["x / 1", $.div(x, 1)],
    ["x ^ 1", $.pow(x, 1)],
    ["x * 1, of x's rank", $.mul(x, constant(1, [1, 1]))],
    ["-(-x)", $.neg($.neg(x))],
    ["stopGradient(x)", $.stopGradient(x)],
    ["all at once", $.sub($.mul(1, $.neg($.neg($.div($.stopGradient(x), 1)))), 0)],
  ])("%s is x", (_, y) => {
    expect(only(y)).toBe(x);
  });

  test.each([
    ["x + 0, which is 0 where x is -0", $.add(x, 0)],
    ["x - -0, for the same reason", $.sub(x, -0)],
    ["0 - x", $.sub(0, x)],
    ["1 / x", $.div(1, x)],
    ["1 ^ x", $.pow(1, x)],
    ["x * 1 that adds an axis", $.mul(x, constant(1, [1, 1, 1]))],
    ["x * ones, which is no single number", $.mul(x, constant(1, [2, 3]))],
  ])("%s stays", (_, y) => {
    expect(only(y)).toBe(y);
  });
});

describe("chains", () => {
  test("reshapes collapse to the last, or to nothing", () => {
    const z = $.reshape($.reshape($.reshape(x, [6]), [1, 6]), [3, 2]);
    expect(only(z)).toMatchObject({ op: "reshape", inputs: [x], shape: [3, 2] });
    expect(only($.reshape(z, [2, 3]))).toBe(x);
  });
  test("the transpose of a product of a transpose is a product", () => {
    const [a, b] = [input("a", [5, 3]), input("b", [5, 2])];
    const product = only($.transpose($.matmul($.transpose(a), b)));
    expect(product).toMatchObject({ op: "matmul", shape: [2, 3] });
    expect(product.inputs[0]).toMatchObject({ op: "transpose", inputs: [b] });
    expect(product.inputs[1]).toBe(a);
    // Where neither is a transpose there would be more to transpose than before.
    expect(only($.transpose($.matmul(a, input("c", [3, 2]))))).toMatchObject({ op: "transpose" });
  });
  test("transposes collapse to their product, or to nothing", () => {
    const t = input("t", [2, 3, 4]);
    const turned = $.transpose(t, [1, 2, 0]);
    expect(only($.transpose(turned, [1, 2, 0]))).toMatchObject({
      op: "transpose",
      inputs: [t],
      attrs: { perm: [2, 0, 1] },
      shape: [4, 2, 3],
    });
    expect(only($.transpose(turned, [2, 0, 1]))).toBe(t);
  });
});

describe("what is kept apart", () => {
  const apart = (a: Node, b: Node): void => {
    const [p, q] = simplify([a, b]);
    expect(p).not.toBe(q);
  };
  const together = (a: Node, b: Node): void => {
    const [p, q] = simplify([a, b]);
    expect(p).toBe(q);
  };
  test("-0 and 0", () => apart(constant(-0), constant(0)));
  test("-0 and 0 as attributes", () => apart($.clip(x, -0, 1), $.clip(x, 0, 1)));
  test("infinities", () => apart($.clip(x, -Infinity, -Infinity), $.clip(x, -Infinity, Infinity)));
  test("constants of other types and shapes", () => {
    apart(constant([1]), constant([1], [1], "int32"));
    apart(constant([1, 2]), constant([1, 2], [1, 2]));
  });
  test("equal attributes and NaN are one", () => {
    together($.clip(x, -Infinity, 0), $.clip(x, -Infinity, 0));
    together(constant(NaN), constant(NaN));
  });
  test("large constants are one only if they are one node", () => {
    const numbers = (n: number): Node => constant(new Array<number>(n).fill(3));
    together(numbers(64), numbers(64));
    apart(numbers(65), numbers(65));
    const large = numbers(65);
    together($.exp(large), $.exp(large));
  });
});
