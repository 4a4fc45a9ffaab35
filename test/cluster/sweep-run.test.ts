/** Trials one by one: to the bits of one comparison of all of them, whoever stops or doubles them on the way. */
import { existsSync } from "node:fs";
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { differences } from "../../bench/sweeps/compared.ts";
import type { Manifest } from "../../cluster/sweep/manifest.ts";
import type { Results } from "../../runs/records.ts";
import { takeLock } from "../../src/node/index.ts";
import { readResults, start, temporaryFolder, within, type Finished } from "../cli/run.ts";

vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

const folder = await temporaryFolder("sweep");
const at = (...names: readonly string[]): string => join(folder, ...names);
afterAll(() => rm(folder, { recursive: true, force: true }));

const TABLE = "test/fixtures/iris.csv";
const settings = (epochs: number): readonly string[] => [
  ...["--target", "species", "--epochs", String(epochs), "--threads", "1"],
];
const grid = ["--arms", "plain,weight", "--lr", "0.003,1e30", "--seed", "1,2"]; // the second rate is no rate
const plan = async (name: string, ...flags: readonly string[]): Promise<Manifest["trials"]> => {
  await within("sweep", "plan", "--experiment", TABLE, ...flags, "--out", at(name));
  return (JSON.parse(await readFile(at(name, "sweep.json"), "utf8")) as Manifest).trials;
};
const run = (name: string, index: number): Promise<Finished> =>
  within("sweep", "run", at(name), "--index", String(index), "--quiet");
const status = async (name: string): Promise<string> =>
  (await within("sweep", "status", at(name))).stdout;

describe("a sweep of a table", () => {
  let trials: Manifest["trials"];
  const ended: Finished[] = [];
  beforeAll(async () => {
    trials = await plan("whole", ...grid, ...settings(2));
    for (const { index } of trials) ended.push(await run("whole", index));
  });

  test("has a result of every trial; one that diverged is a result", async () => {
    expect(ended.map(({ code }) => code)).toEqual(trials.map(() => 0));
    expect((await readdir(at("whole", "results"))).toSorted()).toEqual(
      trials.map(({ id }) => `${id}.json`).toSorted(),
    );
    const said = await status("whole");
    expect(said).toContain(
      "8 trials: 8 done (4 diverged), 0 running, 0 stopped, 0 failed, 0 to do",
    );
    expect(said).toMatch(/ {2}1 plain-lr1e\+30-seed1-\w+: diverged: /);
  });

  test("is reported as one comparison of all of it, bit by bit", async () => {
    const { code, stdout } = await within("sweep", "report", at("whole"));
    expect([code, stdout.split("\n").at(-2)]).toEqual([0, at("whole", "report.html")]);
    await within("compare", TABLE, ...grid, ...settings(2), "--quiet", "--out", at("compared"));
    const swept = JSON.parse(await readFile(at("whole", "report.json"), "utf8")) as Results;
    const compared = await readResults(at("compared"));
    expect(timeless(swept.arms)).toEqual(timeless(compared.arms));
    expect(swept.lost).toEqual(compared.lost);
    expect(swept.facts).toEqual([...compared.facts, ["trials", "8"]]);
    expect(swept.sheet).toEqual(compared.sheet);
    for (const name of ["report.html", "figure.svg", "figure.png", "rates.svg", "rates.png"])
      expect(existsSync(at("whole", name)), name).toBe(true);
  });

  test("done again says so and trains nothing", async () => {
    const before = await readFile(at("whole", "results", `${trials[0].id}.json`), "utf8");
    const { code, stderr } = await run("whole", 0);
    expect([code, stderr]).toEqual([0, `trial 0 (${trials[0].id}) was done before\n`]);
    expect(await readFile(at("whole", "results", `${trials[0].id}.json`), "utf8")).toBe(before);
  });

  test("a result that was not written any more is made of the run, finished or diverged", async () => {
    for (const { index, id } of trials.slice(0, 2)) {
      const path = at("whole", "results", `${id}.json`);
      const before = JSON.parse(await readFile(path, "utf8")) as unknown;
      await rm(path);
      const { code, stderr } = await run("whole", index);
      expect(code).toBe(0);
      expect(stderr).not.toContain("weightnorm train");
      expect(JSON.parse(await readFile(path, "utf8"))).toEqual(before);
    }
  });

  test("a result that is damaged, or of another trial, is not believed", async () => {
    const path = at("whole", "results", `${trials[0].id}.json`);
    const before = await readFile(path, "utf8");
    const said: string[] = [];
    const other = await readFile(at("whole", "results", `${trials[1].id}.json`), "utf8");
    for (const text of ["{", "{}", other]) {
      await writeFile(path, text);
      said.push((await within("sweep", "report", at("whole"))).stderr);
    }
    await writeFile(path, before);
    expect(said[0]).toContain("expected JSON");
    expect(said[1]).toContain("in format");
    expect(said[2]).toContain(
      `expected the result of ${trials[0].id}, got that of ${trials[1].id}`,
    );
  });
});

describe("a sweep at the best rates of another one", () => {
  const best = ["--rates-of", at("rates"), "--arms", "plain,weight", "--seed", "1,2"];
  /** Says that a trial did so well on what was held out. */
  const pretend = async (id: string, arm: "plain" | "weight", error: number): Promise<void> => {
    const path = at("rates", "results", `${id}.json`);
    const result = JSON.parse(await readFile(path, "utf8")) as { readonly results: Results };
    const last = result.results.arms[arm]!.runs[0].tests.at(-1)!;
    Object.assign(last.heldOut!, { [result.results.sheet.measures[0].key]: error });
    await writeFile(path, JSON.stringify(result));
  };

  test("is planned when that one is done", async () => {
    await plan("rates", "--arms", "plain,weight", "--lr", "0.003,0.01", ...settings(1));
    for (const index of [0, 1, 2]) await run("rates", index);
    const early = await within(
      ...["sweep", "plan", "--experiment", TABLE, ...settings(3), ...best, "--out", at("early")],
    );
    expect(early.code).toBe(2);
    expect(early.stderr).toContain("with 1 trial to do; let it end first");
    expect((await run("rates", 3)).code).toBe(0);
  });

  test("or of a results.json", async () => {
    const path = at("of-results.json");
    await within("sweep", "report", at("rates"));
    const results = JSON.parse(await readFile(at("rates", "report.json"), "utf8")) as Results;
    const arms = { ...results.arms, weight: { ...results.arms.weight!, lr: 0.0123 } };
    await writeFile(path, JSON.stringify({ ...results, arms }));
    const flags = ["--rates-of", path, "--arms", "weight", ...settings(3)];
    const [{ lr }] = await plan("of-results", ...flags);
    expect(lr).toBe(0.0123);
    const out = ["--out", at("of-part")];
    for (const [part, message] of [
      [{ soFar: { at: 1, of: 3 } }, "as far as 1 of 3; let them train on first"],
      [{ open: 2 }, "with 2 trials to do; let it end first"],
    ] as const) {
      await writeFile(path, JSON.stringify({ ...results, ...part }));
      const { stderr } = await within("sweep", "plan", "--experiment", TABLE, ...flags, ...out);
      expect(stderr).toContain(message);
    }
  });

  test("trains each arm at its own, and its report takes the seeds that are done", async () => {
    const { trials: tried } = JSON.parse(
      await readFile(at("rates", "sweep.json"), "utf8"),
    ) as Manifest;
    for (const { id, arm, lr } of tried)
      await pretend(id, arm as "plain" | "weight", (arm === "plain") === (lr === 0.01) ? 0.1 : 0.2);
    const trials = await plan("best", ...best, ...settings(3));
    expect(trials.map(({ arm, lr, seed }) => [arm, lr, seed])).toEqual([
      ...[1, 2].map((seed) => ["plain", 0.01, seed]),
      ...[1, 2].map((seed) => ["weight", 0.003, seed]),
    ]);
    for (const index of [0, 1, 2]) expect((await run("best", index)).code).toBe(0);
    const { code, stderr } = await within("sweep", "report", at("best"));
    expect([code, stderr]).toEqual([0, expect.stringContaining("3 of 4 trials are done")]);
    const { arms, facts, soFar, open } = JSON.parse(
      await readFile(at("best", "report.json"), "utf8"),
    ) as Results;
    expect([soFar, open]).toEqual([undefined, 1]);
    expect(facts).toContainEqual(["trials", "3 of 4 are done"]);
    const seeds = Object.entries(arms).map(([arm, { runs }]) => [arm, runs.map((r) => r.seed)]);
    expect(seeds).toEqual([
      ["plain", [1, 2]],
      ["weight", [1]],
    ]);
  });

  test("is refused where that has no rate for an arm, or there are two answers", async () => {
    const refused = async (...flags: readonly string[]): Promise<string> => {
      const out = ["--out", at("refused")];
      const { code, stderr } = await within("sweep", "plan", ...flags, ...out);
      expect(code).toBeGreaterThan(0);
      return stderr.replaceAll(folder, "TMP");
    };
    const table = ["--experiment", TABLE, ...settings(2), ...best];
    expect(await refused(...table, "--arms", "batch")).toContain(
      "--rates-of: expected results of batch in TMP/rates, got none; let it train there, or leave it out with --arms",
    );
    expect(await refused(...table, "--lr", "0.1")).toContain(
      "--rates-of: expected no --lr beside it, got both; give one of them",
    );
    expect(await refused("--experiment", "mnist", "--rates-of", at("rates"))).toContain(
      "--rates-of: expected results of mnist, got those of table; name others",
    );
    expect(await refused(...table, "--rates-of", at("nowhere"))).toContain(
      "--rates-of: expected the folder of a sweep, or a results.json, got nothing at TMP/nowhere",
    );
    expect(existsSync(at("refused"))).toBe(false);
  });
});

test("a part of a sweep is reported as far as its rates have every seed", async () => {
  const trials = await plan(
    "part",
    "--arms",
    "plain,weight",
    "--lr",
    "0.003,0.01",
    "--seed",
    "1,2",
    ...settings(1),
  );
  const none = await within("sweep", "report", at("part"));
  expect(none.stderr).toContain(
    "expected an arm that is done, with every seed of a learning rate if there are several, got none among 0 of 8 trials",
  );
  for (const { index, arm, lr } of trials)
    if (arm === "plain" && lr === 0.01) await run("part", index);
  await run("part", 0);
  const { code, stderr } = await within("sweep", "report", at("part"));
  expect([code, stderr]).toEqual([
    0,
    "3 of 8 trials are done; of several rates those that lack a seed are left out\n",
  ]);
  const { arms, facts } = JSON.parse(await readFile(at("part", "report.json"), "utf8")) as Results;
  expect(Object.keys(arms)).toEqual(["plain"]);
  expect([arms.plain!.lr, arms.plain!.runs.length]).toEqual([0.01, 2]);
  expect(facts.at(-1)).toEqual(["trials", "3 of 8 are done"]);
  expect(await status("part")).toBe("8 trials: 3 done, 0 running, 0 stopped, 0 failed, 5 to do\n");
});

describe("a trial that takes a while", () => {
  const long = ["--arms", "weight", "--seed", "1", ...settings(150)];

  test("is saved on SIGTERM with code 75, and goes on to the bits of one that was left alone", async () => {
    const [{ id }] = await plan("stopped", ...long);
    const log = at("stopped", "trials", id, "log.jsonl");
    const trial = start("sweep", "run", at("stopped"), "--index", "0", "--quiet");
    await vi.waitFor(async () => expect(await readFile(log, "utf8")).toContain("measured"), 60_000);
    expect(await status("stopped")).toContain(`  0 ${id}: running`);
    const other = await run("stopped", 0); // a double
    expect(other.code).toBe(75);
    expect(other.stderr).toContain(
      "another process trains it just now; run it again when that has ended",
    );
    trial.child.kill("SIGTERM");
    const { code, stderr } = await trial.finished;
    expect([code, stderr]).toEqual([
      75,
      expect.stringContaining("stopped, nothing is lost; run it again to go on"),
    ]);
    expect(existsSync(at("stopped", "results", `${id}.json`))).toBe(false);
    expect(await status("stopped")).toBe(
      "1 trial: 0 done, 0 running, 1 stopped, 0 failed, 0 to do\n",
    );
    expect((await run("stopped", 0)).code).toBe(0);
    await plan("alone", ...long);
    expect((await run("alone", 0)).code).toBe(0);
    expect(await differences(at("stopped"), at("alone"))).toEqual([]);
  });

  test("of two that begin at once one trains, and one is told to come again", async () => {
    await plan("double", ...long);
    const two = [0, 1].map(() => start("sweep", "run", at("double"), "--index", "0", "--quiet"));
    const codes = (await Promise.all(two.map(({ finished }) => finished))).map(({ code }) => code);
    expect(codes.toSorted()).toEqual([0, 75]);
    await plan("single", ...long);
    await run("single", 0);
    expect(await differences(at("double"), at("single"))).toEqual([]);
  });
});

test("a trial that fails is told of with why, until it is run again", async () => {
  const table = at("moved.csv");
  await copyFile(TABLE, table);
  const flags = ["--experiment", table, "--arms", "plain", "--seed", "1", ...settings(1)];
  await within("sweep", "plan", ...flags, "--out", at("failed"));
  await rm(table);
  const { code, stderr } = await run("failed", 0);
  expect([code, stderr]).toEqual([1, expect.stringContaining("moved.csv: ")]);
  const said = await status("failed");
  expect(said).toContain("1 trial: 0 done, 0 running, 0 stopped, 1 failed, 0 to do");
  expect(said).toMatch(/ {2}0 plain-\S+: failed: .*moved\.csv: /);
  await copyFile(TABLE, table);
  expect((await run("failed", 0)).code).toBe(0);
  expect(await status("failed")).toContain("1 trial: 1 done, 0 running, 0 stopped, 0 failed");
});

test("a run of other settings in a trial's folder is no trial of the sweep", async () => {
  const [{ id }] = await plan("other", "--arms", "plain", "--seed", "1", ...settings(1));
  await within(
    "train",
    TABLE,
    "--arm",
    "plain",
    ...settings(2),
    "--out",
    at("other", "trials", id),
  );
  const { code, stderr } = await run("other", 0);
  expect(code).toBe(1);
  expect(stderr).toContain("got one with another epochs; remove that folder");
});

test("a lock that somebody holds elsewhere is waited for", async () => {
  const [{ id }] = await plan("held", "--arms", "plain", "--seed", "1", ...settings(1));
  await mkdir(at("held", "trials", id), { recursive: true });
  const lock = await takeLock(at("held", "trials", id, "lock"), { where: "held" });
  expect((await run("held", 0)).code).toBe(75);
  await lock.release();
  expect((await run("held", 0)).code).toBe(0);
});

/** Without what a clock told, and what files are called. */
function timeless(x: unknown): unknown {
  if (Array.isArray(x)) return x.map(timeless);
  if (typeof x !== "object" || x === null) return x;
  const told = new Set(["seconds", "timing", "file"]);
  return Object.fromEntries(
    Object.entries(x).flatMap(([key, inner]) => (told.has(key) ? [] : [[key, timeless(inner)]])),
  );
}
