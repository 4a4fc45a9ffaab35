/** The doors for browsers: onnxruntime-web, on WebAssembly and on WebGPU. */
export { webRuntime, type WebRuntimeOptions } from "./runtime/web.ts";
export type { DeviceRuntime, Fallback } from "./runtime/device.ts";
export { webgpuRuntime, type BrowserWebgpuOptions } from "./runtime/webgpu-browser.ts";
export {
  browserRuntime,
  type BrowserRuntime,
  type BrowserRuntimeOptions,
} from "./runtime/browser.ts";
