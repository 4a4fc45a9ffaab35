/** What commands compute on: --device, and where that is left to us, whichever is faster. */
import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import type { Runtime } from "../src/index.ts";
import { nodeRuntime, webgpuRuntime } from "../src/node/index.ts";
import { millisecondsOf, SIZE, tryOut } from "../src/runtime/speed.ts";
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
  return {
    name: "webgpu",
    runtime: () => runtime,
    called: `onnxruntime-node ${version()}, WebGPU`,
  };
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
  const here = await millisecondsOf(nodeRuntime({ threads: availableParallelism() }));
  const there = await millisecondsOf(device.runtime(1)).catch((error: unknown) =>
    error instanceof Error ? error.message : String(error),
  );
  const chosen = typeof there === "number" && there < here ? device : cpu();
  const because =
    typeof there === "string"
      ? there
      : `two products of ${SIZE} x ${SIZE} numbers take ${there.toFixed(1)} ms by WebGPU and ${here.toFixed(1)} on the CPU`;
  say(`--device auto: ${chosen.name}, as ${because}`);
  return chosen;
}
