/** `--device`: a run on WebGPU learns what it does on the CPU, goes on after kill -9, and says where it was. */
import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, describe, expect, test, vi } from "vitest";
import { tryOut } from "../../src/node/speed.ts";
import { webgpuRuntime } from "../../src/node/index.ts";
import { readResults, start, temporaryFolder, weightnorm, within } from "./run.ts";

vi.setConfig({ testTimeout: 240_000 });

const folder = await temporaryFolder("device");
const at = (...names: readonly string[]): string => join(folder, ...names);
afterAll(() => rm(folder, { recursive: true, force: true }));
const IRIS = join(import.meta.dirname, "..", "fixtures", "iris.csv");
const asked = ["compare", IRIS, "--target", "species", "--arms", "plain,weight", "--epochs", "10"];
const lack = await tryOut(webgpuRuntime()).then(
  () => undefined,
  (error: unknown) => String(error),
);

/** The training loss at the end of each arm, and its test error. */
const ends = async (run: string): Promise<readonly (readonly [loss: number, error: number])[]> =>
  Object.values((await readResults(at(run))).arms).map(({ runs: [{ points, tests }] }) => [
    points.at(-1)!.values["loss"]!,
    tests.at(-1)!.test["error"]!,
  ]);

describe.skipIf(lack !== undefined)(lack === undefined ? "webgpu" : `skipped: ${lack}`, () => {
  test("learns as the CPU does, and its records say where", async () => {
    const here = await within(...asked, "--out", at("cpu"));
    const there = await within(...asked, "--device", "webgpu", "--out", at("webgpu"));
    expect([here.code, there.code], there.stderr).toEqual([0, 0]);
    const { machine } = await readResults(at("webgpu"));
    expect(machine.runtime).toMatch(/^onnxruntime-node [\d.]+, WebGPU$/);
    const [expected, found] = [await ends("cpu"), await ends("webgpu")];
    for (const [arm, [loss, error]] of expected.entries()) {
      expect(Math.abs(found[arm][0] - loss)).toBeLessThan(0.01);
      expect(Math.abs(found[arm][1] - error)).toBeLessThanOrEqual(0.04);
    }
  });
  test("goes on after kill -9, on the same device or another", async () => {
    const args = [...asked, "--device", "webgpu", "--out", at("killed")];
    const { child, said, finished } = start(...args);
    await said("epoch 3");
    child.kill("SIGKILL");
    await finished;
    const resumed = await weightnorm(
      ...asked.slice(0, 4),
      "--resume",
      at("killed"),
      "--device",
      "webgpu",
    );
    expect(resumed.code, resumed.stderr).toBe(0);
    for (const [arm, [loss]] of (await ends("webgpu")).entries())
      expect((await ends("killed"))[arm][0]).toBeCloseTo(loss, 4);
  });
  test("eval takes it too, and auto says what it chose and why", async () => {
    const evaluated = await within("eval", at("webgpu"), "--device", "auto");
    expect(evaluated.code, evaluated.stderr).toBe(0);
    expect(evaluated.stderr).toMatch(
      /^--device auto: (cpu|webgpu), as two products of 1024 x 1024 numbers take [\d.]+ ms there and [\d.]+ ms on the CPU$/m,
    );
  });
});

test.skipIf(process.platform !== "linux")(
  // elsewhere a device cannot be hidden
  "where there is none it is said with what to install, and nothing is written",
  async () => {
    vi.stubEnv("VK_ICD_FILENAMES", "/nowhere.json");
    vi.stubEnv("VK_DRIVER_FILES", "/nowhere.json");
    const { code, stderr } = await weightnorm(...asked, "--device", "webgpu", "--out", at("none"));
    const auto = await weightnorm("compare", "--help", "--device", "auto");
    vi.unstubAllEnvs();
    expect(code).toBe(1);
    expect(stderr).toContain(
      "weightnorm: webgpuRuntime: expected a device for WebGPU, got none; install your card's driver, and on Linux libvulkan1",
    );
    expect(existsSync(at("none"))).toBe(false);
    expect(auto.code).toBe(0);
  },
);
