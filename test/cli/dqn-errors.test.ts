/** What was asked wrongly of agents: flags, cartridges, paths. */
import { existsSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { prepare, temporaryFolder, tinyMnist, transcript, within } from "./run.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 }); // seconds, where the cores are free

const folder = await temporaryFolder("dqn-errors");
const at = (...names: readonly string[]): string => join(folder, ...names);
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A run of agents, and one of MNIST. */
beforeAll(async () => {
  await prepare(at("agents"), "dqn", {
    asked: { game: "breakout", frames: 110, test: { episodes: 2, epsilon: 0 } },
  });
  await tinyMnist(at("data"), { train: 20, test: 20 });
  const asked = { arms: ["plain", "weight"], batchSize: 20, trainSize: 20 };
  const places = { dataDir: at("data") };
  await prepare(at("done"), "mnist", { asked: { ...asked, network: { width: 0.25 } }, places });
  for (const [name, experiment] of Object.entries({ agents: "dqn", done: "mnist" })) {
    const run = await within("compare", experiment, "--resume", at(name), "--quiet");
    expect(run).toMatchObject({ code: 0, stderr: "" });
  }
});

test("flags", async () => {
  await writeFile(at("cut.bin"), new Uint8Array(1000));
  await writeFile(at("unknown.bin"), new Uint8Array(4096));
  const dqn = (...flags: readonly string[]): readonly string[] => [
    ...["compare", "dqn", ...flags, "--out", at("unmade")],
  ];
  expect(
    await transcript(
      folder,
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
      ["play", at("agents"), "--rom", at("cut.bin")],
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
    2: weightnorm: --epochs: expected only with mnist, cifar10, vae, vae-cifar10, draw, got it with compare dqn; leave it away
    $ compare dqn --train-size 3 --out TMP/unmade
    2: weightnorm: --train-size: expected only with mnist, cifar10, vae, vae-cifar10, draw, got it with compare dqn; leave it away
    $ compare dqn --lr 0.1,0.01 --out TMP/unmade
    2: weightnorm: --lr: expected one learning rate for dqn, got 0.1,0.01; start a run for each
    $ compare dqn --optimizer sgd --out TMP/unmade
    2: weightnorm: --optimizer: expected one of rmsprop, adamax, adam, got "sgd"; try --optimizer rmsprop
    $ compare dqn --preset small-attention --out TMP/unmade
    2: weightnorm: --preset: expected one of small, paper, got "small-attention"; try --preset small
    $ compare dqn --frames 0 --out TMP/unmade
    2: weightnorm: --frames: expected a whole number of at least 1 and at most 1000000000, got "0"; try --frames 20000
    $ compare dqn --frames 100 --out TMP/unmade
    2: weightnorm: --frames: expected more than the 100 frames of random play at the start, got 100; try --frames 20000
    $ compare mnist --frames 20000
    2: weightnorm: --frames: expected only with dqn, got it with compare mnist; leave it away
    $ eval TMP/agents --data-dir TMP/data
    2: weightnorm: --data-dir: expected a flag of dqn, got one of other experiments; leave it away
    $ eval TMP/done --rom TMP/cut.bin
    2: weightnorm: --rom: expected a flag of mnist, got one of other experiments; leave it away
    $ play TMP/agents --rom TMP/cut.bin
    2: weightnorm: --rom: expected it alone or with --game rom, got it with the game breakout; leave it away
    $ compare dqn --game rom --out TMP/unmade
    2: weightnorm: --rom: expected the file of a cartridge with --game rom, got none; add --rom FILE
    $ compare dqn --game breakout --rom TMP/cut.bin --out TMP/unmade
    2: weightnorm: --rom: expected it alone or with --game rom, got --game breakout; leave one of them away
    $ compare dqn --rom TMP/nowhere.bin --out TMP/unmade
    1: weightnorm: TMP/nowhere.bin: there is no such file or folder, got ENOENT; check the path
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
      folder,
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
      1: weightnorm: TMP/done/checkpoints/plain-1.safetensors: expected an agent, a checkpoint of dqn, got one of mnist; there is nobody to play
      $ play TMP/done
      1: weightnorm: TMP/done/checkpoints/weight-1.safetensors: expected an agent, a checkpoint of dqn, got one of mnist; there is nobody to play
      $ play TMP/data
      1: weightnorm: TMP/data: expected the folder of a run, got no checkpoints in it; give the folder that --out named
      $ play TMP/nowhere
      1: weightnorm: TMP/nowhere: expected a checkpoint or the folder of a run, got ENOENT; check the path
      $ play TMP/agents --arm batch
      2: weightnorm: --arm: expected one of plain, weight, which TMP/agents holds, got "batch"; choose one of these
      $ sample TMP/agents
      1: weightnorm: TMP/agents/checkpoints/weight-1.safetensors: expected a generative model, one of vae, vae-cifar10, draw, got a checkpoint of dqn; there is nothing to sample from
      $ compare dqn --resume TMP/done
      2: weightnorm: --resume: TMP/done holds a run of mnist, got the experiment dqn; name the one that it began with
      "
    `);
});
