/** The lab's page in Chromium, on a worker that trains nothing: what people do on it, by pointer, by keys and by dropping files. */
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { chromium, NO_CHROMIUM, openChromium } from "../../scripts/chromium.ts";
import { workshop } from "../documents.ts";
import { root } from "../source.ts";
import { sampled } from "../whole.ts";
import { builtLab, type Built } from "./built.ts";
import type { Fake } from "./fake-lab.ts";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

let built: Built;
beforeAll(async () => {
  built = await builtLab(join(workshop("lab"), "dist"));
}, 60_000);
afterAll(() => built.close());

test("the first view is small, and has no report, no runtime and nothing of Node", () => {
  const assets = readdirSync(join(built.folder, "assets")).map((name) =>
    readFileSync(join(built.folder, "assets", name)),
  );
  const size = assets.reduce((sum, bytes) => sum + gzipSync(bytes).length, 0);
  expect(size).toBeLessThan(100_000);
  for (const bytes of assets)
    expect(bytes.toString()).not.toMatch(/vega-lite|InferenceSession|"node:/);
});

test("the page's HTML has no script and no style of its own, which its policy forbids", () => {
  const html = readFileSync(join(root, "page/index.html"), "utf8");
  expect(html).not.toMatch(/<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)/);
});

describe.skipIf(chromium === undefined)(`in Chromium (${NO_CHROMIUM})`, () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await openChromium();
  });
  afterAll(() => browser.close());

  /** The page at an address, closed afterwards; what it throws fails the test. */
  async function on(
    search: string,
    what: (page: Page) => Promise<void>,
    options: Parameters<Browser["newPage"]>[0] = {},
  ): Promise<void> {
    const page = await browser.newPage(options);
    const errors: Error[] = [];
    page.on("pageerror", (error) => errors.push(error));
    try {
      await page.goto(built.url + search);
      await what(page);
      expect(errors).toEqual([]);
    } finally {
      await page.close();
    }
  }
  const theFake = (page: Page) => ({
    /** What the worker was asked by a name. */
    calls: (name: string): Promise<unknown[][]> =>
      page.evaluate(
        (of) =>
          (globalThis as unknown as { fake: Fake }).fake.calls
            .filter(([called]) => called === of)
            .map(([, ...args]) => JSON.parse(JSON.stringify(args)) as unknown[]),
        name,
      ),
    set: (values: Partial<Pick<Fake, "stride" | "tick">>): Promise<void> =>
      page.evaluate((v) => {
        Object.assign((globalThis as unknown as { fake: Fake }).fake, v);
      }, values),
    die: (why: string): Promise<void> =>
      page.evaluate((w) => (globalThis as unknown as { fake: Fake }).fake.die!(w), why),
    started: (): Promise<number> =>
      page.evaluate(() => (globalThis as unknown as { fake: Fake }).fake.started),
  });
  const button = (page: Page, name: string | RegExp) =>
    page.getByRole("button", { name, exact: true });
  /** Drops files as a hand does. */
  const drop = (page: Page, files: Readonly<Record<string, string>>): Promise<void> =>
    page.evaluate(`(() => {
      const dataTransfer = new DataTransfer();
      for (const [name, text] of Object.entries(${JSON.stringify(files)}))
        dataTransfer.items.add(new File([text], name));
      const event = { dataTransfer, bubbles: true, cancelable: true };
      document.body.dispatchEvent(new DragEvent("drop", event));
    })()`);
  /** What stands at what has the focus. */
  const FOCUSED = `(() => {
    const { labels, ariaLabel, textContent } = document.activeElement;
    return ariaLabel ?? labels?.[0]?.textContent ?? textContent;
  })()`;

  test("a race is played, paused, stepped and ended, and the page says who won", async () => {
    await on("?experiment=digits", async (page) => {
      const fake = theFake(page);
      await fake.set({ stride: 1e-4, tick: 20 });
      await button(page, "One step").click();
      await page.getByText("Paused. Train goes on where it stopped.").waitFor();
      await button(page, "Train on").click();
      await button(page, "Pause").click();
      await button(page, "One epoch").click();
      await page.getByText(/leads with a test error of/).waitFor();
      await fake.set({ stride: 1 / 4 });
      await button(page, "Train on").click();
      await page.getByText("The race is over.").waitFor();
      expect(await page.locator(".headline").textContent()).toMatch(/test error/);
      expect(await fake.calls("advance")).toEqual([["step"], ["turn"]]);
      await button(page, "Restart from the same bits").click();
      await page.getByText("Ready. Press Train.").waitFor();
      expect((await fake.calls("begin")).map(([, options]) => options)).toEqual([
        { anew: false },
        { anew: true },
      ]);
    });
  });

  test("the main path goes by keys alone", async () => {
    await on("", async (page) => {
      const tabTo = async (name: RegExp): Promise<void> => {
        for (let i = 0; i < 80; i++) {
          await page.keyboard.press("Tab");
          const label: string = await page.evaluate(FOCUSED);
          if (name.test(label)) return;
        }
        throw new Error(`no way by Tab to ${name}`);
      };
      await page.getByText("Ready. Press Train.").waitFor();
      await tabTo(/^batch$/);
      await page.keyboard.press("Space");
      await tabTo(/^Epochs$/);
      await page.keyboard.press("ControlOrMeta+A");
      await page.keyboard.type("1");
      await tabTo(/^Train anew$/);
      await page.keyboard.press("Enter");
      await page.getByText(/^Training\.$/).waitFor();
      await tabTo(/^Drawing pad/);
      for (const key of ["Space", "ArrowDown", "ArrowDown", "ArrowRight"])
        await page.keyboard.press(key);
      await page.locator(".guesses", { hasText: "plain says 7" }).waitFor();
      const [[wish]] = (await theFake(page).calls("begin")).slice(-1);
      expect(wish).toMatchObject({
        asked: { arms: ["plain", "weight", "mean-only", "weight+mean-only"], epochs: 1 },
      });
    });
  });

  test("drawing on the pad asks all arms for what it is, in the middle of a picture of their size", async () => {
    await on("?experiment=digits&play=1", async (page) => {
      const pad = page.getByRole("application");
      await pad.scrollIntoViewIfNeeded();
      const { x, y, width } = (await pad.boundingBox())!;
      await page.mouse.move(x + 0.1 * width, y + 0.1 * width);
      await page.mouse.down();
      await page.mouse.move(x + 0.3 * width, y + 0.5 * width, { steps: 4 });
      await page.mouse.up();
      await page.locator(".guesses", { hasText: /plain says 7 .*weight.mean-only says/ }).waitFor();
      const [[picture]] = (await theFake(page).calls("guess")).slice(-1);
      expect(picture).toMatchObject({ width: 28, height: 28, channels: 1 });
      const pixels = Object.values((picture as { pixels: Record<string, number> }).pixels);
      expect(pixels).toHaveLength(784);
      expect(pixels.filter((p) => p < 128).length).toBeGreaterThan(20);
    });
  });

  test("a table that is dropped is trained on, a broken one and what is no such file say what is wrong", async () => {
    await on("?experiment=digits", async (page) => {
      await page.getByText("Ready. Press Train.").waitFor();
      await drop(page, { "broken.csv": "x" });
      await page.getByText("broken.csv: expected a table with a line of names").waitFor();
      await drop(page, { "notes.txt": "x" });
      await page.getByText(/^notes\.txt: expected a table .* drop one of them$/).waitFor();
      await drop(page, { "iris.csv": "a,b\n1,2" });
      await page.getByText("Choose first: column to predict.").waitFor();
      expect(await page.getByRole("alert").textContent()).toBe("");
      expect(await button(page, "Train anew").isDisabled()).toBe(true);
      await page.getByRole("combobox", { name: "Column to predict" }).selectOption("b");
      await button(page, "Train anew").click();
      await page.waitForURL(/experiment=table&column=b/);
      const [[place, files]] = (await theFake(page).calls("give")).slice(-1);
      expect([place, files]).toEqual(["data", [{ path: "iris.csv", file: {} }]]);
      await page.goBack();
      await page.waitForURL(/experiment=digits/);
      await page.getByText("A small convolutional network on handwritten digits").waitFor();
    });
  });

  test("a checkpoint that is dropped is tested and trained further, a broken one is refused", async () => {
    await on("?experiment=digits", async (page) => {
      await page.getByText("Ready. Press Train.").waitFor();
      await drop(page, { "broken.safetensors": "x" });
      await page.getByText("broken.safetensors: expected a checkpoint").waitFor();
      await drop(page, { "weight-1.safetensors": "x" });
      await page.getByText("On the whole test: error 1.23%.").waitFor();
      await button(page, "Train it further").click();
      await page.getByText(/^Training\.$/).waitFor();
      expect(await page.locator(".lanes tbody tr").count()).toBe(1);
    });
  });

  test("an address is what the controls and the training say, and what it cannot be is said", async () => {
    await on("?experiment=shapes&arms=plain,weight&epochs=3&seeds=x&foo=1", async (page) => {
      await page.getByText("seeds: expected a whole number of at least 0").waitFor();
      await page.getByText("foo: expected a setting of this experiment").waitFor();
      await page.waitForURL("**/?experiment=shapes&epochs=3&arms=plain,weight");
      expect(await page.getByRole("textbox", { name: "Epochs" }).inputValue()).toBe("3");
      await page.getByRole("textbox", { name: "Epochs" }).fill("many");
      await page.getByRole("textbox", { name: "Epochs" }).blur();
      await page
        .getByText('epochs: expected a whole number of at least 1 and at most 100000, got "many"')
        .waitFor();
      await page.getByRole("textbox", { name: "Epochs" }).fill("4");
      await page.getByRole("textbox", { name: "Epochs" }).blur();
      await button(page, "Train anew").click();
      await page.waitForURL(/epochs=4/);
      await page.goBack();
      await page.waitForURL(/epochs=3/);
      await button(page, "Train").waitFor();
      const begun = await theFake(page).calls("begin");
      expect(begun.map(([wish]) => (wish as { asked: { epochs: number } }).asked.epochs)).toEqual([
        3, 4, 3,
      ]);
    });
  });

  test("arms that begin with rates of their own say so, until one is set for all of them", async () => {
    await on("?experiment=strokes&arms=plain,weight", async (page) => {
      const lanes = page.locator(".lanes tbody th");
      await page.getByText("Ready. Press Train.").waitFor();
      expect(await lanes.allInnerTexts()).toEqual([
        expect.stringContaining("rate 0.001"),
        expect.stringContaining("rate 0.003"),
      ]);
      const slider = page.getByRole("slider", { name: /^Learning rate of all arms/ });
      expect(await slider.getAttribute("aria-valuetext")).toBe("each its own");
      await slider.press("ArrowRight");
      await page.getByText("0.0011", { exact: true }).waitFor();
      expect(await theFake(page).calls("setRate")).toEqual([[0.0011]]);
      expect((await lanes.allInnerTexts()).join()).not.toContain("rate");
    });
  });

  test("a worker that dies is said, replaced, and begins again; one that dies again waits for somebody", async () => {
    await on("?experiment=digits&play=1", async (page) => {
      const fake = theFake(page);
      await page.getByText(/^Training\.$/).waitFor();
      await fake.die("the worker ran out of memory");
      await page.getByText("the worker ran out of memory").waitFor();
      await page.getByText("A new worker goes on from what this browser kept.").waitFor();
      await page.getByText(/^Training\.$/).waitFor();
      expect(await fake.started()).toBe(2);
      expect(await fake.calls("play")).toHaveLength(2);
      await fake.die("the device was lost");
      await page.getByText(/It was lost twice in a row/).waitFor();
      expect(await fake.started()).toBe(2);
      await button(page, "Begin again").click();
      await page.getByText("Ready. Press Train.").waitFor();
      expect(await fake.started()).toBe(3);
    });
  });

  test("a training on files of one's own goes on after a reload, with the names of the files", async () => {
    await on("?experiment=table", async (page) => {
      await page.getByText("Give it files first: table of yours.").waitFor();
      await drop(page, { "iris.csv": "a,b\n1,2" });
      await page.getByRole("combobox", { name: "Column to predict" }).selectOption("b");
      await button(page, "Train").click();
      await page.getByText(/^Training\.$/).waitFor();
      for (const search of [undefined, "?"]) {
        if (search === undefined) await page.reload();
        else await page.goto(built.url + search);
        await page.getByText("Ready. Press Train.").waitFor();
        await page.getByText("iris.csv", { exact: true }).waitFor();
        const begun = await theFake(page).calls("begin");
        expect(begun).toMatchObject([
          [{ experiment: "table", asked: { column: "b" } }, { anew: false }],
        ]);
      }
    });
  });

  test("a training that needs another worker gets it, with nothing said of a loss", async () => {
    await on("?experiment=digits", async (page) => {
      const fake = theFake(page);
      await page.getByText("Ready. Press Train.").waitFor();
      await page.getByRole("combobox", { name: "Device" }).selectOption("wasm");
      await button(page, "Train anew").click();
      await page.getByText(/^Training\.$/).waitFor();
      await page.waitForURL(/device=wasm/);
      expect(await fake.started()).toBe(2);
      expect((await fake.calls("begin")).slice(1)).toEqual([
        [{ experiment: "digits", asked: {}, device: "wasm" }, { anew: false }],
        [{ experiment: "digits", asked: {}, device: "wasm" }, { anew: false }],
      ]);
      expect(await page.getByRole("alert").textContent()).toBe("");
    });
  });

  test("files are saved by their names", async () => {
    await on("?experiment=digits&play=1", async (page) => {
      await button(page, ".safetensors of weight").click();
      const [download] = await Promise.all([
        page.waitForEvent("download"),
        button(page, ".safetensors of weight").click(),
      ]);
      expect(download.suggestedFilename()).toBe("weight-1.safetensors");
    });
  });

  const looks = [
    ["digits", "dark"],
    ["digits", "light"],
    ["shapes", "light"],
    ["table", "light"],
    ["breaker", "dark"],
  ] as const;
  test.each(sampled(looks, 3))(
    "axe finds nothing serious in %s, %s",
    async (experiment, colorScheme) => {
      await on(
        `?experiment=${experiment}`,
        async (page) => {
          await page.locator(".setup .field").first().waitFor();
          if (experiment !== "table") {
            await button(page, "One epoch").click();
            await button(page, "Filters of conv1").click();
            await page.locator(".filter-grid").first().waitFor();
          }
          for (const section of await page.locator(".looks > section").all()) {
            await section.scrollIntoViewIfNeeded();
            await section.locator("canvas, .empty").first().waitFor();
          }
          expect(await violations(page)).toEqual([]);
        },
        { colorScheme },
      );
    },
    60_000,
  );

  const small = sampled(["digits", "shapes", "breaker", "table"], 3);
  test.each(small)("%s fits a phone", async (experiment) => {
    await on(
      `?experiment=${experiment}&play=1`,
      async (page) => {
        await page.locator(".setup .field").first().waitFor();
        if (experiment !== "table") await page.locator(".layers .chart").first().waitFor();
        for (const section of await page.locator("main section").all())
          await section.scrollIntoViewIfNeeded();
        const wide = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
        expect(wide).toBeLessThanOrEqual(0);
      },
      { viewport: { width: 400, height: 800 } },
    );
  });
});

/** What axe-core finds to be serious or worse, a line each. */
async function violations(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe);
  const { violations: all } = await page.evaluate<Found>("axe.run()");
  return all
    .filter(({ impact }) => ["serious", "critical"].includes(impact))
    .flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 160)}`));
}
interface Found {
  readonly violations: readonly {
    readonly id: string;
    readonly impact: string;
    readonly nodes: readonly { readonly html: string }[];
  }[];
}
