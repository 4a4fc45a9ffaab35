/** A folder of pictures of the user's own on the command line, from its files to predictions of others. */
import { copyFile, mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { drawn, encodedAs, pictureFolder, SHAPES } from "../experiments/own-pictures.ts";
import { bitsOf, interrupted, readResults, temporaryFolder, transcript, within } from "./run.ts";

vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 }); // a minute, where two cores are free

const folder = await temporaryFolder("own-photos");
const at = (...names: readonly string[]): string => join(folder, ...names);
afterAll(() => rm(folder, { recursive: true, force: true }));

const SIZE = 48;
beforeAll(async () => {
  await pictureFolder(at("shapes"), { count: 200, size: SIZE });
  await pictureFolder(at("new"), { count: 20, size: SIZE, from: 1000 });
  await pictureFolder(at("few"), { count: 12, size: SIZE });
});

test("pictures of two classes are told apart, those held out and new ones", async () => {
  const { code, stderr } = await within(
    ...[
      "train",
      at("shapes"),
      "--size",
      "24",
      "--epochs",
      "30",
      "--threads",
      "1",
      "--out",
      at("run"),
    ],
  );
  expect(code).toBe(0);
  expect(stderr).toMatch(/^weight-1: .*test error \d+\.\d\d%, .* pictures\/s/m);
  const { experiment, facts, sheet } = await readResults(at("run"));
  expect(experiment).toBe("photos");
  expect(facts).toEqual([
    ["source", at("shapes")],
    ["training pictures", 320],
    ["test pictures", 80],
    ["classes", "circle, square"],
  ]);
  expect(sheet.measures[0].chance).toBe(0.5);

  const evaluated = await within("eval", at("run"), "--json");
  const [{ test: values }] = JSON.parse(evaluated.stdout) as readonly {
    readonly test: { readonly error: number };
  }[];
  expect(values.error).toBeLessThanOrEqual(0.05);

  const said = await within("predict", at("run"), at("new"), "--json"); // folders, as those trained on
  expect(said.code).toBe(0);
  const rows = JSON.parse(said.stdout) as readonly Readonly<Record<string, string | number>>[];
  expect(rows).toHaveLength(40);
  expect(rows[0]).toMatchObject({ file: at("new", "circle", "1000.jpg") });
  const right = rows.filter((row, i) => row["class"] === SHAPES[i < 20 ? 0 : 1]);
  expect(right.length).toBeGreaterThanOrEqual(36);

  const one = await encodedAs(drawn("circle", 1001, SIZE), SIZE);
  await writeFile(at("one.png"), one);
  await writeFile(at("text.png"), "no picture");
  await mkdir(at("nothing"));
  const bad = await transcript(
    folder,
    ["predict", at("run"), at("one.png"), at("text.png"), at("nowhere.png"), "--csv"],
    ["predict", at("run"), at("nothing")],
  );
  expect(bad.replaceAll(/,(1|0\.\d+)$/gm, ",0.9…")).toMatchInlineSnapshot(`
    "
    $ predict TMP/run TMP/one.png TMP/text.png TMP/nowhere.png --csv
    1: file,class,probability
    TMP/one.png,circle,0.9…
    TMP/text.png: expected a picture, got "Input buffer contains unsupported image format"; save it as JPEG, PNG or WebP
    TMP/nowhere.png: there is no such file, got ENOENT; check the path
    weightnorm: predict: expected an answer for every row and file, got 2 that could not be read, named above; mend them and predict again
    $ predict TMP/run TMP/nothing
    1: weightnorm: TMP/nothing: expected files in this folder, got none; name another one
    "
  `);
});

test("varied pictures too are the same ones when a run goes on", async () => {
  const settings = ["--size", "8", "--epochs", "2", "--augment", "flips,crops", "--threads", "1"];
  const args = ["compare", at("few"), "--arms", "plain,batch", ...settings];
  await within(...args, "--out", at("whole"), "--quiet");
  const stopped = await interrupted("epoch 1", ...args, "--out", at("stopped"));
  expect(stopped.code).toBe(130);
  const rest = await within("compare", at("few"), "--resume", at("stopped"), "--quiet");
  expect(rest).toMatchObject({ code: 0, stderr: "" });
  const [whole, gone] = [await bitsOf(at("whole")), await bitsOf(at("stopped"))];
  expect(gone.checkpoints).toEqual(whole.checkpoints);
  const straight = settings.filter((x) => x !== "--augment" && x !== "flips,crops");
  const one = ["train", at("few"), "--arm", "plain", ...straight, "--out", at("straight")];
  expect(await within(...one, "--quiet")).toMatchObject({ code: 0 });
  const { checkpoints } = await bitsOf(at("straight"));
  expect(checkpoints["plain-1"]).toBeDefined();
  expect(checkpoints["plain-1"]).not.toEqual(whole.checkpoints["plain-1"]);
});

test("a folder that has changed is noticed", async () => {
  await copyFile(at("new", "circle", "1000.jpg"), at("few", "circle", "9999.jpg"));
  const { code, stderr } = await within("eval", at("whole"));
  expect(code).toBe(2);
  expect(stderr).toMatch(
    /expected the data that the run began with \(24 examples, .*\), got others \(25 examples/,
  );
});
