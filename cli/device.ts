/** What commands compute on: --device, and where that is left to us, whichever is faster. */
import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import type { Runtime } from "../src/index.ts";
import { nodeRuntime, webgpuRuntime } from "../src/node/index.ts";
import { isFaster, tryOut } from "../src/node/speed.ts";
import type { Manifest } from "./manifest.ts";

export const DEVICES = ["cpu", "webgpu", "auto"] as const;
export type DeviceName = (typeof DEVICES)[number];

export interface Device {
  readonly name: Exclude<DeviceName, "auto">;
  /** What runs programs there, with so many threads where it has such. */
  readonly runtime: (threads: number) => Runtime;
  /** What records call it. */
  readonly called: string;
}

const version = (): string =>
  (createRequire(import.meta.url)("onnxruntime-node/package.json") as Manifest).version;
export const cpu = (): Device => ({
  name: "cpu",
  runtime: (threads) => nodeRuntime({ threads }),
  called: `onnxruntime-node ${version()}`,
});
function webgpu(say: (line: string) => void): Device {
  const runtime = webgpuRuntime({
    fallback: (found) => say(`not on the device, but on the CPU and back: ${found.join(", ")}`),
  });
  const called = `onnxruntime-node ${version()}, WebGPU`;
  return { name: "webgpu", runtime: () => runtime, called };
}

/** The device that was asked for, which is there; `auto` says what it chose and why. */
export async function deviceFor(
  asked: DeviceName = "cpu",
  say: (line: string) => void = (line) => void process.stderr.write(`${line}\n`),
): Promise<Device> {
  if (asked === "cpu") return cpu();
  const device = webgpu(say);
  if (asked === "webgpu") {
    await tryOut(device.runtime(1)); // throws, saying what to install, where there is none
    return device;
  }
  const { faster, because } = await isFaster(
    device.runtime(1),
    nodeRuntime({ threads: availableParallelism() }),
  );
  const chosen = faster ? device : cpu();
  say(`--device auto: ${chosen.name}, as ${because}`);
  return chosen;
}
