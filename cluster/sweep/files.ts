/** What lies in the folder of a sweep: trials/ with a run's folder each, results/ with what came of them, failures/ and logs/. */
import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod/mini";
import { canonical } from "../../runs/canonical.ts";
import { checked } from "../../runs/checked.ts";
import { isBegun, isFinished, readResults, readRun, type Find } from "../../runs/folder/index.ts";
import type { Results } from "../../runs/records.ts";
import { resultsIn } from "../../runs/schema.ts";
import { arm, label, positive, text, whole } from "../../runs/schema-parts.ts";
import { makeFolder, readText, writeFileAtomic } from "../../src/node/index.ts";
import { isLocked } from "../../src/node/lock.ts";
import { parseJson } from "../../src/train/json.ts";
import type { Sweep, Trial } from "./manifest.ts";

/** What came of a trial: results/ID.json. */
export interface TrialResult {
  readonly format: "weightnorm-trial/1";
  readonly id: string;
  readonly arm: Trial["arm"];
  readonly lr: number;
  readonly seed: number;
  /** Whether it got to its end, or diverged, which is a result too. */
  readonly outcome: "finished" | "lost";
  /** Why it was lost. */
  readonly why?: string;
  readonly results: Results;
}

/** Why a trial failed the last time that it was run: failures/ID.json. */
export interface Failure {
  readonly id: string;
  readonly code: number;
  readonly why: string;
  /** ISO 8601. */
  readonly time: string;
}

type Folder = Pick<Sweep, "dir">;
/** The folder of a trial's run. */
export const trialFolder = ({ dir }: Folder, { id }: Trial): string => join(dir, "trials", id);
/** What a trial's process says, where nobody watches it. */
export const logFile = ({ dir }: Folder, { id }: Trial): string => join(dir, "logs", `${id}.txt`);
const resultFile = ({ dir }: Folder, { id }: Trial): string => join(dir, "results", `${id}.json`);
const failureFile = ({ dir }: Folder, { id }: Trial): string => join(dir, "failures", `${id}.json`);

/** Whether a trial is done, whatever came of it. */
export const hasResult = (sweep: Folder, trial: Trial): boolean =>
  existsSync(resultFile(sweep, trial));

/** Whether a process trains it just now: its folder's lock is held. */
export const isRunning = async (sweep: Folder, trial: Trial): Promise<boolean> => {
  const lock = join(trialFolder(sweep, trial), "lock");
  return existsSync(lock) && isLocked(lock);
};

/** Bytes of a result: as many as results.json may have. */
const MOST = 500_000_000;
const advice = "remove the file and run the trial again";
const resultSchema = z.object({
  ...{ format: z.literal("weightnorm-trial/1"), id: label, arm, lr: positive, seed: whole },
  ...{ outcome: z.enum(["finished", "lost"]), why: z.exactOptional(text), results: z.unknown() },
});
const failureSchema = z.object({ id: label, code: whole, why: text, time: label });

/** What came of a trial; undefined for one that is not done. */
export async function readResult(sweep: Folder, trial: Trial): Promise<TrialResult | undefined> {
  const path = resultFile(sweep, trial);
  if (!existsSync(path)) return undefined;
  const value = parseJson(await readText(path, { most: MOST }), path, advice);
  const said = checked(resultSchema, value, { where: path, advice });
  if (said.id !== trial.id)
    throw new Error(
      `${path}: expected the result of ${trial.id}, got that of ${said.id}; ${advice}`,
    );
  return { ...said, ...trial, results: resultsIn(said.results, path) };
}

/** Keeps what came of a trial, whole or not at all. Whoever does so twice writes the same. */
export async function writeResult(
  sweep: Folder,
  trial: Trial,
  { results, why }: Outcome,
): Promise<void> {
  const { id, arm: of, lr, seed } = trial;
  const result: TrialResult = {
    ...{ format: "weightnorm-trial/1", id, arm: of, lr, seed },
    ...(why === undefined ? { outcome: "finished" } : { outcome: "lost", why }),
    results,
  };
  await makeFolder(join(sweep.dir, "results"));
  await writeFileAtomic(resultFile(sweep, trial), `${JSON.stringify(result)}\n`);
  await clearFailure(sweep, trial);
}

/** Why a trial failed; undefined where it did not. */
export async function readFailure(sweep: Folder, trial: Trial): Promise<Failure | undefined> {
  const path = failureFile(sweep, trial);
  if (!existsSync(path)) return undefined;
  const value = parseJson(await readText(path, { most: 1_000_000 }), path, advice);
  return checked(failureSchema, value, { where: path, advice });
}
export async function writeFailure(sweep: Folder, trial: Trial, failure: Failure): Promise<void> {
  await makeFolder(join(sweep.dir, "failures"));
  await writeFileAtomic(failureFile(sweep, trial), `${JSON.stringify(failure)}\n`);
}
export const clearFailure = (sweep: Folder, trial: Trial): Promise<void> =>
  rm(failureFile(sweep, trial), { force: true });

/** What a run's folder says of its trial. */
export interface Outcome {
  readonly results: Results;
  /** Why it diverged, if it did. */
  readonly why?: string;
}

/** What came of the run in a trial's folder; undefined while it is to go on. Only for whoever knows that nobody trains there. */
export async function outcomeOf(sweep: Sweep, trial: Trial): Promise<Outcome | undefined> {
  const dir = trialFolder(sweep, trial);
  if (!isBegun(dir)) return undefined;
  const { experiment, manifest } = sweep;
  const find: Find = (name) => Promise.resolve(name === experiment.name ? experiment : undefined);
  const { run } = await readRun(dir, find);
  const config = run.config as unknown as Readonly<Record<string, unknown>>;
  const { arm: of, lr, seed } = trial;
  const { lrOf: _, ...asked } = manifest.asked;
  const wanted = { ...asked, arms: [of], lr: [lr], seeds: [seed] };
  const other = Object.entries(wanted).find(
    ([name, x]) => canonical(x) !== canonical(config[name]),
  );
  if (other)
    throw new Error(
      `${dir}: expected the run of ${trial.id}, got one with another ${other[0]}; remove that folder`,
    );
  if (await isFinished(dir, run)) return { results: await readResults(dir, find) };
  const soFar = await readResults(dir, find).catch(() => undefined); // before the first test there is nothing to say
  const lost = soFar?.lost.at(0);
  return lost === undefined ? undefined : { results: soFar!, why: lost.why };
}
