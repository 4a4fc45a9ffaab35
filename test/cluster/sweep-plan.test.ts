/** What a sweep is: planned once, the same for whoever reads it, and believed only as far as it is what its settings make. */
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, describe, expect, test, vi } from "vitest";
import type { Manifest } from "../../cluster/sweep/manifest.ts";
import { trialAt } from "../../cluster/sweep/trial.ts";
import { temporaryFolder, transcript, within } from "../cli/run.ts";

vi.setConfig({ testTimeout: 60_000 });

const folder = await temporaryFolder("plan");
const at = (...names: readonly string[]): string => join(folder, ...names);
afterAll(() => rm(folder, { recursive: true, force: true }));

const mnist = ["sweep", "plan", "--experiment", "mnist", "--threads", "1"] as const;
const small = [...mnist, "--arms", "plain,weight", "--lr", "0.001,0.003", "--seed", "1,2"] as const;
const manifestOf = async (dir: string): Promise<Manifest> =>
  JSON.parse(await readFile(join(dir, "sweep.json"), "utf8")) as Manifest;
/** Plans and gives what came of it. */
async function planned(name: string, ...flags: readonly string[]): Promise<Manifest> {
  const { code, stderr } = await within(...flags, "--out", at(name));
  expect([code, stderr]).toEqual([0, ""]);
  return manifestOf(at(name));
}

describe("a plan", () => {
  test("has a trial for every arm, seed and rate, in that order, each with a name that is of all its settings", async () => {
    const { trials, asked } = await planned("order", ...small);
    expect(trials.map(({ index, arm, seed, lr }) => [index, arm, seed, lr])).toEqual([
      [0, "plain", 1, 0.001],
      [1, "plain", 1, 0.003],
      [2, "plain", 2, 0.001],
      [3, "plain", 2, 0.003],
      [4, "weight", 1, 0.001],
      [5, "weight", 1, 0.003],
      [6, "weight", 2, 0.001],
      [7, "weight", 2, 0.003],
    ]);
    expect(new Set(trials.map(({ id }) => id)).size).toBe(8);
    expect(trials[5].id).toMatch(/^weight-lr0\.003-seed1-[0-9a-f]{12}$/);
    expect(asked).toMatchObject({ validation: true }); // each trial alone knows of one rate
    const longer = await planned("longer", ...small, "--epochs", "2");
    expect(longer.trials.map(({ id }) => id)).not.toContain(trials[0].id);
  });

  test("holds nothing out where no rate is to be chosen", async () => {
    const { asked, trials } = await planned(
      "one-rate",
      ...mnist,
      "--arms",
      "plain",
      "--seed",
      "1,2",
    );
    expect(asked).not.toHaveProperty("validation");
    expect(trials.map(({ lr }) => lr)).toEqual([0.001, 0.001]); // the preset's
  });

  test("parts a table by one seed for all trials, as one comparison would", async () => {
    const table = ["--experiment", "test/fixtures/iris.csv", "--target", "species"];
    const { asked, subject } = await planned("iris", "sweep", "plan", ...table, "--seed", "7,8");
    expect(asked).toMatchObject({ splitSeed: 7 });
    expect(subject).toBe(join(process.cwd(), "test/fixtures/iris.csv"));
  });

  test("is the same when it is made again, and is not touched by another one", async () => {
    await planned("again", ...small);
    const before = await readFile(at("again", "sweep.json"), "utf8");
    await planned("again", ...small);
    const others = await transcript(
      folder,
      [...small, "--epochs", "2", "--out", at("again")],
      [...small.slice(0, -1), "1,2,3", "--out", at("again")],
    );
    expect(
      others.match(/^2: weightnorm: --out: TMP\/again holds a sweep with other settings/gm),
    ).toHaveLength(2);
    expect(await readFile(at("again", "sweep.json"), "utf8")).toBe(before);
    expect(await readdir(at("again"))).toEqual(["sweep.json"]);
  });

  test("says what is wrong with its flags before anything is written", async () => {
    const said = await transcript(
      folder,
      [...mnist, "--lr", "fast", "--out", at("none")],
      [...mnist, "--epoch", "1", "--out", at("none")],
      [...mnist, "--lr", "0.1,0.2", "--train-size", "3", "--batch-size", "1", "--out", at("none")],
      ["sweep", "plan", "--experiment", "mnist"],
      ["sweep", "plan", "--out", at("none")],
      ["sweep", "plan", "--experiment", "minst", "--out", at("none")],
      ["sweep", "plan", "--experiment", "dqn", "--lr", "0.1,0.2", "--out", at("none")],
      ["sweep", "run", at("none")],
    );
    expect(said.replaceAll(/^\$.*\n/gm, "")).toMatchInlineSnapshot(`
      "
      2: weightnorm: --lr: expected a finite number above 0, got "fast"; try --lr 0.001
      2: weightnorm: --epoch: expected a flag of sweep plan, got one that there is not; did you mean --epochs?
      2: weightnorm: --train-size: with several learning rates a share of 0.1 is held out, got none of 3 images; raise it or give one --lr
      2: weightnorm: --out: expected a value, got none; add <folder>
      2: weightnorm: --experiment: expected a value, got none; add <name>
      2: weightnorm: experiment: expected one of EXPERIMENTS, a table (.csv), a folder of pictures, or the file of your own, got "minst"; try weightnorm compare mnist
      2: weightnorm: --lr: expected one learning rate for dqn, got 0.1,0.2; start a run for each
      1: weightnorm: TMP/none: expected the folder of a sweep, got no readable sweep.json in it (ENOENT); give the folder that sweep plan --out named
      "
    `);
  });

  test("says how to train it", async () => {
    const { stdout } = await within(...small, "--out", at("how"));
    expect(stdout.replaceAll(folder, "TMP")).toMatchInlineSnapshot(`
      "8 trials in TMP/how/sweep.json
      one after the other: for i in $(seq 0 7); do weightnorm sweep run TMP/how --index $i; done
      an array of Slurm:   sbatch --array=0-7 --wrap "exec weightnorm sweep run TMP/how"
      workers of a queue:  weightnorm sweep work TMP/how --redis redis://localhost:6379
      then: weightnorm sweep report TMP/how
      "
    `);
  });
});

describe("sweep.json", () => {
  const wrong = (edit: (manifest: Manifest) => object): Promise<string> => changed(edit);
  async function changed(edit: (manifest: Manifest) => object, wanted = 1): Promise<string> {
    const manifest = await planned("hostile", ...small);
    await writeFile(at("hostile", "sweep.json"), JSON.stringify(edit(manifest)));
    const { code, stderr } = await within("sweep", "status", at("hostile"));
    await rm(at("hostile"), { recursive: true });
    expect(code).toBe(wanted);
    return stderr.replaceAll(folder, "TMP");
  }

  test("is believed only if its settings make the trials that it lists", async () => {
    const elsewhere = await wrong(({ trials, ...rest }) => ({
      ...rest,
      trials: trials.map((trial, i) => (i === 3 ? { ...trial, id: "../../elsewhere" } : trial)),
    }));
    expect(elsewhere).toBe(
      "weightnorm: TMP/hostile/sweep.json: expected the trials that its settings make, got others; restore the file, or plan the sweep anew in another folder\n",
    );
    expect(await wrong((m) => ({ ...m, trials: m.trials.slice(1) }))).toContain(
      "expected the trials that its settings make",
    );
    expect(await wrong((m) => ({ ...m, asked: { ...m.asked, epochs: 7 } }))).toContain(
      "got others",
    );
  });

  test("holds nothing but what is described", async () => {
    expect(await wrong((m) => ({ ...m, trials: [] }))).toContain(
      "expected at least 1 entry in trials, got []",
    );
    expect(await wrong((m) => ({ ...m, asked: { ...m.asked, evil: 1 } }))).toContain(
      'expected nothing but what is described, got "evil"',
    );
    expect(await wrong((m) => ({ ...m, asked: { ...m.asked, epochs: "many" } }))).toContain(
      'expected a number in epochs, got "many"',
    );
    expect(await wrong(() => [])).toContain("sweep.json: expected an object, got []");
    expect(await wrong((m) => ({ ...m, format: "other" }))).toContain("in format");
  });

  test("is of one version of the program, and of one experiment", async () => {
    expect(await wrong((m) => ({ ...m, version: "0.0.1" }))).toMatch(
      /expected a sweep of this version, \S+, got one of 0\.0\.1; use that version, or plan the sweep anew/,
    );
    expect(await wrong((m) => ({ ...m, experiment: "vae" }))).toContain(
      "expected a sweep of mnist, got one of vae",
    );
  });

  test("runs no module because a file says so", async () => {
    await writeFile(at("own.ts"), "throw new Error('it ran');");
    const said = await changed((m) => ({ ...m, subject: at("own.ts") }), 2);
    expect(said).toContain("--experiment: expected the module that the sweep was planned with");
  });
});

describe("which trial is meant", () => {
  const trials = [0, 1].map((index) => ({
    index,
    id: `${index}`,
    arm: "plain" as const,
    lr: 1,
    seed: 1,
  }));
  const sweep = { manifest: { trials } as unknown as Manifest };
  test("is said by a flag, by Slurm or by Kubernetes", () => {
    expect(trialAt(sweep, 1, { SLURM_ARRAY_TASK_ID: "0" }).index).toBe(1);
    expect(trialAt(sweep, undefined, { SLURM_ARRAY_TASK_ID: "1" }).index).toBe(1);
    expect(trialAt(sweep, undefined, { JOB_COMPLETION_INDEX: "0" }).index).toBe(0);
  });
  test.each([
    [undefined, {}, "--index: expected the number of a trial, got none"],
    [2, {}, "--index: expected the number of a trial, from 0 to 1, got 2; see sweep status"],
    [
      undefined,
      { SLURM_ARRAY_TASK_ID: "-1" },
      'SLURM_ARRAY_TASK_ID: expected the number of a trial, from 0 to 1, got "-1"',
    ],
    [undefined, { JOB_COMPLETION_INDEX: "1e0" }, "JOB_COMPLETION_INDEX: expected"],
  ])("%s %s is none", (index, env, message) => {
    expect(() => trialAt(sweep, index, env)).toThrow(message);
  });
});
