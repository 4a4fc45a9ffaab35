/** Where experiments run on the command line: ONNX Runtime on this machine's cores, and files, packages and downloads. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { arch, availableParallelism, cpus, freemem, platform, totalmem } from "node:os";
import type { Places, World } from "../runs/experiment.ts";
import type { Machine } from "../runs/records.ts";
import { nodeDoor, nodeRuntime } from "../src/node/index.ts";

export interface WorldOptions {
  readonly places: Places;
  readonly progress: World["progress"];
  readonly say?: (line: string) => void;
  /** Whether runs train in it, which takes memory that looking at them does not. */
  readonly trains?: boolean;
}

export const nodeWorld = ({ places, progress, say, trains = false }: WorldOptions): World => ({
  runtime: (wanted) => nodeRuntime({ threads: wanted }),
  threads: availableParallelism(),
  places,
  door: nodeDoor(),
  ...(trains ? { freeMemory: freemem } : {}),
  progress,
  ...(say ? { say } : {}),
  decode: async (bytes, size) => (await import("./decode.ts")).decoded(bytes, size),
});

export function machine(): Machine {
  const manifest = createRequire(import.meta.url).resolve("onnxruntime-node/package.json");
  const { version } = JSON.parse(readFileSync(manifest, "utf8")) as { readonly version: string };
  return {
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    platform: `${platform()} ${arch()}`,
    node: process.version,
    runtime: `onnxruntime-node ${version}`,
  };
}
