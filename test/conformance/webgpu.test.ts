/** Every op on WebGPU, none of which may fall back to the processor. */
import { describe, test } from "vitest";
import { tryOut } from "../../src/node/speed.ts";
import { webgpuRuntime } from "../../src/runtime/webgpu.ts";
import { blockedCases } from "./blocked.ts";
import { conforms } from "./conforms.ts";

const runtime = webgpuRuntime({ fallback: false });
const lack = await tryOut(runtime).then(
  () => undefined,
  (error: unknown) => String(error),
);

/** A quarter of what follows a convolution, which blocked layouts are for; all of it with WHOLE=1. */
const PART = process.env["WHOLE"] === undefined ? 4 : 1;
if (lack === undefined)
  conforms(
    "node, WebGPU",
    runtime,
    blockedCases.filter((_, i) => i % PART === 0),
  );
else describe.skip("node, WebGPU", () => test.skip(`skipped: ${lack}`));
