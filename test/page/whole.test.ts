/** The page as people have it, in Chromium: the files that are built, the server with its policy, the worker that trains. */
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { findExperiment } from "../../experiments/index.ts";
import { chromium, NO_CHROMIUM, onErrors, openChromium } from "../../scripts/chromium.ts";
import { listen, type Listening } from "../../serve/listen.ts";
import { root } from "../source.ts";

vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

const SMALL = "?experiment=mnist&arms=plain,weight&epochs=2&trainSize=500&testSize=100&device=wasm";

describe.skipIf(chromium === undefined)(`the page, whole (${NO_CHROMIUM})`, () => {
  let browser: Browser;
  let server: Listening;
  let context: BrowserContext;
  let page: Page;
  beforeAll(async () => {
    const folder = join(root, "node_modules/.cache/weightnorm/page");
    const script = join(root, "scripts/page.ts");
    await promisify(execFile)(process.execPath, ["--import", "tsx", script, folder]);
    server = await listen({ page: folder, find: findExperiment, port: 0 });
    browser = await openChromium({ brief: true });
    ({ context, page } = await visitor());
  });
  afterAll(async () => {
    await browser.close();
    await server.close();
  });

  const errors: Error[] = [];
  /** Somebody with a browser of their own, which counts the tasks that hold its page up. */
  async function visitor(): Promise<{ readonly context: BrowserContext; readonly page: Page }> {
    const made = await browser.newContext({ viewport: { width: 1280, height: 1600 } });
    const first = await made.newPage();
    onErrors(first, (error) => errors.push(error));
    await first.addInitScript(() => {
      const long: number[] = [];
      new PerformanceObserver((list) => {
        for (const { duration } of list.getEntries()) long.push(Math.round(duration));
      }).observe({ entryTypes: ["longtask"] as never });
      Object.assign(globalThis, { long });
    });
    return { context: made, page: first };
  }
  const press = (on: Page, name: string): Promise<void> =>
    on.getByRole("button", { name, exact: true }).click({ timeout: 60_000 });
  const status = (on: Page, text: string): Promise<void> =>
    on.getByText(text).first().waitFor({ timeout: 120_000 });
  /** The epochs, the loss and the test of every arm, as they stand there. */
  const lanes = async (on: Page): Promise<readonly string[]> => {
    const rows = await on.locator(".lanes tbody tr").all();
    return Promise.all(
      rows.map(async (row) => (await row.locator("td").allInnerTexts()).slice(0, 3).join(" ")),
    );
  };

  test("trains to the end from an address, and says who won", async () => {
    await page.goto(`${server.url}${SMALL}&play=1`);
    await status(page, "The race is over.");
    const [plain, weight] = await lanes(page);
    expect([plain, weight].every((lane) => /^2\.00 0\.\d+ \d+\.\d+%$/.test(lane))).toBe(true);
    expect(await page.locator(".race").innerText()).toMatch(/(plain|weight).*test error/s);
    const long = await page.evaluate(() => (globalThis as unknown as { long: number[] }).long);
    console.log(`long tasks of the page while it trained (ms): ${long.join(", ") || "none"}`);
  });

  test("a drawn digit is named by every arm, and what is wrong in the test is shown", async () => {
    await press(page, "draw a 1");
    await expect
      .poll(() => page.getByText(/plain says .* and weight says/).textContent(), {
        timeout: 60_000,
      })
      .toMatch(/plain says \d \(\d+(\.\d)?%\) and weight says \d/);
    await page.getByText("What they get wrong").scrollIntoViewIfNeeded();
    await page.locator(".mistakes canvas").first().waitFor({ timeout: 60_000 });
  });

  test("a checkpoint is saved, and opened again with what it is worth", async () => {
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: ".safetensors" }).first().click(),
    ]);
    const path = await download.path();
    const { page: other, context: another } = await visitor();
    await other.goto(server.url);
    await other
      .getByLabel("a checkpoint to open")
      .setInputFiles({ name: "plain-1.safetensors", mimeType: "", buffer: await readFile(path) });
    const [lane] = await lanes(page);
    const error = /(\d+\.\d+%)/.exec(lane)![1];
    await other.getByText(`error ${error}`).first().waitFor({ timeout: 60_000 });
    await another.close();
  });

  test("its worker gone without a word, then paused and loaded again, it ends as the one that nobody touched", async () => {
    const { page: other, context: another } = await visitor();
    await other.goto(`${server.url}${SMALL}&play=1`);
    await expect
      .poll(async () => (await lanes(other)).some((lane) => !/^(0\.00|\u2013)/.test(lane)), {
        timeout: 60_000,
      })
      .toBe(true);
    await other.workers()[0].evaluate(() => (globalThis as unknown as { close(): void }).close());
    await status(other, "A new worker goes on from what this browser kept.");
    await press(other, "Pause");
    await status(other, "Paused.");
    const epochs = async (): Promise<readonly string[]> =>
      (await lanes(other)).map((lane) => lane.split(" ")[0]);
    const before = await epochs();
    await other.reload();
    await status(other, "Paused.");
    expect(await epochs()).toEqual(before);
    await press(other, "Train on");
    await status(other, "The race is over.");
    expect(await lanes(other)).toEqual(await lanes(page));
    await another.close();
  });

  test("nothing failed on the way, by the page or by the server's policy", async () => {
    await context.close();
    expect(errors).toEqual([]);
  });
});
