/** Agents on the command line, end to end: what a run leaves behind, that stopping it changes nothing, and what goes wrong. */
import { existsSync } from "node:fs";
import { cp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { DqnResults } from "../../experiments/dqn/results.ts";
import { loadCheckpoint } from "../../src/node/index.ts";
import { start, within, type Finished } from "./run.ts";
import { change, smallRun } from "./small-run.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 }); // seconds, where the cores are free

const { folder, at, transcript } = await smallRun("dqn"); // its run of MNIST is in "done"
afterAll(() => rm(folder, { recursive: true, force: true }));

const FRAMES = 2000; // after a tenth of them they learn
const settings = [
  ...["compare", "dqn", "--game", "breakout", "--frames", String(FRAMES), "--batch-size", "16"],
];
const resume = (name: string, ...flags: readonly string[]): readonly string[] => [
  ...["compare", "dqn", "--resume", at(name), "--quiet", ...flags],
];
const readAgents = async (name: string): Promise<DqnResults> =>
  JSON.parse(await readFile(at(name, "results.json"), "utf8")) as DqnResults;

/** All that configuration and seed decide, to the last bit, and nothing that a clock does. */
async function bitsOf(name: string): Promise<unknown> {
  const { arms, random, game } = await readAgents(name);
  const runs = Object.entries(arms).flatMap(([arm, { runs: of }]) =>
    of.map(({ seed, curve, final }) => ({
      ...{ arm, seed, final },
      curve: curve.map((point) => ({ ...point, seconds: 0 })),
    })),
  );
  const checkpoints = runs.map(async ({ arm, seed }) => {
    const path = at(name, "checkpoints", `${arm}-${seed}.safetensors`);
    const { state, step, config } = await loadCheckpoint(path);
    const tensors = [...state].map(([key, { shape, data }]) => [
      ...[key, shape],
      Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("base64"),
    ]);
    return { step, config, tensors };
  });
  return { random, game, runs, checkpoints: await Promise.all(checkpoints) };
}

let first: Finished;
let bits: unknown;
beforeAll(async () => {
  first = await within(...settings, "--out", at("agents"));
  bits = await bitsOf("agents");
});

describe("a finished run", () => {
  test("ends well: progress, the table and the report's path", () => {
    expect(first.code).toBe(0);
    expect(first.stderr).toMatch(
      /^weight-1: frame 200\/2000, return \d\.\d\d, test \d+\.\d\d, \d+ frames\/s, \d+s left$/m,
    );
    expect(first.stdout).toMatch(/^arm +test return .*^plain .*^weight .*^random play /ms);
    expect(first.stdout.trimEnd().split("\n").at(-1)).toBe(at("agents", "report.html"));
  });

  test("results.json says what was measured", async () => {
    const { format, config, game, arms, lost, random, pictures } = await readAgents("agents");
    expect([format, lost]).toEqual(["weightnorm-dqn/1", []]);
    expect(game.name).toBe("breakout");
    expect(game.actions).toHaveLength(6);
    expect(config).toMatchObject({ arms: ["plain", "weight"], frames: FRAMES, batchSize: 16 });
    expect(random.mean).toBeGreaterThan(0.2);
    expect(Object.keys(arms)).toEqual(["plain", "weight"]);
    expect(arms.plain!.parameters).toBe(132_566);
    expect(arms.weight!.parameters).toBe(132_566 + 16 + 128 + 6); // a scale for every unit
    for (const { runs } of [arms.plain!, arms.weight!]) {
      const [{ curve, final, framesPerSecond, milliseconds }] = runs;
      expect(curve.map((p) => p.frame)).toEqual(curve.map((_, i) => 20 * (i + 1)));
      expect(final).toEqual(curve.at(-1)!.test);
      expect(final.episodes).toBe(100);
      expect(Math.min(framesPerSecond, milliseconds.update!, milliseconds.frame)).toBeGreaterThan(
        0,
      );
      expect(curve.filter((p) => p.loss !== null).map((p) => p.frame)[0]).toBe(220);
      expect(curve.at(-1)!.layers.map((l) => l.layer)).toEqual(["conv1", "dense1", "values"]);
    }
    expect(pictures.map((p) => p.file)).toEqual([
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
    const results = await readAgents("agents");
    const svg = await readFile(at("agents", "figure.svg"));
    await rm(at("agents", "figure.svg"));
    const report = await within("report", at("agents"), "--json");
    expect(report.code).toBe(0);
    expect(JSON.parse(report.stdout)).toEqual(results);
    expect(await readFile(at("agents", "figure.svg"))).toEqual(svg);
    await cp(at("agents", "pictures"), at("agents", "replay"), { recursive: true }); // as if killed at the very end
    const again = await within(...resume("agents", "--json"));
    expect(JSON.parse(again.stdout)).toEqual(results);
    expect(existsSync(at("agents", "replay"))).toBe(false);

    const evaluated = await within("eval", at("agents"), "--json");
    expect(JSON.parse(evaluated.stdout)).toEqual(
      (["plain", "weight"] as const).map((arm) => ({
        file: at("agents", "checkpoints", `${arm}-1.safetensors`),
        ...{ arm, seed: 1, step: FRAMES, ...results.arms[arm]!.runs[0].final },
      })),
    );
    const table = await within("eval", at("agents", "checkpoints", "plain-1.safetensors"));
    const { mean } = results.arms.plain!.runs[0].final;
    expect(table.stdout).toMatch(new RegExp(`^plain +1 +${FRAMES} +${mean.toFixed(2)} `, "m"));

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
      /^breakout, plain after 2000 frames of training: \d+ points in \d+ steps\n.*game\.gif\n$/,
    );
    expect((await stat(at("game.gif"))).size).toBeGreaterThan(100);

    const inspected = await within("inspect", at("agents", "checkpoints", "weight-1.safetensors"));
    expect(inspected.stdout).toMatch(/^dense1( +[\d.e-]+){3}$/m);
  });
});

describe("a run that is stopped", () => {
  const stepOf = (name: string): Promise<number> =>
    loadCheckpoint(at(name, "checkpoints", "plain-1.safetensors")).then(
      ({ step }) => step,
      () => 0, // not there yet
    );
  /** Stopped by Ctrl-C before it learned, and by kill -9 after. */
  beforeAll(async () => {
    const begun = start(...settings, "--out", at("stopped"));
    await begun.said("plain-1: frame 200/2000");
    begun.child.kill("SIGINT");
    const { code, stdout, stderr } = await begun.finished;
    expect({ code, stdout }).toEqual({ code: 130, stdout: "" });
    expect(stderr.trimEnd().split("\n").at(-1)).toBe(
      `weightnorm: stopped, nothing is lost; go on with: weightnorm compare dqn --resume ${at("stopped")}`,
    );
    const { child, finished } = start(...resume("stopped"));
    while (child.exitCode === null && (await stepOf("stopped")) <= 500) await wait(10);
    child.kill("SIGKILL");
    expect((await finished).code).toBeNull();
    expect(existsSync(at("stopped", "results.json"))).toBe(false);
  });

  test("cannot go on otherwise than it began, or without its memory", async () => {
    for (const name of ["missing", "damaged"])
      await cp(at("stopped"), at(name), { recursive: true });
    const part = join("replay", "plain-1-000000.safetensors.gz");
    await rm(at("missing", part));
    await change(at("damaged", part), (bytes) => bytes.subarray(0, 1000));
    expect(
      await transcript(
        resume("stopped", "--frames", "2001"),
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
      $ compare dqn --resume TMP/stopped --quiet --frames 2001
      2: weightnorm: --resume: the run began with frames = 2000, got 2001; leave that flag away or start a new run
      $ compare dqn --resume TMP/stopped --quiet --arms weight
      2: weightnorm: --resume: the run began with arms = plain,weight, got weight; leave that flag away or start a new run
      $ compare dqn --resume TMP/stopped --quiet --game seaquest
      2: weightnorm: --resume: the run began with game = "breakout", got "seaquest"; leave that flag away or start a new run
      $ compare dqn --resume TMP/stopped --quiet --double
      2: weightnorm: --resume: the run began with double = false, got true; leave that flag away or start a new run
      $ compare dqn --resume TMP/stopped --quiet --out TMP/elsewhere
      2: weightnorm: --out: a resumed run stays in its folder TMP/stopped, got TMP/elsewhere; leave --out away
      $ compare mnist --resume TMP/stopped
      2: weightnorm: --resume: TMP/stopped holds a run of dqn, got the experiment mnist; name the one that it began with
      $ compare dqn --resume TMP/missing --quiet
      1: weightnorm: TMP/missing/replay/plain-1-000000.safetensors.gz: expected a part of the replay memory, got no such file; put it back, or remove the checkpoint of that run, which then starts anew while the others go on
      $ compare dqn --resume TMP/damaged --quiet
      1: weightnorm: TMP/damaged/replay/plain-1-000000.safetensors.gz: expected a part of the replay memory, got a damaged file (Z_BUF_ERROR); put it back, or remove the checkpoint of that run, which then starts anew while the others go on
      "
    `);
  });

  test("is reported as far as all have got", async () => {
    const { code, stdout } = await within("report", at("stopped"), "--json");
    expect(code).toBe(0);
    const { soFar = NaN, arms } = JSON.parse(stdout) as DqnResults;
    expect([200, 400, 600]).toContain(soFar);
    const whole = (await readAgents("agents")).arms;
    for (const arm of ["plain", "weight"] as const) {
      const scores = ({ runs: [{ curve }] }: NonNullable<typeof arms.plain>): readonly unknown[] =>
        curve.filter((p) => p.frame <= soFar).map((p) => p.score);
      expect(scores(arms[arm]!)).toEqual(scores(whole[arm]!));
    }
    expect(await readFile(at("stopped", "report.html"), "utf8")).toContain("Unfinished");
  });

  test("goes on to the same bits", async () => {
    const { code, stderr } = await within(...resume("stopped"));
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(await bitsOf("stopped")).toEqual(bits);
    expect(existsSync(at("stopped", "replay"))).toBe(false);
    const logOf = async (name: string): Promise<readonly string[]> =>
      (await readFile(at(name, "log.jsonl"), "utf8"))
        .trimEnd()
        .split("\n")
        .map((line) => line.replaceAll(/"seconds":[^,}]+/g, ""))
        .sort();
    expect(await logOf("stopped")).toEqual(await logOf("agents"));
  });
});

test("one arm, two seeds, double Q-learning", async () => {
  const args = ["train", "dqn", "--frames", "150", "--seed", "1,2", "--double", "--json"];
  const { code, stdout } = await within(...args, "--quiet", "--out", at("short"));
  expect(code).toBe(0);
  const { arms, config } = JSON.parse(stdout) as DqnResults;
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
    /^weightnorm: train: the loss of weight must be a finite number, got \S+ at frame 11\d \(it overflows first in layer conv1\); lower --lr\. The checkpoints from before are in TMP\/diverged\n$/,
  );
  const { step } = await loadCheckpoint(at("diverged", "checkpoints", "weight-1.safetensors"));
  expect(step).toBeGreaterThanOrEqual(55);
});

describe("what was asked wrongly", () => {
  test("flags", async () => {
    await writeFile(at("cut.bin"), new Uint8Array(1000));
    await writeFile(at("unknown.bin"), new Uint8Array(4096));
    const dqn = (...flags: readonly string[]): readonly string[] => [
      ...["compare", "dqn", ...flags, "--out", at("unmade")],
    ];
    expect(
      await transcript(
        dqn("--game", "pong"),
        dqn("--epochs", "3"),
        dqn("--train-size", "3"),
        dqn("--lr", "0.1,0.01"),
        dqn("--optimizer", "sgd"),
        dqn("--preset", "small-attention"),
        dqn("--frames", "0"),
        dqn("--frames", "100"),
        ["compare", "mnist", "--frames", "20000"],
        ["eval", at("agents"), "--data-dir", at("data")],
        ["eval", at("done"), "--rom", at("cut.bin")],
        dqn("--game", "rom"),
        dqn("--game", "breakout", "--rom", at("cut.bin")),
        dqn("--rom", at("nowhere.bin")),
        dqn("--rom", at("cut.bin")),
        dqn("--rom", at("unknown.bin")),
      ),
    ).toMatchInlineSnapshot(`
      "
      $ compare dqn --game pong --out TMP/unmade
      2: weightnorm: --game: expected one of breakout, space-invaders, seaquest, catch, rom, got "pong"; try --game breakout
      $ compare dqn --epochs 3 --out TMP/unmade
      2: weightnorm: --epochs: expected only for experiments with a data set, got it with dqn; leave it away (dqn has --frames)
      $ compare dqn --train-size 3 --out TMP/unmade
      2: weightnorm: --train-size: expected only for experiments with a data set, got it with dqn; leave it away (dqn has --frames)
      $ compare dqn --lr 0.1,0.01 --out TMP/unmade
      2: weightnorm: --lr: expected one learning rate for dqn, got 0.1,0.01; start a run for each
      $ compare dqn --optimizer sgd --out TMP/unmade
      2: weightnorm: --optimizer: expected one of rmsprop, adamax, adam for dqn, got "sgd"; try --optimizer rmsprop
      $ compare dqn --preset small-attention --out TMP/unmade
      2: weightnorm: --preset: expected small or paper for dqn, got "small-attention"; try --preset small
      $ compare dqn --frames 0 --out TMP/unmade
      2: weightnorm: --frames: expected a whole number of at least 1, got "0"; try --frames 20000
      (add --help for the flags and examples)
      $ compare dqn --frames 100 --out TMP/unmade
      2: weightnorm: --frames: expected more than the 100 frames of random play at the start, got 100; try --frames 20000
      $ compare mnist --frames 20000
      2: weightnorm: --frames: expected only for dqn, got it with mnist; leave it away
      $ eval TMP/agents --data-dir TMP/data
      2: weightnorm: --data-dir: expected only for experiments with a data set, got it with dqn; leave it away
      $ eval TMP/done --rom TMP/cut.bin
      2: weightnorm: --rom: expected only for dqn, got it with another experiment; leave it away
      $ compare dqn --game rom --out TMP/unmade
      2: weightnorm: --rom: expected the file of a cartridge with --game rom, got none; add --rom FILE
      $ compare dqn --game breakout --rom TMP/cut.bin --out TMP/unmade
      2: weightnorm: --rom: expected it alone or with --game rom, got --game breakout; leave one of them away
      $ compare dqn --rom TMP/nowhere.bin --out TMP/unmade
      1: weightnorm: TMP/nowhere.bin: expected the file of a cartridge, got ENOENT; check the path
      $ compare dqn --rom TMP/cut.bin --out TMP/unmade
      1: weightnorm: TMP/cut.bin: a cartridge must have 2048, 4096, 8192, 16384, 32768 or 65536 bytes, got 1000; give the whole image of its ROM, unpacked
      $ compare dqn --rom TMP/unknown.bin --out TMP/unmade
      1: weightnorm: TMP/unknown.bin: the ROM must be one of breakout (md5 f34f08e5eb96e500e851a80be3277a56), enduro (md5 94b92a882f6dbaa6993a46e2dcc58402), seaquest (md5 240bfbac5163af4df5ae713985386f92), space-invaders (md5 72ffbef6504b75e69ee1045af9075f66), catch (md5 225115fa9423fb951f9589cbde2ae0a8), got one with md5 620f0b67a91f7f74151bc5be745b7110; find that very version, as others keep score and lives elsewhere in memory
      "
    `);
    const large = ["--game", "catch", "--preset", "paper", "--arms", "plain,weight,batch"];
    const seeds = Array.from({ length: 99 }, (_, i) => i).join(",");
    const { code, stderr } = await within(...dqn(...large, "--seed", seeds));
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /^weightnorm: --arms: expected runs whose replay memories fit, got 297 that take 2095\.6 GB, with [\d.]+ GB free; train fewer/,
    );
    expect(existsSync(at("unmade"))).toBe(false);
  });

  test("paths without an agent", async () => {
    const mnist = at("done", "checkpoints", "plain-1.safetensors");
    expect(
      await transcript(
        ["play", mnist],
        ["play", at("done")],
        ["play", at("data")],
        ["play", at("nowhere")],
        ["play", at("agents"), "--arm", "batch"],
        ["sample", at("agents")],
        ["compare", "dqn", "--resume", at("done")],
      ),
    ).toMatchInlineSnapshot(`
      "
      $ play TMP/done/checkpoints/plain-1.safetensors
      1: weightnorm: TMP/done/checkpoints/plain-1.safetensors: expected a checkpoint of dqn, got one of mnist; an agent is what compare dqn trains
      $ play TMP/done
      1: weightnorm: TMP/done/checkpoints/weight-1.safetensors: expected a checkpoint of dqn, got one of mnist; an agent is what compare dqn trains
      $ play TMP/data
      1: weightnorm: TMP/data: expected the folder of a run, got no checkpoints in it; give the folder that --out named
      $ play TMP/nowhere
      1: weightnorm: TMP/nowhere: expected a checkpoint or the folder of a run, got ENOENT; check the path
      $ play TMP/agents --arm batch
      2: weightnorm: --arm: expected one of plain, weight, which TMP/agents holds, got "batch"; choose one of these
      $ sample TMP/agents
      1: weightnorm: TMP/agents/checkpoints/weight-1.safetensors: expected a checkpoint of mnist or cifar10 or vae or vae-cifar10 or draw, got "dqn"; weightnorm play and eval are for agents
      $ compare dqn --resume TMP/done
      2: weightnorm: --resume: TMP/done holds a run of mnist, got the experiment dqn; name the one that it began with
      "
    `);
  });
});
