/**
 * A run's folder: config.json first, then log.jsonl, checkpoints/ and attachments/ as it goes, pictures/, results.json and the
 * report at the end. It has an owner while somebody trains in it. One without results of its configuration is unfinished.
 */
import { existsSync, statSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { brief, parseJson } from "../../src/train/json.ts";
import {
  loadCheckpoint,
  makeFolder,
  readLog,
  readText,
  reasonOf,
  takeLock,
  type Lock,
} from "../../src/node/index.ts";
import { canonical } from "../canonical.ts";
import type { Opened, RunEvent } from "../events.ts";
import { UsageError, type Config, type Experiment } from "../experiment.ts";
import { diagnosisIn, isDiagnosis } from "../diagnosis/schema.ts";
import type { Diagnosis, Results } from "../records.ts";
import { resultsOf } from "../results.ts";
import { eventsIn, isResults, resultsIn } from "../schema.ts";
import type { RunConfig, Store } from "../store.ts";
import { settingsOf } from "../described.ts";
import { checkpointName, diskStore } from "../disk-store.ts";
import { keysOf, nameOf } from "../rates.ts";
import type { Begun, Find } from "../run-config.ts";
import { isBegun, readRun, writeRun } from "./config.ts";
import { holdsSomething, isMemory, readStart, removeTemporaries } from "./files.ts";
import { entriesOf } from "./entries.ts";
import { folderDisk } from "./disk.ts";

export { runIn, type Begun, type Find } from "../run-config.ts";
export { isBegun, readRun } from "./config.ts";

/** What a run writes into its folder, beside config.json; results go first, for without them it is merely unfinished. */
const OURS = [
  "results.json",
  "log.jsonl",
  "checkpoints",
  "report.html",
  "figure.svg",
  "figure.png",
  "rates.svg",
  "rates.png",
  "pictures",
  "diagnosis",
  "attachments",
  "replay",
];
const LOCK = "lock";
/** Seconds in which any file of ours is written. */
const A_WHILE = 600;
/** Bytes of results.json: a hundred times what a long comparison leaves. */
const MOST = 500_000_000;

/** Whether a new run may go to `dir`: it is not there yet, or holds a finished run and nothing else of a run's names. */
export async function checkVacant(dir: string, find: Find): Promise<void> {
  if (isBegun(dir)) {
    const { run } = await readRun(dir, find);
    if (!(await isFinished(dir, run)))
      throw new UsageError(
        `--out: ${dir} holds an unfinished run, got another to put there; go on with --resume ${dir} or choose another folder`,
      );
    return;
  }
  for (const name of OURS)
    if (await holdsSomething(join(dir, name)))
      throw new UsageError(
        `--out: ${dir} holds a ${name} that is not of a run of ours (there is no config.json), got a run to put there; choose another folder`,
      );
}

/** A new run in `dir`. A finished run of the same configuration is replaced; nothing else that is there is touched. */
export async function createRun(dir: string, run: RunConfig<Config>, find: Find): Promise<Store> {
  await checkVacant(dir, find);
  await makeFolder(dir);
  return locked(dir, async (lock) => {
    await checkVacant(dir, find); // now that nobody else can begin there
    if (isBegun(dir)) {
      const before = (await readRun(dir, find)).run;
      if (!same(before, run))
        throw new UsageError(
          `--out: ${dir} holds a run with other settings (${before.command}), got another to put there; choose another folder`,
        );
      for (const name of OURS) await rm(join(dir, name), { recursive: true, force: true });
    }
    await writeRun(dir, run);
    return storeOf(dir, run, lock);
  });
}

/** A run that began, to go on with: `change` may set some of its settings anew, knowing how far it is. */
export async function resumeRun(
  dir: string,
  find: Find,
  change: (begun: Begun) => RunConfig<Config> | Promise<RunConfig<Config>> = ({ run }) => run,
): Promise<{ readonly run: RunConfig<Config>; readonly store: Store }> {
  await readRun(dir, find); // before a lock is put where no run is
  return locked(dir, async (lock) => {
    const begun = await readRun(dir, find);
    const run = await change(begun);
    for (const inner of ["checkpoints", "attachments", "replay", "pictures"])
      await removeTemporaries(join(dir, inner));
    await removeTemporaries(dir, { olderThan: A_WHILE }); // a report may be written beside
    if (run !== begun.run) await writeRun(dir, run); // results of before are no longer those of this configuration
    const [old, now] = ["replay", "attachments"].map((name) => join(dir, name));
    if (!existsSync(now) && (await isMemory(old))) await rename(old, now); // what they were called
    return { run, store: storeOf(dir, run, lock) };
  });
}

async function locked<T>(dir: string, work: (lock: Lock) => Promise<T>): Promise<T> {
  const lock = await takeLock(join(dir, LOCK), { where: dir });
  try {
    return await work(lock);
  } catch (error) {
    await lock.release();
    throw error;
  }
}

const storeOf = (dir: string, run: RunConfig<Config>, { check, release }: Lock): Store =>
  diskStore(folderDisk(dir), run, { check, release });

const same = (a: RunConfig<Config>, b: RunConfig<Config>): boolean =>
  canonical([a.experiment, a.config, a.places]) === canonical([b.experiment, b.config, b.places]);

/** Bytes in which results.json says what they are of. */
const HEAD = 65_536;

/** Whether there are results of this very configuration: one that was extended has those of before. */
export async function isFinished(
  dir: string,
  { config, changes }: RunConfig<Config>,
): Promise<boolean> {
  const path = join(dir, "results.json");
  const start = await readStart(path, HEAD).catch(() => undefined);
  if (start === undefined) return false;
  const isOf = (value: Partial<Results> | null): boolean =>
    // Earlier formats had another configuration beside it, and no changes: what they hold is of before any.
    isResults(value) ? canonical(value?.config) === canonical(config) : changes.length === 0;
  const head: Partial<Results> = Object.fromEntries(entriesOf(start));
  if (head.format !== undefined && head.config !== undefined) return isOf(head);
  try {
    return isOf(parseJson(await readText(path), path) as Partial<Results> | null);
  } catch {
    return true; // damaged, which reading it says
  }
}

/** What a process that was killed at the very end may have left beside the results: nobody goes on from there. */
export async function tidyFinished(dir: string): Promise<void> {
  if (!["attachments", "replay"].some((name) => existsSync(join(dir, name)))) return;
  const lock = await takeLock(join(dir, LOCK), { where: dir });
  for (const name of ["attachments", "replay"])
    await rm(join(dir, name), { recursive: true, force: true });
  await lock.release();
}

/** How a comparison that no log tells of is opened: data and all. */
export type Reopen = (begun: Begun) => Promise<Opened>;

/**
 * What a run's folder holds to show: the results of a finished run, or of one under way as far as all have got. Of one whose
 * log is lost, or of an earlier version's, the checkpoints tell, if it can be opened again.
 */
export async function readResults(dir: string, find: Find, reopen?: Reopen): Promise<Results> {
  const path = join(dir, "results.json");
  const begun = isBegun(dir) ? await readRun(dir, find) : undefined;
  if (begun && !(await isFinished(dir, begun.run))) return resultsSoFar(dir, begun, reopen);
  const text = await readText(path, { most: MOST }).catch((error: unknown) => {
    throw new Error(
      `${dir}: expected the folder of a run, got no results.json in it (${reasonOf((error as Error).cause ?? error)}); give the folder that --out named`,
      { cause: error },
    );
  });
  return resultsFrom(text, path, find);
}

/** What a results.json by itself says, whatever it is called; undefined where `path` is no file. */
export async function readFileOfResults(path: string, find: Find): Promise<Results | undefined> {
  if (!statSync(path, { throwIfNoEntry: false })?.isFile()) return undefined;
  return resultsFrom(await readText(path, { most: MOST }), path, find);
}

/** What a diagnosis.json by itself says, whatever it is called; undefined where `path` is none. */
export async function readFileOfDiagnosis(path: string): Promise<Diagnosis | undefined> {
  if (!statSync(path, { throwIfNoEntry: false })?.isFile()) return undefined;
  const value = parseJson(await readText(path, { most: MOST }), path);
  return isDiagnosis(value) ? diagnosisIn(value, path) : undefined;
}

/** What the text of a results.json says, in the format of today or of before; `path` is what messages call it. */
export async function resultsFrom(text: string, path: string, find: Find): Promise<Results> {
  const value = parseJson(text, path);
  if (isResults(value)) return resultsIn(value, path);
  const name = (value as { readonly experiment?: unknown } | null)?.experiment;
  const experiment: Experiment | undefined =
    typeof name === "string" ? await find(name) : undefined;
  const upgraded = experiment?.earlier?.(value, path);
  if (upgraded) return resultsIn(upgraded, path);
  throw new Error(
    `${path}: expected results of weightnorm, got ${brief(value)}; run the comparison again`,
  );
}

/** The steps that the runs of a folder have done, by name. */
export async function stepsOf(
  dir: string,
  { config }: RunConfig<Config>,
): Promise<Readonly<Record<string, number>>> {
  const steps = keysOf(config).map(async (key) => {
    const path = join(dir, checkpointName(config, key));
    return [nameOf(config, key), existsSync(path) ? (await loadCheckpoint(path)).step : 0] as const;
  });
  return Object.fromEntries(await Promise.all(steps));
}

/** Only looked at, since the run may be under way. */
async function resultsSoFar(dir: string, begun: Begun, reopen?: Reopen): Promise<Results> {
  const { experiment, run } = begun;
  const path = join(dir, "log.jsonl");
  const { records } = await readLog(path);
  const events = eventsIn(records);
  const isWhole = events.some((e) => e.type === "opened");
  const known =
    isWhole || !reopen ? events : [await reopen(begun), ...(await remembered(dir, begun))];
  return resultsIn(resultsOf({ ...run, settings: settingsOf(experiment) }, known, dir), path);
}

/** What checkpoints tell of their runs. */
async function remembered(dir: string, { experiment, run }: Begun): Promise<readonly RunEvent[]> {
  const histories = keysOf(run.config).map(async (key) => {
    const path = join(dir, checkpointName(run.config, key));
    if (!existsSync(path)) return [];
    const checkpoint = await loadCheckpoint(path);
    return experiment.history(checkpoint, key).map((happening) => ({ ...key, ...happening }));
  });
  return (await Promise.all(histories)).flat();
}
