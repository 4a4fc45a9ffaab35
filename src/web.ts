/** The door for browsers: onnxruntime-web. */
export { webRuntime, type WebRuntimeOptions } from "./runtime/web.ts";
