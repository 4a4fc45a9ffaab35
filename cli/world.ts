/** Where experiments run on the command line: ONNX Runtime on this machine, and files, packages and downloads. */
import { arch, availableParallelism, cpus, freemem, platform, totalmem } from "node:os";
import type { Places, World } from "../runs/experiment.ts";
import type { Crew } from "../runs/ranks.ts";
import type { Machine } from "../runs/records.ts";
import { nodeDoor } from "../src/node/index.ts";
import { cpu, type Device } from "./device.ts";

export interface WorldOptions {
  readonly places: Places;
  readonly progress: World["progress"];
  readonly say?: (line: string) => void;
  /** Whether runs train in it, which takes memory that looking at them does not. */
  readonly trains?: boolean;
  /** What it computes on (default: the CPU). */
  readonly device?: Device;
  /** The processes that train together (default: this one alone), and the threads of each (default: all cores). */
  readonly crew?: Crew;
  readonly threads?: number;
}

export const nodeWorld = ({
  places,
  progress,
  say,
  trains = false,
  device = cpu(),
  crew,
  threads = availableParallelism(),
}: WorldOptions): World => ({
  // Ranks have the cores of their own machines, whatever rank 0 has of its.
  runtime: crew && crew.ranks.size > 1 ? () => device.runtime(threads) : device.runtime,
  threads,
  ...(crew ? { crew } : {}),
  places,
  door: nodeDoor(),
  ...(trains ? { freeMemory: freemem } : {}),
  progress,
  ...(say ? { say } : {}),
  decode: async (bytes, size) => (await import("./decode.ts")).decoded(bytes, size),
});

export function machine({ called }: Pick<Device, "called"> = cpu()): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    platform: `${platform()} ${arch()}`,
    node: process.version,
    runtime: called,
  };
}
