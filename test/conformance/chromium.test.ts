/** Every op on WebAssembly in a browser, which is not Node's engine around the same kernels: memory, threads and loading differ. */
import { afterAll, beforeAll, describe, test } from "vitest";
import type { Browser } from "playwright-core";
import { chromium, NO_CHROMIUM, openChromium } from "../../scripts/chromium.ts";
import { ortRuntime } from "../../src/runtime/ort.ts";
import type { Ort } from "../../src/runtime/session.ts";
import { blockedCases } from "./blocked.ts";
import { conforms } from "./conforms.ts";
import { ortInPage } from "./ort-in-page.ts";

/** A quarter of what follows a convolution, which blocked layouts are for; all of it with WHOLE=1. */
const PART = process.env["WHOLE"] === undefined ? 4 : 1;

if (chromium === undefined) describe.skip("chromium, WebAssembly", () => test.skip(NO_CHROMIUM));
else {
  let browser: Browser;
  let ort: Ort;
  beforeAll(async () => {
    browser = await openChromium();
    ort = await ortInPage(browser);
  });
  afterAll(() => browser.close());
  const runtime = ortRuntime("onnxruntime-web in Chromium", () => Promise.resolve(ort), {
    session: { executionProviders: ["wasm"], graphOptimizationLevel: "all", logSeverityLevel: 3 },
  });
  conforms(
    "chromium, WebAssembly",
    runtime,
    blockedCases.filter((_, i) => i % PART === 0),
  );
}
