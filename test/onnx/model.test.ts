import { InferenceSession, Tensor } from "onnxruntime-node";
import { describe, expect, test } from "vitest";
import * as $ from "../../src/graph/index.ts";
import { input, parameter, type Node } from "../../src/graph/index.ts";
import { arms, dense, dropout, sequential, type Arm } from "../../src/nn/index.ts";
import { toModel } from "../../src/onnx/index.ts";
import { adam, sgd } from "../../src/optim/index.ts";
import { rootsOf } from "../../src/runtime/ort.ts";
import type { ProgramSpec } from "../../src/runtime/program.ts";
import { trainStep } from "../../src/train/index.ts";
import { kindNames, kinds } from "../nn/kinds.ts";
import { decode, text } from "./decode.ts";
import { trainingStep } from "./steps.ts";

const x = input("x", [2, 3]);
const zero = { init: { kind: "constant", value: 0 } } as const;

test.each(Object.keys(arms) as Arm[])("the same model gives the same bytes, arm %s", (arm) => {
  for (const name of kindNames) {
    const bytes = (): Uint8Array => toModel(rootsOf(trainingStep(kinds[name], arms[arm]))).bytes;
    expect(Buffer.compare(bytes(), bytes()), name).toBe(0);
  }
});

describe("a decoded model", () => {
  const w = parameter("w", [3, 2], zero);
  const labels = input("labels", [2], "int32");
  const y = $.matmul(x, w);
  const { bytes, ...ports } = toModel({ y, right: $.equal($.argmax(y), labels) });
  const { inputs, outputs, opsets, model } = decode(bytes);

  test("has what the graph uses as inputs, with its types", () => {
    expect(inputs).toEqual(["input:x 1 [2,3]", "state:w 1 [3,2]", "input:labels 6 [2]"]);
    expect(ports.inputs).toEqual([
      { name: "input:x", shape: [2, 3], dtype: "float" },
      { name: "state:w", shape: [3, 2], dtype: "float" },
      { name: "input:labels", shape: [2], dtype: "int32" },
    ]);
  });
  test("has the outputs by their names, in their order", () => {
    expect(outputs).toEqual(["y 1 [2,2]", "right 9 [2]"]);
    expect(ports.outputs).toEqual([
      { name: "y", shape: [2, 2], dtype: "float" },
      { name: "right", shape: [2], dtype: "bool" },
    ]);
  });
  test("needs operator set 17 and no other", () => {
    expect(opsets).toEqual({ "": 17 });
    expect(Number(model.irVersion)).toBe(8);
  });
  test("needs operator set 18 where it is random", () => {
    const key = input("key", [2], "uint32");
    const u = $.randomUniform(key, { shape: [4], stream: 0 });
    expect(decode(toModel({ u }).bytes).opsets).toEqual({ "": 18 });
  });
  test("of a step with dropout needs 18, and so do its reductions", () => {
    const key = input("key", [2], "uint32");
    const net = sequential(dropout(0.5), dense(2));
    const step = trainStep((scope) => ({ loss: $.mean(net(scope, x)) }), {
      inputs: [x],
      key,
      norm: arms.weight,
      optimizer: sgd({ lr: 0.1 }),
    });
    const { opsets, model } = decode(toModel(rootsOf(step)).bytes);
    expect(opsets).toEqual({ "": 18 });
    const norms = model.graph!.node.filter((n) => n.opType === "ReduceL2");
    expect(norms.map((n) => n.input.length)).toEqual([2]); // axes are an input from 18 on
  });
});

describe("outputs", () => {
  const values = async (outputs: Readonly<Record<string, Node>>): Promise<unknown> => {
    const session = await InferenceSession.create(toModel(outputs).bytes);
    const feeds = { "input:x": new Tensor("float32", [1, 2, 3, 4, 5, 6], [2, 3]) };
    const result = await session.run(feeds);
    await session.release();
    return Object.fromEntries(
      Object.entries(result).map(([name, t]) => [name, Array.from(t.data as Float32Array)]),
    );
  };
  test("may be inputs, one node twice, and what simplifies to the same", async () => {
    const y = $.neg(x);
    expect(await values({ x, y, again: y, back: $.neg(y), same: $.mul($.neg(x), 1) })).toEqual({
      x: [1, 2, 3, 4, 5, 6],
      back: [1, 2, 3, 4, 5, 6],
      y: [-1, -2, -3, -4, -5, -6],
      again: [-1, -2, -3, -4, -5, -6],
      same: [-1, -2, -3, -4, -5, -6],
    });
  });
  test("may be constants", async () => {
    expect(await values({ c: $.constant([1, 2]), x })).toMatchObject({ c: [1, 2] });
  });
});

describe("names", () => {
  test("an input, a parameter and an output may share one", () => {
    const { bytes } = toModel({ x: $.add(x, parameter("x", [2, 3], zero)) });
    expect(decode(bytes)).toMatchObject({
      inputs: ["input:x 1 [2,3]", "state:x 1 [2,3]"],
      outputs: ["x 1 [2,3]"],
    });
  });
  test("two inputs of one name and type are one", () => {
    const { inputs } = toModel({ y: $.sub(x, $.exp(input("x", [2, 3]))) });
    expect(inputs.map((p) => p.name)).toEqual(["input:x"]);
  });
  test("two inputs of one name and two types are an error", () => {
    expect(() => toModel({ y: x, z: input("x", [3]) })).toThrow(
      'toModel: "input:x" has two types, got float [2,3] and float [3]; give one of them another name',
    );
    expect(() => toModel({ y: x, z: input("x", [2, 3], "int32") })).toThrow("int32 [2,3]");
  });
  test.each(["input:x", "Exp_0", "const_0"])("an output may not take the name %s", (name) => {
    expect(() => toModel({ [name]: $.add($.exp(x), 2) })).toThrow(
      `toModel: two values of the model have one name, got "${name}" twice; call the input or output something else`,
    );
  });
});

describe("constants", () => {
  const initializers = (y: Node): number =>
    decode(toModel({ y }).bytes).model.graph!.initializer.length;
  test("small ones are stored once, whoever uses them", () => {
    const rows = (): Node => $.constant([1, 2, 3]);
    expect(initializers($.add($.mul(x, rows()), rows()))).toBe(1);
    // A reduction's axes and a scalar of the same bytes have another type.
    expect(initializers($.sum($.mul(x, $.constant([0], [1])), { axes: 0 }))).toBe(2);
  });
  test("large ones are stored once a node", () => {
    const large = $.constant(new Array<number>(2000).fill(1));
    expect(initializers($.concat([$.exp(large), $.neg(large)], 0))).toBe(1);
  });
});

test("a training step of a weight-normalized dense layer", () => {
  const target = input("target", [2, 1]);
  const step: ProgramSpec = trainStep(
    (scope) => ({ loss: $.mean($.square($.sub(dense(1)(scope, x), target))) }),
    { inputs: [x, target], norm: arms.weight, optimizer: sgd({ lr: 0.1 }) },
  );
  expect(text(decode(toModel(rootsOf(step)).bytes).model)).toMatchInlineSnapshot(`
    "ReduceL2_0 = ReduceL2(state:dense1.v) axes keepdims
    Equal_1 = Equal(ReduceL2_0, const [])
    Reciprocal_2 = Reciprocal(ReduceL2_0)
    Where_3 = Where(Equal_1, const [], Reciprocal_2)
    Mul_4 = Mul(state:dense1.g, Where_3)
    Mul_5 = Mul(state:dense1.v, Mul_4)
    Transpose_6 = Transpose(Mul_5) perm
    MatMul_7 = MatMul(input:x, Transpose_6)
    Reshape_8 = Reshape(state:dense1.b, const [2])
    Add_9 = Add(MatMul_7, Reshape_8)
    Sub_10 = Sub(Add_9, input:target)
    Mul_11 = Mul(Sub_10, Sub_10)
    ReduceSum_12 = ReduceSum(Mul_11, const [2]) keepdims
    Mul_13 = Mul(ReduceSum_12, const [])
    Reshape_14 = Reshape(const [], const [2])
    Expand_15 = Expand(Reshape_14, const [2])
    Mul_16 = Mul(Expand_15, Sub_10)
    Add_17 = Add(Mul_16, Mul_16)
    Transpose_18 = Transpose(Add_17) perm
    MatMul_19 = MatMul(Transpose_18, input:x)
    Mul_20 = Mul(MatMul_19, Mul_4)
    Mul_21 = Mul(MatMul_19, state:dense1.v)
    ReduceSum_22 = ReduceSum(Mul_21, const [1]) keepdims
    Reshape_23 = Reshape(ReduceSum_22, const [2])
    Mul_24 = Mul(Reshape_23, state:dense1.g)
    Mul_25 = Mul(Mul_24, Where_3)
    Mul_26 = Mul(Mul_25, Where_3)
    Neg_27 = Neg(Mul_26)
    Mul_28 = Mul(Neg_27, Where_3)
    Mul_29 = Mul(state:dense1.v, Mul_28)
    Add_30 = Add(Mul_20, Mul_29)
    Mul_31 = Mul(const [], Add_30)
    Sub_32 = Sub(state:dense1.v, Mul_31)
    Mul_33 = Mul(Reshape_23, Where_3)
    Mul_34 = Mul(const [], Mul_33)
    Sub_35 = Sub(state:dense1.g, Mul_34)
    ReduceSum_36 = ReduceSum(Add_17, const [1]) keepdims
    Mul_37 = Mul(const [], ReduceSum_36)
    Sub_38 = Sub(state:dense1.b, Mul_37)
    output:loss = Identity(Mul_13)
    next:dense1.v = Identity(Sub_32)
    next:dense1.g = Identity(Sub_35)
    next:dense1.b = Identity(Sub_38)"
  `);
});

test("an optimizer's state goes in and comes out", () => {
  const w = parameter("w", [2], zero);
  const [step] = [adam()([w], [$.mul(w, 2)])];
  const { inputs, outputs } = toModel(rootsOf({ updates: step }));
  const names = (ports: typeof inputs, prefix: string): string[] =>
    ports.map((p) => p.name.replace(prefix, "")).sort();
  expect(names(inputs, "state:")).toEqual(names(outputs, "next:"));
});
