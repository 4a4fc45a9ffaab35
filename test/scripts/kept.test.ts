/** What is kept of a sweep is enough to go on with it, and says what the sweep said. */
import { existsSync, readFileSync } from "node:fs";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { planned, writeSweep, type Manifest } from "../../cluster/sweep/manifest.ts";
import { vae } from "../../experiments/vae/task.ts";
import type { Results } from "../../runs/records.ts";
import { root } from "../../scripts/evidence/files.ts";
import { giveBack, keep } from "../../scripts/evidence/kept.ts";

const AS_DRAWN = join(root, "experiments", "vae", "results", "as-drawn");
const isThere = existsSync(join(AS_DRAWN, "sweep.json"));
let folder: string;
const at = (...names: readonly string[]): string => join(folder, ...names);
const read = async (...names: readonly string[]): Promise<Results> =>
  JSON.parse(await readFile(at(...names), "utf8")) as Results;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "weightnorm-kept-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A sweep planned just now as the kept one was, whatever the presets have since. */
async function plan(name: string, { config, command }: Results): Promise<string> {
  const { asked } = JSON.parse(await readFile(join(AS_DRAWN, "sweep.json"), "utf8")) as Manifest;
  const sweep = planned({
    ...{ experiment: vae, given: {}, version: "0.1.0", subject: "vae", places: {} },
    asked: { ...asked, lr: config.lr },
    ...{ command: command.replace("SWEEP", at(name)), plannedAt: "2026-11-28T00:00:00.000Z" },
  });
  await writeSweep(at(name), sweep);
  return at(name);
}

test.runIf(isThere)("a sweep has its kept trials again, and keeps the same of them", async () => {
  const kept = JSON.parse(readFileSync(join(AS_DRAWN, "results.json"), "utf8")) as Results;
  const seeds = kept.arms.plain!.runs.map(({ seed }) => seed);
  const sweep = await plan("sweep", kept);
  expect(await giveBack(AS_DRAWN, sweep)).toBe(seeds.length);
  expect(await giveBack(AS_DRAWN, sweep)).toBe(0); // they are there
  await keep(sweep, at("kept"));
  const { seconds, startedAt: _, ...again } = await read("kept", "results.json");
  const { seconds: before, startedAt: __, ...first } = kept;
  expect(again).toEqual(first);
  expect(seconds / before).toBeGreaterThan(0.9); // evaluations at the end are not known any more
  expect(seconds).toBeLessThanOrEqual(before);
  expect(await readFile(at("kept", "sweep.json"), "utf8")).not.toContain(folder);
});

test.runIf(isThere)("trials of other settings are not taken, nor is nothing", async () => {
  await cp(AS_DRAWN, at("other"), { recursive: true });
  const results = await read("other", "results.json");
  const config = { ...results.config, epochs: 4 };
  await writeFile(at("other", "results.json"), JSON.stringify({ ...results, config }));
  const sweep = await plan("second", results);
  await expect(giveBack(at("other"), sweep)).rejects.toThrow(/got another epochs; plan the sweep/);
  expect(await giveBack(at("nowhere"), sweep)).toBe(0);
});
