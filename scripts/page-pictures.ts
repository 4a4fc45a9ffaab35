/**
 * The pictures of the page in docs/figures/page: what it looks like while it trains, view by view. Needs a Chromium, and idle cores for some
 * minutes: node --import tsx scripts/page-pictures.ts [VIEW...]
 */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Locator, Page } from "playwright-core";
import sharp from "sharp";
import { openChromium } from "./chromium.ts";

const root = join(import.meta.dirname, "..");
const out = join(root, "docs/figures/page");
const wanted = process.argv.slice(2);
const runs = mkdtempSync(join(tmpdir(), "weightnorm-runs-"));

const weightnorm = (...args: readonly string[]): ChildProcess =>
  spawn(process.execPath, ["--import", "tsx", "cli/main.ts", ...args], {
    cwd: root,
    stdio: ["ignore", "pipe", "inherit"],
  });
const compare = (name: string, ...args: readonly string[]): ChildProcess =>
  weightnorm("compare", "mnist", ...args, "--out", join(runs, name), "--quiet");
async function ended(child: ChildProcess): Promise<void> {
  child.stdout?.resume();
  await once(child, "close");
}
async function served(): Promise<{ readonly url: string; readonly server: ChildProcess }> {
  const server = weightnorm("page", runs, "--json");
  const [line] = (await once(server.stdout!, "data")) as [Uint8Array];
  const { url } = JSON.parse(Buffer.from(line).toString()) as { readonly url: string };
  return { url: new URL("./", url).href, server };
}

const { url, server } = await served();
const browser = await openChromium();

interface View {
  readonly name: string;
  readonly at: string;
  /** Leads the page to what is to be seen; may say which part of it. */
  readonly arrange: (page: Page) => Promise<Locator | undefined>;
  readonly dark?: boolean;
  readonly height?: number;
}
async function picture({ name, at, arrange, dark = false, height = 900 }: View): Promise<void> {
  if (wanted.length > 0 && !wanted.includes(name)) return;
  const page = await browser.newPage({
    viewport: { width: 1280, height },
    colorScheme: dark ? "dark" : "light",
  });
  await page.goto(url + at);
  const part = await arrange(page);
  await page.waitForTimeout(1500);
  const png = await (part ? part.screenshot() : page.screenshot());
  await sharp(png)
    .png({ palette: true, quality: 90, effort: 10 })
    .toFile(join(out, `${name}.png`));
  await page.close();
}

const trained = (page: Page): Promise<void> =>
  page.getByText("The race is over.").first().waitFor({ timeout: 900_000 });

/** What is to be looked at, once all of it has come. */
async function looks(page: Page): Promise<Locator> {
  const all = page.locator(".looks");
  for (const one of await all.locator("section").all()) {
    await one.scrollIntoViewIfNeeded();
    await one.locator("canvas").first().waitFor({ timeout: 300_000 });
  }
  return all;
}

mkdirSync(out, { recursive: true });
try {
  await picture({
    name: "lab",
    at: "?experiment=mnist&epochs=1&trainSize=5000&play=1",
    height: 1720,
    async arrange(page) {
      await trained(page);
      await page.getByRole("button", { name: "draw a 5" }).click();
      await page
        .getByText(/plain says .* weight says/)
        .first()
        .waitFor({ state: "attached" });
      await page.locator("h1").scrollIntoViewIfNeeded();
      return undefined;
    },
  });
  await picture({
    name: "vae",
    at: "?experiment=vae&epochs=3&play=1",
    async arrange(page) {
      await trained(page);
      return looks(page);
    },
  });
  if (wanted.length === 0 || wanted.includes("draw")) {
    // What a tab would take half an hour for.
    const [size, length] = ["--train-size 10000 --test-size 500", "--epochs 12"];
    const asked = `train draw --preset small-attention --arm weight ${size} ${length} --quiet`;
    await ended(weightnorm(...asked.split(" "), "--out", join(runs, "draw")));
    await picture({
      name: "draw",
      at: "?checkpoint=api/runs/draw/checkpoints/weight-1.safetensors",
      arrange: looks,
    });
  }
  await picture({
    name: "dqn",
    at: "?experiment=dqn&arms=weight&frames=5000&play=1",
    dark: true,
    async arrange(page) {
      await trained(page);
      return looks(page);
    },
  });
  if (wanted.length === 0 || wanted.some((name) => name.startsWith("runs"))) {
    const arms = ["--arms", "plain,weight,batch", "--epochs", "2", "--train-size", "3000"];
    await ended(compare("adam", ...arms));
    await ended(compare("sgd", ...arms, "--optimizer", "sgd", "--lr", "0.01"));
    const live = compare("under-way", ...arms, "--epochs", "4", "--train-size", "6000");
    await new Promise((go) => setTimeout(go, 15_000));
    const nothing = (): Promise<undefined> => Promise.resolve(undefined);
    await picture({ name: "runs", at: "runs.html", arrange: nothing, height: 520 });
    await picture({
      name: "run",
      at: "runs.html?run=under-way",
      arrange: nothing,
      height: 1250,
      dark: true,
    });
    await picture({
      name: "runs-compared",
      at: "runs.html?run=adam&run=sgd",
      arrange: nothing,
      height: 1300,
    });
    live.kill("SIGKILL");
  }
} finally {
  await browser.close();
  server.kill("SIGTERM");
  rmSync(runs, { recursive: true, force: true });
}
