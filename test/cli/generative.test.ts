/** Generative experiments end to end: pictures in the folder and in the report, and new samples from what was trained. */
import { readFile, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import {
  bitsOf,
  readResults,
  start,
  temporaryFolder,
  tinyMnist,
  weightnorm,
  within,
} from "./run.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let folder: string;
const at = (...names: readonly string[]): string => join(folder, ...names);
beforeAll(async () => {
  folder = await temporaryFolder("generative");
  await tinyMnist(at("mnist"), { train: 40, test: 20 });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const compare = (experiment: string, out: string): ReturnType<typeof within> =>
  within(
    ...["compare", experiment, "--epochs", "1", "--batch-size", "20", "--threads", "1", "--quiet"],
    ...["--data-dir", at("mnist"), "--out", at(out)],
  );

describe.each(["vae", "draw"])("%s", (experiment) => {
  beforeAll(async () => {
    expect(await compare(experiment, experiment)).toMatchObject({ code: 0, stderr: "" });
  });

  test("leaves pictures of both arms, which the report shows", async () => {
    const { pictures = [], arms } = await readResults(at(experiment));
    expect(Object.keys(arms)).toEqual(["plain", "weight"]);
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
    const { measures, arms } = await readResults(at(experiment));
    expect(measures.map(({ key, unit }) => `${key} ${unit}`)).toEqual([
      ...["bound nats", "reconstruction nats", "kl nats"],
    ]);
    const [run] = arms.weight!.runs;
    const [likelihood] = Object.values(run.final!);
    expect(likelihood).toBeGreaterThan(50);
    expect(likelihood).toBeLessThan(run.epochs.at(-1)!.test["bound"]); // both of all 20 test images
  });

  test("runs to the same bits again", async () => {
    expect(await compare(experiment, `${experiment}-again`)).toMatchObject({ code: 0 });
    expect(await bitsOf(at(`${experiment}-again`))).toEqual(await bitsOf(at(experiment)));
  });

  test("killed, it goes on to the same bits", async () => {
    const settings = [
      ...["compare", experiment, "--arms", "weight", "--epochs", "2", "--batch-size", "20"],
      ...["--threads", "1"],
      ...["--data-dir", at("mnist")],
    ];
    const whole = await weightnorm(...settings, "--quiet", "--out", at(`${experiment}-whole`));
    expect(whole).toMatchObject({ code: 0, stderr: "" });
    const killed = start(...settings, "--out", at(`${experiment}-killed`));
    await killed.said("epoch 1");
    killed.child.kill("SIGKILL");
    await killed.finished;
    const rest = await weightnorm(
      ...["compare", experiment, "--resume", at(`${experiment}-killed`), "--quiet"],
    );
    expect(rest).toMatchObject({ code: 0, stderr: "" });
    expect(await bitsOf(at(`${experiment}-killed`))).toEqual(
      await bitsOf(at(`${experiment}-whole`)),
    );
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
      "--count",
      "6",
      "--seed",
      "2",
      "--arm",
      "plain",
      "--out",
      at("other.png"),
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
  expect((await sharp(at("draw", "pictures", gif)).metadata()).pages).toBe(10);
});

test("sampling from what is no generative model, or of an arm that is not there, says so", async () => {
  const classifier = await within(
    ...["train", "mnist", "--batch-size", "20", "--threads", "1", "--quiet"],
    ...["--data-dir", at("mnist"), "--out", at("classifier")],
  );
  expect(classifier.code).toBe(0);
  const wrong = await within("sample", at("classifier"));
  expect(wrong.code).toBe(1);
  expect(wrong.stderr).toContain(
    "expected a generative model, one of vae, vae-cifar10, draw, got a checkpoint of mnist; there is nothing to sample from",
  );
  const arm = await within("sample", at("vae"), "--arm", "batch");
  expect(arm.code).toBe(2);
  expect(arm.stderr).toMatch(/--arm: expected one of plain, weight, which .* holds, got "batch"/);
});
