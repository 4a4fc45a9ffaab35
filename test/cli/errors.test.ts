/** Bad input: what is said, the exit code, and that nothing that was there before is touched. */
import { existsSync } from "node:fs";
import { cp, readFile, rm, writeFile } from "node:fs/promises";
import { afterAll, describe, expect, test, vi } from "vitest";
import { tensor } from "../../src/index.ts";
import { encode } from "../../src/train/safetensors.ts";
import { bitsOf, FILES, within } from "./run.ts";
import { change, smallRun } from "./small-run.ts";

vi.setConfig({ testTimeout: 120_000 }); // seconds, where the cores are free

const { folder, at, settings, bits, copy, resume, transcript } = await smallRun("errors");
afterAll(() => rm(folder, { recursive: true, force: true }));

const words = (text: string): readonly string[] => text.split(" ");

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
      2: weightnorm: command: expected one that there is, got "comapre"; did you mean compare?
      $ compare
      2: weightnorm: compare: expected an experiment, one of EXPERIMENTS, got none; see weightnorm compare --help
      $ compare cifar
      2: weightnorm: experiment: expected one of EXPERIMENTS, a table (.csv), a folder of pictures, or the file of your own, got "cifar"; try weightnorm compare mnist
      $ compare mnist twice
      2: weightnorm: compare: expected one experiment, got more; leave the others away
      $ compare mnist --arms plain,wieght
      2: weightnorm: --arms: expected one of plain, weight, batch, mean-only, weight+mean-only, got "wieght"; try --arms weight
      $ compare mnist --arm weight
      2: weightnorm: --arm: expected a flag of compare mnist, got one that there is not; did you mean --arms?
      $ compare mnist --epohcs 3
      2: weightnorm: --epohcs: expected a flag of compare mnist, got one that there is not; did you mean --epochs?
      $ compare mnist --optimizer adma
      2: weightnorm: --optimizer: expected one of adam, adamax, rmsprop, sgd, got "adma"; try --optimizer adam
      $ compare mnist --out
      2: weightnorm: --out: expected a value, got none; add <folder>
      "
    `);
  });

  test("what is no value of its flag", async () => {
    expect(
      await transcript(
        ...[
          ...["--lr abc", "--lr -1", "--lr 0", "--lr Infinity", "--epochs 0", "--epochs 1.5"],
          ...["--arms plain,plain", "--arms plain,", "--seed x", "--seed -1", "--seed 1,1"],
          ...["--batch-size 1e99", "--train-size 0", "--target none", "--threads 0"],
        ].map((flag) => words(`compare mnist ${flag}`)),
        words("train mnist --arm all"),
        words("eval x --threads 1.5"),
      ),
    ).toMatchInlineSnapshot(`
      "
      $ compare mnist --lr abc
      2: weightnorm: --lr: expected a finite number above 0, got "abc"; try --lr 0.001
      $ compare mnist --lr -1
      2: weightnorm: --lr: expected a finite number above 0, got "-1"; try --lr 0.001
      $ compare mnist --lr 0
      2: weightnorm: --lr: expected a finite number above 0, got "0"; try --lr 0.001
      $ compare mnist --lr Infinity
      2: weightnorm: --lr: expected a finite number above 0, got "Infinity"; try --lr 0.001
      $ compare mnist --epochs 0
      2: weightnorm: --epochs: expected a whole number of at least 1 and at most 100000, got "0"; try --epochs 3
      $ compare mnist --epochs 1.5
      2: weightnorm: --epochs: expected a whole number of at least 1 and at most 100000, got "1.5"; try --epochs 3
      $ compare mnist --arms plain,plain
      2: weightnorm: --arms: expected every value once, got "plain,plain"; remove one plain
      $ compare mnist --arms plain,
      2: weightnorm: --arms: expected one of plain, weight, batch, mean-only, weight+mean-only, got ""; try --arms weight
      $ compare mnist --seed x
      2: weightnorm: --seed: expected a whole number of at least 0, got "x"; try --seed 1
      $ compare mnist --seed -1
      2: weightnorm: --seed: expected a whole number of at least 0, got "-1"; try --seed 1
      $ compare mnist --seed 1,1
      2: weightnorm: --seed: expected every value once, got "1,1"; remove one 1
      $ compare mnist --batch-size 1e99
      2: weightnorm: --batch-size: expected a whole number of at least 1, got "1e99"; try --batch-size 100
      $ compare mnist --train-size 0
      2: weightnorm: --train-size: expected a whole number of at least 1, got "0"; try --train-size 10000
      $ compare mnist --target none
      2: weightnorm: --target: expected a finite number above 0, got "none"; try --target 1.5
      $ compare mnist --threads 0
      2: weightnorm: --threads: expected a whole number of at least 1 and at most 256, got "0"; try --threads 2
      $ train mnist --arm all
      2: weightnorm: --arm: expected one of plain, weight, batch, mean-only, weight+mean-only, got "all"; try --arm weight
      $ eval x --threads 1.5
      2: weightnorm: --threads: expected a whole number of at least 1 and at most 256, got "1.5"; try --threads 2
      "
    `);
  });

  test("what does not fit the data, before anything is written", async () => {
    const beginning = [...settings, "--out", at("unfit")];
    expect(
      await transcript(
        [...beginning, "--batch-size", "61"],
        [...beginning, "--batch-size", "20", "--train-size", "10"],
        [...beginning, "--train-size", "61"],
      ),
    ).toMatchInlineSnapshot(`
      "
      $ SETTINGS --out TMP/unfit --batch-size 61
      2: weightnorm: --batch-size: expected at most the 60 images of an epoch, got 61; lower it or raise --train-size
      $ SETTINGS --out TMP/unfit --batch-size 20 --train-size 10
      2: weightnorm: --batch-size: expected at most the 10 images of an epoch, got 20; lower it or raise --train-size
      $ SETTINGS --out TMP/unfit --train-size 61
      2: weightnorm: --train-size: expected at most the 60 training images of TMP/data, got 61; lower it
      "
    `);
    expect(existsSync(at("unfit"))).toBe(false);
  });

  test("help and version are no errors", async () => {
    expect(await within("--help")).toMatchObject({ code: 0, stderr: "" });
    expect((await within("compare", "--help")).stdout).toContain("Examples:\n  weightnorm compare");
    const { version } = JSON.parse(await readFile("package.json", "utf8")) as { version: string };
    expect(await within("--version")).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
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
    1: weightnorm: TMP/nowhere: there is no such file or folder, got ENOENT; check the path
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
  test("is never mistaken or overwritten", async () => {
    await copy("unfinished", { finished: false });
    const before = await readFile(at("unfinished", "config.json"));
    expect(
      await transcript(
        [...settings, "--out", at("unfinished")],
        [...settings, "--lr", "0.01", "--out", at("done")],
        [...settings, "--out", at("data", FILES.trainImages)],
        resume(at("data")),
        resume(at("nowhere")),
        resume(at("unfinished"), "--optimizer", "sgd"),
        resume(at("done"), "--lr", "0.01"),
        resume(at("done"), "--epochs", "1"),
        resume(at("unfinished"), "--lr", "0.01,0.1"),
        resume(at("unfinished"), "--arms", "weight,plain"),
        resume(at("unfinished"), "--out", at("elsewhere")),
        resume(at("unfinished"), "--data-dir", at("elsewhere")),
        ["train", "mnist", "--resume", at("unfinished"), "--arm", "weight"],
      ),
    ).toMatchInlineSnapshot(`
      "
      $ SETTINGS --out TMP/unfinished
      2: weightnorm: --out: TMP/unfinished holds an unfinished run, got another to put there; go on with --resume TMP/unfinished or choose another folder
      $ SETTINGS --lr 0.01 --out TMP/done
      2: weightnorm: --out: TMP/done holds a run with other settings (weightnorm SETTINGS --out TMP/done), got another to put there; choose another folder
      $ SETTINGS --out TMP/data/train-images-idx3-ubyte
      1: weightnorm: TMP/data/train-images-idx3-ubyte: its folder is a file, got ENOTDIR; choose another folder
      $ compare mnist --resume TMP/data --quiet
      1: weightnorm: TMP/data: expected the folder of a run, got no readable config.json in it (ENOENT); give the folder that --out named
      $ compare mnist --resume TMP/nowhere --quiet
      1: weightnorm: TMP/nowhere: expected the folder of a run, got no readable config.json in it (ENOENT); give the folder that --out named
      $ compare mnist --resume TMP/unfinished --quiet --optimizer sgd
      2: weightnorm: --resume: the run began with optimizer = adam, got sgd; leave that flag away or start a new run
      $ compare mnist --resume TMP/done --quiet --lr 0.01
      2: weightnorm: --lr: expected a run that has steps left, got one that is finished; add --epochs to train it for longer, or start a new run
      $ compare mnist --resume TMP/done --quiet --epochs 1
      2: weightnorm: --epochs: the run began with epochs = 2, got 1; give more, or start a new run
      $ compare mnist --resume TMP/unfinished --quiet --lr 0.01,0.1
      2: weightnorm: --lr: the run began with lr = 0.001, got 0.01,0.1; several learning rates are compared from the start, so start a new run
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
    const again = await within(...settings, "--resume", at("unfinished"));
    expect(again).toMatchObject({ code: 0, stderr: "" });
    expect(await bitsOf(at("unfinished"))).toEqual(bits);
  });
});

test("paths that hold nothing, or nothing of ours", async () => {
  const foreign = at("foreign.safetensors");
  const tensors = {
    "fc.weight": tensor([1, 2]),
    "attention.v": tensor([3, 4]),
    "attention.g": tensor([1, 2, 3]),
  };
  await writeFile(foreign, encode(new Map(Object.entries(tensors)), { format: "pt" }));
  expect(
    await transcript(
      ...["eval", "inspect", "report"].map((command) => [command, at("nowhere")]),
      ...["eval", "inspect", "report"].map((command) => [command, at("data")]),
      ...["eval", "inspect"].map((command) => [command, at("data", FILES.testLabels)]),
      ["eval", foreign],
      ["eval", at("done"), "--data-dir", at("nowhere")],
    ),
  ).toMatchInlineSnapshot(`
    "
    $ eval TMP/nowhere
    1: weightnorm: TMP/nowhere: expected a checkpoint or the folder of a run, got ENOENT; check the path
    $ inspect TMP/nowhere
    1: weightnorm: TMP/nowhere: there is no such file, got ENOENT; check the path
    $ report TMP/nowhere
    1: weightnorm: TMP/nowhere: expected the folder of a run, got no results.json in it (ENOENT); give the folder that --out named
    $ eval TMP/data
    1: weightnorm: TMP/data: expected the folder of a run, got no checkpoints in it; give the folder that --out named
    $ inspect TMP/data
    1: weightnorm: TMP/data: this is a folder, got EISDIR; give the file in it
    $ report TMP/data
    1: weightnorm: TMP/data: expected the folder of a run, got no results.json in it (ENOENT); give the folder that --out named
    $ eval TMP/data/t10k-labels-idx1-ubyte
    1: weightnorm: TMP/data/t10k-labels-idx1-ubyte: not a safetensors file, got a header of 1441151880775860200 bytes; check the path
    $ inspect TMP/data/t10k-labels-idx1-ubyte
    1: weightnorm: TMP/data/t10k-labels-idx1-ubyte: not a safetensors file, got a header of 1441151880775860200 bytes; check the path
    $ eval TMP/foreign.safetensors
    1: weightnorm: TMP/foreign.safetensors: not a checkpoint of weightnorm, got a safetensors file with "attention.g" float [3], "attention.v" float [2], "fc.weight" float [2], metadata format=pt; give a file that saveCheckpoint wrote
    $ eval TMP/done --data-dir TMP/nowhere
    1: weightnorm: TMP/nowhere: there is no such file or folder, got ENOENT; check the path
    "
  `);
  const { code, stdout } = await within("inspect", foreign); // any safetensors file will do
  expect({ code, stdout: stdout.replaceAll(folder, "TMP") }).toMatchInlineSnapshot(`
    {
      "code": 0,
      "stdout": "TMP/foreign.safetensors

    tensor        type  shape   mean     std
    ────────────────────────────────────────
    attention.g  float    [3]  2.000  0.8165
    attention.v  float    [2]  3.500  0.5000
    fc.weight    float    [2]  1.500  0.5000

    7 numbers in 3 tensors
    ",
    }
  `);
});
