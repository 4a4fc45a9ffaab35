/** The door to graphics cards in a browser: the builds of onnxruntime-web that have WebGPU. */
import { optionsOf } from "../graph/index.ts";
import { adapterHere, ADVICE, noAdapter } from "./adapter.ts";
import { deviceRuntime, onCard, type DeviceRuntime, type Fallback } from "./device.ts";
import { notLoaded, startedWith, type OrtWeb, type WebRuntimeOptions } from "./web.ts";
import { checkThreads } from "./threads.ts";

/** Options of {@link webgpuRuntime} in a browser. */
export interface BrowserWebgpuOptions extends Pick<WebRuntimeOptions, "threads" | "paths"> {
  /** Whether ops that the card lacks may run on the processor (default true), or who is told of them; otherwise compiling throws and names them. */
  readonly fallback?: Fallback;
}

const known = optionsOf<BrowserWebgpuOptions>("webgpuRuntime", {
  threads: "optional",
  paths: "optional",
  fallback: "optional",
});
/**
 * Compiles programs for the graphics card that the browser lends, by onnxruntime-web, which is imported when first needed. What steps
 * change stays on the card, and `read` copies it.
 */
export const webgpuRuntime = (options: BrowserWebgpuOptions = {}): DeviceRuntime => {
  const { threads, paths, fallback = true } = known(options);
  checkThreads("webgpuRuntime", threads);
  const load = async (): Promise<OrtWeb> => {
    const adapter = await adapterHere();
    if (typeof adapter === "string") throw noAdapter("webgpuRuntime", adapter);
    return startedWith("webgpuRuntime", await webgpuBuild(), { threads, paths });
  };
  return deviceRuntime("onnxruntime-web on WebGPU", load, {
    where: "webgpuRuntime",
    advice: ADVICE,
    fallback,
    session: onCard,
    host: { executionProviders: ["wasm"], graphOptimizationLevel: "all", logSeverityLevel: 3 },
  });
};

/** Where WebAssembly may wait for the card by itself, the build is 10 MB smaller than the one that emulates it. */
export async function webgpuBuild(): Promise<OrtWeb> {
  const { WebAssembly } = globalThis as { readonly WebAssembly?: object };
  const mayWait = WebAssembly !== undefined && "Suspending" in WebAssembly;
  try {
    return await (mayWait ? import("onnxruntime-web/jspi") : import("onnxruntime-web/webgpu"));
  } catch (cause) {
    throw notLoaded("webgpuRuntime", cause);
  }
}
