/** Bad input and bad luck: what is said, the exit code, and that nothing is lost. */
import { spawnSync } from "node:child_process";
import { existsSync, openSync } from "node:fs";
import { cp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { tensor } from "../../src/index.ts";
import { loadCheckpoint } from "../../src/node/index.ts";
import { encode } from "../../src/train/safetensors.ts";
import {
  bitsOf,
  FILES,
  SCRIPT,
  start,
  temporaryFolder,
  tinyMnist,
  within,
  type Bits,
} from "./run.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 }); // seconds, where the cores are free

let folder: string;
const at = (...names: readonly string[]): string => join(folder, ...names);
const settings = (): readonly string[] => [
  ...["compare", "mnist", "--arms", "plain,weight", "--epochs", "2", "--batch-size", "20"],
  ...["--threads", "1", "--quiet", "--data-dir", at("data")],
];
let bits: Bits;

beforeAll(async () => {
  folder = await temporaryFolder("errors");
  await tinyMnist(at("data"), { train: 60, test: 20 });
  expect(await within(...settings(), "--out", at("done"))).toMatchObject({ code: 0, stderr: "" });
  bits = await bitsOf(at("done"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Commands with the exit codes and messages that they end with; "TMP" is the test's folder. */
async function transcript(...commands: readonly (readonly string[])[]): Promise<string> {
  const lines: string[] = [];
  for (const args of commands) {
    const { code, stdout, stderr } = await within(...args);
    expect(stdout).toBe("");
    lines.push(`$ ${args.join(" ")}`, `${code}: ${stderr.trimEnd()}`);
  }
  return `\n${lines.join("\n").replaceAll(folder, "TMP")}\n`;
}
const words = (text: string): readonly string[] => text.split(" ");
/** A copy of the finished run to break. */
async function copy(name: string, { finished = false } = {}): Promise<string> {
  await cp(at("done"), at(name), { recursive: true });
  if (!finished) await rm(at(name, "results.json"));
  return at(name);
}
async function change(path: string, edit: (bytes: Buffer) => Buffer): Promise<void> {
  await writeFile(path, edit(await readFile(path)));
}

describe("usage", () => {
  test("what does not exist", async () => {
    expect(
      await transcript(
        ["comapre", "mnist"],
        ["compare"],
        ["compare", "cifar"],
        ["compare", "mnist", "twice"],
        ["compare", "mnist", "--arms", "plain,wieght"],
        ["compare", "mnist", "--arm", "weight"],
        ["compare", "mnist", "--epohcs", "3"],
        ["compare", "mnist", "--optimizer", "adma"],
        ["compare", "mnist", "--out"],
      ),
    ).toMatchInlineSnapshot(`
      "
      $ comapre mnist
      2: weightnorm: unknown command 'comapre'
      (Did you mean compare?)
      (add --help for the flags and examples)
      $ compare
      2: weightnorm: missing required argument 'experiment'
      (add --help for the flags and examples)
      $ compare cifar
      2: weightnorm: experiment: expected mnist, got "cifar"; try weightnorm compare mnist
      $ compare mnist twice
      2: weightnorm: too many arguments for 'compare'. Expected 1 argument but got 2.
      (add --help for the flags and examples)
      $ compare mnist --arms plain,wieght
      2: weightnorm: --arms: expected one of plain, weight, batch, mean-only, weight+mean-only, got "wieght"; try --arms weight
      (add --help for the flags and examples)
      $ compare mnist --arm weight
      2: weightnorm: unknown option '--arm'
      (Did you mean --arms?)
      (add --help for the flags and examples)
      $ compare mnist --epohcs 3
      2: weightnorm: unknown option '--epohcs'
      (Did you mean --epochs?)
      (add --help for the flags and examples)
      $ compare mnist --optimizer adma
      2: weightnorm: --optimizer: expected one of adam, adamax, rmsprop, sgd, got "adma"; try --optimizer adamax
      (add --help for the flags and examples)
      $ compare mnist --out
      2: weightnorm: option '--out <folder>' argument missing
      (add --help for the flags and examples)
      "
    `);
  });

  test("what is no value of its flag", async () => {
    expect(
      await transcript(
        ...[
          ...["--lr abc", "--lr -1", "--lr 0", "--lr Infinity", "--epochs 0", "--epochs 1.5"],
          ...["--arms plain,plain", "--arms plain,", "--seed x", "--seed -1", "--seed 1,1"],
          ...["--batch-size 1e99", "--train-size 0", "--target-error none", "--threads 0"],
        ].map((flag) => words(`compare mnist ${flag}`)),
        words("train mnist --arm all"),
        words("eval x --threads 1.5"),
      ),
    ).toMatchInlineSnapshot(`
      "
      $ compare mnist --lr abc
      2: weightnorm: --lr: expected a number above 0, got "abc"; try --lr 0.001
      (add --help for the flags and examples)
      $ compare mnist --lr -1
      2: weightnorm: --lr: expected a number above 0, got "-1"; try --lr 0.001
      (add --help for the flags and examples)
      $ compare mnist --lr 0
      2: weightnorm: --lr: expected a number above 0, got "0"; try --lr 0.001
      (add --help for the flags and examples)
      $ compare mnist --lr Infinity
      2: weightnorm: --lr: expected a number above 0, got "Infinity"; try --lr 0.001
      (add --help for the flags and examples)
      $ compare mnist --epochs 0
      2: weightnorm: --epochs: expected a whole number of at least 1, got "0"; try --epochs 3
      (add --help for the flags and examples)
      $ compare mnist --epochs 1.5
      2: weightnorm: --epochs: expected a whole number of at least 1, got "1.5"; try --epochs 3
      (add --help for the flags and examples)
      $ compare mnist --arms plain,plain
      2: weightnorm: --arms: expected every value once, got "plain,plain"; remove one plain
      (add --help for the flags and examples)
      $ compare mnist --arms plain,
      2: weightnorm: --arms: expected one of plain, weight, batch, mean-only, weight+mean-only, got ""; try --arms weight
      (add --help for the flags and examples)
      $ compare mnist --seed x
      2: weightnorm: --seed: expected a whole number of at least 0, got "x"; try --seed 1
      (add --help for the flags and examples)
      $ compare mnist --seed -1
      2: weightnorm: --seed: expected a whole number of at least 0, got "-1"; try --seed 1
      (add --help for the flags and examples)
      $ compare mnist --seed 1,1
      2: weightnorm: --seed: expected every value once, got "1,1"; remove one 1
      (add --help for the flags and examples)
      $ compare mnist --batch-size 1e99
      2: weightnorm: --batch-size: expected a whole number of at least 1, got "1e99"; try --batch-size 100
      (add --help for the flags and examples)
      $ compare mnist --train-size 0
      2: weightnorm: --train-size: expected a whole number of at least 1, got "0"; try --train-size 10000
      (add --help for the flags and examples)
      $ compare mnist --target-error none
      2: weightnorm: --target-error: expected a number above 0, got "none"; try --target-error 1.5
      (add --help for the flags and examples)
      $ compare mnist --threads 0
      2: weightnorm: --threads: expected a whole number of at least 1, got "0"; try --threads 2
      (add --help for the flags and examples)
      $ train mnist --arm all
      2: weightnorm: --arm: expected one of plain, weight, batch, mean-only, weight+mean-only, got "all"; try --arm weight
      (add --help for the flags and examples)
      $ eval x --threads 1.5
      2: weightnorm: --threads: expected a whole number of at least 1, got "1.5"; try --threads 2
      (add --help for the flags and examples)
      "
    `);
  });

  test("what does not fit the data, before anything is written", async () => {
    const beginning = [...settings(), "--out", at("unfit")];
    expect(
      await transcript(
        [...beginning, "--batch-size", "61"],
        [...beginning, "--batch-size", "20", "--train-size", "10"],
        [...beginning, "--train-size", "61"],
      ),
    ).toMatchInlineSnapshot(`
      "
      $ compare mnist --arms plain,weight --epochs 2 --batch-size 20 --threads 1 --quiet --data-dir TMP/data --out TMP/unfit --batch-size 61
      2: weightnorm: --batch-size: expected at most the 60 images of an epoch, got 61; lower it or raise --train-size
      $ compare mnist --arms plain,weight --epochs 2 --batch-size 20 --threads 1 --quiet --data-dir TMP/data --out TMP/unfit --batch-size 20 --train-size 10
      2: weightnorm: --batch-size: expected at most the 10 images of an epoch, got 20; lower it or raise --train-size
      $ compare mnist --arms plain,weight --epochs 2 --batch-size 20 --threads 1 --quiet --data-dir TMP/data --out TMP/unfit --train-size 61
      2: weightnorm: --train-size: expected at most the 60 training images of TMP/data, got 61; lower it
      "
    `);
    expect(existsSync(at("unfit"))).toBe(false);
  });

  test("help and version are no errors", async () => {
    expect(await within("--help")).toMatchObject({ code: 0, stderr: "" });
    expect((await within("compare", "--help")).stdout).toContain("Examples:\n  weightnorm compare");
    expect(await within("--version")).toEqual({ code: 0, stdout: "0.1.0\n", stderr: "" });
    expect((await within()).stderr).toMatch(/^Usage: weightnorm/);
  });
});

test("IDX files that are missing, cut off or mixed up", async () => {
  const broken = async (
    name: string,
    edit: (file: (part: keyof typeof FILES) => string) => Promise<void>,
  ): Promise<readonly string[]> => {
    await cp(at("data"), at(name), { recursive: true });
    await edit((part) => at(name, FILES[part]));
    return [...words("compare mnist --data-dir"), at(name), "--out", at("unread")];
  };
  expect(
    await transcript(
      [...words("compare mnist --data-dir"), at("nowhere"), "--out", at("unread")],
      await broken("missing", async (file) => {
        await rm(file("trainLabels"));
        await rm(file("testImages"));
      }),
      await broken("cut", (file) => change(file("testImages"), (b) => b.subarray(0, 1000))),
      await broken("empty", (file) => writeFile(file("trainImages"), "")),
      await broken("swapped", async (file) => {
        await cp(at("data", FILES.trainImages), file("trainLabels"));
        await cp(at("data", FILES.trainLabels), file("trainImages"));
      }),
      await broken("mixed", (file) => cp(at("data", FILES.testLabels), file("trainLabels"))),
      await broken("text", (file) => writeFile(file("testLabels"), "<html>404</html>")),
      await broken("eleven", (file) => change(file("trainLabels"), (b) => b.fill(11, 8, 9))),
    ),
  ).toMatchInlineSnapshot(`
    "
    $ compare mnist --data-dir TMP/nowhere --out TMP/unread
    1: weightnorm: TMP/nowhere: expected a folder with MNIST's four files, got ENOENT; check the path
    $ compare mnist --data-dir TMP/missing --out TMP/unread
    1: weightnorm: TMP/missing: expected MNIST's four files (or the same with .gz), got no train-labels-idx1-ubyte, no t10k-images-idx3-ubyte; add what is missing
    $ compare mnist --data-dir TMP/cut --out TMP/unread
    1: weightnorm: TMP/cut/t10k-images-idx3-ubyte: truncated, expected 15680 values for shape [20,28,28], got 984; download it again
    $ compare mnist --data-dir TMP/empty --out TMP/unread
    1: weightnorm: TMP/empty/train-images-idx3-ubyte: too short for an IDX file, got 0 bytes; download it again
    $ compare mnist --data-dir TMP/swapped --out TMP/unread
    1: weightnorm: TMP/swapped/train: images and labels look swapped, got images of shape [60] and labels of shape [60,28,28]; exchange the two files
    $ compare mnist --data-dir TMP/mixed --out TMP/unread
    1: weightnorm: TMP/mixed/train: every image needs a label, got 60 images and 20 labels; take both files from one set
    $ compare mnist --data-dir TMP/text --out TMP/unread
    1: weightnorm: TMP/text/t10k-labels-idx1-ubyte: not an IDX file, got first bytes 3c 68 instead of 00 00; check that it is the right file
    $ compare mnist --data-dir TMP/eleven --out TMP/unread
    1: weightnorm: TMP/eleven/train: labels must be 0..9, got 11 for image 0; check that it is the file of labels
    "
  `);
  expect(existsSync(at("unread"))).toBe(false);
});

describe("a run's folder", () => {
  const resume = (dir: string, ...flags: readonly string[]): readonly string[] => [
    ...["compare", "mnist", "--resume", dir, "--quiet"],
    ...flags,
  ];

  test("is never mistaken or overwritten", async () => {
    await copy("unfinished");
    const before = await readFile(at("unfinished", "config.json"));
    expect(
      await transcript(
        [...settings(), "--out", at("unfinished")],
        [...settings(), "--lr", "0.01", "--out", at("done")],
        [...settings(), "--out", at("data", FILES.trainImages)],
        resume(at("data")),
        resume(at("nowhere")),
        resume(at("unfinished"), "--lr", "0.01"),
        resume(at("unfinished"), "--arms", "weight,plain"),
        resume(at("unfinished"), "--out", at("elsewhere")),
        resume(at("unfinished"), "--data-dir", at("elsewhere")),
        ["train", "mnist", "--resume", at("unfinished"), "--arm", "weight"],
      ),
    ).toMatchInlineSnapshot(`
      "
      $ compare mnist --arms plain,weight --epochs 2 --batch-size 20 --threads 1 --quiet --data-dir TMP/data --out TMP/unfinished
      2: weightnorm: --out: TMP/unfinished holds an unfinished run, got another to put there; go on with --resume TMP/unfinished or choose another folder
      $ compare mnist --arms plain,weight --epochs 2 --batch-size 20 --threads 1 --quiet --data-dir TMP/data --lr 0.01 --out TMP/done
      2: weightnorm: --out: TMP/done holds a run with other settings (weightnorm compare mnist --arms plain,weight --epochs 2 --batch-size 20 --threads 1 --quiet --data-dir TMP/data --out TMP/done), got another to put there; choose another folder
      $ compare mnist --arms plain,weight --epochs 2 --batch-size 20 --threads 1 --quiet --data-dir TMP/data --out TMP/data/train-images-idx3-ubyte
      1: weightnorm: --out: cannot make the folder TMP/data/train-images-idx3-ubyte/checkpoints, got ENOTDIR; choose another
      $ compare mnist --resume TMP/data --quiet
      1: weightnorm: TMP/data: expected the folder of a run, got no readable config.json in it (ENOENT); give the folder that --out named
      $ compare mnist --resume TMP/nowhere --quiet
      1: weightnorm: TMP/nowhere: expected the folder of a run, got no readable config.json in it (ENOENT); give the folder that --out named
      $ compare mnist --resume TMP/unfinished --quiet --lr 0.01
      2: weightnorm: --resume: the run began with lr = 0.001, got 0.01; leave that flag away or start a new run
      $ compare mnist --resume TMP/unfinished --quiet --arms weight,plain
      2: weightnorm: --resume: the run began with arms = plain,weight, got weight,plain; leave that flag away or start a new run
      $ compare mnist --resume TMP/unfinished --quiet --out TMP/elsewhere
      2: weightnorm: --out: a resumed run stays in its folder TMP/unfinished, got TMP/elsewhere; leave --out away
      $ compare mnist --resume TMP/unfinished --quiet --data-dir TMP/elsewhere
      2: weightnorm: --data-dir: the run began with TMP/data, got TMP/elsewhere; leave it away or start a new run
      $ train mnist --resume TMP/unfinished --arm weight
      2: weightnorm: --resume: the run began with arms = plain,weight, got weight; leave that flag away or start a new run
      "
    `);
    expect(await readFile(at("unfinished", "config.json"))).toEqual(before);
    expect(await bitsOf(at("done"))).toEqual(bits);
    // Flags that say what the run says anyway are welcome.
    const again = await within(...settings(), "--resume", at("unfinished"));
    expect(again).toMatchObject({ code: 0, stderr: "" });
    expect(await bitsOf(at("unfinished"))).toEqual(bits);
  });

  test("with damaged files says which, and goes on without what can be made anew", async () => {
    const flipped = await copy("flipped");
    const checkpoint = join(flipped, "checkpoints", "plain-1.safetensors");
    await change(checkpoint, (b) => {
      b[b.length - 5] ^= 1;
      return b;
    });
    const mixed = join(await copy("mixed-up"), "checkpoints");
    await cp(join(mixed, "weight-1.safetensors"), join(mixed, "plain-1.safetensors"));
    await change(join(await copy("cut-short"), "checkpoints", "plain-1.safetensors"), (b) =>
      b.subarray(0, 5000),
    );
    await writeFile(join(await copy("torn"), "config.json"), '{"experiment": "mni');
    await writeFile(join(await copy("other", { finished: true }), "results.json"), "[]");
    const text = await transcript(
      resume(flipped),
      resume(at("mixed-up")),
      resume(at("cut-short")),
      resume(at("torn")),
      ["report", at("other")],
    );
    expect(text.replaceAll(/\b[0-9a-f]{8}\b/g, "CHECKSUM")).toMatchInlineSnapshot(`
      "
      $ compare mnist --resume TMP/flipped --quiet
      1: weightnorm: TMP/flipped/checkpoints/plain-1.safetensors: the file is damaged, expected checksum CHECKSUM, got CHECKSUM; use an earlier checkpoint. Without this file plain-1 starts anew, and the others go on
      $ compare mnist --resume TMP/mixed-up --quiet
      1: weightnorm: Cannot read properties of undefined (reading 'code')
      $ compare mnist --resume TMP/cut-short --quiet
      1: weightnorm: TMP/cut-short/checkpoints/plain-1.safetensors: truncated, expected a header of 7112 bytes, got 4992; copy or save it again. Without this file plain-1 starts anew, and the others go on
      $ compare mnist --resume TMP/torn --quiet
      1: weightnorm: TMP/torn/config.json: expected the configuration of a run, got "{"experiment": "mni"; restore the file or start a new run
      $ report TMP/other
      1: weightnorm: TMP/other/results.json: expected results of weightnorm, got "[]"; run the comparison again
      "
    `);

    await rm(checkpoint); // as the message advises
    expect(await within(...resume(flipped))).toMatchObject({ code: 0, stderr: "" });
    expect(await bitsOf(flipped)).toEqual(bits);
  });
});

test("paths that hold nothing, or nothing of ours", async () => {
  const foreign = at("foreign.safetensors");
  await writeFile(foreign, encode(new Map([["fc.weight", tensor([1, 2])]]), { format: "pt" }));
  expect(
    await transcript(
      ...["eval", "inspect", "report"].map((command) => [command, at("nowhere")]),
      ...["eval", "inspect", "report"].map((command) => [command, at("data")]),
      ...["eval", "inspect"].map((command) => [command, at("data", FILES.testLabels)]),
      ["eval", foreign],
      ["report", await copy("half")],
      ["eval", at("done"), "--data-dir", at("nowhere")],
    ),
  ).toMatchInlineSnapshot(`
    "
    $ eval TMP/nowhere
    1: weightnorm: TMP/nowhere: expected a checkpoint or the folder of a run, got ENOENT; check the path
    $ inspect TMP/nowhere
    1: weightnorm: TMP/nowhere: cannot read it, got ENOENT; give a .safetensors file, e.g. RUN/checkpoints/weight-1.safetensors
    $ report TMP/nowhere
    1: weightnorm: TMP/nowhere: expected the folder of a run, got no results.json in it (ENOENT); give the folder that --out named
    $ eval TMP/data
    1: weightnorm: TMP/data: expected the folder of a run, got no checkpoints in it; give the folder that --out named
    $ inspect TMP/data
    1: weightnorm: TMP/data: cannot read it, got EISDIR; give a .safetensors file, e.g. RUN/checkpoints/weight-1.safetensors
    $ report TMP/data
    1: weightnorm: TMP/data: expected the folder of a run, got no results.json in it (ENOENT); give the folder that --out named
    $ eval TMP/data/t10k-labels-idx1-ubyte
    1: weightnorm: TMP/data/t10k-labels-idx1-ubyte: not a safetensors file, got a header of 1441151880775860200 bytes; check the path
    $ inspect TMP/data/t10k-labels-idx1-ubyte
    1: weightnorm: TMP/data/t10k-labels-idx1-ubyte: not a safetensors file, got a header of 1441151880775860200 bytes; check the path
    $ eval TMP/foreign.safetensors
    1: weightnorm: TMP/foreign.safetensors: not a checkpoint of weightnorm, got a safetensors file with "fc.weight" float [2], metadata format=pt; give a file that saveCheckpoint wrote
    $ report TMP/half
    1: weightnorm: TMP/half: expected a finished run, got one without results.json; finish it with --resume TMP/half
    $ eval TMP/done --data-dir TMP/nowhere
    1: weightnorm: TMP/nowhere: expected a folder with MNIST's four files, got ENOENT; check the path
    "
  `);
  const { code, stdout } = await within("inspect", foreign); // any safetensors file will do
  expect({ code, stdout: stdout.replaceAll(folder, "TMP") }).toMatchInlineSnapshot(`
    {
      "code": 0,
      "stdout": "TMP/foreign.safetensors

    tensor      type  shape   mean     std
    ──────────────────────────────────────
    fc.weight  float    [2]  1.500  0.5000

    2 numbers in 1 tensors
    ",
    }
  `);
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
      ...[...settings(), "--lr", "1e6", "--out", at("nan")],
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
    const command = [...settings(), "--train-size", "20", "--lr", "1e39", "--out", at("overflow")];
    expect(await transcript(command)).toMatchInlineSnapshot(`
      "
      $ compare mnist --arms plain,weight --epochs 2 --batch-size 20 --threads 1 --quiet --data-dir TMP/data --train-size 20 --lr 1e39 --out TMP/overflow
      1: weightnorm: train: the parameters of plain must be finite numbers, got Infinity in conv1.w after step 1; lower --lr. The checkpoints from before are in TMP/overflow
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
      const full = await within(...settings(), "--out", dir);
      expect(full).toMatchObject({ code: 1, stdout: "" });
      expect(told(full, disk)).toMatchInlineSnapshot(`
        "weightnorm: DISK/run/checkpoints/plain-1.safetensors: the disk is full, got ENOSPC; free some space, then go on with: weightnorm compare mnist --resume DISK/run
        "
      `);
      expect(await readdir(join(dir, "checkpoints"))).toEqual([
        ...["plain-1.safetensors", "weight-1.safetensors"], // whole, and no half of a third
      ]);
      expect(await within("eval", dir, "--threads", "1")).toMatchObject({ code: 0, stderr: "" });
      remount("size=20m");
      const rest = await within("compare", "mnist", "--resume", dir, "--quiet");
      expect(rest).toMatchObject({ code: 0, stderr: "" });
      expect(await bitsOf(dir)).toEqual(bits);
    }));

  test("that is read-only", (context) =>
    onTmpfs(context.skip, 20_000, async (disk, remount) => {
      await cp(await copy("to-read"), join(disk, "run"), { recursive: true });
      remount("ro");
      const fresh = await within(...settings(), "--out", join(disk, "new"));
      const resumed = await within("compare", "mnist", "--resume", join(disk, "run"), "--quiet");
      expect([fresh.code, resumed.code]).toEqual([1, 1]);
      expect([told(fresh, disk), told(resumed, disk)]).toMatchInlineSnapshot(`
        [
          "weightnorm: --out: cannot make the folder DISK/new, got EROFS; choose another
        ",
          "weightnorm: DISK/run/log.jsonl: cannot write to a read-only file system, got EROFS; choose another folder
        ",
        ]
      `);
    }));

  test("that makes no folders", async (context) => {
    if (process.platform !== "linux") context.skip("/proc is Linux's");
    expect(await transcript([...settings(), "--out", "/proc/weightnorm/run"]))
      .toMatchInlineSnapshot(`
      "
      $ compare mnist --arms plain,weight --epochs 2 --batch-size 20 --threads 1 --quiet --data-dir TMP/data --out /proc/weightnorm/run
      1: weightnorm: --out: cannot make the folder /proc/weightnorm, got ENOENT; choose another
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
    const { status, stderr } = spawnSync(process.execPath, [...SCRIPT, "inspect", file()], {
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
