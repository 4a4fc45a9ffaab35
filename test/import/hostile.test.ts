/** Files that nobody's exporter writes: they are refused in our words, at once, before anything large is allocated. */
import { describe, expect, test } from "vitest";
import { input } from "../../src/graph/index.ts";
import { describeModel, importModel, type ImportOptions } from "../../src/import/index.ts";
import { arms, trace } from "../../src/nn/index.ts";
import { DataType, decodeModel, type GraphProto } from "../../src/onnx/index.ts";
import { encodeModel } from "../../src/onnx/proto.ts";
import type { Draft } from "../../src/onnx/wire.ts";
import { contentOf, fileOf, models, parseModel } from "../../bench/fuzz/models.ts";
import { fuzzParsers } from "../../bench/fuzz/parsers.ts";
import { int64, modelOf, random, type OneNode } from "./one-node.ts";
import { smallNetwork } from "./small-network.ts";

/** Milliseconds that no refusal takes, however busy the machine. */
const AT_ONCE = 3000;

/** What importing says, or "" where it works; it must not take long nor much. */
function said(bytes: Uint8Array, options: ImportOptions = {}): string {
  const start = performance.now();
  try {
    const { network } = importModel(bytes, options);
    trace((scope) => network(scope), { mode: "eval", norm: arms.plain });
    return "";
  } catch (error) {
    const { message } = error as Error;
    expect(message).toMatch(/^import: .+, got .+; ./s);
    return message;
  } finally {
    expect(performance.now() - start).toBeLessThan(AT_ONCE);
  }
}

/** The small network with another graph. */
const changed = (change: (graph: GraphProto) => Draft<GraphProto>): Uint8Array => {
  const model = decodeModel(smallNetwork(), "test");
  return encodeModel({ ...model, graph: change(model.graph!) });
};
const dims = { batch: 2 };

describe("huge sizes", () => {
  const HUGE = 2 ** 40;
  const large = int64(100_000, 100_000);
  const x = random([1, 1, 4, 4]);
  const scalar = (x: number): ReturnType<typeof int64> => ({ ...int64(x), shape: [] });
  const cases: readonly (Omit<OneNode, "opset"> & { readonly opset?: number })[] = [
    { op: "ConstantOfShape", inputs: [large] },
    { op: "ConstantOfShape", inputs: [int64(HUGE, HUGE, HUGE)] },
    { op: "Expand", inputs: [random([1], 1, { isWeight: true }), large] },
    { op: "Tile", inputs: [random([2, 2], 1, { isWeight: true }), large] },
    { op: "Tile", inputs: [random([2, 2]), int64(HUGE, HUGE)] },
    { op: "Range", inputs: [scalar(0), scalar(HUGE), scalar(1)] },
    { op: "OneHot", inputs: [int64(1, 2), scalar(2 ** 31 - 1), int64(0, 1)] },
    ...["constant", "edge", "reflect", "wrap"].map((mode) => ({
      ...{ op: "Pad", inputs: [x, int64(0, 0, 1e9, 1e9, 0, 0, 1e9, 1e9)] },
      attributes: { mode },
    })),
    ...["nearest", "linear", "cubic"].map((mode) => ({
      ...{ op: "Resize", inputs: [x, undefined, undefined, int64(1, 1, 1e9, 1e9)] },
      attributes: { mode },
    })),
    { op: "HannWindow", inputs: [scalar(1e10)] },
    { op: "DFT", inputs: [random([1, 8, 1]), scalar(1e9)] },
    {
      op: "MaxPool",
      inputs: [x],
      attributes: { kernel_shape: [1e9, 1e9], pads: [1e9, 1e9, 1e9, 1e9] },
    },
    {
      op: "AveragePool",
      inputs: [x],
      attributes: { kernel_shape: [2, 2], pads: [1e9, 1e9, 1e9, 1e9] },
    },
    { op: "DepthToSpace", inputs: [x], attributes: { blocksize: 1e9 } },
    { op: "Split", inputs: [x], attributes: { num_outputs: 1e9 }, opset: 18 },
    { op: "LRN", inputs: [x], attributes: { size: 1e9 } },
    { op: "Reshape", inputs: [x, int64(HUGE, -1)] },
    { op: "ConvTranspose", inputs: [x, random([1, 1, 2, 2])], attributes: { strides: [1e9, 1e9] } },
  ];
  test.each(cases.map((one, i) => [`${one.op} ${i}`, one] as const))("%s", (_, one) => {
    const before = process.memoryUsage().rss;
    said(modelOf({ opset: 17, ...one }));
    expect(process.memoryUsage().rss - before).toBeLessThan(500e6);
  });

  test("a tensor that says it is larger than its data", () => {
    const bytes = changed((graph) => ({
      ...graph,
      initializer: graph.initializer.map((t) => ({ ...t, dims: [46_340, 46_340] })),
    }));
    expect(said(bytes, { dims })).toContain("check that the file is whole");
  });
  test("an input of more elements than can be counted", () => {
    expect(said(smallNetwork(), { dims: { batch: HUGE } })).toContain("2^31");
  });
});

describe("graphs", () => {
  test("a cycle", () => {
    const bytes = changed((graph) => ({
      ...graph,
      node: graph.node.map((n) => (n.name === "r1" ? { ...n, input: ["r2"] } : n)),
    }));
    expect(said(bytes, { dims })).toContain("a cycle through");
  });
  test("two nodes that make one value", () => {
    const bytes = changed((graph) => ({ ...graph, node: [...graph.node, graph.node[2]] }));
    expect(said(bytes, { dims })).toContain("two nodes make");
  });
  test("none", () => {
    expect(said(encodeModel({ irVersion: 8 }))).toContain("without a graph");
    expect(() => describeModel(new Uint8Array())).toThrow("without a graph");
  });
  test("a file that ends too early", () => {
    const whole = smallNetwork();
    for (let at = 1; at < whole.length; at += 37)
      expect(said(whole.subarray(0, at), { dims })).not.toBe("");
  });
  test.each([17, 60])("graphs within graphs, %i deep", (depth) => {
    let inner: Draft<GraphProto> = { output: [{ name: "x" }] };
    for (let i = 0; i < depth; i++)
      inner = {
        node: [
          {
            opType: "If",
            input: ["x"],
            output: ["y"],
            attribute: [{ name: "g", type: 5, g: inner }],
          },
        ],
        output: [{ name: "y" }],
      };
    expect(said(encodeModel({ opsetImport: [{ version: 17 }], graph: inner }))).toMatch(/deep/);
  });
  test("a chain longer than any stack", () => {
    const node = Array.from({ length: 20_000 }, (_, i) => ({
      ...{ opType: "Relu", input: [`v${i}`], output: [`v${i + 1}`] },
    }));
    const bytes = changed(({ input: [x] }) => ({
      ...{ node, input: [{ ...x, name: "v0" }], output: [{ name: "v20000" }] },
    }));
    said(bytes, { dims });
  });
});

test("names that objects have by themselves are names", () => {
  for (const name of ["__proto__", "constructor", "toString", "hasOwnProperty"]) {
    const bytes = changed((graph) => ({
      ...graph,
      node: graph.node.map((n) => ({
        ...n,
        input: n.input.map((x) =>
          x === "conv1.weight" || x === "x" ? `${name}${x === "x" ? "" : ".weight"}` : x,
        ),
      })),
      initializer: graph.initializer.map((t) =>
        t.name === "conv1.weight" ? { ...t, name: `${name}.weight` } : t,
      ),
      input: graph.input.map((x) => ({ ...x, name })),
    }));
    expect(said(bytes, { dims })).toBe("");
    const op = changed((graph) => ({
      ...graph,
      node: graph.node.map((n) => (n.name === "r1" ? { ...n, opType: name } : n)),
    }));
    expect(said(op, { dims })).toContain(`without a rule: ${name} (`);
  }
  expect(Object.keys(Object.prototype)).toEqual([]);
});

test("where weights lie beside the model is for the caller to read", () => {
  const bytes = changed((graph) => ({
    ...graph,
    initializer: graph.initializer.map((t) => ({
      ...{ name: t.name!, dims: t.dims, dataType: DataType.FLOAT, dataLocation: 1 },
      externalData: [
        { key: "location", value: "../../../etc/passwd" },
        { key: "offset", value: "-8" },
      ],
    })),
  }));
  expect(said(bytes, { dims })).toContain("got nobody to read it");
  const asked: string[] = [];
  const external = (location: string): Uint8Array => {
    asked.push(location);
    return new Uint8Array(100_000);
  };
  expect(said(bytes, { dims, external })).toContain("fetch both files again");
  expect(new Set(asked)).toEqual(new Set(["../../../etc/passwd"]));
});

test("what is fed is checked", () => {
  const { layer } = importModel(smallNetwork());
  const trained = (x: ReturnType<typeof input>): unknown =>
    trace((scope) => layer(scope, x), { mode: "eval", norm: arms.plain });
  expect(() => trained(input("x", [2, 3]))).toThrow(/got float \[2,3\]; /);
  expect(() => trained(input("x", [2, 3, 8, 8], "int32"))).toThrow(/got int32/);
});

test("models that are damaged are read or refused in our form", async () => {
  const all = Object.values(models);
  for (const bytes of all) parseModel(bytes, "whole");
  for (const bytes of all) parseModel(fileOf(contentOf(bytes)), "whole again");
  const targets = [
    { name: "ONNX", samples: all, parse: parseModel },
    { name: "ONNX, messages", samples: all.map(contentOf), wrap: fileOf, parse: parseModel },
  ];
  const { faults, read, refused } = await fuzzParsers({
    ...{ files: 600, seed: 3, say: () => undefined, targets },
  });
  expect(faults).toEqual([]);
  expect(Math.min(read, refused)).toBeGreaterThan(50);
});
