/** `weightnorm diagnose`: what it writes and prints, and what it says where it cannot. */
import { existsSync } from "node:fs";
import { copyFile, mkdir, readFile, stat, writeFile } from "node:fs/promises";
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
  expect(diagnosis).toMatchObject({ format: "weightnorm-diagnosis/2", experiment: "mnist" });
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

test("report draws a diagnosis.json anew beside it, and believes nothing of it", async () => {
  const folder = small.at("copied");
  await mkdir(folder);
  const file = small.at("copied", "what.json");
  await copyFile(small.at("done", "diagnosis", "diagnosis.json"), file);
  const { code, stdout } = await within("report", file);
  expect(code).toBe(0);
  const diagnosis = await read("copied", "what.json");
  expect(stdout).toContain(diagnosisTable(diagnosis));
  const drawn = await readFile(small.at("copied", "diagnosis.svg"), "utf8");
  expect(drawn).toBe(await readFile(small.at("done", "diagnosis", "diagnosis.svg"), "utf8"));
  expect(existsSync(small.at("copied", "diagnosis.png"))).toBe(true);
  await writeFile(file, JSON.stringify({ ...diagnosis, seed: "one" }));
  await writeFile(small.at("copied", "old.json"), `{"format":"weightnorm-diagnosis/1"}`);
  expect(await small.transcript(["report", file], ["report", small.at("copied", "old.json")]))
    .toMatchInlineSnapshot(`
    "
    $ report TMP/copied/what.json
    1: weightnorm: TMP/copied/what.json: expected a number in seed, got "one"; restore the file, or diagnose the run again
    $ report TMP/copied/old.json
    1: weightnorm: TMP/copied/old.json: expected one of weightnorm-diagnosis/2 in format, got "weightnorm-diagnosis/1"; restore the file, or diagnose the run again
    "
  `);
}, 60_000);

test("a figure shows a distance of 0 at the edge, moments in order and the layers of all arms", async () => {
  const diagnosis = await read("done", "diagnosis", "diagnosis.json");
  /** The arm `plain` has no start, and the layers of `weight` other names and no distance. */
  const changed: Diagnosis = {
    ...diagnosis,
    arms: diagnosis.arms.map((of) => ({
      ...of,
      moments: of.moments
        .filter(({ name }) => of.arm === "weight" || name === "checkpoint")
        .map((moment) => ({
          ...moment,
          layers: moment.layers.map((layer) => ({
            ...layer,
            layer: of.arm === "weight" ? `${layer.layer}b` : layer.layer,
            chosen: layer.chosen.map(({ w, ...unit }) => ({
              ...unit,
              w: w && { ...w, corrected: of.arm === "weight" ? 0 : w.corrected },
            })),
          })),
        })),
    })),
  };
  const arms = changed.arms.map((of) => ({ ...of, moments: of.moments.slice(-1) }));
  const marks = (svg: string): number => svg.split(' opacity="1"/>').length - 1;
  const figure = await diagnosisFigure(changed);
  const at = ["at the start", "after one epoch", "at the checkpoint"].map((when) =>
    figure.indexOf(`Distance from m I, ${when}`),
  );
  expect(at[0]).toBeGreaterThan(0);
  expect(at).toEqual(at.toSorted((a, b) => a - b));
  for (const name of ["conv1", "conv1b"]) expect(figure).toContain(`>${name}</text>`);
  const unmeasured = arms.map((of) => ({
    ...of,
    moments: of.moments.map((moment) => ({
      ...moment,
      layers: moment.layers.map((layer) => ({
        ...layer,
        chosen: layer.chosen.map(({ w, ...unit }) => ({
          ...unit,
          w: w && { ...w, corrected: null },
        })),
      })),
    })),
  }));
  const [zero, none] = await Promise.all(
    [arms, unmeasured].map((of) => diagnosisFigure({ ...changed, arms: of })),
  );
  const measured = arms.flatMap(({ moments: [{ layers }] }) =>
    layers.flatMap(({ chosen }) => chosen.filter(({ w }) => typeof w?.corrected === "number")),
  );
  expect(measured.length).toBeGreaterThan(5);
  expect(marks(zero) - marks(none)).toBe(measured.length);
});

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

test("a run that is begun again in its folder does not keep the diagnosis of the one before", async () => {
  const dir = await small.copy("again");
  expect(existsSync(small.at("again", "diagnosis", "diagnosis.json"))).toBe(true);
  expect(await within(...small.settings, "--out", dir)).toMatchObject({ code: 0 });
  expect(existsSync(small.at("again", "diagnosis"))).toBe(false);
}, 60_000);

test("what it cannot do it says", async () => {
  expect(
    await small.transcript(
      ["diagnose", small.at("done"), "--arm", "batch"],
      ["diagnose", small.at("nowhere")],
      ["diagnose", small.at("done"), "--seed", "7"],
      ["diagnose", small.at("done"), "--batches", "2"],
      ["diagnose", small.at("done"), "--batches", "100000"],
    ),
  ).toMatchInlineSnapshot(`
    "
    $ diagnose TMP/done --arm batch
    2: weightnorm: --arm: expected some of plain, weight, which the run has, got "batch"; choose among these
    $ diagnose TMP/nowhere
    1: weightnorm: TMP/nowhere: expected the folder of a run, got no readable config.json in it (ENOENT); give the folder that --out named
    $ diagnose TMP/done --seed 7
    2: weightnorm: --seed: expected one of 1, which TMP/done holds, got 7; choose one of these
    $ diagnose TMP/done --batches 2
    2: weightnorm: --batches: expected a whole number of at least 8 and at most 1000000, got "2"; try --batches 1200
    $ diagnose TMP/done --batches 100000
    2: weightnorm: --batches: expected gradients of at most 130000000 numbers, got 30920 for each of 100000 minibatches; lower --batches or --units
    "
  `);
});
