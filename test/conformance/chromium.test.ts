/** Every op on WebAssembly in a browser, which is not Node's engine around the same kernels: memory, threads and loading differ. */
import { afterAll, beforeAll, describe, test } from "vitest";
import type { Browser } from "playwright-core";
import { chromium, NO_CHROMIUM, openChromium } from "../../scripts/chromium.ts";
import { ortRuntime } from "../../src/runtime/ort.ts";
import type { Ort } from "../../src/runtime/session.ts";
import { whole } from "../whole.ts";
import { conforms } from "./conforms.ts";
import { ortInPage } from "./ort-in-page.ts";

if (chromium === undefined) describe.skip("chromium, WebAssembly", () => test.skip(NO_CHROMIUM));
else {
  let browser: Browser;
  let ort: Ort;
  beforeAll(async () => {
    browser = await openChromium({ brief: !whole });
    ort = await ortInPage(browser);
  });
  afterAll(() => browser.close());
  const runtime = ortRuntime("onnxruntime-web in Chromium", () => Promise.resolve(ort), {
    session: { executionProviders: ["wasm"], graphOptimizationLevel: "all", logSeverityLevel: 3 },
  });
  conforms("chromium, WebAssembly", runtime, { afterConvolution: 4 });
}
