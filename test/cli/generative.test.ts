/** Generative experiments end to end, with networks of a few units: pictures in the folder and in the report, and new samples from what was trained. */
import { readFile, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { Arm, PictureFile, Results } from "../../runs/records.ts";
import {
  bitsOf,
  interrupted,
  prepare,
  readResults,
  temporaryFolder,
  tinyMnist,
  within,
  type Bits,
} from "./run.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let folder: string;
const at = (...names: readonly string[]): string => join(folder, ...names);
beforeAll(async () => {
  folder = await temporaryFolder("generative");
  await tinyMnist(at("mnist"), { train: 40, test: 20 });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const STEPS = 3;
const networks: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  vae: { width: 2, hidden: 16, latents: 4 },
  draw: { steps: STEPS, units: 8, latents: 4, read: 0, write: 0 },
};
/** A run of two epochs of two steps that has yet to begin. */
const prepared = (experiment: string, name: string, ...arms: readonly Arm[]): Promise<string> =>
  prepare(at(name), experiment, {
    asked: { arms, epochs: 2, batchSize: 20, trainSize: 40, network: networks[experiment] },
    places: { dataDir: at("mnist") },
  });
const resume = (experiment: string, name: string): readonly string[] => [
  ...["compare", experiment, "--resume", at(name)],
];
/** By Ctrl-C; compare.test.ts kills a run, bench/kills these at every file operation. */
async function stop(experiment: string, name: string): Promise<void> {
  const args = resume(experiment, name);
  const { code, stdout, stderr } = await interrupted("epoch 1", ...args);
  expect({ code, stdout }).toEqual({ code: 130, stdout: "" });
  expect(stderr).toContain(
    `weightnorm: stopped, nothing is lost; go on with: weightnorm ${args.join(" ")}`,
  );
}
const picturesOf = ({ arms }: Results): readonly PictureFile[] =>
  Object.values(arms).flatMap(({ runs }) => runs.flatMap((run) => run.pictures));

describe.each(["vae", "draw"])("%s", (experiment) => {
  let bits: Bits;
  beforeAll(async () => {
    await prepared(experiment, experiment, "plain", "weight");
    const whole = await within(...resume(experiment, experiment), "--quiet");
    expect(whole).toMatchObject({ code: 0, stderr: "" });
    bits = await bitsOf(at(experiment));
  });

  test("leaves pictures of both arms, which the report shows", async () => {
    const results = await readResults(at(experiment));
    const pictures = picturesOf(results);
    expect(Object.keys(results.arms)).toEqual(["plain", "weight"]);
    const names = new Set(pictures.map(({ name }) => name));
    const more =
      experiment === "vae" ? ["traversals"] : ["canvas", "animation", "canvas given an image"];
    expect([...names].sort()).toEqual(["samples", "reconstructions", ...more].sort());
    expect(pictures).toHaveLength(2 * names.size);
    const page = await readFile(at(experiment, "report.html"), "utf8");
    for (const { file, caption } of pictures) {
      expect((await stat(at(experiment, file))).size).toBeGreaterThan(200);
      expect(page).toContain(caption);
    }
    expect(page.match(/<img alt="[^"]+" src="data:image\/(png|gif);base64,/g)).toHaveLength(
      pictures.length,
    );
  });

  test("measures the bound, its parts, and a tighter estimate of the log-likelihood", async () => {
    const { sheet, arms } = await readResults(at(experiment));
    expect(sheet.measures.map(({ key, unit }) => `${key} ${unit}`)).toEqual([
      ...["bound nats", "reconstruction nats", "kl nats"],
    ]);
    const [run] = arms.weight!.runs;
    const [likelihood] = Object.values(run.final);
    expect(likelihood).toBeGreaterThan(50);
    expect(likelihood).toBeLessThan(run.tests.at(-1)!.test["bound"]!); // both of all 20 test images
  });

  test("stopped on the way, it goes on to the same bits", async () => {
    await prepared(experiment, `${experiment}-stopped`, "weight");
    await stop(experiment, `${experiment}-stopped`);
    const rest = await within(...resume(experiment, `${experiment}-stopped`), "--quiet");
    expect(rest).toMatchObject({ code: 0, stderr: "" });
    const { runs, checkpoints } = await bitsOf(at(`${experiment}-stopped`));
    expect(runs["weight-1"]).toEqual(bits.runs["weight-1"]);
    expect(checkpoints["weight-1"]).toEqual(bits.checkpoints["weight-1"]);
  });

  test("is sampled from: as many images as asked for, others for another seed", async () => {
    const sample = (...flags: readonly string[]): ReturnType<typeof within> =>
      within("sample", at(experiment), "--threads", "1", "--json", ...flags);
    const one = await sample("--count", "6");
    expect(one).toMatchObject({ code: 0, stderr: "" });
    const files = JSON.parse(one.stdout) as readonly string[];
    expect(files[0]).toBe(at(experiment, "samples-weight-1-1.png"));
    // Not the report's own samples once more.
    const reported = await sharp(at(experiment, "pictures", "weight-1-samples.png"))
      .raw()
      .toBuffer();
    const drawn = await sample("--count", "64", "--out", at("again"));
    const [fresh] = JSON.parse(drawn.stdout) as readonly string[];
    expect(await sharp(fresh).raw().toBuffer()).not.toEqual(reported);
    const { width, height } = await sharp(files[0]).metadata();
    expect([width, height]).toEqual([3 * 58 - 2, 2 * 58 - 2]); // two rows of three, 28 pixels twice as large
    const two = await sample(
      ...["--count", "6", "--seed", "2", "--arm", "plain", "--out", at("other.png")],
    );
    const [other] = JSON.parse(two.stdout) as readonly string[];
    expect(other).toBe(at("other.png"));
    expect(await readFile(other)).not.toEqual(await readFile(files[0]));
    expect(files.some((f) => f.endsWith(".gif"))).toBe(experiment === "draw");
  });
});

test("an animation has a frame a step", async () => {
  const names = await readdir(at("draw", "pictures"));
  const gif = names.find((n) => n.endsWith(".gif"))!;
  expect((await sharp(at("draw", "pictures", gif)).metadata()).pages).toBe(STEPS);
});

test("sampling from what is no generative model, or of an arm that is not there, says so", async () => {
  const asked = { arms: ["weight"], batchSize: 20, trainSize: 20, network: { width: 0.25 } };
  await prepare(at("classifier"), "mnist", { asked, places: { dataDir: at("mnist") } });
  const trained = await within(...resume("mnist", "classifier"), "--quiet");
  expect(trained).toMatchObject({ code: 0, stderr: "" });
  const wrong = await within("sample", at("classifier"));
  expect(wrong.code).toBe(1);
  expect(wrong.stderr).toContain(
    "expected a generative model, one of vae, vae-cifar10, draw, got a checkpoint of mnist; there is nothing to sample from",
  );
  const arm = await within("sample", at("vae"), "--arm", "batch");
  expect(arm.code).toBe(2);
  expect(arm.stderr).toMatch(/--arm: expected one of plain, weight, which .* holds, got "batch"/);
});
