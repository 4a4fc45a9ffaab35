/** The runtime of a page that may run anywhere: WebGPU where there is a graphics card, WebAssembly elsewhere, and why. */
import { optionsOf } from "../graph/index.ts";
import { adapterHere, noAdapter, type Adapter } from "./adapter.ts";
import type { Runtime } from "./program.ts";
import { webRuntime, type WebRuntimeOptions } from "./web.ts";
import { webgpuBuild, webgpuRuntime } from "./webgpu-browser.ts";

/** Options of {@link browserRuntime}. */
export interface BrowserRuntimeOptions extends WebRuntimeOptions {
  /** Where to compute (default "auto": on the graphics card if the browser lends one). */
  readonly device?: "auto" | "webgpu" | "wasm";
}
/** What {@link browserRuntime} chose. */
export interface BrowserRuntime {
  readonly runtime: Runtime;
  readonly device: "webgpu" | "wasm";
  /** Which device, and why, for people: "WebAssembly, because there is no WebGPU here". */
  readonly said: string;
}

const known = optionsOf<BrowserRuntimeOptions>("browserRuntime", {
  device: "optional",
  threads: "optional",
  paths: "optional",
  inPlace: "optional",
});
/**
 * Chooses between {@link webgpuRuntime} and {@link webRuntime}, and says which and why. A card that is emulated by the processor
 * is chosen only when asked for by name: WebAssembly is faster.
 */
export async function browserRuntime(options: BrowserRuntimeOptions = {}): Promise<BrowserRuntime> {
  const { device = "auto", ...started } = known(options);
  if (!["auto", "webgpu", "wasm"].includes(device))
    throw new Error(
      `browserRuntime: device must be "auto", "webgpu" or "wasm", got ${JSON.stringify(device)}; leave it out for "auto"`,
    );
  if (device === "wasm") return onWasm(started, "as asked");
  const adapter = await adapterHere();
  if (device === "webgpu") return onWebgpu(started, adapter);
  if (typeof adapter === "string") return onWasm(started, `because ${adapter}`);
  if (adapter.isSoftware)
    return onWasm(started, `because the only graphics card (${adapter.name}) is software`);
  const lack = await webgpuBuild().then(() => undefined, reasonOf);
  return lack === undefined ? onWebgpu(started, adapter) : onWasm(started, `because ${lack}`);
}

/** Why a build could not be loaded: what importing it said. */
const reasonOf = (error: unknown): string => {
  const { cause } = error as Error;
  return cause instanceof Error ? cause.message : String(cause);
};

const onWasm = (started: WebRuntimeOptions, why: string): BrowserRuntime => ({
  runtime: webRuntime(started),
  device: "wasm",
  said: `WebAssembly, ${why}`,
});
function onWebgpu(
  { threads, paths }: WebRuntimeOptions,
  adapter: Adapter | string,
): BrowserRuntime {
  if (typeof adapter === "string") throw noAdapter("browserRuntime", adapter);
  return {
    runtime: webgpuRuntime({
      ...(threads === undefined ? {} : { threads }),
      ...(paths === undefined ? {} : { paths }),
    }),
    device: "webgpu",
    said: `WebGPU on ${adapter.name}${adapter.isSoftware ? ", which is software" : ""}`,
  };
}
