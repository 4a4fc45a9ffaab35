/** The door to graphics cards from Node: onnxruntime-node's WebGPU provider, which needs nothing but the card's Vulkan, Metal or DirectX driver. */
import { optionsOf } from "../graph/index.ts";
import { deviceRuntime, onCard, type DeviceRuntime, type Fallback } from "./device.ts";
import { loadOnnxRuntime } from "./node.ts";

/** What {@link webgpuRuntime} takes. */
export interface WebgpuRuntimeOptions {
  /** Whether ops that the device lacks may run on the processor (default true), or who is told of them; otherwise compiling throws and names them. */
  readonly fallback?: Fallback;
  /** Writes a profile of every run to files with this prefix (ONNX Runtime's `enableProfiling`). */
  readonly profile?: string;
}

const known = optionsOf<WebgpuRuntimeOptions>("webgpuRuntime", {
  fallback: "optional",
  profile: "optional",
});
/** Compiles programs for a graphics card; what steps change stays there, and `read` copies it. */
export const webgpuRuntime = (options: WebgpuRuntimeOptions = {}): DeviceRuntime => {
  const { fallback = true, profile } = known(options);
  return deviceRuntime("onnxruntime-node on WebGPU", loadOnnxRuntime, {
    where: "webgpuRuntime",
    advice:
      "install your card's driver, and on Linux libvulkan1 (without a card Mesa 25 or later, mesa-vulkan-drivers), or use nodeRuntime()",
    fallback,
    session: {
      ...onCard,
      ...(profile === undefined ? {} : { enableProfiling: true, profileFilePrefix: profile }),
    },
    host: { executionProviders: ["cpu"], graphOptimizationLevel: "extended", logSeverityLevel: 3 },
  });
};
