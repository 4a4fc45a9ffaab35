import { InferenceSession, Tensor } from "onnxruntime-node";
import { describe, expect, test } from "vitest";
import * as $ from "../../src/graph/index.ts";
import { input, parameter, type Node } from "../../src/graph/index.ts";
import { arms, dense, dropout, sequential, type Arm } from "../../src/nn/index.ts";
import { toModel } from "../../src/onnx/index.ts";
import { adam, byName, sgd } from "../../src/optim/index.ts";
import { rootsOf } from "../../src/runtime/run.ts";
import type { ProgramSpec } from "../../src/runtime/program.ts";
import { trainStep, type Network } from "../../src/train/index.ts";
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

test("an output that the graph itself uses once more stays what it was for ONNX Runtime", async () => {
  const z = input("z", [8, 3]);
  const network: Network = (scope) => {
    const points = dense(2, { name: "g" })(scope, z);
    const judged = dense(1)(scope, $.tanh(dense(4)(scope, points)));
    return { loss: $.mean(judged), points };
  };
  const groups = [
    { match: /^g/, optimizer: adam() },
    { match: /./, optimizer: null },
  ];
  const options = { inputs: [z], norm: arms.plain, optimizer: byName(groups) };
  const { bytes } = toModel(rootsOf(trainStep(network, options)));
  const session = await InferenceSession.create(bytes);
  expect(session.outputNames).toContain("output:points");
});

test("a slice names only the axes that it cuts, and one that cuts none is no node", () => {
  const z = input("z", [4, 3, 5]);
  const { model, ops } = decode(
    toModel({ y: $.relu($.slice(z, { axis: 1, start: 1 }, { axis: 2 })) }).bytes,
  );
  expect(ops).toEqual(["Slice", "Relu"]);
  expect(model.graph!.initializer.map((c) => c.dims)).toEqual([[1], [1]]); // 1 is the start, the axis and the step
  expect(decode(toModel({ y: $.relu($.slice(z, { axis: 1 })) }).bytes).ops).toEqual(["Relu"]);
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
    Abs_1 = Abs(ReduceL2_0)
    Log_2 = Log(Abs_1)
    Abs_3 = Abs(Log_2)
    Greater_4 = Greater(Abs_3, const [])
    Where_5 = Where(Greater_4, const [], const [])
    ReduceMax_6 = ReduceMax(Where_5) keepdims
    Greater_7 = Greater(ReduceMax_6, const [])
    If_20 = If(Greater_7) then_branch else_branch
    Equal_21 = Equal(If_20, const [])
    Reciprocal_22 = Reciprocal(If_20)
    Where_23 = Where(Equal_21, const [], Reciprocal_22)
    Mul_24 = Mul(state:dense1.g, Where_23)
    Mul_25 = Mul(state:dense1.v, Mul_24)
    Transpose_26 = Transpose(Mul_25) perm
    MatMul_27 = MatMul(input:x, Transpose_26)
    Reshape_28 = Reshape(state:dense1.b, const [2])
    Add_29 = Add(MatMul_27, Reshape_28)
    Sub_30 = Sub(Add_29, input:target)
    Mul_31 = Mul(Sub_30, Sub_30)
    ReduceSum_32 = ReduceSum(Mul_31, const [2]) keepdims
    output:loss = Mul(ReduceSum_32, const [])
    Reshape_34 = Reshape(const [], const [2])
    Expand_35 = Expand(Reshape_34, const [2])
    Mul_36 = Mul(Expand_35, Sub_30)
    Add_37 = Add(Mul_36, Mul_36)
    Transpose_38 = Transpose(Add_37) perm
    MatMul_39 = MatMul(Transpose_38, input:x)
    Mul_40 = Mul(MatMul_39, Mul_24)
    Mul_41 = Mul(MatMul_39, state:dense1.v)
    ReduceSum_42 = ReduceSum(Mul_41, const [1]) keepdims
    Reshape_43 = Reshape(ReduceSum_42, const [2])
    Mul_44 = Mul(Reshape_43, state:dense1.g)
    Mul_45 = Mul(Mul_44, Where_23)
    Mul_46 = Mul(Mul_45, Where_23)
    Neg_47 = Neg(Mul_46)
    Abs_48 = Abs(Where_23)
    Log_49 = Log(Abs_48)
    Abs_50 = Abs(Log_49)
    Greater_51 = Greater(Abs_50, const [])
    Where_52 = Where(Greater_51, const [], const [])
    ReduceMax_53 = ReduceMax(Where_52) keepdims
    Greater_54 = Greater(ReduceMax_53, const [])
    If_66 = If(Greater_54) then_branch else_branch
    Add_67 = Add(Mul_40, If_66)
    Mul_68 = Mul(const [], Add_67)
    next:dense1.v = Sub(state:dense1.v, Mul_68)
    Mul_70 = Mul(Reshape_43, Where_23)
    Mul_71 = Mul(const [], Mul_70)
    next:dense1.g = Sub(state:dense1.g, Mul_71)
    ReduceSum_73 = ReduceSum(Add_37, const [1]) keepdims
    Mul_74 = Mul(const [], ReduceSum_73)
    next:dense1.b = Sub(state:dense1.b, Mul_74)"
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
