/** Training on WebGPU in Node; skipped where there is no device. */
import { describe, expect, test } from "vitest";
import { grad } from "../../src/autodiff/index.ts";
import * as $ from "../../src/graph/index.ts";
import { nodeRuntime } from "../../src/runtime/node.ts";
import { placementInWords } from "../../src/runtime/placement.ts";
import {
  initialState,
  item,
  keyTensor,
  tensor,
  type Runtime,
  type State,
} from "../../src/runtime/program.ts";
import { read } from "../../src/runtime/read.ts";
import { tryOut } from "../../src/node/speed.ts";
import { webgpuRuntime } from "../../src/runtime/webgpu.ts";
import { some } from "../conformance/case.ts";

const runtime = webgpuRuntime({ fallback: false });
const lack = await tryOut(runtime).then(
  () => undefined,
  (error: unknown) => String(error),
);

const x = $.input("x", [16, 8]);
const key = $.input("key", [2], "uint32");
const w = $.parameter("w", [8, 32], { init: { kind: "normal", std: 0.3 } });
const v = $.parameter("v", [32, 4], { init: { kind: "normal", std: 0.3 } });
const moment = $.parameter("moment", [32, 4], { init: { kind: "constant", value: 0 } });
const kept = $.randomBernoulli(key, 0.9, { shape: [16, 32], stream: 1 });
const y = $.matmul($.mul($.tanh($.matmul(x, w)), kept), v);
const loss = $.mean($.square($.sub(y, 1)));
const [dw, dv] = grad(loss, [w, v]);
const next = $.add($.mul(moment, 0.9), dv);
const spec = {
  inputs: [x, key],
  outputs: { loss },
  updates: [
    { parameter: w, next: $.sub(w, $.mul(dw, 0.05)) },
    { parameter: moment, next },
    { parameter: v, next: $.sub(v, $.mul(next, 0.05)) },
  ],
};
async function trained(
  on: Runtime,
  steps: number,
): Promise<{ readonly losses: number[]; readonly state: State }> {
  const program = await on.compile(spec);
  const state = initialState(program.parameters, 1);
  const losses: number[] = [];
  for (let i = 0; i < steps; i++)
    losses.push(item((await program.run({ x: some([16, 8]), key: keyTensor(1, i) }, state)).loss));
  await program.release();
  return { losses, state };
}

describe.skipIf(lack !== undefined)(lack === undefined ? "on WebGPU" : `skipped: ${lack}`, () => {
  test("a net with dropout learns as on the CPU, with its state on the device all along", async () => {
    const here = await trained(nodeRuntime({ threads: 1 }), 50);
    const there = await trained(runtime, 50);
    expect([...there.state.values()].map((value) => value.place?.name)).toEqual(
      Array(3).fill("webgpu"),
    );
    for (const [i, value] of here.losses.entries())
      expect(Math.abs(there.losses[i] - value)).toBeLessThan(1e-5);
    const weights = (await read(there.state)).get("w")!.data;
    const expected = (await read(here.state)).get("w")!.data;
    for (const [i, value] of expected.entries()) expect(weights[i]).toBeCloseTo(value, 5);
    expect(placementInWords(runtime.placement())).toMatch(/^all \d+ nodes on the device$/);
  });
  test("what a program does not change goes there once, and a new tensor in its place as well", async () => {
    const frozen = $.parameter("frozen", [40, 40], { init: { kind: "constant", value: 2 } });
    const program = await runtime.compile({ outputs: { y: $.sum(frozen) } });
    const state = initialState([frozen], 1);
    const sum = async (): Promise<number> => item((await program.run({}, state)).y);
    expect(await sum()).toBe(3200);
    state.get("frozen")!.data[0] = 100; // which nobody is to do: the copy there is what counts
    expect(await sum()).toBe(3200);
    state.set("frozen", tensor(new Float32Array(1600).fill(3), [40, 40]));
    expect(await sum()).toBe(4800);
    await program.release();
  });
  test("thousands of steps take no more memory than the first hundreds", async () => {
    const program = await runtime.compile({
      outputs: { y: $.sum(v) },
      updates: [{ parameter: v, next: $.mul(v, 0.999) }],
    });
    const state = initialState([v], 1);
    const after = async (steps: number): Promise<number> => {
      for (let i = 0; i < steps; i++) await program.run({}, state);
      return process.memoryUsage().rss / 2 ** 20;
    };
    const before = await after(500);
    expect((await after(2000)) - before).toBeLessThan(30);
    await program.release();
  });
});
