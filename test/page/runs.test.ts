/** The runs view in Chromium, built, under the policy that it is served with, beside a server of made-up runs. */
import { readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { build } from "vite";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { chromium, NO_CHROMIUM, openChromium } from "../../scripts/chromium.ts";
import type { Event } from "../../runs/events.ts";
import type { RunSummary } from "../../serve/api.ts";
import { workshop } from "../documents.ts";
import { root } from "../source.ts";
import { sampled } from "../whole.ts";
import { fakeRuns, manySummaries, type FakeRuns } from "./fake-runs.ts";
import { madeUp, upTo, type MadeUp } from "./made-up.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 120_000 });

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const HOSTILE = `<img src=x onerror="document.title='taken'">${"w".repeat(5000)}`;

describe.skipIf(chromium === undefined)(`in Chromium (${NO_CHROMIUM})`, () => {
  const folder = workshop("runs-view");
  let browser: Browser;
  let fake: FakeRuns;
  let pages: Page[] = [];
  beforeAll(async () => {
    const page = join(root, "page");
    await build({
      ...{ root: page, base: "./", configFile: false, logLevel: "error" },
      esbuild: { jsx: "automatic", jsxImportSource: "preact" },
      build: {
        ...{ outDir: folder, emptyOutDir: true, target: "es2023" },
        modulePreload: { polyfill: false },
        rollupOptions: { input: join(page, "runs.html") },
      },
    });
    browser = await openChromium();
  });
  afterAll(async () => {
    await browser.close();
    rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(async () => {
    fake = await fakeRuns(folder);
  });
  afterEach(async () => {
    await Promise.all(pages.map((page) => page.close()));
    pages = [];
    await fake.close();
  });

  interface OpenOptions {
    readonly width?: number;
    readonly dark?: boolean;
  }
  /** A page that fails the test at any error of its own. */
  async function open(search = "", { width = 1100, dark = false }: OpenOptions = {}) {
    const page = await browser.newPage({
      viewport: { width, height: 800 },
      colorScheme: dark ? "dark" : "light",
    });
    pages.push(page);
    page.on("pageerror", (error) => expect.unreachable(error.message));
    await page.addInitScript(`globalThis.tasks = [];
      new PerformanceObserver((list) => tasks.push(...list.getEntries().map((e) => e.duration)))
        .observe({ type: "longtask", buffered: true });`);
    await page.goto(`${fake.url}runs.html${search}`);
    return page;
  }
  async function tellTasks(page: Page, what: string): Promise<void> {
    const tasks = await page.evaluate<number[]>("tasks");
    process.stdout.write(`long tasks, ${what}: ${tasks.join(", ") || "none"} (ms)\n`);
  }
  const rows = (page: Page) => page.locator("li.run");
  const names = (page: Page) => page.locator("li.run .name").allInnerTexts();
  const isWide = (page: Page) =>
    page.evaluate<number>("document.documentElement.scrollWidth - innerWidth");

  /** Puts a run on the list, with what its stream begins with. */
  function put(made: MadeUp, events: readonly Event[], rest: Partial<RunSummary> = {}): RunSummary {
    const run = { ...made.summary, ...rest };
    fake.list = { ...fake.list, runs: [...fake.list.runs, run] };
    fake.begun.set(run.id, { type: "begun", run, compared: made.compared, events });
    return run;
  }
  const small = {
    arms: ["plain", "weight"],
    seeds: 1,
    epochs: 4,
    layers: ["conv1", "conv2"],
  } as const;
  const whole = ({ events, ends }: MadeUp) => [...events, ...ends];

  test("a list of a thousand is searched, filtered, paged and kept in the address", async () => {
    fake.list = { ...fake.list, runs: manySummaries(1000, madeUp("x").summary) };
    const page = await open();
    await page.getByText("1,000 runs").waitFor();
    expect(await rows(page).count()).toBe(50);
    expect((await names(page))[0]).toBe("sweep/run-0999");
    await page.getByRole("link", { name: "Next" }).click();
    expect((await names(page))[0]).toBe("sweep/run-0949");
    await page.getByLabel("Search").pressSequentially("run-012", { delay: 20 });
    await page.getByText("10 of 1,000 runs").waitFor();
    await page.getByLabel("State").selectOption("running");
    await page.getByText("2 of 1,000 runs").waitFor();
    expect(await names(page)).toEqual(["sweep/run-0128", "sweep/run-0123"]);
    await page.reload();
    await page.getByText("2 of 1,000 runs").waitFor();
    expect(await page.getByLabel("Search").inputValue()).toBe("run-012");
    await page.getByRole("button", { name: "Show all" }).click();
    await page.getByLabel("Sort").selectOption("best");
    await page.getByText("1,000 runs").waitFor();
    await tellTasks(page, "1,000 runs");
  });

  test("the list follows what is told: new runs, changed ones, those that are gone", async () => {
    const run = put(madeUp("a", small), [], { state: "running" });
    const page = await open();
    await page.getByText("1 run", { exact: true }).waitFor();
    fake.tellList({ type: "run", run: { ...run, id: "b/new" } });
    await page.getByText("2 runs").waitFor();
    fake.tellList({ type: "run", run: { ...run, state: "stopped" } });
    await page.locator(".state.stopped").waitFor();
    fake.tellList({ type: "gone", id: "a" });
    await page.getByText("1 run", { exact: true }).waitFor();
    expect(await names(page)).toEqual(["b/new"]);
  });

  test("curves grow as a run does; one that begins anew, resumed, is still one run", async () => {
    const made = madeUp("live", { ...small, state: "running" });
    put(made, upTo(made, 1000));
    const page = await open("?run=live");
    const cursor = page.getByRole("slider", { name: "Training loss by epoch" });
    const last = (): Promise<number> => cursor.getAttribute("aria-valuemax").then(Number);
    await cursor.waitFor();
    const before = await last();
    for (let step = 1020; step <= 2000; step += 20) {
      const events = made.events.filter((e) => "step" in e && e.step > step - 20 && e.step <= step);
      fake.tell("live", { type: "events", events });
      await new Promise((go) => setTimeout(go, 20));
    }
    await vi.waitFor(async () => expect(await last()).toBeCloseTo(2000 / 600, 1), 5000);
    expect(before).toBeLessThan(1000 / 600 + 0.01);
    const { run, compared } = fake.begun.get("live")!;
    fake.tell("live", { type: "begun", run, compared, events: upTo(made, 1200) });
    await vi.waitFor(async () => expect(await last()).toBeCloseTo(2, 5), 5000);
    fake.tell("live", { type: "events", events: made.events.slice(upTo(made, 1200).length) });
    await vi.waitFor(async () => expect(await last()).toBe(4), 5000);
    await page.getByRole("link", { name: "All runs" }).click();
    expect(await names(page)).toEqual(["live"]);
    await tellTasks(page, "a run of two arms, live");
  });

  test("a run of five arms and ten seeds is drawn, and its layers when they are asked for", async () => {
    const made = madeUp("large", { seeds: 10, epochs: 10, pointsAnEpoch: 10 });
    put(made, whole(made));
    const page = await open("?run=large");
    await page.locator("svg .mean").first().waitFor();
    await page
      .locator(".panels .mean")
      .nth(6 * 5 - 1)
      .waitFor();
    expect(await page.locator(".panels .chart").count()).toBe(6);
    await tellTasks(page, "50 runs of 100 points");
    await page.getByText("|v| in each layer").click();
    await page
      .locator(".panels.small .mean")
      .nth(5 * 5 - 1)
      .waitFor();
    expect(await page.locator(".panels.small .chart").count()).toBe(5);
  });

  test("a drawn line ends where its value lies, at any width", async () => {
    const made = madeUp("one", { ...small, arms: ["weight"] });
    put(made, whole(made));
    const page = await open("?run=one");
    await page.locator("svg .mean").first().waitFor();
    for (const width of [1100, 400]) {
      await page.setViewportSize({ width, height: 800 });
      const [line, plot] = await page.evaluate<{ x: number; width: number }[]>(
        `[".mean", ".plot"].map((name) => document.querySelector(".panels " + name).getBoundingClientRect())`,
      );
      expect(line.x + line.width).toBeCloseTo(plot.x + plot.width, 0);
    }
    const box = await page.evaluate<number>(
      `document.querySelector(".panels .tick").getBoundingClientRect().height`,
    );
    expect(box).toBeGreaterThan(9); // text is not scaled with the panel
  });

  test("values are read off by keys and by the pointer", async () => {
    const made = madeUp("one", small);
    put(made, whole(made));
    const page = await open("?run=one");
    const cursor = page.getByRole("slider", { name: "Test error by epoch" });
    expect(await cursor.getAttribute("aria-valuetext")).toMatch(/^epoch 4: plain [\d.]+, weight /);
    await cursor.press("Home");
    await cursor.press("ArrowRight");
    expect(await cursor.getAttribute("aria-valuetext")).toMatch(/^epoch 2: plain/);
    expect(await page.locator(".reading").innerText()).toMatch(/^epoch 2\n/);
    await cursor.press("Escape");
    expect(await page.locator(".reading").count()).toBe(0);
    await cursor.hover({ position: { x: 2, y: 20 } });
    expect(await page.locator(".reading").innerText()).toMatch(/^epoch 1\n/);
  });

  test("runs are marked and compared on the same axes, and the back button goes back", async () => {
    const [a, b] = [madeUp("a", { ...small, epochs: 2 }), madeUp("b", { ...small, rate: 0.003 })];
    put(a, whole(a));
    put(b, whole(b));
    const page = await open("?q=e");
    await page.getByLabel("compare a").check();
    await page.getByLabel("compare b").check();
    await page.getByRole("link", { name: "Compare 2 runs" }).click();
    const pair = page.getByRole("region", { name: "Training loss by epoch" });
    await pair.locator(".mean").nth(3).waitFor();
    const ticks = await page.evaluate<string[]>(
      `[...document.querySelectorAll("[aria-label='Training loss by epoch'] .drawing")].map((one) => [...one.querySelectorAll(".tick")].map((tick) => tick.textContent).join())`,
    );
    expect(ticks).toHaveLength(2);
    expect(ticks[0]).toBe(ticks[1]);
    const differing = page.getByRole("region", { name: "Table of settings" });
    expect(await differing.innerText()).toMatch(/learning rate\s+0.001\s+0.003/);
    await page.goBack();
    await page.getByText("2 runs", { exact: true }).waitFor();
    expect(await page.getByLabel("compare a").isChecked()).toBe(true);
  });

  test("a lost connection says so, and is taken up again; a finished run holds none", async () => {
    const made = madeUp("live", { ...small, state: "running" });
    const done = madeUp("done", small);
    put(made, upTo(made, 1000));
    put(done, whole(done));
    const page = await open("?run=done");
    await page.locator("svg .mean").first().waitFor();
    await vi.waitFor(() => expect(fake.open()).toEqual([""]), 5000);
    fake.isDown = true;
    fake.cut();
    const banner = page.getByText("The connection to the server is lost.");
    await banner.waitFor();
    expect(await page.locator("svg .mean").count()).toBeGreaterThan(0);
    fake.isDown = false;
    await banner.waitFor({ state: "detached", timeout: 20_000 });
    await page.getByRole("link", { name: "All runs" }).click();
    await page.getByText("2 runs").waitFor();
  });

  test("where there is no server it says how to start one", async () => {
    fake.isStatic = true;
    const page = await open();
    await page.getByRole("heading", { name: "No server of runs answers here" }).waitFor();
    expect(await page.locator("pre").last().innerText()).toContain("npx weightnorm page runs");
    expect(await violations(page)).toEqual([]);
  });

  test("names are data, however hostile and long, on a phone too", async () => {
    const made = madeUp(HOSTILE, { ...small, layers: [HOSTILE] });
    const named = JSON.parse(
      JSON.stringify(made).replaceAll('"Training loss"', JSON.stringify(HOSTILE)),
    ) as MadeUp;
    const told = [{ name: HOSTILE, value: HOSTILE }];
    const rest = { experiment: HOSTILE, command: HOSTILE, problem: HOSTILE, settings: told };
    put(named, whole(named), rest);
    const plain = madeUp("b", small);
    put(plain, whole(plain));
    const page = await open("", { width: 400 });
    await page.getByText("2 runs").waitFor();
    expect(await isWide(page)).toBeLessThanOrEqual(0);
    const asked = new URLSearchParams([["run", HOSTILE]]).toString();
    for (const search of [`?${asked}`, `?${asked}&run=b`]) {
      await page.goto(`${fake.url}runs.html${search}`);
      await page.locator("svg .mean").first().waitFor();
      expect(await isWide(page)).toBeLessThanOrEqual(0);
      expect(await page.locator("img").count()).toBe(0);
      expect(await page.title()).not.toBe("taken");
    }
  });

  test("it is all there for the keyboard", async () => {
    const made = madeUp("a", small);
    put(made, whole(made));
    const page = await open();
    await page.getByText("1 run", { exact: true }).waitFor();
    const isAt = async (selector: string): Promise<boolean> =>
      page.evaluate(`document.activeElement.matches(${JSON.stringify(selector)})`);
    const tabTo = async (selector: string): Promise<void> => {
      await page.locator(selector).first().waitFor();
      for (let i = 0; i < 40 && !(await isAt(selector)); i++) await page.keyboard.press("Tab");
      expect(await isAt(selector), selector).toBe(true);
    };
    await tabTo("li.run input");
    await page.keyboard.press("Space");
    await page.getByText("Mark another run").waitFor();
    await tabTo("li.run .name");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "a", exact: true }).waitFor();
    expect(await isAt("main")).toBe(true);
    await tabTo(".cursor");
    await page.keyboard.press("ArrowLeft");
    await page.locator(".reading").waitFor();
    await tabTo("summary");
    await page.keyboard.press("Enter");
    await page.locator(".panels.small .chart").first().waitFor();
  });

  const looks = [
    ["light", {}],
    ["dark", { dark: true }],
    ["on a phone", { width: 400 }],
    ["dark, on a phone", { dark: true, width: 400 }],
  ] as const;
  test.each(sampled(looks, 3))("axe finds nothing, %s", async (_, options) => {
    const [a, b] = [madeUp("a", small), madeUp("b", { ...small, state: "running" })];
    put(a, whole(a));
    put(b, upTo(b, 1000));
    put(b, [], { id: "broken", state: "unreadable", problem: "config.json: expected JSON, got {" });
    const page = await open("", options);
    await page.getByText("3 runs").waitFor();
    expect(await violations(page)).toEqual([]);
    for (const search of ["?run=a", "?run=b&run=a"]) {
      await page.goto(`${fake.url}runs.html${search}`);
      await page.locator("svg .mean").first().waitFor();
      expect(await violations(page)).toEqual([]);
      expect(await isWide(page)).toBeLessThanOrEqual(0);
    }
  });

  /** What axe finds, in a line each. */
  async function violations(page: Page): Promise<readonly string[]> {
    await page.evaluate(axe);
    return page.evaluate<string[]>(
      `axe.run().then(({ violations }) => violations.map(({ id, nodes }) => id + ": " + nodes.slice(0, 3).map((n) => n.html).join(" ")))`,
    );
  }
});
