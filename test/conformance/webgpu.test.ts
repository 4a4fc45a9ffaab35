/** Every op on WebGPU, none of which may fall back to the processor. */
import { describe, test } from "vitest";
import { tryOut } from "../../src/node/speed.ts";
import { webgpuRuntime } from "../../src/runtime/webgpu.ts";
import { conforms } from "./conforms.ts";

const runtime = webgpuRuntime({ fallback: false });
const lack = await tryOut(runtime).then(
  () => undefined,
  (error: unknown) => String(error),
);

// Each case compiles shaders, which a graphics card made of processors takes a fifth of a second for.
if (lack === undefined) conforms("node, WebGPU", runtime, { every: 9, afterConvolution: 36 });
else describe.skip("node, WebGPU", () => test.skip(`skipped: ${lack}`));
