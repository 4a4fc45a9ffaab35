/** Bad luck: damaged files, numbers that overflow, full disks. What is said, the exit code, and that nothing is lost. */
import { spawnSync } from "node:child_process";
import { existsSync, openSync } from "node:fs";
import { cp, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, describe, expect, test, vi } from "vitest";
import { loadCheckpoint } from "../../src/node/index.ts";
import { COMMAND_LINE } from "../../bench/processes.ts";
import { bitsOf, start, temporaryFolder, within } from "./run.ts";
import { change, smallRun } from "./small-run.ts";

vi.setConfig({ testTimeout: 120_000 }); // seconds, where the cores are free

const { folder, at, settings, bits, copy, resume, transcript } = await smallRun("failures");
afterAll(() => rm(folder, { recursive: true, force: true }));

test("a run with damaged files says which, and goes on without what can be made anew", async () => {
  const flipped = await copy("flipped", { finished: false });
  const checkpoint = join(flipped, "checkpoints", "plain-1.safetensors");
  await change(checkpoint, (b) => {
    b[b.length - 5] ^= 1;
    return b;
  });
  const mixed = join(await copy("mixed-up", { finished: false }), "checkpoints");
  await cp(join(mixed, "weight-1.safetensors"), join(mixed, "plain-1.safetensors"));
  await change(
    join(await copy("cut-short", { finished: false }), "checkpoints", "plain-1.safetensors"),
    (b) => b.subarray(0, 5000),
  );
  await writeFile(
    join(await copy("torn", { finished: false }), "config.json"),
    '{"experiment": "mni',
  );
  await writeFile(join(await copy("other"), "results.json"), "[]");
  const text = await transcript(
    resume(flipped),
    resume(at("mixed-up")),
    resume(at("cut-short")),
    resume(at("torn")),
    ["report", at("other")],
  );
  // Checkpoints hold times, so their sizes and checksums differ.
  const timeless = text
    .replaceAll(/\b[0-9a-f]{8}\b/g, "CHECKSUM")
    .replace(/header of \d+/, "header of N");
  expect(timeless).toMatchInlineSnapshot(`
    "
    $ compare mnist --resume TMP/flipped --quiet
    1: weightnorm: TMP/flipped/checkpoints/plain-1.safetensors: the file is damaged, expected checksum CHECKSUM, got CHECKSUM; use an earlier checkpoint. Without this file plain-1 starts anew, and the others go on
    $ compare mnist --resume TMP/mixed-up --quiet
    1: weightnorm: TMP/mixed-up/checkpoints/plain-1.safetensors: expected the checkpoint of plain-1, got that of weight-1; put back the right file
    $ compare mnist --resume TMP/cut-short --quiet
    1: weightnorm: TMP/cut-short/checkpoints/plain-1.safetensors: truncated, expected a header of N bytes, got 4992; copy or save it again. Without this file plain-1 starts anew, and the others go on
    $ compare mnist --resume TMP/torn --quiet
    1: weightnorm: TMP/torn/config.json: expected JSON, got "{\\"experiment\\": \\"mni"; restore the file or start a new run
    $ report TMP/other
    1: weightnorm: TMP/other/results.json: expected results of weightnorm, got []; run the comparison again
    "
  `);

  await rm(checkpoint); // as the message advises
  expect(await within(...resume(flipped))).toMatchObject({ code: 0, stderr: "" });
  expect(await bitsOf(flipped)).toEqual(bits);
});

describe("training that diverges", () => {
  const stepsOf = async (dir: string): Promise<readonly number[]> =>
    Promise.all(
      ["plain", "weight"].map(async (arm) => {
        const path = join(dir, "checkpoints", `${arm}-1.safetensors`);
        return (await loadCheckpoint(path)).step;
      }),
    );

  test("a loss of NaN: names the layer, and keeps the checkpoints from before", async () => {
    const { code, stdout, stderr } = await within(
      ...[...settings, "--lr", "1e6", "--out", at("nan")],
    );
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr.replace(folder, "TMP")).toMatch(
      /^weightnorm: train: the loss of plain must be a finite number, got NaN at step 2 \(pre-activations overflow first in layer (conv\d|dense1)\); lower --lr\. The checkpoints from before are in TMP\/nan\n$/,
    );
    expect(await stepsOf(at("nan"))).toEqual([0, 0]);
    expect(await within("eval", at("nan"), "--threads", "1")).toMatchObject({
      code: 0,
      stderr: "",
    });
  });

  test("parameters that overflow under a finite loss do not replace a checkpoint", async () => {
    const command = [...settings, "--train-size", "20", "--lr", "1e39", "--out", at("overflow")];
    const text = await transcript(command); // which number of the first layer is the first to go is the model's business
    expect(text.replace(/got \S+ in conv1\.\w/, "got SOME in conv1")).toMatchInlineSnapshot(`
      "
      $ SETTINGS --train-size 20 --lr 1e39 --out TMP/overflow
      1: weightnorm: train: the parameters of plain must be finite numbers, got SOME in conv1 after step 1; lower --lr. The checkpoints from before are in TMP/overflow
      "
    `);
    expect(await stepsOf(at("overflow"))).toEqual([0, 0]);
  });
});

describe("a disk", () => {
  const NO_MOUNT = "a small file system can be mounted by root on Linux alone";
  /** Runs `f` with a file system of `kib` KiB at TMP/name, or says that it cannot. */
  async function onTmpfs(
    skip: (note: string) => never,
    kib: number,
    f: (dir: string, remount: (options: string) => void) => Promise<void>,
  ): Promise<void> {
    const dir = await temporaryFolder("tmpfs");
    const mount = (options: string): boolean =>
      spawnSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", dir]).status === 0;
    if (!mount(`size=${kib}k`)) skip(NO_MOUNT);
    try {
      await f(dir, (options) => expect(mount(`remount,${options}`)).toBe(true));
    } finally {
      spawnSync("umount", [dir]);
      await rm(dir, { recursive: true });
    }
  }
  const told = ({ stderr }: { readonly stderr: string }, dir: string): string =>
    stderr.replaceAll(dir, "DISK");

  test("that is full: nothing is lost, and with space the run goes on to the same bits", (context) =>
    onTmpfs(context.skip, 1700, async (disk, remount) => {
      const dir = join(disk, "run");
      const full = await within(...settings, "--out", dir);
      expect(full).toMatchObject({ code: 1, stdout: "" });
      expect(told(full, disk)).toMatchInlineSnapshot(`
        "weightnorm: DISK/run/checkpoints/plain-1.safetensors: the disk is full, got ENOSPC; free some space, then go on with: weightnorm compare mnist --resume DISK/run
        "
      `);
      const kept = await readdir(join(dir, "checkpoints"));
      expect(kept.sort()).toEqual(["plain-1.safetensors", "weight-1.safetensors"]); // and no half of a third
      expect(await within("eval", dir, "--threads", "1")).toMatchObject({ code: 0, stderr: "" });
      remount("size=20m");
      const rest = await within("compare", "mnist", "--resume", dir, "--quiet");
      expect(rest).toMatchObject({ code: 0, stderr: "" });
      expect(await bitsOf(dir)).toEqual(bits);
    }));

  test("that is read-only", (context) =>
    onTmpfs(context.skip, 20_000, async (disk, remount) => {
      await cp(await copy("to-read", { finished: false }), join(disk, "run"), { recursive: true });
      remount("ro");
      const fresh = await within(...settings, "--out", join(disk, "new"));
      const resumed = await within("compare", "mnist", "--resume", join(disk, "run"), "--quiet");
      expect([fresh.code, resumed.code]).toEqual([1, 1]);
      expect([told(fresh, disk), told(resumed, disk)]).toMatchInlineSnapshot(`
        [
          "weightnorm: DISK/new: cannot write to a read-only file system, got EROFS; choose another folder
        ",
          "weightnorm: DISK/run: cannot write to a read-only file system, got EROFS; choose another folder
        ",
        ]
      `);
    }));

  test("that makes no folders", async (context) => {
    if (process.platform !== "linux") context.skip("/proc is Linux's");
    expect(await transcript([...settings, "--out", "/proc/weightnorm/run"])).toMatchInlineSnapshot(`
      "
      $ SETTINGS --out /proc/weightnorm/run
      1: weightnorm: /proc/weightnorm: the folder above does not exist, got ENOENT; make it first
      "
    `);
  });
});

describe("standard output", () => {
  const file = (): string => at("done", "checkpoints", "plain-1.safetensors");

  test("may be closed by its reader", async () => {
    const { child, finished } = start("inspect", file(), "--all", "--json");
    child.stdout?.destroy();
    expect(await finished).toEqual({ code: 0, stdout: "", stderr: "" });
  });

  test("that cannot be written is an error", (context) => {
    if (!existsSync("/dev/full")) context.skip("there is no /dev/full");
    const { status, stderr } = spawnSync(process.execPath, [...COMMAND_LINE, "inspect", file()], {
      stdio: ["ignore", openSync("/dev/full", "w"), "pipe"],
      encoding: "utf8",
    });
    expect({ status, stderr }).toMatchInlineSnapshot(`
      {
        "status": 1,
        "stderr": "weightnorm: standard output: cannot write, got ENOSPC; free some space or write elsewhere
      ",
      }
    `);
  });
});
