/** Several learning rates, and the other experiment, end to end in this process on data of a few images. */
import { existsSync } from "node:fs";
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { transformName } from "../../experiments/cifar10/whitened.ts";
import type { Values } from "../../runs/events.ts";
import { hash, keyOf } from "../../src/graph/hash.ts";
import { tensor } from "../../src/index.ts";
import { loadCifar10, saveCheckpoint } from "../../src/node/index.ts";
import { bitsOf, prepare, readResults, temporaryFolder, tinyMnist, within } from "./run.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let folder: string;
const at = (...names: readonly string[]): string => join(folder, ...names);
beforeAll(async () => {
  folder = await temporaryFolder("tasks");
  vi.stubEnv("XDG_CACHE_HOME", at("cache"));
  await tinyMnist(at("mnist"), { train: 100, test: 20 });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("a grid of learning rates", () => {
  const rates = [0.001, 0.01, 1e30];
  const args = [
    ...["compare", "mnist", "--arms", "plain,weight", "--epochs", "2", "--batch-size", "15"],
    ...["--lr", rates.join(","), "--threads", "1"],
  ];
  beforeAll(async () => {
    const { code, stderr } = await within(...args, "--data-dir", at("mnist"), "--out", at("grid"));
    expect(stderr).toMatch(/^plain-1-lr1e\+30: diverged after step \d+, the others go on$/m);
    expect(code).toBe(0);
  });

  test("gives every arm the rate with the lowest error on held-out images", async () => {
    const { arms, facts, config, lost } = await readResults(at("grid"));
    expect(config["lr"]).toEqual(rates);
    expect(facts).toContainEqual(["training images", 90]); // a tenth is held out
    expect(lost.map(({ arm, lr }) => [arm, lr])).toEqual([
      ["plain", 1e30],
      ["weight", 1e30],
    ]);
    expect(lost[0].why).toMatch(/^train: the .* of plain must be/);
    for (const arm of ["plain", "weight"] as const) {
      const { grid, lr, runs } = arms[arm]!;
      expect(grid!.map((g) => g.lr)).toEqual(rates);
      expect(grid![2].heldOut).toBeNull(); // it diverged
      const errors = grid!.slice(0, 2).map((g) => g.heldOut!);
      expect(lr).toBe(rates[errors.indexOf(Math.min(...errors))]);
      expect(runs).toHaveLength(1);
      const epochs = runs[0].tests.filter(({ train }) => train !== undefined);
      expect(epochs).toHaveLength(2);
      expect(epochs.at(-1)!.heldOut!["error"]).toBe(Math.min(...errors));
    }
  });
  test("keeps a checkpoint of every run, and shows the grid in the report", async () => {
    const names = await readdir(at("grid", "checkpoints"));
    expect(names.sort()).toEqual(
      ["plain", "weight"]
        .flatMap((arm) => rates.map((lr) => `${arm}-1-lr${lr}.safetensors`))
        .sort(),
    );
    const page = await readFile(at("grid", "report.html"), "utf8");
    expect(page).toContain("<h3>Learning rates</h3>");
    expect(page).toContain("diverged");
  });
});

test("a grid in which all diverge says so", async () => {
  const { code, stderr } = await within(
    ...["compare", "mnist", "--arms", "plain", "--lr", "1e30,1e31", "--batch-size", "30"],
    ...["--threads", "1", "--data-dir", at("mnist"), "--out", at("lost")],
  );
  expect(code).toBe(1);
  expect(stderr).toMatch(/^plain-1-lr1e\+31: diverged after step \d+$/m);
  expect(stderr).toMatch(
    /^weightnorm: train: the loss of plain must be a finite number, got .*; lower --lr\. The checkpoints/m,
  );
  expect(existsSync(at("lost", "results.json"))).toBe(false);
});

test("an arm that diverges leaves the race: the others are reported, and that one was lost", async () => {
  const out = ["--data-dir", at("mnist"), "--out", at("diverged"), "--batch-size", "30"];
  const { code, stderr, stdout } = await within(
    ...["compare", "mnist", "--arms", "plain,batch", "--lr", "1e5"],
    ...["--threads", "1", "--quiet", ...out],
  );
  expect(code).toBe(1);
  expect(stderr).toMatch(
    /^weightnorm: train: the (loss|parameters) of plain must be (a )?finite number/,
  );
  expect(stdout).toMatch(/^batch /m);
  const { arms, lost } = await readResults(at("diverged"));
  expect(Object.keys(arms)).toEqual(["batch"]);
  expect(lost).toMatchObject([{ arm: "plain", seed: 1, lr: 1e5 }]);
  const page = await readFile(at("diverged", "report.html"), "utf8");
  expect(page).toMatch(/plain with learning rate 100000 diverged with seed 1/);
  expect(stdout).toMatch(/plain with seed 1 and learning rate 100000 diverged/);
  expect(page).toContain(lost[0].why);
});

describe("cifar10", () => {
  /** Correlated noise in the official layout; every file has 20 images. */
  const noise = (name: string): Uint8Array => {
    const key = keyOf(name);
    return Uint8Array.from({ length: 20 * 3073 }, (_, i) =>
      i % 3073 === 0 ? (i / 3073) % 10 : hash(Math.floor(i / 3), key) & 255,
    );
  };
  const asked = { arms: ["weight+mean-only"], batchSize: 10, trainSize: 20, epochs: 2 };
  const network = { width: 4, noise: 0.15, drop: 0.2 };
  beforeAll(async () => {
    await mkdir(at("cifar10"));
    for (const name of [1, 2, 3, 4, 5].map((i) => `data_batch_${i}.bin`).concat("test_batch.bin"))
      await writeFile(at("cifar10", name), noise(name));
    // Fitting a whitening takes a minute; a kept one is taken as it is, and this one changes nothing.
    const { train } = await loadCifar10({ dataDir: at("cifar10") });
    const kept = at("cache", "weightnorm");
    await mkdir(kept, { recursive: true });
    const identity = new Float32Array(3072 * 3072);
    for (let i = 0; i < 3072; i++) identity[i * 3073] = 1;
    const state = new Map([
      ["mean", tensor(new Float32Array(3072))],
      ["forward", tensor(identity, [3072, 3072])],
    ]);
    const empty = { step: 0, seed: 0, config: {}, progress: {} };
    await saveCheckpoint(join(kept, await transformName(train.images)), { state, ...empty });
  });

  test("runs to its report, beside the paper's figures, and to the same bits again", async () => {
    for (const out of ["one", "two"]) {
      const places = { dataDir: at("cifar10") };
      await prepare(at(out), "cifar10", { asked: { ...asked, network }, places });
      const run = await within("compare", "cifar10", "--resume", at(out), "--quiet");
      expect(run).toMatchObject({ code: 0, stderr: "" });
    }
    expect(await bitsOf(at("one"))).toEqual(await bitsOf(at("two")));
    const page = await readFile(at("one", "report.html"), "utf8");
    expect(page).toMatch(/<h3>Beside the paper<\/h3>.*Reported by others, not measured here/s);
    expect(page).toContain("<td>7.31</td>");
  });
  test("evaluates its checkpoints", async () => {
    const { code, stdout } = await within("eval", at("one"), "--json", "--threads", "1");
    expect(code).toBe(0);
    const { arms } = await readResults(at("one"));
    const [row] = JSON.parse(stdout) as readonly { readonly test: Values }[];
    expect(row.test).toEqual(arms["weight+mean-only"]!.runs[0].tests.at(-1)!.test);
  });
  test("its run is not resumed as another experiment's", async () => {
    const { code, stderr } = await within("compare", "mnist", "--resume", at("one"));
    expect(code).toBe(2);
    expect(stderr).toContain("holds a run of cifar10, got the experiment mnist");
  });
});
