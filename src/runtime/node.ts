/** The door to onnxruntime-node: native kernels, in Node on Linux, macOS and Windows. */
import { optionsOf } from "../graph/index.ts";
import { plainTarget, type Pass } from "../onnx/index.ts";
import { ortRuntime } from "./ort.ts";
import type { Ort } from "./session.ts";
import { checkThreads } from "./threads.ts";
import { probeTarget } from "./probe.ts";
import type { Runtime } from "./program.ts";

export interface NodeRuntimeOptions {
  /** Threads that one op may use (default: as many as there are cores). */
  readonly threads?: number;
  /** Writes a profile of every run to files with this prefix (ONNX Runtime's `enableProfiling`). */
  readonly profile?: string;
  /** Whether convolutions may use ONNX Runtime's internal blocked layout where the processor has it (default true). */
  readonly blocked?: boolean;
  /** Passes of the compiler to leave out, to see what they are worth (default none). */
  readonly without?: readonly Pass[];
  /** Whether updates follow the graph, in place, or are part of it (default true): the bits are the same. */
  readonly inPlace?: boolean;
}

const known = optionsOf<NodeRuntimeOptions>("nodeRuntime", {
  threads: "optional",
  profile: "optional",
  blocked: "optional",
  without: "optional",
  inPlace: "optional",
});
/** Compiles programs for onnxruntime-node, an optional peer dependency that is imported when first needed. */
export const nodeRuntime = (options: NodeRuntimeOptions = {}): Runtime => {
  const { threads, profile, blocked = true, without = [], inPlace = true } = known(options);
  checkThreads("nodeRuntime", threads);
  return ortRuntime("onnxruntime-node", loadOnnxRuntime, {
    ...{ inPlace, writes: true },
    target: async (ort) => ({ ...(blocked ? await probeTarget(ort) : plainTarget), without }),
    session: {
      executionProviders: ["cpu"],
      executionMode: "sequential",
      // Not "all": its layout pass would wrap every pooling in reorders, and layout is chosen in src/onnx.
      graphOptimizationLevel: "extended",
      logSeverityLevel: 3,
      ...(threads === undefined ? {} : { intraOpNumThreads: threads }),
      ...(profile === undefined ? {} : { enableProfiling: true, profileFilePrefix: profile }),
    },
  });
};

/** Imports onnxruntime-node, or says how to install it: what compiling does first, for those who want to know early. */
export async function loadOnnxRuntime(): Promise<Ort> {
  try {
    return await import("onnxruntime-node");
  } catch (cause) {
    throw new Error(
      "nodeRuntime: onnxruntime-node could not be loaded; install it with `npm install onnxruntime-node`",
      { cause },
    );
  }
}
