/** The door to onnxruntime-web: the same graphs in a browser tab, or in Node on WebAssembly. */
import { ortRuntime } from "./ort.ts";
import type { Ort } from "./session.ts";
import type { Runtime } from "./program.ts";

/** Compiles programs for onnxruntime-web's WebAssembly build, an optional peer dependency that is imported when first needed. */
export const webRuntime = (): Runtime =>
  ortRuntime("onnxruntime-web", load, {
    session: { executionProviders: ["wasm"], graphOptimizationLevel: "all", logSeverityLevel: 3 },
  });

async function load(): Promise<Ort> {
  try {
    return await import("onnxruntime-web");
  } catch (cause) {
    throw new Error(
      "webRuntime: onnxruntime-web could not be loaded; install it with `npm install onnxruntime-web`",
      { cause },
    );
  }
}
