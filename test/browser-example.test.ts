/**
 * examples/browser as a reader has it: type-checked, served by Vite as it stands and as it is built, and trained in Chromium on
 * WebAssembly and on WebGPU, isolated or not, where no text may be evaluated.
 */
import { copyFileSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { build, createServer, preview, type InlineConfig } from "vite";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { chromium, NO_CHROMIUM, onErrors, openChromium } from "../scripts/chromium.ts";
import { put, typeErrors, workshop } from "./documents.ts";
import { root } from "./source.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const source = join(root, "examples/browser");
const folder = workshop("browser-example");
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const files = readdirSync(source).filter((name) => /\.(ts|html|css)$/.test(name));
const programs = files.filter((name) => name.endsWith(".ts"));
beforeAll(() => {
  for (const name of files)
    if (programs.includes(name)) put(join(folder, name), readFileSync(join(source, name), "utf8"));
    else copyFileSync(join(source, name), join(folder, name));
});

test("all of it passes strict type checking", () => {
  expect(typeErrors(folder, programs, { lib: ["ES2023", "DOM", "DOM.Iterable"] })).toBe("");
});

/** Whether the policy of the page lets it run text: what it says of a script of its own making. */
const mayEvaluate = `(() => {
  const script = document.createElement("script");
  script.textContent = "globalThis.wasEvaluated = true";
  document.head.append(script);
  return "wasEvaluated" in globalThis;
})()`;

interface Served {
  readonly url: string;
  close(): Promise<void>;
}
const here = { host: "127.0.0.1", port: 0 };
const config = (more: InlineConfig = {}): InlineConfig => ({
  ...{ root: folder, configFile: join(folder, "vite.config.ts"), logLevel: "error" },
  ...more,
});
/** The built page, with the headers of the example or with none. */
async function built({ headers = true } = {}): Promise<Served> {
  const configured = headers ? config() : config({ configFile: false });
  const server = await preview({ ...configured, preview: here });
  return { url: server.resolvedUrls!.local[0], close: () => server.close() };
}

describe.skipIf(chromium === undefined)(`in Chromium (${NO_CHROMIUM})`, () => {
  let browser: Browser;
  beforeAll(async () => {
    await build(config());
    browser = await openChromium({ webgpu: true, brief: true });
  });
  afterAll(() => browser.close());

  interface Shown {
    readonly device: string;
    readonly progress: string;
    readonly result: string;
    readonly isIsolated: boolean;
    readonly mayEvaluate: boolean;
    /** The .wasm files that were loaded. */
    readonly wasm: readonly string[];
  }
  /** What the page shows when it has trained. */
  async function shown({ url, close }: Served, query: string): Promise<Shown> {
    const page = await browser.newPage();
    try {
      const wasm: string[] = [];
      page.on("response", (response) => {
        const name = new URL(response.url()).pathname.split("/").at(-1)!;
        if (name.endsWith(".wasm")) wasm.push(name.replace(/-[^-]*\.wasm$/, ".wasm"));
      });
      const broken = new Promise<never>((_, fail) => onErrors(page, fail));
      const result = await Promise.race([broken, trained(page, new URL(query, url).href)]);
      const text = (id: string): Promise<string> => page.locator(`#${id}`).innerText();
      return {
        ...{ result, wasm: [...new Set(wasm)] },
        ...{ device: await text("device"), progress: await text("progress") },
        isIsolated: await page.evaluate("crossOriginIsolated"),
        mayEvaluate: await page.evaluate(mayEvaluate),
      };
    } finally {
      await page.close();
      await close();
    }
  }
  async function trained(page: Page, url: string): Promise<string> {
    await page.goto(url);
    const result = page.locator("#result:not(:empty)");
    await result.waitFor({ timeout: 100_000 });
    return result.innerText();
  }
  const lossOf = ({ progress }: Shown): number => Number(/loss ([\d.]+)$/.exec(progress)?.[1]);

  test("the build trains on WebAssembly, isolated, where no text may be evaluated", async () => {
    const page = await shown(await built(), "?device=wasm&threads=2");
    expect(page.device).toBe("Trains on WebAssembly, as asked");
    expect(page.result).toMatch(/^names (9\d|100) % of new pictures/);
    expect(page.progress).toMatch(/^step 200 of 200/);
    expect([page.isIsolated, page.mayEvaluate]).toEqual([true, false]);
    expect(page.wasm).toEqual(["ort-wasm-simd-threaded.wasm"]);
  });
  test("and where it is not, though asked for threads", async () => {
    const page = await shown(await built({ headers: false }), "?device=wasm&threads=2&steps=20");
    expect(page.result).toMatch(/^names \d+ % of new pictures/);
    expect([page.isIsolated, page.mayEvaluate]).toEqual([false, true]);
  });
  test("the build trains on WebGPU, to the same loss", async () => {
    const page = await shown(await built(), "?device=webgpu&steps=10");
    const onWasm = await shown(await built(), "?device=wasm&steps=10");
    expect(page.result).toMatch(/^names \d+ % of new pictures/);
    expect(lossOf(page)).toBeCloseTo(lossOf(onWasm), 2);
    expect(page.device).toMatch(/^Trains on WebGPU on .*swiftshader/);
    expect(page.mayEvaluate).toBe(false);
    expect(page.wasm).toEqual(["ort-wasm-simd-threaded.jspi.wasm"]);
  });
  test("of its own accord it takes WebAssembly where the graphics card is software", async () => {
    const page = await shown(await built(), "?steps=5");
    expect(page.device).toMatch(
      /^Trains on WebAssembly, because the only graphics card \(.*swiftshader.*\) is software$/,
    );
  });
  test("a device that is none is an error that says so", async () => {
    const page = await shown(await built(), "?device=tpu");
    expect(page.result).toBe(
      'error: browserRuntime: device must be "auto", "webgpu" or "wasm", got "tpu"; leave it out for "auto"',
    );
  });
  test("Vite's dev server trains it too", async () => {
    // Named beforehand: what it finds on the way it bundles anew, and loads the page a second time.
    const include = ["@bufbuild/protobuf/wire", "nanotar", "zod/mini"];
    const server = await createServer(
      config({
        server: { ...here, watch: null, fs: { allow: [root] } },
        optimizeDeps: { include },
      }),
    );
    await server.listen();
    const url = server.resolvedUrls!.local[0];
    const page = await shown({ url, close: () => server.close() }, "?device=wasm&steps=20");
    expect(page.result).toMatch(/^names \d+ % of new pictures/);
    expect([page.isIsolated, page.mayEvaluate]).toEqual([true, false]);
  });
});

describe.skipIf(chromium === undefined)(`in Chromium without a card (${NO_CHROMIUM})`, () => {
  test("WebGPU that is asked for says what to do", async () => {
    const browser = await openChromium({ brief: true });
    const server = await built();
    try {
      const page = await browser.newPage();
      await page.goto(new URL("?device=webgpu", server.url).href);
      const result = page.locator("#result:not(:empty)");
      await result.waitFor();
      expect(await result.innerText()).toMatch(
        /^error: browserRuntime: expected a graphics card, got none because .*; try another browser, turn on its hardware acceleration, or use webRuntime\(\)$/,
      );
    } finally {
      await browser.close();
      await server.close();
    }
  });
});
