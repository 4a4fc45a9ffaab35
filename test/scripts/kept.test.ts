/** What is kept of a sweep is enough to go on with it, and says what the sweep said, without the names of folders. */
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { writeResult, type Outcome } from "../../cluster/sweep/files.ts";
import { planned, writeSweep, type Sweep, type Trial } from "../../cluster/sweep/manifest.ts";
import { vae } from "../../experiments/vae/task.ts";
import { quoted } from "../../runs/command.ts";
import type { Results } from "../../runs/records.ts";
import { giveBack, keep } from "../../scripts/evidence/kept.ts";
import { sampleResults } from "../report/sample.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "weightnorm kept-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));
const at = (...names: readonly string[]): string => join(folder, ...names);
const text = (...names: readonly string[]): Promise<string> => readFile(at(...names), "utf8");
const read = async (...names: readonly string[]): Promise<Results> =>
  JSON.parse(await text(...names)) as Results;

/** A sweep of two arms and three seeds in a folder with a space in its name. */
async function plan(name: string, asked: object = {}, version = "1.2.3"): Promise<Sweep> {
  const dataDir = at(`${name}-data`);
  const sweep = planned({
    ...{ experiment: vae, given: {}, version, subject: "vae", places: { dataDir } },
    asked: { arms: ["plain", "weight"], seeds: [1, 2, 3], lr: [0.001], epochs: 2, ...asked },
    command: `weightnorm sweep plan --data-dir ${quoted(dataDir)} --as-drawn --rates-of ../rates --out=${quoted(at(name))} --threads 1`,
    plannedAt: `2030-01-0${name.length}T00:00:00.000Z`,
  });
  await writeSweep(at(name), sweep);
  return { ...sweep, dir: at(name) };
}
/** What came of a trial, made up: a run of its own, or a loss that is not finite. */
function made({ config }: Sweep, { id, arm, seed, lr }: Trial): Outcome {
  const results = sampleResults({ epochs: 2, pointsAnEpoch: 2, last: { [arm]: [0.1 * seed] } });
  const record = results.arms[arm]!;
  const picture = { name: "digits", caption: "Digits.", file: `pictures/${arm}-digits.png` };
  const run = { ...record.runs[0], seed, pictures: [picture] };
  const alone: Results = {
    ...results,
    ...{ experiment: "vae", seconds: 100 },
    config: { ...config, arms: [arm], seeds: [seed], lr: [lr], trainSize: 60_000 },
    arms: { [arm]: { ...record, lr, runs: [run] } },
  };
  if (seed !== 3) return { results: alone };
  const why = `${id}: the loss is not finite`;
  return { results: { ...alone, arms: {}, lost: [{ arm, seed, lr, step: 7, why }] }, why };
}
const done = async (sweep: Sweep, which: (trial: Trial) => boolean): Promise<void> => {
  for (const trial of sweep.manifest.trials.filter(which))
    await writeResult(sweep, trial, made(sweep, trial));
};

describe("a sweep that was kept", () => {
  test("says what was done, and no name of a folder", async () => {
    const sweep = await plan("first");
    expect(await keep(at("first"), at("kept"))).toBe(false);
    expect(existsSync(at("kept"))).toBe(false);
    await done(sweep, ({ seed, arm }) => seed !== 2 || arm === "plain");
    expect(await keep(at("first"), at("kept"))).toBe(true);
    const { command, open, arms, lost } = await read("kept", "results.json");
    expect(command).toBe(
      "weightnorm sweep plan --data-dir DIR --as-drawn --rates-of RATES --out SWEEP --threads 1",
    );
    expect([open, arms.plain!.runs.length, arms.weight!.runs.length, lost.length]).toEqual([
      ...[1, 2, 1, 2],
    ]);
    for (const name of ["results.json", "sweep.json"])
      expect(await text("kept", name)).not.toContain(folder);
  });

  test("goes on in another folder, with other data of the same settings, and keeps the same", async () => {
    const before = await text("kept", "results.json");
    const again = await plan("second");
    expect(await giveBack(at("kept"), at("second"))).toBe(5);
    expect(await giveBack(at("kept"), at("second"))).toBe(0);
    await keep(at("second"), at("kept"));
    const { seconds, ...kept } = await read("kept", "results.json");
    const { seconds: first, ...was } = JSON.parse(before) as Results;
    // A trial's hash is of the place of its data, too.
    const plain = (value: object): unknown =>
      JSON.parse(JSON.stringify(value).replaceAll(/(?<=seed\d)-[0-9a-f]{12}/g, ""));
    expect(plain(kept)).toEqual(plain(was));
    expect(seconds).toBeLessThanOrEqual(first);
    await done(again, ({ seed, arm }) => seed === 2 && arm === "weight");
    await keep(at("second"), at("kept"));
    const { open, arms, startedAt } = await read("kept", "results.json");
    expect([open, arms.weight!.runs.map(({ seed }) => seed)]).toEqual([undefined, [1, 2]]);
    expect(startedAt).toBe("2030-01-05T00:00:00.000Z"); // of the first plan
  });

  test("is not replaced by less", async () => {
    const sweep = await plan("third");
    await done(sweep, ({ seed }) => seed === 1);
    await expect(keep(at("third"), at("kept"))).rejects.toThrow(
      /got none, or others, of plain, seed 2; weight, seed 2; plain, seed 3, rate 0.001; weight, seed 3, rate 0.001; give them back to the sweep first/,
    );
  });

  test("is not replaced by other numbers of a run, or of where one was lost", async () => {
    const sweep = await plan("fourth");
    await done(sweep, () => true);
    const [first, , last] = sweep.manifest.trials;
    const other = made(sweep, { ...first, seed: 2 });
    const { arms } = other.results;
    const record = arms[first.arm]!;
    const run = { ...record.runs[0], seed: first.seed };
    const changed = { ...other.results, arms: { [first.arm]: { ...record, runs: [run] } } };
    await writeResult(sweep, first, { results: changed });
    const lost = made(sweep, last);
    const later = lost.results.lost.map((one) => ({ ...one, step: 8 }));
    await writeResult(sweep, last, { ...lost, results: { ...lost.results, lost: later } });
    const before = await text("kept", "results.json");
    await expect(keep(at("fourth"), at("kept"))).rejects.toThrow(
      "got none, or others, of plain, seed 1; plain, seed 3, rate 0.001; give",
    );
    expect(await text("kept", "results.json")).toBe(before);
  });

  test("is a folder", async () => {
    await writeFile(at("file"), "");
    const why = `${at("file")}: expected a folder, got a file; name a folder`;
    await expect(giveBack(at("file"), at("first"))).rejects.toThrow(why);
    await expect(keep(at("first"), at("file"))).rejects.toThrow(why);
  });

  test("of several rates is kept when it is whole, and not given back", async () => {
    const sweep = await plan("rates", { lr: [0.001, 0.002] });
    await done(sweep, ({ seed, lr }) => seed < 3 && lr === 0.001);
    expect(await keep(at("rates"), at("kept rates"))).toBe(false);
    await expect(giveBack(at("kept"), at("rates"))).rejects.toThrow("got several, of which only");
    await expect(keep(at("first"), at("first"))).rejects.toThrow("another folder than the sweep's");
  });

  test.each([
    ["another length", { epochs: 3 }, "got another epochs"],
    ["a setting that it had not", { asDrawn: true }, "got another asDrawn"],
  ])("is not of a sweep with %s", async (name, asked, message) => {
    await plan(name, asked);
    await expect(giveBack(at("kept"), at(name))).rejects.toThrow(message);
  });

  test("that had a setting is not of a sweep without", async () => {
    const drawn = await plan("drawn", { asDrawn: true });
    await done(drawn, () => true);
    await keep(at("drawn"), at("kept as drawn"));
    await plan("undrawn");
    await expect(giveBack(at("kept as drawn"), at("undrawn"))).rejects.toThrow(
      "got another asDrawn",
    );
  });

  test("is not of another version, nor are runs under way", async () => {
    await plan("newer", {}, "1.2.4");
    await expect(giveBack(at("kept"), at("newer"))).rejects.toThrow(
      "expected results of version 1.2.4, got 1.2.3",
    );
    const results = await read("kept", "results.json");
    const soFar = { at: 1, of: 2 };
    await writeFile(at("kept", "results.json"), JSON.stringify({ ...results, soFar }));
    await plan("fourth");
    await expect(giveBack(at("kept"), at("fourth"))).rejects.toThrow("got some under way");
    await expect(giveBack(at("nowhere"), at("fourth"))).rejects.toThrow("got no results.json");
  });
});
