/** A device that is lost on the way: the run ends with a message, and goes on from its checkpoint to the same bits. */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, expect, test, vi } from "vitest";
import type { Runtime } from "../../src/index.ts";
import { DeviceLost, nodeRuntime } from "../../src/node/index.ts";
import { bitsOf, temporaryFolder, within } from "./run.ts";

vi.setConfig({ testTimeout: 120_000 });

/** Runs until the device is lost; none where it stays. */
let left = Infinity;
vi.mock("../../cli/device.ts", async (original) => {
  const real = await original<typeof import("../../cli/device.ts")>();
  const runtime = (threads: number): Runtime => {
    const node = nodeRuntime({ threads });
    return {
      ...node,
      async compile(spec) {
        const program = await node.compile(spec);
        return {
          ...program,
          run: async (feeds, state) => {
            if (left-- <= 0) throw new DeviceLost("played: the device is lost");
            return program.run(feeds, state);
          },
        };
      },
    };
  };
  return {
    ...real,
    deviceFor: async () => Promise.resolve({ name: "webgpu", runtime, called: "played" }),
  };
});

const folder = await temporaryFolder("lost");
const at = (name: string): string => join(folder, name);
afterAll(() => rm(folder, { recursive: true, force: true }));
const IRIS = join(import.meta.dirname, "..", "fixtures", "iris.csv");
const asked = ["train", IRIS, "--target", "species", "--epochs", "30"];

test("ends as after kill -9, and goes on", async () => {
  const whole = await within(...asked, "--out", at("whole"));
  expect(whole.code, whole.stderr).toBe(0);
  left = 200;
  const lost = await within(...asked, "--device", "webgpu", "--out", at("run"));
  expect(lost.code).toBe(1);
  expect(lost.stderr).toContain("played: the device is lost, then go on with:");
  expect(lost.stderr).toMatch(/weightnorm compare .* --device webgpu --resume .*run$/m);
  left = Infinity;
  const resumed = await within(...asked.slice(0, 4), "--resume", at("run"));
  expect(resumed.code, resumed.stderr).toBe(0);
  expect(await bitsOf(at("run"))).toEqual(await bitsOf(at("whole")));
});
