/** What a file says of itself and how its weights are stored. */
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as $ from "../../src/graph/index.ts";
import { input, type Node } from "../../src/graph/index.ts";
import { exportModel, exportParts } from "../../src/export/index.ts";
import { halfOf } from "../../src/graph/floats.ts";
import { saveModelParts } from "../../src/node/index.ts";
import { evaluate } from "../../src/runtime/reference.ts";
import { tensor } from "../../src/runtime/program.ts";
import { some } from "../conformance/case.ts";
import { decode } from "../onnx/decode.ts";
import { complaintsOn, missing } from "../onnx/python.ts";
import { networks, outputsOf, stateOf } from "./networks.ts";

const x = input("x", [2, 3]);

test("a file says what it is told to", () => {
  const { model } = decode(
    exportModel({ y: $.exp(x) }, new Map(), {
      ...{ graphName: "net", description: "a test", producerVersion: "1.2.3" },
      metadata: { classes: "[]", __proto__x: "1" },
    }),
  );
  expect(model).toMatchObject({ producerVersion: "1.2.3", docString: "a test", irVersion: 8 });
  expect(model.graph!.name).toBe("net");
  expect(model.metadataProps).toEqual([
    { key: "classes", value: "[]" },
    { key: "__proto__x", value: "1" },
  ]);
});

describe("operator sets", () => {
  test.each([13, 14, 15, 16, 17, 18, 19, 20, 21, 22])("%i runs", async (opset) => {
    const network = networks[opset < 17 ? "lstm" : "attention"];
    const state = stateOf(network);
    const file = exportModel(outputsOf(network), state, { opset });
    expect(decode(file).opsets).toEqual({ "": opset });
    const session = await InferenceSession.create(file);
    const feed = some([2, ...network.shape]);
    const { y } = await session.run({ x: new OrtTensor("float32", feed.data, feed.shape) });
    await session.release();
    const expected = evaluate({ y: outputsOf(network)(2).y }, { feeds: { x: feed }, state }).y;
    expect(Array.from(y.data as Float32Array)).toEqual(
      Array.from(expected.data, (v) => expect.closeTo(v, 4) as number),
    );
  });
  test("that lack an operator, or are none", () => {
    const scattered = $.scatterAdd($.constant([1, 0], [2], "int32"), x, 3);
    expect(() => exportModel({ y: scattered }, new Map(), { opset: 13 })).toThrow(
      'exportModel: ScatterElements "ScatterElements" needs opset 16, got 13; pass opset: 16, or leave it out',
    );
    expect(() => exportModel({ y: x }, new Map(), { opset: 12 })).toThrow(
      "opset is a whole number from 13 to 22, got 12",
    );
  });
});

describe("half precision", () => {
  test("is what is nearest, of two the even one", () => {
    const cases: readonly (readonly [number, number])[] = [
      [0, 0],
      [-0, 0x8000],
      [1, 0x3c00],
      [1 + 2 ** -11, 0x3c00],
      [1 + 3 * 2 ** -11, 0x3c02],
      [-2, 0xc000],
      [65504, 0x7bff],
      [65519.99, 0x7bff],
      [65520, 0x7c00],
      [Infinity, 0x7c00],
      [2 ** -14, 0x0400],
      [2 ** -24, 1],
      [2 ** -25, 0],
      [3 * 2 ** -25, 2],
      [2 ** -14 - 2 ** -26, 0x0400],
    ];
    for (const [value, bits] of cases) expect(halfOf(value), String(value)).toBe(bits);
    expect(halfOf(NaN) & 0x7fff).toBeGreaterThan(0x7c00);
  });
  test("has half the bytes of weights, in kernels and matrices", () => {
    const w = { shape: [16, 16], data: some([16, 16]).data };
    const y = $.add(
      $.matmul(input("x", [2, 16]), $.constant(w.data, [16, 16])),
      $.constant(w.data.slice(0, 16)),
    );
    const { initializer, node } = decode(exportModel({ y }, new Map(), { half: true })).model
      .graph!;
    expect(initializer.map((c) => [c.dataType, c.rawData!.length])).toEqual([
      [10, 512],
      [1, 64],
    ]);
    expect(node.map((n) => n.opType)).toEqual(["Cast", "Gemm"]);
  });
  test("is refused where a weight is beyond it", () => {
    const p = $.parameter("big.w", [8, 8], { init: { kind: "constant", value: 0 } });
    const values = new Map([["big.w", tensor(new Array<number>(64).fill(70000), [8, 8])]]);
    const y = $.matmul(input("x", [2, 8]), p);
    expect(() => exportModel({ y }, values, { half: true })).toThrow(
      'exportModel: half precision ends at 65504, got 70000 in "big.w"; leave half out',
    );
  });
});

describe("weights in a file of their own", () => {
  let folder = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "weightnorm-export-"));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));
  const w = some([64, 32]);
  const y = $.matmul(input("x", [2, 64]), $.constant(w.data, [64, 32]));
  const feed = some([2, 64]);

  test("are found by ONNX Runtime and by the checker", async () => {
    const parts = exportParts({ y }, new Map(), { location: "net.onnx.data", above: 0 });
    expect(parts.data.reduce((sum, bytes) => sum + bytes.length, 0)).toBe(4 * 64 * 32);
    const path = join(folder, "net.onnx");
    await saveModelParts(path, parts);
    expect((await readdir(folder)).sort()).toEqual(["net.onnx", "net.onnx.data"]);
    const session = await InferenceSession.create(path);
    const got = await session.run({ x: new OrtTensor("float32", feed.data, feed.shape) });
    await session.release();
    const expected = evaluate({ y }, { feeds: { x: feed } }).y;
    expect(Array.from(got["y"].data as Float32Array)).toEqual(
      Array.from(expected.data, (v) => expect.closeTo(v, 4) as number),
    );
    if (!missing) expect(complaintsOn([["external", path]])).toEqual([]);
  });
  test("begin at whole pages", () => {
    const matrix = (rows: number, columns: number): Node =>
      $.constant(some([rows, columns]).data, [rows, columns]);
    const big = $.matmul($.tanh($.matmul(input("x", [2, 30]), matrix(30, 70))), matrix(70, 20));
    const { data, model } = exportParts({ y: big }, new Map(), { location: "w", above: 0 });
    const offsets = decode(model).model.graph!.initializer.flatMap(({ externalData }) =>
      externalData.filter(({ key }) => key === "offset").map(({ value }) => Number(value)),
    );
    expect(offsets).toEqual([0, 12288]);
    expect(data.map((bytes) => bytes.length)).toEqual([8400, 3888, 5600]);
  });
  test("stay in the model where it can hold them", () => {
    const { data, model } = exportParts({ y }, new Map(), { location: "net.onnx.data" });
    expect(data).toEqual([]);
    expect(Buffer.compare(model, exportModel({ y }, new Map()))).toBe(0);
  });
  test.each(["", "..", "a/b", "a\\b"])("is no path: %j", (location) => {
    expect(() => exportParts({ y }, new Map(), { location })).toThrow(
      "location is the name of a file beside the model",
    );
  });
});
