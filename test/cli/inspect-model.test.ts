/** `inspect` of models of ONNX: what is in them, and what is missing in one that cannot be imported. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { inspectModel } from "../../cli/inspect-model.ts";
import { decodeModel } from "../../src/onnx/index.ts";
import { encodeModel } from "../../src/onnx/proto.ts";
import { smallNetwork } from "../import/small-network.ts";
import { within } from "./run.ts";

const folder = mkdtempSync(join(tmpdir(), "weightnorm-inspect-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("what goes in and comes out, layers, what trains, where a head goes", async () => {
  const file = join(folder, "small.onnx");
  writeFileSync(file, smallNetwork());
  const { code, stdout, stderr } = await within("inspect", file, "--all");
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout.replaceAll(folder, "TMP")).toMatchInlineSnapshot(`
    "TMP/small.onnx, opset 17, test: 8 nodes

              name      type             shape
    ──────────────────────────────────────────
    input        x     FLOAT  [batch, 3, 8, 8]
    output  scores  not said                  

    layer's weight   in the file    op         shape    |w|
    ───────────────────────────────────────────────────────
    conv1.w         conv1.weight  Conv  [6, 3, 3, 3]  1.217
    conv2.w         conv2.weight  Conv  [8, 6, 3, 3]  4.098
    fc.w               fc.weight  Gemm        [4, 8]  1.767

    parameter   in the file         shape
    ─────────────────────────────────────
    conv1.w    conv1.weight  [6, 3, 3, 3]
    conv1.b      conv1.bias           [6]
    conv2.w    conv2.weight  [8, 6, 3, 3]
    conv2.b      conv2.bias           [8]
    fc.w          fc.weight        [4, 8]
    fc.b            fc.bias           [4]

    644 numbers in 6 parameters can train

    a new head goes before Gemm "scores", at features

    nothing is missing: the model can be trained
    "
  `);
  const { data } = inspectModel(smallNetwork(), "small.onnx");
  expect(data).toMatchObject({
    opsets: [["", 17]],
    inputs: [{ name: "x", type: "FLOAT", shape: ["batch", 3, 8, 8] }],
    head: { at: "features", before: 'Gemm "scores"' },
    missing: [],
  });
});

test("ops without a rule, and where to cut before them", () => {
  const model = decodeModel(smallNetwork(), "x");
  const node = model.graph!.node.map((n) =>
    n.name === "pooled" ? { ...n, opType: "NonMaxSuppression" } : n,
  );
  const bytes = encodeModel({ ...model, graph: { ...model.graph!, node } });
  const [missing] = inspectModel(bytes, "small.onnx").text(false).split("\n\n").slice(-1);
  expect(missing).toBe("missing: NonMaxSuppression (1 node); cut the model before them, at r2");
});

test("names that move a cursor are written out", () => {
  const model = decodeModel(smallNetwork(), "x");
  const bytes = encodeModel({ ...model, producerName: "\u001b[2J" });
  expect(inspectModel(bytes, "x.onnx").text(false)).toContain("\\u001b[2J");
});
