/** Agents on the command line, end to end: what a run leaves behind, that stopping it changes nothing, and what goes wrong. */
import { existsSync } from "node:fs";
import { cp, readdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { Results, RunRecord } from "../../runs/records.ts";
import { loadCheckpoint } from "../../src/node/index.ts";
import {
  bitsOf,
  interrupted,
  prepare,
  readResults,
  start,
  temporaryFolder,
  transcript,
  within,
  type Bits,
  type Finished,
} from "./run.ts";
import { change } from "./small-run.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 }); // seconds, where the cores are free

const folder = await temporaryFolder("dqn");
const at = (...names: readonly string[]): string => join(folder, ...names);
afterAll(() => rm(folder, { recursive: true, force: true }));

const FRAMES = 300; // after a third of them they learn
const EPISODES = 10;
/** Two arms that have yet to begin, tested in fewer episodes than flags could say. */
const prepared = (name: string): Promise<string> =>
  prepare(at(name), "dqn", {
    asked: {
      ...{ game: "breakout", plays: "breakout", frames: FRAMES, batchSize: 16, learnFrom: 100 },
      ...{ exploration: { frames: 100, to: 0.1 }, test: { episodes: EPISODES, epsilon: 0 } },
    },
  });
const goOn = (name: string, ...flags: readonly string[]): readonly string[] => [
  ...["compare", "dqn", "--resume", at(name), ...flags],
];
const resume = (name: string, ...flags: readonly string[]): readonly string[] =>
  goOn(name, "--quiet", ...flags);
const frameOf = async (name: string): Promise<number> =>
  (await loadCheckpoint(at(name, "checkpoints", "plain-1.safetensors"))).step;

let first: Finished;
let bits: Bits;
beforeAll(async () => {
  await prepared("agents");
  first = await within(...goOn("agents"));
  bits = await bitsOf(at("agents"));
});

describe("a finished run", () => {
  test("ends well: progress, the table and the report's path", () => {
    expect(first.code).toBe(0);
    expect(first.stderr).toMatch(
      /^weight-1: frame 30\/300, training return \d\.\d+, test return \d+\.\d\d points, \d+ frames\/s, \d+s left$/m,
    );
    expect(first.stdout).toMatch(/^arm +test return .*^plain .*^weight .*^random play /ms);
    expect(first.stdout.trimEnd().split("\n").at(-1)).toBe(at("agents", "report.html"));
  });

  test("results.json says what was measured", async () => {
    const { format, experiment, config, facts, sheet, arms, lost } = await readResults(
      at("agents"),
    );
    expect([format, experiment, lost]).toEqual(["weightnorm-results/3", "dqn", []]);
    expect(facts).toEqual([
      ["game", "breakout"],
      ["actions", expect.stringMatching(/^(\w+, ){5}\w+$/)],
    ]);
    expect(config).toMatchObject({ arms: ["plain", "weight"], frames: FRAMES, batchSize: 16 });
    expect(sheet.baseline!.test["return"]).toBeGreaterThan(0.2);
    expect(sheet.tested).toEqual({ count: EPISODES, unit: "episodes of breakout" });
    expect(Object.keys(arms)).toEqual(["plain", "weight"]);
    expect(arms.plain!.parameters).toBe(132_566);
    expect(arms.weight!.parameters).toBe(132_566 + 16 + 128 + 6); // a scale for every unit
    for (const { runs } of [arms.plain!, arms.weight!]) {
      const [{ step, points, tests, timing }] = runs;
      expect(step).toBe(FRAMES);
      expect(points.map((p) => p.at)).toEqual(points.map((_, i) => 3 * (i + 1)));
      expect(points).toHaveLength(100);
      expect(tests.map((t) => t.at)).toEqual(tests.map((_, i) => 30 * (i + 1)));
      expect(Object.keys(tests.at(-1)!.test)).toEqual(["return", "steps"]);
      const { perSecond, milliseconds } = timing!;
      expect(Math.min(perSecond, milliseconds!.median)).toBeGreaterThan(0);
      expect(points.filter((p) => p.values["loss"] !== null).map((p) => p.at)[0]).toBe(102);
      expect(points.at(-1)!.layers.map((l) => l.layer)).toEqual(["conv1", "dense1", "values"]);
      expect(runs[0].dead).toEqual({ conv1: 0, dense1: 0, values: 0 });
    }
    expect(Object.values(arms).flatMap(({ runs }) => runs[0].pictures.map((p) => p.file))).toEqual([
      "pictures/plain-1-game.gif",
      "pictures/weight-1-game.gif",
    ]);
  });

  test("leaves a report of returns, values, loss, layers and games, and no replay memory", async () => {
    const names = await readdir(at("agents"));
    expect(names.sort()).toEqual(
      ["checkpoints", "config.json", "figure.png", "figure.svg", "log.jsonl", "pictures"].concat(
        ...[["report.html", "results.json"]],
      ),
    );
    const page = await readFile(at("agents", "report.html"), "utf8");
    for (const text of ["Return in training", "Return in tests", "Value Q of the best", "Loss"])
      expect(page).toContain(text);
    for (const layer of ["conv1", "dense1", "values"]) expect(page).toContain(`>${layer}</text>`);
    expect(page.match(/<svg /g)).toHaveLength(3); // returns, |v| and g
    expect(page.match(/<img alt="[^"]+" src="data:image\/gif;base64,/g)).toHaveLength(2);
    expect(page).not.toMatch(/undefined|NaN|\[object|target\.conv/);
  });

  test("is shown by `report`, `eval`, `play` and `inspect`", async () => {
    const results = await readResults(at("agents"));
    const svg = await readFile(at("agents", "figure.svg"));
    await rm(at("agents", "figure.svg"));
    const report = await within("report", at("agents"), "--json");
    expect(report.code).toBe(0);
    expect(resultsIn(report)).toEqual(results);
    expect(await readFile(at("agents", "figure.svg"))).toEqual(svg);

    const evaluated = await within("eval", at("agents"), "--json");
    const last = (arm: "plain" | "weight"): RunRecord["tests"][number] =>
      results.arms[arm]!.runs[0].tests.at(-1)!;
    expect(JSON.parse(evaluated.stdout)).toEqual(
      (["plain", "weight"] as const).map((arm) => ({
        file: at("agents", "checkpoints", `${arm}-1.safetensors`),
        ...{ arm, seed: 1, lr: 0.00025, step: FRAMES },
        ...{ test: last(arm).test, errors: last(arm).errors },
      })),
    );
    const table = await within("eval", at("agents", "checkpoints", "plain-1.safetensors"));
    const mean = last("plain").test["return"]!.toFixed(2);
    expect(table.stdout).toMatch(
      new RegExp(`^plain +1 +0\\.00025 +${FRAMES} +${mean} points ± `, "m"),
    );

    const played = await within("play", at("agents"), "--json");
    const { file, ...game } = JSON.parse(played.stdout) as Record<string, unknown>;
    expect(file).toBe(at("agents", "play-weight-1-1.gif"));
    expect(game).toMatchObject({ game: "breakout", arm: "weight", trainedFrames: FRAMES });
    const { pages } = await sharp(file as string).metadata();
    expect(pages ?? 1).toBeGreaterThan(1);
    expect(pages).toBeLessThanOrEqual((game["steps"] as number) + 1); // equal frames become one
    const other = await within(
      ...["play", at("agents"), "--arm", "plain", "--seed", "7", "--out", at("game.gif")],
    );
    expect(other.stdout.replaceAll(folder, "TMP")).toMatch(
      /^breakout, plain after 300 frames of training: \d+ points in \d+ steps\n.*game\.gif\n$/,
    );
    expect((await stat(at("game.gif"))).size).toBeGreaterThan(100);

    const inspected = await within("inspect", at("agents", "checkpoints", "weight-1.safetensors"));
    expect(inspected.stdout).toMatch(/^dense1( +[\d.e-]+){3}$/m);
  });

  test("loses what was left of a memory where its process was killed at the very end", async () => {
    const results = await readResults(at("agents"));
    await cp(at("agents", "pictures"), at("agents", "attachments"), { recursive: true });
    const again = await within(...resume("agents", "--json"));
    expect(resultsIn(again)).toEqual(results);
    expect(existsSync(at("agents", "attachments"))).toBe(false);
  });
});

/** What `--json` printed, without the table. */
function resultsIn({ stdout }: Finished): Results {
  const { table: _, ...results } = JSON.parse(stdout) as Results & { readonly table: unknown };
  return results;
}

describe("a run that is stopped", () => {
  /** By Ctrl-C before it learned, and by kill -9 after. */
  beforeAll(async () => {
    await prepared("stopped");
    const { code, stdout, stderr } = await interrupted("plain-1: frame 30/300", ...goOn("stopped"));
    expect({ code, stdout }).toEqual({ code: 130, stdout: "" });
    expect(stderr.trimEnd().split("\n").at(-1)).toBe(
      `weightnorm: stopped, nothing is lost; go on with: weightnorm compare dqn --resume ${at("stopped")}`,
    );
    expect(await frameOf("stopped")).toBeLessThan(100);
    const { child, finished, said } = start(...goOn("stopped"));
    await said("plain-1: frame 120/300");
    child.kill("SIGKILL");
    expect((await finished).code).toBeNull();
    expect(existsSync(at("stopped", "results.json"))).toBe(false);
    expect(await frameOf("stopped")).toBeGreaterThan(100);
  });

  test("cannot go on otherwise than it began, or without its memory", async () => {
    for (const name of ["missing", "damaged"])
      await cp(at("stopped"), at(name), { recursive: true });
    const part = join("attachments", "plain-1-000000.safetensors.gz");
    await rm(at("missing", part));
    await change(at("damaged", part), (bytes) => bytes.subarray(0, 1000));
    expect(
      await transcript(
        folder,
        resume("stopped", "--frames", "301"),
        resume("stopped", "--arms", "weight"),
        resume("stopped", "--game", "seaquest"),
        resume("stopped", "--double"),
        resume("stopped", "--out", at("elsewhere")),
        ["compare", "mnist", "--resume", at("stopped")],
        resume("missing"),
        resume("damaged"),
      ),
    ).toMatchInlineSnapshot(`
      "
      $ compare dqn --resume TMP/stopped --quiet --frames 301
      2: weightnorm: --resume: the run began with frames = 300, got 301; leave that flag away or start a new run
      $ compare dqn --resume TMP/stopped --quiet --arms weight
      2: weightnorm: --resume: the run began with arms = plain,weight, got weight; leave that flag away or start a new run
      $ compare dqn --resume TMP/stopped --quiet --game seaquest
      2: weightnorm: --resume: the run began with game = breakout, got seaquest; leave that flag away or start a new run
      $ compare dqn --resume TMP/stopped --quiet --double
      2: weightnorm: --resume: the run began with double = no, got yes; leave that flag away or start a new run
      $ compare dqn --resume TMP/stopped --quiet --out TMP/elsewhere
      2: weightnorm: --out: a resumed run stays in its folder TMP/stopped, got TMP/elsewhere; leave --out away
      $ compare mnist --resume TMP/stopped
      2: weightnorm: --resume: TMP/stopped holds a run of dqn, got the experiment mnist; name the one that it began with
      $ compare dqn --resume TMP/missing --quiet
      1: weightnorm: TMP/missing/attachments/plain-1-000000.safetensors.gz: expected a part of the run's memory, got no such file; put it back, or remove the checkpoint of that run, which then starts anew while the others go on
      $ compare dqn --resume TMP/damaged --quiet
      1: weightnorm: TMP/damaged/attachments/plain-1-000000.safetensors.gz: expected a part of the run's memory, got a damaged file (Z_BUF_ERROR); put it back, or remove the checkpoint of that run, which then starts anew while the others go on
      "
    `);
  });

  test("is reported as far as all have got", async () => {
    const report = await within("report", at("stopped"), "--json");
    expect(report.code).toBe(0);
    const { soFar, arms } = resultsIn(report);
    expect([90, 120, 150]).toContain(soFar!.at);
    expect(soFar!.of).toBe(FRAMES);
    const whole = (await readResults(at("agents"))).arms;
    for (const arm of ["plain", "weight"] as const) {
      const returns = ({ points }: RunRecord): readonly unknown[] =>
        points.filter((p) => p.at <= soFar!.at).map((p) => p.values["return"]);
      expect(returns(arms[arm]!.runs[0])).toEqual(returns(whole[arm]!.runs[0]));
      expect(returns(arms[arm]!.runs[0])).toHaveLength(soFar!.at / 3);
    }
    expect(await readFile(at("stopped", "report.html"), "utf8")).toMatch(/unfinished/i);
  });

  test("goes on to the same bits", async () => {
    const { code, stderr } = await within(...resume("stopped"));
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(await bitsOf(at("stopped"))).toEqual(bits);
    const { sheet } = await readResults(at("stopped"));
    expect(sheet.baseline).toEqual((await readResults(at("agents"))).sheet.baseline);
    expect(existsSync(at("stopped", "attachments"))).toBe(false);
    const logOf = async (name: string): Promise<readonly string[]> =>
      (await readFile(at(name, "log.jsonl"), "utf8"))
        .trimEnd()
        .split("\n")
        .filter((line) => !/"type":"(opened|finished)"/.test(line))
        .map((line) => line.replaceAll(/"seconds":[^,}]+/g, ""))
        .sort();
    expect(await logOf("stopped")).toEqual(await logOf("agents"));
  });
});

test("one arm, two seeds, double Q-learning, all of it by flags", async () => {
  const args = ["train", "dqn", "--frames", "150", "--seed", "1,2", "--double", "--json"];
  const { code, stdout } = await within(...args, "--quiet", "--out", at("short"));
  expect(code).toBe(0);
  const { arms, config } = JSON.parse(stdout) as Results;
  expect(config).toMatchObject({ double: true, game: "breakout", plays: "breakout" });
  expect(config).toMatchObject({ learnFrom: 100, exploration: { frames: 50 } }); // of so short a run
  expect(Object.keys(arms)).toEqual(["weight"]);
  expect(arms.weight!.runs.map((r) => r.seed)).toEqual([1, 2]);
  const page = await readFile(at("short", "report.html"), "utf8");
  expect(page).not.toMatch(/undefined|NaN|Infinity/);
  expect(page).not.toContain("scored highest"); // there is nobody to compare it with
});

test("training that diverges keeps its last checkpoint", async () => {
  const { code, stderr } = await within(
    ...["train", "dqn", "--frames", "1100", "--lr", "1e30", "--quiet", "--out", at("diverged")],
  );
  expect(code).toBe(1);
  expect(stderr.replaceAll(folder, "TMP")).toMatch(
    /^weightnorm: train: the loss of weight must be a finite number, got \S+ at frame 11\d \(it overflows first in layer dense1\); lower --lr\. The checkpoints from before are in TMP\/diverged\n$/,
  );
  const { step } = await loadCheckpoint(at("diverged", "checkpoints", "weight-1.safetensors"));
  expect(step).toBeGreaterThanOrEqual(55);
});
