/** An experiment of the user's own, in one short file, has all that ours have. */
import { access, cp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { Values } from "../../runs/events.ts";
import type { Results, RunRecord } from "../../runs/records.ts";
import {
  bitsOf,
  interrupted,
  readResults,
  start,
  temporaryFolder,
  transcript,
  within,
  type Bits,
  type Finished,
} from "./run.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 }); // seconds, where the cores are free

const FILE = "examples/own-experiment.ts";
const EPOCHS = 2; // of four steps
const folder = await temporaryFolder("own");
const at = (...names: readonly string[]): string => join(folder, ...names);
afterAll(() => rm(folder, { recursive: true, force: true }));

const settings = (epochs: number): readonly string[] => [
  ...["--epochs", String(epochs), "--train-size", "200", "--threads", "1"],
];
const compared = [...["compare", FILE, "--arms", "plain,weight"], ...settings(EPOCHS)];
const resume = (name: string, ...flags: readonly string[]): readonly string[] => [
  ...["compare", FILE, "--resume", at(name), ...flags],
];
let first: Finished;
let bits: Bits;
beforeAll(async () => {
  first = await within(...compared, "--out", at("first"));
  bits = await bitsOf(at("first"));
});

test("it has at most 100 lines", async () => {
  const lines = (await readFile(FILE, "utf8")).trimEnd().split("\n");
  expect(lines.length).toBeLessThanOrEqual(100);
});

test("compare: progress, a table, a folder with everything in it", async () => {
  expect(first.code).toBe(0);
  expect(first.stderr).toMatch(
    /^plain-1: step 4\/8, epoch 1, training loss \d\.\d+, test squared error \d\.\d{4}/m,
  );
  expect(first.stdout).toMatch(/^arm +test squared error .*^plain .*^weight /ms);
  expect(first.stdout.trimEnd().split("\n").at(-1)).toBe(at("first", "report.html"));
  const { experiment, command, facts, sheet, arms } = await readResults(at("first"));
  expect(experiment).toBe("spiral");
  expect(command).toBe(`weightnorm ${[...compared, "--out", at("first")].join(" ")}`);
  expect(facts).toEqual([
    ["source", "drawn from a key"],
    ["training points", 200],
    ["test points", 500],
  ]);
  expect(sheet.work).toMatchObject({ unit: "points", perStep: 50 });
  expect(Object.keys(arms)).toEqual(["plain", "weight"]);
  for (const { runs } of Object.values(arms)) {
    const [one, two] = epochsOf(runs[0]);
    expect(two.train!["loss"]).toBeLessThan(one.train!["loss"]!);
  }
});

test("train: one arm, to the bits that it has in company", async () => {
  const args = ["train", FILE, "--arm", "weight", ...settings(EPOCHS), "--out", at("one")];
  const { code, stdout, stderr } = await within(...args, "--json", "--quiet");
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(Object.keys((JSON.parse(stdout) as Results).arms)).toEqual(["weight"]);
  const alone = await bitsOf(at("one"));
  expect(alone.runs["weight-1"]).toEqual(bits.runs["weight-1"]);
  expect(alone.checkpoints["weight-1"]).toEqual(bits.checkpoints["weight-1"]);
});

test("eval: what its checkpoints are worth", async () => {
  const { code, stdout } = await within("eval", at("first"), "--experiment", FILE, "--json");
  expect(code).toBe(0);
  const rows = JSON.parse(stdout) as readonly { readonly arm: string; readonly test: Values }[];
  const { arms } = await readResults(at("first"));
  expect(rows.map(({ arm, test: values }) => [arm, values])).toEqual(
    Object.entries(arms).map(([arm, { runs }]) => [arm, runs[0].tests.at(-1)!.test]),
  );
});

test("report: from its log alone", async () => {
  await cp(at("first"), at("replayed"), { recursive: true });
  for (const name of ["results.json", "report.html"]) await rm(at("replayed", name));
  const { code, stdout } = await within("report", at("replayed"), "--experiment", FILE);
  expect(code).toBe(0);
  expect(stdout.replaceAll("replayed", "first")).toBe(first.stdout);
  const page = await readFile(at("replayed", "report.html"), "utf8");
  expect(page).toBe(await readFile(at("first", "report.html"), "utf8"));
  expect(page).not.toMatch(/undefined|NaN|\[object/);
});

test("--help: what may be set of it, with its defaults", async () => {
  const { code, stdout } = await within("compare", FILE, "--help");
  expect(code).toBe(0);
  expect(stdout).toContain(`Usage: weightnorm compare ${FILE} [options]`);
  expect(stdout).toContain("spiral: a small network learns a spiral");
  expect(stdout).toMatch(/--epochs <n> +passes over the training points \(default: 20\)/);
  expect(stdout).not.toContain("--data-dir");
});

test("killed, it goes on to the same bits", async () => {
  const { child, finished, said } = start(...compared, "--out", at("killed"));
  await said("weight-1: step 4/8");
  child.kill("SIGKILL");
  expect((await finished).code).toBeNull();
  await expect(access(at("killed", "results.json"))).rejects.toThrow("ENOENT");
  const rest = await within(...resume("killed"));
  expect(rest.code).toBe(0);
  expect(rest.stderr).toMatch(/^plain-1: goes on at step [48] of 8$/m);
  expect(await bitsOf(at("killed"))).toEqual(bits);
});

describe("a finished run that is to go on for longer", () => {
  const LONGER = 4;
  beforeAll(async () => {
    for (const name of ["longer", "stopped"]) await cp(at("first"), at(name), { recursive: true });
    const { code, stderr } = await within(...resume("longer", "--epochs", "4", "--quiet"));
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  });

  test("keeps what it had, and learns on", async () => {
    const { arms, config } = await readResults(at("longer"));
    const before = (await readResults(at("first"))).arms;
    expect(config["epochs"]).toBe(LONGER);
    for (const arm of ["plain", "weight"] as const) {
      const [run] = arms[arm]!.runs;
      expect(run.step).toBe(4 * LONGER);
      expect(epochsOf(run).map(({ at: epoch }) => epoch)).toEqual([1, 2, 3, 4]);
      expect(epochsOf(run).slice(0, EPOCHS)).toEqual(epochsOf(before[arm]!.runs[0]));
      expect(epochsOf(run)[3].train!["loss"]).toBeLessThan(epochsOf(run)[1].train!["loss"]!);
    }
  });

  test("says in records, log and report what changed, and when", async () => {
    const { changes } = await readResults(at("longer"));
    expect(changes).toEqual([
      {
        time: expect.stringMatching(/^\d{4}-.*Z$/) as string,
        ...{ setting: "epochs", from: "2", to: "4", steps: { "plain-1": 8, "weight-1": 8 } },
        note: expect.stringContaining("follows the new length from here on") as string,
      },
    ]);
    const log = await readFile(at("longer", "log.jsonl"), "utf8");
    expect(log.match(/"type":"changed"/g)).toHaveLength(1);
    const page = await readFile(at("longer", "report.html"), "utf8");
    expect(page).toContain("Changed on the way");
    expect(page).toMatch(/epochs.*2.*4.*step 8/s);
    expect(page).toContain(changes[0].note);
  });

  test("stopped on the way it is unfinished, and goes on to the same bits", async () => {
    const stopped = await interrupted("epoch 3", ...resume("stopped", "--epochs", "4"));
    expect(stopped.code).toBe(130);
    const report = await within("report", at("stopped"), "--experiment", FILE, "--json");
    expect(report.code).toBe(0);
    expect((JSON.parse(report.stdout) as Results).soFar).toEqual({ at: 2, of: LONGER });
    expect(await readFile(at("stopped", "report.html"), "utf8")).toMatch(/unfinished/i);

    const rest = await within(...resume("stopped", "--epochs", "4", "--quiet"));
    expect(rest).toMatchObject({ code: 0, stderr: "" });
    expect(await bitsOf(at("stopped"))).toEqual(await bitsOf(at("longer")));
    expect((await readResults(at("stopped"))).changes).toHaveLength(1);
  });

  test("has nothing to do when it is asked again", async () => {
    const before = await readFile(at("longer", "results.json"), "utf8");
    const again = await within(...resume("longer", "--epochs", "4", "--quiet"));
    expect(again).toMatchObject({ code: 0, stderr: "" });
    expect(await readFile(at("longer", "results.json"), "utf8")).toBe(before);
  });
});

test("a file that is none, and a run whose file is not named", async () => {
  await writeFile(at("nothing.ts"), "export const answer = 42;\n");
  await writeFile(at("half.ts"), 'export const experiment = { name: "half", about: "" };\n');
  await writeFile(at("broken.ts"), 'throw new Error("not today");\n');
  const said = await transcript(
    folder,
    ["compare", at("nowhere.ts")],
    ["compare", at("nothing.ts")],
    ["compare", at("half.ts")],
    ["compare", at("broken.ts")],
    ["eval", at("first")],
    ["report", at("longer"), "--experiment", at("nothing.ts")],
    ["compare", "mnist", "--resume", at("first")],
  );
  expect(said).toMatchInlineSnapshot(`
    "
    $ compare TMP/nowhere.ts
    2: weightnorm: TMP/nowhere.ts: expected the file of an experiment of yours, got none there; check the path
    $ compare TMP/nothing.ts
    1: weightnorm: TMP/nothing.ts: expected an export called experiment, as experimentOf makes it, got none; see examples/own-experiment.ts
    $ compare TMP/half.ts
    1: weightnorm: TMP/half.ts: expected an export called experiment, as experimentOf makes it, got one without settings, places, presets, complete, open, history; see examples/own-experiment.ts
    $ compare TMP/broken.ts
    1: weightnorm: TMP/broken.ts: expected a module with an experiment, got "not today"; run it alone to see where
    $ eval TMP/first
    1: weightnorm: TMP/first/checkpoints/plain-1.safetensors: expected a checkpoint of EXPERIMENTS, got "spiral"; for an experiment of your own add --experiment FILE
    $ report TMP/longer --experiment TMP/nothing.ts
    1: weightnorm: TMP/nothing.ts: expected an export called experiment, as experimentOf makes it, got none; see examples/own-experiment.ts
    $ compare mnist --resume TMP/first
    1: weightnorm: TMP/first/config.json: expected a run of an experiment that there is, got one of "spiral"; for one of your own name its file, as in compare FILE or --experiment FILE
    "
  `);
});

const epochsOf = ({ tests }: RunRecord): RunRecord["tests"] =>
  tests.filter(({ train }) => train !== undefined);

describe("a mistake in it is named:", () => {
  const text = readFile(FILE, "utf8");
  const root = join(import.meta.dirname, "..", "..");
  /** The experiment with a mistake, elsewhere. */
  const mistaken = async (name: string, right: string, wrong: string): Promise<string> => {
    const edited = (await text).replace(right, wrong).replaceAll('"../', `"${root}/`);
    expect(edited).toContain(wrong);
    await writeFile(at(`${name}.ts`), edited);
    return at(`${name}.ts`);
  };
  test.each([
    [
      "rate",
      "lr: [0.01]",
      "lr: [-0.01]",
      /preset small: expected above 0 in lr\.0, got -0\.01; mend/,
    ],
    [
      "measure",
      'key: "squared error"',
      'key: "sqared"',
      /^weightnorm: sqared: expected the network/,
    ],
    [
      "name",
      'name: "spiral"',
      'name: "mnist"',
      /another name than ours have, got "mnist"; rename it/,
    ],
    [
      "measures",
      "measures: [{",
      "measures: [].concat([]) as never, more: [{",
      /expected a measure/,
    ],
  ])("%s", async (name, right, wrong, message) => {
    const file = await mistaken(name, right, wrong);
    const { code, stderr } = await within("compare", file, "--quiet", "--out", at(`run-${name}`));
    expect(code).toBe(1);
    expect(stderr).toMatch(message);
  });

  test("data that never come", async () => {
    const file = await mistaken(
      "never",
      "load: () =>",
      "load: () => new Promise(() => 0),\n  old: () =>",
    );
    const { code, stderr } = await start("compare", file, "--out", at("never")).finished;
    expect(code).not.toBe(0);
    expect(stderr).toContain("expected the command to end, got a promise that nothing keeps");
  });
});
