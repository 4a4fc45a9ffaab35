/** A device that is lost on the way: the run ends with a message, and goes on from its checkpoint to the same bits. */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, expect, test, vi } from "vitest";
import type { Runtime } from "../../src/index.ts";
import { DeviceLost, nodeRuntime } from "../../src/node/index.ts";
import { bitsOf, temporaryFolder, within } from "./run.ts";

vi.setConfig({ testTimeout: 120_000 });

/** Steps until the device is lost, and whether what reads the state finds out; none where it stays. */
let left = Infinity;
let byReading = false;
const lose = (): never => {
  throw new DeviceLost("played: the device is lost");
};
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
            if (left-- <= 0 && !byReading) lose();
            const outputs = await program.run(feeds, state);
            if (left <= 0 && byReading)
              for (const { place } of state.values())
                if (place)
                  vi.spyOn(place, "read").mockImplementation(async () => Promise.resolve(lose()));
            return outputs;
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

test.each([
  ["a step", false],
  ["what reads the state", true],
])("found out by %s, it ends as after kill -9, and goes on", async (_, read) => {
  const [whole, run] = [at(`whole-${read}`), at(`run-${read}`)];
  const undisturbed = await within(...asked, "--out", whole);
  expect(undisturbed.code, undisturbed.stderr).toBe(0);
  [left, byReading] = [200, read];
  const lost = await within(...asked, "--device", "webgpu", "--out", run);
  expect(lost.code).toBe(1);
  expect(lost.stderr).toContain("played: the device is lost, then go on with:");
  expect(lost.stderr).toMatch(/weightnorm compare .* --device webgpu --resume .*run-\w+$/m);
  [left, byReading] = [Infinity, false];
  vi.restoreAllMocks();
  const resumed = await within(...asked.slice(0, 4), "--resume", run);
  expect(resumed.code, resumed.stderr).toBe(0);
  expect(await bitsOf(run)).toEqual(await bitsOf(whole));
});
