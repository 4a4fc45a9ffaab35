/** Files that take any number of examples compute what the network does, on both runtimes. */
import { describe, expect, test } from "vitest";
import * as $ from "../../src/graph/index.ts";
import { input, type Node } from "../../src/graph/index.ts";
import { exportModel, largestDifference } from "../../src/export/index.ts";
import { nodeRuntime } from "../../src/runtime/node.ts";
import type { Runtime } from "../../src/runtime/program.ts";
import { webRuntime } from "../../src/runtime/web.ts";
import { some } from "../conformance/case.ts";
import { complaintsOn, missing } from "../onnx/python.ts";
import { decode } from "../onnx/decode.ts";
import { networks, outputsOf, stateOf, type Exported } from "./networks.ts";

const runtimes: readonly (readonly [string, Runtime])[] = [
  ["node", nodeRuntime({ threads: 1 })],
  ["web", webRuntime()],
];
const all = Object.entries(networks) as readonly (readonly [string, Exported])[];

describe.each(all)("%s", (_, network) => {
  const state = stateOf(network);
  const outputs = outputsOf(network);
  const file = exportModel(outputs, state);

  test.each(runtimes)("at any size, on %s", async (_name, runtime) => {
    for (const size of [1, 2, 7]) {
      const feeds = { x: some([size, ...network.shape]) };
      const { difference, largest } = (
        await largestDifference(file, outputs(size), { runtime, feeds, state })
      ).get("y")!;
      expect(difference, `at ${size}`).toBeLessThan(1e-5 * Math.max(1, largest));
    }
  });
  test("in half precision, about as well", async () => {
    const half = exportModel(outputs, state, { half: true });
    const feeds = { x: some([2, ...network.shape]) };
    const [[, runtime]] = runtimes;
    const { difference, largest } = (
      await largestDifference(half, outputs(2), { runtime, feeds, state })
    ).get("y")!;
    expect(difference).toBeLessThan(0.01 * Math.max(1, largest));
  });
  test.skipIf(missing)("is ONNX to the checker of the onnx package", () => {
    expect(
      complaintsOn([
        ["any size", file],
        ["one size", exportModel(outputs(3), state)],
        ["half", exportModel(outputs, state, { half: true })],
      ]),
    ).toEqual([]);
  });
  test("says that the axis is free, and the same bytes each time", () => {
    const { model, inputs } = decode(file);
    expect(inputs).toEqual([`x 1 [batch,${network.shape.join(",")}]`]);
    expect(model.graph!.output[0].type!.tensorType!.shape!.dim[0].dimParam).toBe("batch");
    expect(Buffer.compare(file, exportModel(outputs, state))).toBe(0);
  });
});

describe("what no single file can be", () => {
  const of =
    (f: (x: Node) => Node): (() => Uint8Array) =>
    () =>
      exportModel((n) => ({ y: f(input("x", [n, 3])) }), new Map());
  test.each<[string, (x: Node) => Node, string]>([
    [
      "numbers of the size",
      (x) =>
        $.sum($.mul($.reshape($.arange(x.shape[0], "float"), [x.shape[0], 1]), x), { axes: 0 }),
      'Mul "Mul_',
    ],
    [
      "a share of the size",
      (x) => $.mul($.sum(x, { axes: 0 }), 1 / (x.shape[0] + 1)),
      "takes [] of 0.03333",
    ],
    ["other nodes at other sizes", (x) => $.product(x, { axes: 0 }), "where the other has it"],
    ["no input of the size", () => input("x", [3, 3]), "no input has an axis of the size"],
  ])("%s", (_, f, message) => {
    expect(of(f)).toThrow(message);
    expect(of(f)).toThrow("give outputs, not a function");
  });
});

test("an axis may be another one, under a name", async () => {
  const w = $.constant(some([2, 3, 1, 3]).data, [2, 3, 1, 3]);
  const outputs = (time: number): { readonly y: Node } => ({
    y: $.conv2d(input("x", [1, 3, 1, time]), w, { pads: [0, 1] }),
  });
  const file = exportModel(outputs, new Map(), { dynamic: "time" });
  expect(decode(file).inputs).toEqual(["x 1 [1,3,1,time]"]);
  const [[, runtime]] = runtimes;
  const feeds = { x: some([1, 3, 1, 11]) };
  const found = await largestDifference(file, outputs(11), { runtime, feeds, state: new Map() });
  expect(found.get("y")!.difference).toBeLessThan(1e-5);
});

test("a mean over examples needs no number of theirs", async () => {
  const outputs = (n: number): { readonly y: Node } => ({
    y: $.mean(input("x", [n, 3]), { axes: 0 }),
  });
  const [[, runtime]] = runtimes;
  const feeds = { x: some([5, 3]) };
  const file = exportModel(outputs, new Map());
  const found = await largestDifference(file, outputs(5), { runtime, feeds, state: new Map() });
  expect(found.get("y")!.difference).toBeLessThan(1e-6);
});
