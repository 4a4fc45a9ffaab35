import { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import { describe, expect, test } from "vitest";
import * as $ from "../../src/graph/index.ts";
import { input, type Node } from "../../src/graph/index.ts";
import {
  apply,
  arms,
  conv2d,
  convTranspose2d,
  dense,
  fold,
  sequential,
  trace,
  type Arm,
} from "../../src/nn/index.ts";
import { exportModel } from "../../src/export/index.ts";
import { sgd } from "../../src/optim/index.ts";
import { nodeRuntime } from "../../src/runtime/node.ts";
import { initialState, type State } from "../../src/runtime/program.ts";
import { evaluate } from "../../src/runtime/reference.ts";
import { initStep, trainStep } from "../../src/train/index.ts";
import { some } from "../conformance/case.ts";
import { decode } from "../onnx/decode.ts";

const x = input("x", [4, 3, 6, 6]);
const image = some([4, 3, 6, 6]);
const network = sequential(
  conv2d(8, { kernel: 3, pads: 1 }),
  apply((y) => $.leakyRelu(y, 0.1)),
  convTranspose2d(4, { kernel: 2, strides: 2 }),
  apply($.flatten),
  dense(5),
);
/** The network as it is used, in an arm. */
const logits = (arm: Arm): Node =>
  trace((scope) => network(scope, x), { mode: "eval", norm: arms[arm] }).value;

/** State after initialization and one step, with the optimizer's own. */
async function trained(arm: Arm): Promise<State> {
  const model = (scope: Parameters<typeof network>[0]): { readonly loss: Node } => ({
    loss: $.mean($.square(network(scope, x))),
  });
  const options = { inputs: [x], norm: arms[arm] };
  const runtime = nodeRuntime({ threads: 1 });
  const programs = [
    await runtime.compile(initStep(model, options)),
    await runtime.compile(
      trainStep(model, { ...options, optimizer: sgd({ lr: 0.1, momentum: 0.9 }) }),
    ),
  ];
  const state = initialState(
    programs.flatMap((p) => p.parameters),
    1,
  );
  for (const program of programs) {
    await program.run({ x: image }, state);
    await program.release();
  }
  return state;
}

/** The output "y" of a model in a session of its own, as anyone would run it. */
async function inference(bytes: Uint8Array): Promise<Float32Array> {
  const session = await InferenceSession.create(bytes, { intraOpNumThreads: 1 });
  const { y } = await session.run({ x: new OrtTensor("float32", image.data, image.shape) });
  await session.release();
  return y.data as Float32Array;
}

describe("a weight-normalized network, trained, folded and exported", () => {
  test.each<[Arm, Arm]>([
    ["weight", "plain"],
    ["weight+mean-only", "mean-only"],
    ["batch", "batch"],
  ])("gives the outputs of arm %s by the graph of arm %s", async (arm, plain) => {
    const state = await trained(arm);
    const bytes = exportModel({ y: logits(plain) }, fold(state));
    const { y } = evaluate({ y: logits(arm) }, { feeds: { x: image }, state });
    const largest = Math.max(...y.data.map(Math.abs));
    const near = (await inference(bytes)).filter(
      (v, i) => Math.abs(v - y.data[i]) <= 1e-5 * largest,
    );
    expect(near).toHaveLength(20);
  });

  test("has no input but x, and no trace of the normalization", async () => {
    const bytes = exportModel({ y: logits("plain") }, fold(await trained("weight")));
    const { inputs, outputs, opsets, ops } = decode(bytes);
    expect(inputs).toEqual(["x 1 [4,3,6,6]"]);
    expect(outputs).toEqual(["y 1 [4,5]"]);
    expect(opsets).toEqual({ "": 17 });
    expect(ops).toMatchInlineSnapshot(`
      [
        "Conv",
        "LeakyRelu",
        "ConvTranspose",
        "Reshape",
        "Gemm",
      ]
    `);
  });
});

test("an output may not be called like an input of an exported model", () => {
  expect(() => exportModel({ x: $.exp(x) }, new Map())).toThrow('got "x" twice');
});
