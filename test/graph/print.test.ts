/** Printed graphs: what people read and what snapshot tests compare. */
import { expect, test } from "vitest";
import {
  add,
  constant,
  conv2d,
  input,
  logSoftmax,
  matmul,
  maxPool2d,
  mul,
  parameter,
  print,
  randomBernoulli,
  relu,
  select,
  sum,
  transpose,
  type Node,
} from "../../src/graph/index.ts";

const dense = (): Node => {
  const x = input("x", [8, 3]);
  const v = parameter("v", [2, 3], { init: { kind: "normal", std: 0.05 } });
  const b = parameter("b", [2], { init: { kind: "constant", value: 0 }, trainable: false });
  return relu(add(matmul(x, transpose(v)), b));
};

test("a layer", () => {
  expect(print({ y: dense() })).toMatchInlineSnapshot(`
    "x = input  float [8, 3]
    v = parameter init={kind: "normal", std: 0.05} trainable=true  float [2, 3]
    %0 = transpose v perm=[1, 0]  float [3, 2]
    %1 = matmul x %0  float [8, 2]
    b = parameter init={kind: "constant", value: 0} trainable=false  float [2]
    %2 = add %1 b  float [8, 2]
    %3 = leakyRelu %2 alpha=0  float [8, 2]
    return y = %3"
  `);
});
test("several outputs share their nodes", () => {
  const y = dense();
  expect(print({ y, loss: sum(mul(y, y)), again: y })).toMatchInlineSnapshot(`
    "x = input  float [8, 3]
    v = parameter init={kind: "normal", std: 0.05} trainable=true  float [2, 3]
    %0 = transpose v perm=[1, 0]  float [3, 2]
    %1 = matmul x %0  float [8, 2]
    b = parameter init={kind: "constant", value: 0} trainable=false  float [2]
    %2 = add %1 b  float [8, 2]
    %3 = leakyRelu %2 alpha=0  float [8, 2]
    %4 = mul %3 %3  float [8, 2]
    %5 = sum %4 axes=[0, 1] keepDims=false  float []
    return y = %3
    return loss = %5
    return again = %3"
  `);
});
test("attributes and long constants", () => {
  const x = input("x", [1, 2, 4, 4]);
  const w = constant(
    Array.from({ length: 18 }, (_, i) => i / 2),
    [2, 1, 3, 3],
  );
  const pooled = maxPool2d(conv2d(x, w, { groups: 2, pads: 1 }), { kernel: 2 });
  expect(print({ pooled })).toMatchInlineSnapshot(`
    "x = input  float [1, 2, 4, 4]
    %0 = constant data=[0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5, ... 18]  float [2, 1, 3, 3]
    %1 = conv2d x %0 strides=[1, 1] pads=[1, 1, 1, 1] dilations=[1, 1] groups=2  float [1, 2, 4, 4]
    %2 = maxPool2d %1 strides=[2, 2] pads=[0, 0, 0, 0] dilations=[1, 1] kernel=[2, 2]  float [1, 2, 2, 2]
    return pooled = %2"
  `);
});
test("randomness and composed functions", () => {
  const key = input("key", [2], "uint32");
  const keep = randomBernoulli(key, 0.8, { shape: [3], stream: 1 });
  expect(print({ y: mul(logSoftmax(input("x", [2, 3])), keep) })).toMatchInlineSnapshot(`
    "x = input  float [2, 3]
    %0 = max x axes=[1] keepDims=true  float [2, 1]
    %1 = stopGradient %0  float [2, 1]
    %2 = sub x %1  float [2, 3]
    %3 = exp %2  float [2, 3]
    %4 = sum %3 axes=[1] keepDims=true  float [2, 1]
    %5 = log %4  float [2, 1]
    %6 = add %5 %1  float [2, 1]
    %7 = sub x %6  float [2, 3]
    key = input  uint32 [2]
    %8 = randomBits key stream=1 bits=24  int32 [3]
    %9 = cast %8  float [3]
    %10 = constant data=[5.960464477539063e-8]  float []
    %11 = mul %9 %10  float [3]
    %12 = constant data=[0.800000011920929]  float []
    %13 = less %11 %12  bool [3]
    %14 = cast %13  float [3]
    %15 = mul %7 %14  float [2, 3]
    return y = %15"
  `);
});
test("is the same for the same graph, built twice", () => {
  expect(print({ y: dense() })).toBe(print({ y: dense() }));
});
test("tells graphs that differ in an attribute apart", () => {
  const x = input("x", [2, 3]);
  expect(print({ y: sum(x, { axes: 0 }) })).not.toBe(print({ y: sum(transpose(x), { axes: 1 }) }));
  const c = constant([1, 0], [2, 1], "bool");
  expect(print({ y: select(c, x, 0) })).not.toBe(print({ y: select(c, x, 1) }));
});
