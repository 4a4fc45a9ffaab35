/** A table of the user's own on the command line, from its file to predictions on another one. */
import { copyFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { Results } from "../../runs/records.ts";
import {
  bitsOf,
  interrupted,
  readResults,
  temporaryFolder,
  transcript,
  within,
  type Finished,
} from "./run.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 }); // seconds, where the cores are free

const folder = await temporaryFolder("own-data");
const at = (...names: readonly string[]): string => join(folder, ...names);
afterAll(() => rm(folder, { recursive: true, force: true }));
const IRIS = join(import.meta.dirname, "..", "fixtures", "iris.csv");
const iris = await readFile(IRIS, "utf8");

let first: Finished;
beforeAll(async () => {
  await writeFile(at("iris.csv"), iris);
  first = await within("train", at("iris.csv"), "--target", "species", "--out", at("run"));
});

test("train: a table is learned from as it stands", async () => {
  expect(first.code).toBe(0);
  expect(first.stderr).toMatch(
    /^weight-1: .*epoch \d+, training loss .*, test error \d+\.\d\d%, .* rows\/s/m,
  );
  const { experiment, config, facts, sheet, settings } = await readResults(at("run"));
  expect(experiment).toBe("table");
  expect(config).toMatchObject({
    arms: ["weight"],
    column: "species",
    keepBest: true,
    oddBatch: true,
  });
  expect(facts).toEqual([
    ["source", at("iris.csv")],
    ["training rows", 120],
    ["test rows", 30],
    ["predicted", "species: setosa, versicolor, virginica"],
    ["learned from", "sepal length, sepal width, petal length, petal width"],
  ]);
  expect(sheet.tested).toEqual({ count: 30, unit: "test rows" });
  expect(settings).toContainEqual({
    name: "found",
    value: "150 rows of iris.csv: species (3 classes) from 4 columns",
  });
});

const errorOf = async (path: string, ...flags: readonly string[]): Promise<number> => {
  const { code, stdout, stderr } = await within("eval", path, "--json", ...flags);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const [{ test: values }] = JSON.parse(stdout) as readonly {
    readonly test: { readonly error: number };
  }[];
  return values.error;
};

test("eval: the best parameters, on the rows that were held out", async () => {
  expect(await errorOf(at("run"))).toBeLessThanOrEqual(0.05);
  await copyFile(at("iris.csv"), at("moved.csv"));
  expect(await errorOf(at("run"), "--data", at("moved.csv"))).toBeLessThanOrEqual(0.05);
});

test("compare: all five arms, on the same rows", async () => {
  const args = [
    "compare",
    at("iris.csv"),
    "--target",
    "species",
    "--epochs",
    "2",
    "--patience",
    "1",
  ];
  const { code, stdout } = await within(...args, "--out", at("five"), "--quiet", "--json");
  expect(code).toBe(0);
  const { arms, config } = JSON.parse(stdout) as Results;
  expect(Object.keys(arms)).toEqual(["plain", "weight", "batch", "mean-only", "weight+mean-only"]);
  const found = (await readResults(at("run"))).config["found"];
  expect(config["found"]).toEqual(found);
  expect(config["patience"]).toBe(1);
});

test("a run that was stopped goes on to the same bits", async () => {
  const args = ["train", at("iris.csv"), "--target", "species", "--epochs", "6"];
  await within(...args, "--out", at("whole"), "--quiet");
  const stopped = await interrupted("epoch 2", ...args, "--out", at("stopped"));
  expect(stopped.code).toBe(130);
  const rest = await within("train", at("moved.csv"), "--resume", at("stopped"), "--quiet");
  expect(rest).toMatchObject({ code: 0, stderr: "" });
  expect((await bitsOf(at("stopped"))).checkpoints).toEqual(
    (await bitsOf(at("whole"))).checkpoints,
  );
});

describe("predict", () => {
  const rows = iris.trimEnd().split("\n");
  const some = rows.slice(1).filter((_, i) => i % 10 === 0);

  test("says of new rows what they are, whatever else is in them", async () => {
    const header = "name,petal width,petal length,sepal width,sepal length";
    const turned = some.map(
      (row, i) => `"no. ${i}, ours",${row.split(",").slice(0, 4).toReversed().join(",")}`,
    );
    await writeFile(at("new.csv"), [header, ...turned].join("\r\n"));
    const { code, stdout } = await within("predict", at("run"), at("new.csv"), "--json");
    expect(code).toBe(0);
    const said = JSON.parse(stdout) as readonly Readonly<Record<string, unknown>>[];
    expect(said).toHaveLength(15);
    expect(Object.keys(said[0])).toEqual([
      ...header.split(","),
      "predicted species",
      "probability",
    ]);
    const right = said.filter((row, i) => row["predicted species"] === some[i].split(",")[4]);
    expect(right.length).toBeGreaterThanOrEqual(14);
    for (const { probability } of said) {
      expect(probability).toBeGreaterThan(1 / 3);
      expect(probability).toBeLessThanOrEqual(1);
    }
    const text = await within("predict", at("run"), at("new.csv"), "--csv");
    expect(text.stdout.split("\n")[1]).toMatch(/^"no. 0, ours",0.2,1.4,3.5,5.1,setosa,[01]/);
    const file = await within("predict", at("run"), at("new.csv"), "--out", at("said.csv"));
    expect(file.stdout).toBe(`${at("said.csv")}\n`);
    expect(await readFile(at("said.csv"), "utf8")).toBe(text.stdout);
  });

  test("never writes over what it was given", async () => {
    await writeFile(at("mine.csv"), [rows[0], ...some].join("\n"));
    const before = await readFile(at("mine.csv"), "utf8");
    const said = await within("predict", at("run"), at("mine.csv"), "--out", at("mine.csv"));
    expect(said.code).toBe(2);
    expect(said.stderr).toContain(
      `--out: expected a file of its own, got ${at("mine.csv")}, which is to be predicted from; name another`,
    );
    expect(await readFile(at("mine.csv"), "utf8")).toBe(before);
  });

  test("does not depend on which rows stand beside one", async () => {
    const of = async (name: string, lines: readonly string[]): Promise<readonly string[]> => {
      await writeFile(at(name), [rows[0], ...lines].join("\n"));
      const { stdout } = await within("predict", at("run"), at(name), "--csv");
      return stdout.trimEnd().split("\n").slice(1);
    };
    const many = await of("many.csv", rows.slice(1)); // more than a batch
    const few = await of("few.csv", rows.slice(101, 104));
    const classes = (lines: readonly string[]): readonly string[] =>
      lines.map((line) => line.split(",")[5]);
    expect(many).toHaveLength(150);
    expect(classes(few)).toEqual(classes(many.slice(100, 103)));
  });

  test("names what it cannot read, and predicts the rest", async () => {
    await writeFile(
      at("bad.csv"),
      `${rows[0]}\n${[...some.slice(0, 2), "1,2,3", "1,two,3,4,", ",3.5,1.4,?,"].join("\n")}\n`,
    );
    await writeFile(at("other.csv"), "sepal length,petal wdth\n1,2\n");
    const said = await transcript(
      folder,
      ["predict", at("run"), at("bad.csv"), "--csv"],
      ["predict", at("run"), at("other.csv")],
      ["predict", at("run"), at("nowhere.csv")],
      ["predict", at("run")],
      ["predict", at("run"), at("few.csv"), "--arm", "plain"],
    );
    expect(said.replaceAll(/0\.\d{3,}/g, "0.9…")).toMatchInlineSnapshot(`
      "
      $ predict TMP/run TMP/bad.csv --csv
      1: sepal length,sepal width,petal length,petal width,species,predicted species,probability
      5.1,3.5,1.4,0.2,setosa,setosa,1
      5.4,3.7,1.5,0.2,setosa,setosa,1
      ,3.5,1.4,?,,setosa,1
      TMP/bad.csv:6: 2 missing values (line 6 "sepal length", line 6 "petal width"); numbers count as the mean, words as what training knew of missing ones
      TMP/bad.csv:4: expected 5 fields as the header has, got 3; mend the row, e.g. with quotes around what holds a delimiter
      TMP/bad.csv:5: expected a number in column "sepal width", got "two"; mend it
      weightnorm: predict: expected an answer for every row and file, got 2 that could not be read, named above; mend them and predict again
      $ predict TMP/run TMP/other.csv
      1: TMP/other.csv:1: expected the columns that the run learned from, got none called "sepal width", "petal length", "petal width"; add what is lacking
      weightnorm: predict: expected an answer for every row and file, got 1 that could not be read, named above; mend them and predict again
      $ predict TMP/run TMP/nowhere.csv
      1: TMP/nowhere.csv: there is no such file, got ENOENT; check the path
      weightnorm: predict: expected an answer for every row and file, got 1 that could not be read, named above; mend them and predict again
      $ predict TMP/run
      2: weightnorm: predict: expected a file, got none; see weightnorm predict --help
      $ predict TMP/run TMP/few.csv --arm plain
      2: weightnorm: --arm: expected one of weight, which TMP/run holds, got "plain"; choose one of these
      "
    `);
  });
});

test("a file that has changed is noticed", async () => {
  await writeFile(at("changed.csv"), iris.replace("5.1,", "5.2,"));
  await writeFile(at("longer.csv"), `${iris}5,3,1,0.2,setosa\n`);
  const again = ["--resume", at("stopped"), "--epochs", "9"];
  const said = await transcript(
    folder,
    ["eval", at("run"), "--data", at("changed.csv")],
    ["train", at("longer.csv"), ...again],
    ["train", at("changed.csv"), ...again],
  );
  expect(await errorOf(at("stopped"))).toBeLessThanOrEqual(1); // it has kept the data that it began with
  expect(said).toMatchInlineSnapshot(`
    "
    $ eval TMP/run --data TMP/changed.csv
    2: weightnorm: TMP/changed.csv: expected the data that the run began with (150 examples, sha256 "b819e1e2"), got others (150 examples, sha256 "8319e5fc"); put those back or start a new run
    $ train TMP/longer.csv --resume TMP/stopped --epochs 9
    2: weightnorm: TMP/longer.csv: expected the data that the run began with (150 examples, sha256 "b819e1e2"), got others (151 examples, sha256 "f446fc98"); put those back or start a new run
    $ train TMP/changed.csv --resume TMP/stopped --epochs 9
    2: weightnorm: TMP/changed.csv: expected the data that the run began with (150 examples, sha256 "b819e1e2"), got others (150 examples, sha256 "8319e5fc"); put those back or start a new run
    "
  `);
});

test("hostile words in config.json are refused", async () => {
  await mkdir(at("hostile"));
  const text = await readFile(at("run", "config.json"), "utf8");
  await writeFile(at("hostile", "config.json"), text.replace('"share": 0.2', '"share": 1e9'));
  const { code, stderr } = await within("report", at("hostile"));
  expect(code).toBe(1);
  expect(stderr).toContain("config.json: expected at most 1 in found.split.share, got 1000000000");
});

test("what is no data of ours is named, and nothing is written", async () => {
  await mkdir(at("folder.csv"));
  await writeFile(at("book.xlsx"), "PK");
  const out = ["--out", at("nothing")];
  const said = await transcript(
    folder,
    ["train", at("iris.csv"), ...out],
    ["train", at("iris.csv"), "--target", "specis", ...out],
    ["train", at("nowhere.csv"), "--target", "species", ...out],
    ["train", at("folder.csv"), ...out],
    ["train", at("book.xlsx"), ...out],
    ["train", "table", ...out],
    ["train", at("iris.csv"), "--target", "species", "--held-out", "2", ...out],
  );
  expect(said).toMatchInlineSnapshot(`
    "
    $ train TMP/iris.csv --out TMP/nothing
    2: weightnorm: TMP/iris.csv: expected the column to predict, got none; add --target with one of "sepal length", "sepal width", "petal length", "petal width", species
    $ train TMP/iris.csv --target specis --out TMP/nothing
    2: weightnorm: TMP/iris.csv:1: expected a column called "specis", got "sepal length", "sepal width", "petal length", "petal width", species; name one of them with --target (did you mean species?)
    $ train TMP/nowhere.csv --target species --out TMP/nothing
    1: weightnorm: TMP/nowhere.csv: there is no such file or folder, got ENOENT; check the path
    $ train TMP/folder.csv --out TMP/nothing
    2: weightnorm: TMP/folder.csv: expected a file with a table, got a folder; rename it if it is one of pictures
    $ train TMP/book.xlsx --out TMP/nothing
    2: weightnorm: TMP/book.xlsx: expected a table (.csv, .tsv), a folder of pictures, or the module of an experiment (.ts, .js), got a file of another kind; save a table as CSV
    $ train table --out TMP/nothing
    2: weightnorm: experiment: expected one of EXPERIMENTS, a table (.csv), a folder of pictures, or the file of your own, got "table"; try weightnorm compare mnist
    $ train TMP/iris.csv --target species --held-out 2 --out TMP/nothing
    2: weightnorm: --held-out: expected a number from 0.01 to 0.9, got "2"; try --held-out 0.2
    "
  `);
  await expect(readFile(at("nothing", "config.json"))).rejects.toThrow("ENOENT");
});

test("--help does not take the file to be there", async () => {
  const { code, stdout } = await within("train", at("nowhere.csv"), "--help");
  expect(code).toBe(0);
  for (const flag of [
    "--target <name>",
    "--kind <name>",
    "--leave-out <list>",
    "--held-out <x>",
    "--patience <n>",
  ])
    expect(stdout).toContain(flag);
  expect(stdout).not.toContain("Infinity");
});

test("help says that there are tables and pictures", async () => {
  const helpOf = async (...args: readonly string[]): Promise<string> =>
    (await within(...args, "--help")).stdout;
  expect(await helpOf("train")).toContain("weightnorm train table.csv --target species");
  expect(await helpOf("train")).toContain("weightnorm train ./photos");
  expect(await helpOf("compare")).toContain("weightnorm compare table.csv --target species");
  expect(await helpOf("compare")).toContain("weightnorm compare ./photos");
  const predict = await helpOf("predict");
  expect(predict).toMatch(/^Usage: weightnorm predict \[options\] <path> <file...>\n\n\w/);
  expect(predict).toContain("weightnorm predict runs/photos new.jpg ./more --json");
  expect(Math.max(...predict.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
});
