/** MNIST's step in a browser's tab on one thread, in turn with onnxruntime-node's on one, and with other libraries in the same page. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join, relative } from "node:path";
import type { Page } from "playwright-core";
import { build, preview } from "vite";
import { machine } from "../cli/world.ts";
import { quantile } from "../runs/quantile.ts";
import { openChromium } from "../scripts/chromium.ts";
import { ours } from "./ours.ts";
import { spread, type BenchOptions, type Spread } from "./race.ts";
import { subjects } from "./subjects.ts";

/** Who takes part in the page. */
export interface Racer {
  readonly title: string;
  readonly batch: number;
  /** Makes it ready: what it gives takes so many steps, and says the milliseconds of each. */
  start(): Promise<(steps: number) => Promise<readonly number[]>>;
}
export interface TabBench {
  readonly bench: "tab";
  readonly machine: ReturnType<typeof machine>;
  readonly rounds: number;
  readonly racers: readonly {
    readonly title: string;
    readonly batch: number;
    readonly milliseconds: Spread;
    /** Time an image over that of onnxruntime-node in the same round. */
    readonly overNode: Spread;
    /** Time an image over that of our tab in the same round. */
    readonly overTab: Spread;
  }[];
  /** Who could not take part, and why. */
  readonly absent: readonly string[];
}
type Options = Pick<BenchOptions, "rounds" | "steps" | "say">;

/** Other libraries, by the package that has to be installed for them: they are large, and needed for this alone. */
const PEERS = { tfjs: "@tensorflow/tfjs", "jax-js": "@jax-js/jax" } as const;
const root = join(import.meta.dirname, "..");
const resolve = createRequire(import.meta.url).resolve;
const isThere = (name: string): boolean => {
  try {
    return resolve(`${name}/package.json`) !== "";
  } catch (error) {
    return (error as { readonly code?: string }).code === "ERR_PACKAGE_PATH_NOT_EXPORTED";
  }
};

const BATCH = 100;

export async function benchTab({ rounds, steps, say }: Options): Promise<TabBench> {
  const lacking = Object.values(PEERS).filter((name) => !isThere(name));
  const absent = lacking.map((name) => `${name} is not installed: npm install --no-save ${name}`);
  for (const line of absent) say(line);
  const names = Object.entries(PEERS).flatMap(([name, of]) => (lacking.includes(of) ? [] : [name]));
  await mkdir(join(root, ".cache"), { recursive: true });
  const folder = await mkdtemp(join(root, ".cache/tab-"));
  try {
    const peers = names.map((name) => [name, `${name}.mjs`] as const);
    await bundle(folder, { ours: "ours.ts", ...Object.fromEntries(peers) });
    const server = await preview({
      ...{ root: folder, configFile: false, logLevel: "error" },
      preview: { host: "127.0.0.1", port: 0 },
    });
    const browser = await openChromium();
    try {
      const page = await browser.newPage();
      await page.goto(server.resolvedUrls!.local[0]);
      await page.waitForFunction("globalThis.racers");
      return { ...(await race(page, ["ours", ...names], { rounds, steps, say })), absent };
    } finally {
      await browser.close();
      await server.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function bundle(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  const place = relative(folder, join(import.meta.dirname, "tab"));
  const names = Object.keys(files);
  const imports = names.map(
    (name, i) => `import { racer as r${i} } from ${JSON.stringify(`${place}/${files[name]}`)};\n`,
  );
  const racers = names.map((name, i) => `${JSON.stringify(name)}: r${i}`);
  const main = `${imports.join("")}globalThis.racers = { ${racers.join(", ")} };\n`;
  await writeFile(join(folder, "main.js"), main);
  const html = '<!doctype html><link rel="icon" href="data:,"><script type="module" src="main.js">';
  await writeFile(join(folder, "index.html"), `${html}</script>`);
  await build({
    ...{ root: folder, configFile: false, logLevel: "error" },
    build: { target: "esnext", chunkSizeWarningLimit: Infinity },
  });
}

/** What is in the page, as code there sees it. */
interface There {
  readonly racers: Readonly<Record<string, Racer>>;
  readonly started: Record<string, Awaited<ReturnType<Racer["start"]>>>;
}
async function race(
  page: Page,
  names: readonly string[],
  { rounds, steps, say }: Options,
): Promise<Omit<TabBench, "absent">> {
  const step = { subject: subjects.mnist, arm: "weight", batch: BATCH, width: 1 } as const;
  const native = await ours({ ...step, threads: 1, blocked: false });
  const racers = [{ title: "onnxruntime-node, plain layout", batch: BATCH, run: native.run }];
  for (const name of names) racers.push(await started(page, name));
  say(`${racers.map((r) => r.title).join(", ")}: one thread each`);
  const times = racers.map((): number[] => []);
  for (const { run, title } of racers) {
    say(`warming up: ${title}`);
    await run(1);
  }
  for (let round = 0; round < rounds; round++) {
    say(`round ${round + 1} of ${rounds}`);
    for (const [i, { run, batch }] of racers.entries()) {
      const count = batch < BATCH ? 1 : steps; // who needs seconds a step takes one
      times[i].push(quantile(await run(count), 0.5));
    }
  }
  await native.release();
  const perImage = times.map((list, i) => list.map((t) => t / racers[i].batch));
  const over = (i: number, j: number): Spread =>
    spread(perImage[i].map((t, round) => t / perImage[j][round]));
  return {
    ...{ bench: "tab", machine: machine(), rounds },
    racers: racers.map(({ title, batch }, i) => ({
      ...{ title, batch, milliseconds: spread(times[i]) },
      ...{ overNode: over(i, 0), overTab: over(i, 1) },
    })),
  };
}

/** A racer of the page, ready. */
async function started(
  page: Page,
  name: string,
): Promise<{ readonly title: string; readonly batch: number; readonly run: Timing }> {
  const { title, batch } = await page.evaluate(async (name) => {
    const there = globalThis as unknown as { -readonly [K in keyof There]: There[K] };
    const racer = there.racers[name];
    const run = await racer.start();
    there.started = { ...there.started, [name]: run };
    return { title: racer.title, batch: racer.batch };
  }, name);
  const run: Timing = (steps) =>
    page.evaluate(([name, steps]) => (globalThis as unknown as There).started[name](steps), [
      name,
      steps,
    ] as const);
  return { title, batch, run };
}
type Timing = Awaited<ReturnType<Racer["start"]>>;
