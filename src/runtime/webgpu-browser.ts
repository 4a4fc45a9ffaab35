/** The door to WebGPU in a browser, by the builds of onnxruntime-web that have it. */
import { optionsOf } from "../graph/index.ts";
import { adapterHere, noAdapter } from "./adapter.ts";
import { ortRuntime } from "./ort.ts";
import type { Runtime } from "./program.ts";
import {
  checkThreads,
  notLoaded,
  startedWith,
  type OrtWeb,
  type WebRuntimeOptions,
} from "./web.ts";

const known = optionsOf<WebRuntimeOptions>("webgpuRuntime", {
  threads: "optional",
  paths: "optional",
});
/** Compiles programs for the graphics card that the browser lends, by onnxruntime-web, which is imported when first needed. */
export const webgpuRuntime = (options: WebRuntimeOptions = {}): Runtime => {
  const { threads, paths } = known(options);
  checkThreads("webgpuRuntime", threads);
  return ortRuntime(
    "webgpu",
    async () => {
      const adapter = await adapterHere();
      if (typeof adapter === "string") throw noAdapter("webgpuRuntime", adapter);
      return startedWith("webgpuRuntime", await load(), { threads, paths });
    },
    {
      session: {
        executionProviders: [{ name: "webgpu", preferredLayout: "NCHW" }] as never,
        logSeverityLevel: 3,
      },
    },
  );
};

/** Where WebAssembly may wait for the card by itself, the build is 10 MB smaller than the one that emulates it. */
async function load(): Promise<OrtWeb> {
  const { WebAssembly } = globalThis as { readonly WebAssembly?: object };
  const mayWait = WebAssembly !== undefined && "Suspending" in WebAssembly;
  try {
    return await (mayWait ? import("onnxruntime-web/jspi") : import("onnxruntime-web/webgpu"));
  } catch (cause) {
    throw notLoaded("webgpuRuntime", cause);
  }
}
