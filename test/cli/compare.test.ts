/** The command line end to end: what a run leaves behind, and that neither repeating nor stopping it changes a bit. */
import { access, cp, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { Values } from "../../runs/events.ts";
import type { Results } from "../../runs/records.ts";
import { loadCheckpoint } from "../../src/node/index.ts";
import type { Table } from "../../report/index.ts";
import {
  bitsOf,
  readResults,
  start,
  temporaryFolder,
  tinyMnist,
  weightnorm,
  within,
  type Bits,
  type Finished,
} from "./run.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 }); // seconds, where the cores are free

let folder: string;
let data: string;
/** The run that the others are compared with: two arms, two epochs of 10 steps. */
let first: Finished;
let bits: Bits;
const at = (name: string): string => join(folder, name);
const settings = (): readonly string[] => [
  ...["--epochs", "2", "--batch-size", "30", "--threads", "1"],
  ...["--target", "90", "--data-dir", data],
];
const compared = (): readonly string[] => [
  ...["compare", "mnist", "--arms", "plain,weight"],
  ...settings(),
];

beforeAll(async () => {
  folder = await temporaryFolder("compare");
  data = await tinyMnist(at("data"));
  first = await weightnorm(...compared(), "--out", at("first"));
  bits = await bitsOf(at("first"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("a finished run", () => {
  test("ends well: progress on standard error, the table and the report's path on standard output", () => {
    expect(first.code).toBe(0);
    expect(first.stderr).toMatch(
      /^plain-1: step 10\/20, epoch 1, training loss \d\.\d{4}, test error \d+\.\d\d%, \d+ images\/s, \d+s left$/m,
    );
    expect(first.stderr.trim().split("\n")).toHaveLength(2 * 2); // arms x epochs
    const lines = first.stdout.trimEnd().split("\n");
    expect(lines.at(-1)).toBe(join(at("first"), "report.html"));
    expect(first.stdout).toMatch(/^plain .*^weight /ms);
  });

  test("leaves everything in its folder", async () => {
    const files = ["config.json", "results.json", "log.jsonl", "report.html", "figure.svg"];
    const checkpoints = ["plain-1", "weight-1"].map((name) => `checkpoints/${name}.safetensors`);
    for (const name of [...files, "figure.png", ...checkpoints])
      expect((await stat(join(at("first"), name))).size).toBeGreaterThan(100);
  });

  test("results.json says what was measured", async () => {
    const { format, experiment, config, arms, facts, sheet, command } = await readResults(
      at("first"),
    );
    expect({ format, experiment }).toEqual({ format: "weightnorm-results/3", experiment: "mnist" });
    expect(command).toBe(`weightnorm ${[...compared(), "--out", at("first")].join(" ")}`);
    expect(facts).toEqual([
      ["source", data],
      ["training images", 300],
      ["test images", 100],
    ]);
    expect(sheet.measures.map((m) => m.key)).toEqual(["error"]);
    expect(config).toMatchObject({ arms: ["plain", "weight"], seeds: [1], batchSize: 30 });
    expect(Object.keys(arms)).toEqual(["plain", "weight"]);
    const weight = arms.weight!;
    const [{ points, tests, timing, step }] = weight.runs;
    expect([points.length, step]).toEqual([20, 20]);
    const ends = tests.filter(({ train }) => train !== undefined);
    expect(ends.map(({ at: epoch }) => epoch)).toEqual([1, 2]);
    for (const { train, test, seconds } of ends) {
      expect(Object.keys({ ...train, test, ...test })).toEqual(["loss", "error", "test"]);
      expect(
        Math.min(seconds, ...Object.values(train!).map(Number), test["error"]!),
      ).toBeGreaterThan(0);
      expect(Math.max(train!["error"]!, test["error"]!)).toBeLessThan(1);
    }
    expect(timing!.perSecond).toBeGreaterThan(10);
    expect(timing!.milliseconds!.low).toBeLessThanOrEqual(timing!.milliseconds!.high);
    expect(weight.parameters).toBe(arms.plain!.parameters! + 16 + 32 + 32 + 64 + 10); // a scale g for every unit
    expect(ends[1].train!["loss"]!).toBeLessThan(ends[0].train!["loss"]!);
  });

  test("results.json and the report follow from the log alone", async () => {
    const html = await readFile(join(at("first"), "report.html"), "utf8");
    const before = await readResults(at("first"));
    await cp(at("first"), at("replayed"), { recursive: true });
    for (const name of ["results.json", "report.html"]) await rm(join(at("replayed"), name));
    const { code, stdout } = await within("report", at("replayed"), "--json");
    expect(code).toBe(0);
    const { table: _, ...replayed } = JSON.parse(stdout) as Results & { readonly table: unknown };
    expect(replayed).toEqual(before);
    expect(await readFile(join(at("replayed"), "report.html"), "utf8")).toBe(html);
  });

  test("the same command gives the same bits, in place of the finished run", async () => {
    const { startedAt } = await readResults(at("first"));
    first = await within(...compared(), "--out", at("first"));
    expect(first.code).toBe(0);
    expect((await readResults(at("first"))).startedAt).not.toBe(startedAt);
    expect(await bitsOf(at("first"))).toEqual(bits);
  });

  test("`train` gives the bits of the comparison, whatever else is compared, and means over its seeds", async () => {
    const { code, stdout, stderr } = await within(
      ...["train", "mnist", "--arm", "weight", "--seed", "1,2", ...settings()],
      ...["--out", at("train"), "--json", "--quiet"],
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const { arms, table } = JSON.parse(stdout) as Results & { readonly table: Table };
    expect(Object.keys(arms)).toEqual(["weight"]);
    const { runs } = arms.weight!;
    expect(runs.map((r) => r.seed)).toEqual([1, 2]);
    const [one, two] = runs.map(({ tests }) => tests.at(-1)!);
    expect(one.train!["loss"]).not.toBe(two.train!["loss"]);
    const mean = (100 * (one.test["error"]! + two.test["error"]!)) / 2;
    expect(JSON.stringify(table)).toContain(`"mean":${mean}`);
    const [alone, inCompany] = [await bitsOf(at("train")), bits];
    expect(alone.runs["weight-1"]).toEqual(inCompany.runs["weight-1"]);
    expect(alone.checkpoints["weight-1"]).toEqual(inCompany.checkpoints["weight-1"]);
  });
});

describe("a run that is stopped", () => {
  /** Its log has every record once, in whatever order. */
  const logOf = async (dir: string): Promise<readonly string[]> =>
    (await readFile(join(dir, "log.jsonl"), "utf8"))
      .trimEnd()
      .split("\n")
      .filter((line) => !/"type":"(opened|finished)"/.test(line))
      .map((line) => line.replaceAll(/"seconds":[^,}]+/g, ""))
      .sort();

  test("by kill -9 goes on to the same bits", async () => {
    const { child, finished } = start(...compared(), "--out", at("killed"));
    const checkpoint = join(at("killed"), "checkpoints", "plain-1.safetensors");
    const done = (): Promise<number> =>
      loadCheckpoint(checkpoint).then(
        ({ step }) => step,
        () => 0, // not there yet
      );
    while (child.exitCode === null && (await done()) === 0) await wait(10);
    child.kill("SIGKILL");
    expect((await finished).code).toBeNull();
    await expect(access(join(at("killed"), "results.json"))).rejects.toThrow("ENOENT");

    const { code, stdout, stderr } = await within("compare", "mnist", "--resume", at("killed"));
    expect(code).toBe(0);
    expect(stderr).toMatch(/^plain-1: goes on at step \d+ of 20$/m);
    expect(stdout.trimEnd().split("\n").at(-1)).toBe(join(at("killed"), "report.html"));
    expect(await bitsOf(at("killed"))).toEqual(bits);
    expect(await logOf(at("killed"))).toEqual(await logOf(at("first")));
  });

  test("by Ctrl-C says how to go on, and does so to the same bits", async () => {
    const { child, finished, said } = start(...compared(), "--out", at("stopped"));
    await said("plain-1: step 10/20");
    child.kill("SIGINT");
    const { code, stdout, stderr } = await finished;
    expect({ code, stdout }).toEqual({ code: 130, stdout: "" });
    expect(stderr.trimEnd().split("\n").at(-1)).toBe(
      `weightnorm: stopped, nothing is lost; go on with: weightnorm compare mnist --resume ${at("stopped")}`,
    );

    const rest = await within(
      ...["compare", "mnist", "--resume", at("stopped"), "--json", "--quiet"],
    );
    expect(rest).toMatchObject({ code: 0, stderr: "" });
    expect(JSON.parse(rest.stdout)).toMatchObject(await readResults(at("stopped")));
    expect(await bitsOf(at("stopped"))).toEqual(bits);
    expect(await logOf(at("stopped"))).toEqual(await logOf(at("first")));
  });
});

describe("what is done with a run afterwards", () => {
  test("`eval` agrees with the run, on the run's own data", async () => {
    const { code, stdout } = await within("eval", at("first"), "--json");
    expect(code).toBe(0);
    const rows = JSON.parse(stdout) as { readonly arm: string; readonly test: Values }[];
    const { arms } = await readResults(at("first"));
    expect(rows).toEqual(
      (["plain", "weight"] as const).flatMap((arm) =>
        arms[arm]!.runs.map(({ tests }) => ({
          file: join(at("first"), "checkpoints", `${arm}-1.safetensors`),
          arm,
          seed: 1,
          lr: 0.001,
          step: 20,
          test: tests.at(-1)!.test,
        })),
      ),
    );
    const file = join(at("first"), "checkpoints", "weight-1.safetensors");
    const one = await within("eval", file, "--data-dir", data);
    const percent = (100 * arms.weight!.runs[0].tests.at(-1)!.test["error"]!).toFixed(2);
    expect(one.stdout).toMatch(new RegExp(`^weight +1 +0\\.001 +20 +${percent}%$`, "m"));
    expect(one.stdout).toContain(`100 test images of ${data}`);
  });

  test("`report` draws it again", async () => {
    const files = ["report.html", "figure.svg", "figure.png"].map((f) => join(at("first"), f));
    const before = await Promise.all(files.map((file) => readFile(file)));
    for (const file of files) await rm(file);
    const { code, stdout } = await within("report", at("first"));
    expect({ code, stdout }).toEqual({ code: 0, stdout: first.stdout });
    const after = await Promise.all(files.map((file) => readFile(file)));
    expect(after.map((file, i) => file.equals(before[i]))).toEqual([true, true, true]);
  });

  test("`inspect` shows its layers", async () => {
    const file = join(at("first"), "checkpoints", "weight-1.safetensors");
    const { code, stdout } = await within("inspect", file);
    expect(code).toBe(0);
    expect(stdout).toContain(`${file}: step 20, seed 1`);
    expect(stdout).toMatch(/^layer +\|v\| +g +effective step/m);
    for (const layer of ["conv1", "conv2", "conv3", "conv4", "dense1"])
      expect(stdout).toMatch(new RegExp(`^${layer}( +[\\d.e-]+){3}$`, "m"));
    expect(stdout).toMatch(/^conv1\.v +float +\[16, 1, \d, \d\]/m);
    expect(stdout).toContain("32 tensors of optimizer state (--all shows them)");
  });
});
