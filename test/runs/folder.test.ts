/** A run's folder is trusted with nothing, has one owner, and is never left so that nobody can go on. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, describe, expect, test, vi } from "vitest";
import type { Results } from "../../runs/records.ts";
import { decodeSafetensors, encodeSafetensors } from "../../src/index.ts";
import { COMMAND_LINE } from "../../bench/processes.ts";
import { bitsOf, readResults, start, within } from "../cli/run.ts";
import { smallRun } from "../cli/small-run.ts";

vi.setConfig({ testTimeout: 120_000 });

const { folder, at, settings, bits, copy, resume, transcript } = await smallRun("folder");
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Writes a JSON file anew with some of it replaced. */
async function changeJson(path: string, edit: (value: never) => unknown): Promise<void> {
  const value = JSON.parse(await readFile(path, "utf8")) as never;
  await writeFile(path, JSON.stringify(edit(value) ?? value));
}

describe("a kill leaves nothing that blocks the way:", () => {
  test.each([
    ["before config.json", (dir: string) => mkdir(join(dir, "checkpoints"), { recursive: true })],
    [
      "while config.json was written",
      async (dir: string) => {
        await mkdir(dir);
        await writeFile(join(dir, ".config.json.x.weightnorm.tmp"), "{");
        await writeFile(join(dir, "lock"), JSON.stringify({ pid: 1 }));
      },
    ],
  ])("%s the same command begins", async (name, leave) => {
    const dir = at(`killed ${name}`);
    await leave(dir);
    expect(await within(...settings, "--out", dir)).toMatchObject({ code: 0, stderr: "" });
    expect(await bitsOf(dir)).toEqual(bits);
    expect(existsSync(join(dir, "lock"))).toBe(false);
  });

  test("--resume says that nothing began there", async () => {
    await mkdir(at("nothing", "checkpoints"), { recursive: true });
    expect(await transcript(resume(at("nothing")))).toContain(
      "TMP/nothing: expected the folder of a run, got no readable config.json in it (ENOENT); give the folder that --out named",
    );
  });
});

test("a folder that is a link is not written through", async () => {
  const dir = await copy("linked", { finished: false });
  await rm(join(dir, "checkpoints"), { recursive: true });
  await mkdir(at("elsewhere"));
  await symlink(at("elsewhere"), join(dir, "checkpoints"));
  const { code, stderr } = await within(...resume(dir));
  expect(code).toBe(1);
  expect(stderr).toContain("linked/checkpoints: expected a folder, got a link to one; put the");
  expect(await readdir(at("elsewhere"))).toEqual([]);
});

test("a folder without a name is none", async () => {
  expect(await transcript([...settings, "--out", ""], ["compare", "mnist", "--resume", ""]))
    .toMatchInlineSnapshot(`
    "
    $ SETTINGS --out 
    2: weightnorm: --out: expected a folder, got ""; name one
    $ compare mnist --resume 
    2: weightnorm: --resume: expected a folder, got ""; name one
    "
  `);
});

describe("an owner", () => {
  test("keeps others out while it lives, and not after kill -9", async () => {
    const dir = await copy("owned", { finished: false });
    await rm(join(dir, "checkpoints"), { recursive: true });
    // Many epochs, so that it is not over before the others have tried.
    await changeJson(join(dir, "config.json"), (run: { config: object }) => ({
      ...run,
      config: { ...run.config, epochs: 500 },
    }));
    const first = start("compare", "mnist", "--resume", dir);
    await first.said("plain-1: step");
    const log = await readFile(join(dir, "log.jsonl"), "utf8");
    const second = await within(...resume(dir));
    expect(second.code).toBe(1);
    expect(second.stderr).toContain(
      `${dir}: expected a folder that nobody works in, got one that process ${first.child.pid} on `,
    );
    expect(second.stderr).toContain("and go on with --resume");
    expect((await readFile(join(dir, "log.jsonl"), "utf8")).startsWith(log)).toBe(true);
    first.child.kill("SIGKILL");
    await first.finished;
    expect(existsSync(join(dir, "lock"))).toBe(true);
    const third = start("compare", "mnist", "--resume", dir);
    await third.said("plain-1: "); // goes on, or has done its first epoch anew
    third.child.kill("SIGINT");
    expect((await third.finished).code).toBe(130);
    expect(existsSync(join(dir, "lock"))).toBe(false);
    const records = (await readFile(join(dir, "log.jsonl"), "utf8")).trimEnd().split("\n");
    const points = records
      .filter((line) => line.includes('"type":"point"'))
      .map((line) => JSON.parse(line) as { arm: string; step: number });
    const keys = points.map(({ arm, step }) => `${arm} ${step}`);
    expect(new Set(keys).size).toBe(keys.length); // nothing twice
  });

  test("only one of two that start at once goes on", async () => {
    const dir = await copy("raced", { finished: false });
    await rm(join(dir, "checkpoints"), { recursive: true });
    const both = [1, 2].map(
      () =>
        new Promise<number | null>((resolve) =>
          spawn(process.execPath, [...COMMAND_LINE, ...resume(dir)], { stdio: "ignore" }).on(
            "close",
            resolve,
          ),
        ),
    );
    expect((await Promise.all(both)).sort()).toEqual([0, 1]);
    expect(await bitsOf(dir)).toEqual(bits);
  });
});

describe("a run that goes on with other settings", () => {
  test("is unfinished from the moment its configuration says so", async () => {
    const dir = await copy("lengthened");
    const change = { time: "2026-01-01", setting: "epochs", from: 2, to: 3, note: "", steps: {} };
    await changeJson(join(dir, "config.json"), (run: { config: object }) => ({
      ...run,
      config: { ...run.config, epochs: 3 },
      changes: [change],
    }));
    const { stdout } = await within("report", dir, "--json"); // as after a kill at that moment
    expect((JSON.parse(stdout) as Results).soFar).toEqual({ at: 2, of: 3 });
    expect(await within(...resume(dir))).toMatchObject({ code: 0, stderr: "" });
    const { arms, changes, soFar } = await readResults(dir);
    expect(soFar).toBeUndefined();
    expect(arms.weight!.runs[0].tests.at(-1)!.at).toBe(3);
    expect(changes).toMatchObject([{ setting: "epochs", from: "2", to: "3" }]);
  });

  test("may have had rates of its arms' own", async () => {
    const dir = await copy("own-rates", { finished: false });
    await changeJson(join(dir, "config.json"), (run: { config: object }) => ({
      ...run,
      config: { ...run.config, lr: [0.5], lrOf: { plain: [0.001], weight: [0.001] } },
    }));
    expect(await within(...resume(dir, "--lr", "0.002", "--epochs", "3"))).toMatchObject({
      code: 0,
    });
    const { arms, changes } = await readResults(dir);
    expect([arms.plain!.lr, arms.weight!.runs[0].tests.at(-1)!.at]).toEqual([0.002, 3]);
    expect(changes.map((c) => c.to)).toContain("0.002");
  });

  test("the order of what a file says makes no difference", async () => {
    const dir = await copy("order");
    await changeJson(join(dir, "config.json"), ({ config, ...run }: { config: object }) => ({
      config: Object.fromEntries(Object.entries(config).reverse()),
      ...run,
    }));
    expect(await transcript([...settings, "--out", dir])).not.toMatch(/other settings|unfinished/);
  });
});

describe("config.json", () => {
  const attacks: readonly (readonly [string, object])[] = [
    ["lr", { lr: ["/../../../evil/x", 0.1] }],
    ["seeds", { seeds: ["/../evil/x"] }],
    ["seeds twice", { seeds: [1, 1] }],
    ["threads", { threads: 100_000 }],
    ["network", { network: null }],
    ["width", { network: { width: 1e9 } }],
    ["a network with more", { network: { width: 1, depth: 2 } }],
    ["optimizer", { optimizer: "constructor" }],
    ["arms", { arms: [] }],
    ["another arm", { arms: ["../plain"] }],
    ["batch size", { batchSize: -1 }],
    ["epochs", { epochs: 1e400 }],
    ["average", { average: "x" }],
    ["what is no setting", { __proto__: { polluted: true }, evil: 1 }],
    ["preset", { preset: "../x" }],
    ["lrOf", { lrOf: { plain: ["x"] } }],
  ];
  test("is believed only as far as it is described", async () => {
    const commands: (readonly string[])[] = [];
    for (const [name, change] of attacks) {
      const dir = await copy(`config-${name.replaceAll(" ", "-")}`, { finished: false });
      await changeJson(join(dir, "config.json"), (run: { config: object }) => ({
        ...run,
        config: { ...run.config, ...change },
      }));
      commands.push(resume(dir));
    }
    const before = (await readdir(folder)).sort();
    expect(await transcript(...commands)).toMatchInlineSnapshot(`
      "
      $ compare mnist --resume TMP/config-lr --quiet
      1: weightnorm: TMP/config-lr/config.json: expected a number in lr.0, got "/../../../evil/x"; restore the file or start a new run
      $ compare mnist --resume TMP/config-seeds --quiet
      1: weightnorm: TMP/config-seeds/config.json: expected a number in seeds.0, got "/../evil/x"; restore the file or start a new run
      $ compare mnist --resume TMP/config-seeds-twice --quiet
      1: weightnorm: TMP/config-seeds-twice/config.json: expected every value once in seeds, got [1,1]; restore the file or start a new run
      $ compare mnist --resume TMP/config-threads --quiet
      1: weightnorm: TMP/config-threads/config.json: expected at most 256 in threads, got 100000; restore the file or start a new run
      $ compare mnist --resume TMP/config-network --quiet
      1: weightnorm: TMP/config-network/config.json: expected an object in network, got null; restore the file or start a new run
      $ compare mnist --resume TMP/config-width --quiet
      1: weightnorm: TMP/config-width/config.json: expected at most 64 in network.width, got 1000000000; restore the file or start a new run
      $ compare mnist --resume TMP/config-a-network-with-more --quiet
      1: weightnorm: TMP/config-a-network-with-more/config.json: expected nothing but what is described in network, got "depth"; restore the file or start a new run
      $ compare mnist --resume TMP/config-optimizer --quiet
      1: weightnorm: TMP/config-optimizer/config.json: expected one of adam, adamax, rmsprop, sgd in optimizer, got "constructor"; restore the file or start a new run
      $ compare mnist --resume TMP/config-arms --quiet
      1: weightnorm: TMP/config-arms/config.json: expected at least 1 entry in arms, got []; restore the file or start a new run
      $ compare mnist --resume TMP/config-another-arm --quiet
      1: weightnorm: TMP/config-another-arm/config.json: expected one of plain, weight, batch, mean-only, weight+mean-only in arms.0, got "../plain"; restore the file or start a new run
      $ compare mnist --resume TMP/config-batch-size --quiet
      1: weightnorm: TMP/config-batch-size/config.json: expected at least 1 in batchSize, got -1; restore the file or start a new run
      $ compare mnist --resume TMP/config-epochs --quiet
      1: weightnorm: TMP/config-epochs/config.json: expected a number in epochs, got null; restore the file or start a new run
      $ compare mnist --resume TMP/config-average --quiet
      1: weightnorm: TMP/config-average/config.json: expected a number in average, got "x"; restore the file or start a new run
      $ compare mnist --resume TMP/config-what-is-no-setting --quiet
      1: weightnorm: TMP/config-what-is-no-setting/config.json: expected nothing but what is described, got "evil"; restore the file or start a new run
      $ compare mnist --resume TMP/config-preset --quiet
      1: weightnorm: TMP/config-preset/config.json: expected one of small in preset, got "../x"; restore the file or start a new run
      $ compare mnist --resume TMP/config-lrOf --quiet
      1: weightnorm: TMP/config-lrOf/config.json: expected a number in lrOf.plain.0, got "x"; restore the file or start a new run
      "
    `);
    expect((await readdir(folder)).sort()).toEqual(before); // nothing was written elsewhere
  });

  test.each([
    ["null", "null"],
    ["a list", "[]"],
    ["a text", '"x"'],
    ["no configuration", '{"experiment":"mnist"}'],
    ["another experiment", '{"experiment":"toString","config":{},"command":"","startedAt":""}'],
    ["deep", "[".repeat(10_000)],
    ["binary", "\u0000\u001b[2J"],
    [
      "of a later version",
      '{"format":"weightnorm-run/99","experiment":"mnist","config":{},"command":"","startedAt":""}',
    ],
  ])("that is %s is named", async (name, text) => {
    const dir = await copy(`is ${name}`, { finished: false });
    await writeFile(join(dir, "config.json"), text);
    for (const command of [
      resume(dir),
      ["report", dir],
      ["sample", dir],
      [...settings, "--out", dir],
    ]) {
      const { code, stderr } = await within(...command);
      expect(code).toBe(1);
      expect(stderr).toMatch(/^weightnorm: .*config\.json: .*, got .*; .*\n$/);
      expect(stderr).not.toMatch(/undefined|TypeError|call stack|\u001b/);
      expect(stderr.length).toBeLessThan(400);
    }
  });
});

describe("results.json", () => {
  const attacked = async (name: string, edit: (results: Results) => unknown): Promise<string> => {
    const dir = await copy(`results-${name}`);
    await changeJson(join(dir, "results.json"), edit);
    return dir;
  };
  const picture = (file: string) => (results: Results) => ({
    ...results,
    arms: {
      plain: {
        ...results.arms.plain,
        runs: [{ ...results.arms.plain!.runs[0], pictures: [{ name: "x", caption: "x", file }] }],
      },
    },
  });
  test.each([
    ["a file above", "pictures/../config.json"],
    ["a file elsewhere", "/etc/passwd"],
    ["an attribute", 'pictures/a.x" onerror="alert(1)" y="'],
    ["another kind", "pictures/a.svg"],
  ])("shows no picture that is %s", async (name, file) => {
    const dir = await attacked(name.replaceAll(" ", "-"), picture(file));
    const { code, stderr } = await within("report", dir);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /results\.json: .* in arms\.plain\.runs\.0\.pictures\.0\.file, got .*; restore the file/,
    );
    expect(await readFile(join(dir, "report.html"), "utf8")).not.toMatch(/alert|root:/);
  });

  test("shows no picture that a link or another file stands for", async () => {
    const dir = await attacked("link", picture("pictures/x.png"));
    await mkdir(join(dir, "pictures"));
    await writeFile(at("secret.txt"), "SECRET");
    await symlink(at("secret.txt"), join(dir, "pictures", "x.png"));
    expect(await within("report", dir)).toMatchObject({ code: 0 });
    await rm(join(dir, "pictures", "x.png"));
    await writeFile(join(dir, "pictures", "x.png"), "SECRET");
    expect(await within("report", dir)).toMatchObject({ code: 0 });
    const page = await readFile(join(dir, "report.html"), "utf8");
    expect(page).not.toContain(Buffer.from("SECRET").toString("base64").slice(0, 7));
  });

  test("is escaped wherever it is shown", async () => {
    const evil = '"><script>alert(1)</script>';
    const dir = await attacked("script", (results) => ({
      ...results,
      command: evil,
      facts: [[evil, evil]],
      settings: [{ name: evil, value: evil }],
      machine: { ...results.machine, cpu: evil },
      lost: [{ arm: "batch", seed: 1, lr: 1, step: 1, why: evil }],
      sheet: {
        ...results.sheet,
        measures: [{ ...results.sheet.measures[0], key: "error", unit: evil }],
      },
    }));
    expect(await within("report", dir)).toMatchObject({ code: 0 });
    expect(await readFile(join(dir, "report.html"), "utf8")).not.toContain("<script");
  });
});

describe("a checkpoint", () => {
  const edited = async (
    name: string,
    edit: (metadata: Record<string, string>) => object,
  ): Promise<string> => {
    const dir = await copy(`checkpoint-${name}`, { finished: false });
    const path = join(dir, "checkpoints", "plain-1.safetensors");
    const { tensors, metadata } = decodeSafetensors(await readFile(path), path);
    const changed = { ...metadata, ...edit(metadata) } as Record<string, string>;
    await writeFile(path, encodeSafetensors(tensors, changed));
    return dir;
  };
  test.each([
    ["step", { step: "x" }],
    ["negative", { step: "-1" }],
    ["beyond", { step: "1000000" }],
    ["progress", { progress: '{"epochs":"constructor"}' }],
    ["config", { config: "[]" }],
    ["deep", { progress: `${'{"a":'.repeat(5000)}1${"}".repeat(5000)}` }],
  ])("with another %s is refused, not believed", async (name, change) => {
    const dir = await edited(name, () => change);
    const { code, stderr } = await within(...resume(dir));
    expect(code).toBe(1);
    expect(stderr).toMatch(/^weightnorm: .*plain-1.*: .*, got .*; .*\n$/);
    expect(stderr).not.toMatch(/TypeError|call stack/);
  });
});

describe("a log", () => {
  test("that is damaged, gone or from another run is made anew from the checkpoints", async () => {
    const whole = await readResults(at("done"));
    const logs: readonly (readonly [string, string | undefined])[] = [
      ["gone", undefined],
      ["garbage", "\u0000\n{\n[1]\nnull\n"],
      [
        "foreign",
        `${JSON.stringify({ type: "point", arm: "plain", seed: 1, lr: 0.001, step: 1, at: 0, seconds: 0, values: { loss: 7 }, layers: [] })}\n`,
      ],
    ];
    for (const [name, text] of logs) {
      const dir = await copy(`log-${name}`, { finished: false });
      const path = join(dir, "log.jsonl");
      if (text === undefined) await rm(path);
      else await writeFile(path, text);
      expect(await within(...resume(dir))).toMatchObject({ code: 0, stderr: "" });
      const { arms } = await readResults(dir);
      expect(arms.plain!.runs).toEqual(whole.arms.plain!.runs);
    }
  });

  test("of a run under way is reported as far as all have got", async () => {
    const dir = await copy("under-way", { finished: false });
    const path = join(dir, "log.jsonl");
    const lines = (await readFile(path, "utf8")).trimEnd().split("\n");
    const kept = lines.filter((line) => {
      const { type, arm, step } = JSON.parse(line) as { type: string; arm?: string; step?: number };
      return type !== "finished" && !(arm === "weight" && step! > 3);
    });
    await writeFile(path, `${kept.join("\n")}\n{"torn`);
    const { code, stdout } = await within("report", dir, "--json");
    expect(code).toBe(0);
    const { soFar } = JSON.parse(stdout) as Results;
    expect(soFar).toEqual({ at: 1, of: 2 });
    expect(await readFile(join(dir, "report.html"), "utf8")).toMatch(/[Uu]nfinished/);
  });
});
