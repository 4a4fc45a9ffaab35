/** `weightnorm diagnose`: what it writes and prints, and what it says where it cannot. */
import { existsSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { beforeAll, expect, test } from "vitest";
import { diagnosisTable } from "../../report/diagnosis-table.ts";
import { diagnosisFigure } from "../../report/diagnosis.ts";
import type { Diagnosis } from "../../runs/records.ts";
import { within } from "./run.ts";
import { smallRun, type SmallRun } from "./small-run.ts";

let small: SmallRun;
const few = ["--batches", "40", "--units", "1", "--steps", "3", "--threads", "1"];

beforeAll(async () => {
  small = await smallRun("diagnose");
}, 60_000);

const read = async (...names: readonly string[]): Promise<Diagnosis> =>
  JSON.parse(await readFile(small.at(...names), "utf8")) as Diagnosis;

test("it writes records and figure into the run, and prints the table", async () => {
  const { code, stdout, stderr } = await within("diagnose", small.at("done"), ...few);
  expect(stderr).not.toContain("weightnorm:");
  expect(code).toBe(0);
  const diagnosis = await read("done", "diagnosis", "diagnosis.json");
  expect(diagnosis).toMatchObject({ format: "weightnorm-diagnosis/1", experiment: "mnist" });
  expect(diagnosis.arms.map(({ arm }) => arm)).toEqual(["plain", "weight"]);
  expect(stdout).toContain(diagnosisTable(diagnosis));
  expect(stdout).toMatch(/^weight +after one epoch +conv1 +9 /m);
  expect(stdout).toMatch(/^gradient descent +0\.\d+/m);
  expect(stdout.trimEnd()).toMatch(/diagnosis\.png$/);
  const svg = await readFile(small.at("done", "diagnosis", "diagnosis.svg"), "utf8");
  expect(svg).toBe(await diagnosisFigure(diagnosis));
  for (const text of ["a\u2002Condition, at the start", "weight, v", "conv1", "Adam, rate 0.001"])
    expect(svg).toContain(`>${text}</text>`);
  expect((await stat(small.at("done", "diagnosis", "diagnosis.png"))).size).toBeGreaterThan(10_000);
  expect(existsSync(small.at("done", "results.json"))).toBe(true);
}, 60_000);

test("--json, --arm and --out", async () => {
  const { code, stdout } = await within(
    ...[
      "diagnose",
      small.at("done"),
      ...few,
      "--arm",
      "plain",
      "--json",
      "--out",
      small.at("other"),
    ],
  );
  expect(code).toBe(0);
  const diagnosis = await read("other", "diagnosis.json");
  expect(JSON.parse(stdout)).toEqual(diagnosis);
  expect(diagnosis.arms.map(({ arm }) => arm)).toEqual(["plain"]);
  expect(diagnosis.growth).toBeNull();
  expect(diagnosis.notes.at(-1)).toBe(
    "no arm that was looked at has a v: nothing is said of its growth",
  );
  expect(await diagnosisFigure(diagnosis)).not.toContain("Adam");
}, 60_000);

test("what it cannot do it says", async () => {
  expect(
    await small.transcript(
      ["diagnose", small.at("done"), "--arm", "batch"],
      ["diagnose", small.at("nowhere")],
      ["diagnose", small.at("done"), "--batches", "2"],
      ["diagnose", small.at("done"), "--batches", "100000"],
    ),
  ).toMatchInlineSnapshot(`
    "
    $ diagnose TMP/done --arm batch
    2: weightnorm: --arm: expected some of plain, weight, which the run has, got "batch"; choose among these
    $ diagnose TMP/nowhere
    1: weightnorm: TMP/nowhere: expected the folder of a run, got no readable config.json in it (ENOENT); give the folder that --out named
    $ diagnose TMP/done --batches 2
    2: weightnorm: --batches: expected a whole number of at least 8 and at most 1000000, got "2"; try --batches 1200
    $ diagnose TMP/done --batches 100000
    2: weightnorm: --batches: expected gradients of at most 130000000 numbers, got 30920 for each of 100000 minibatches; lower --batches or --units
    "
  `);
});
