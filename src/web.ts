/** The door for browsers: onnxruntime-web. */
export { webRuntime } from "./runtime/web.ts";
