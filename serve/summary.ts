/** A run as a list shows it, from its configuration and both ends of its log: little is read, however long it trained. */
import { readdir, stat } from "node:fs/promises";
import { join, sep } from "node:path";
import { settingsOf } from "../runs/described.ts";
import type { Opened, Values } from "../runs/events.ts";
import type { Config } from "../runs/experiment.ts";
import { isCheckpoint, stemOf } from "../runs/folder/checkpoints.ts";
import { isFinished, readRun, type Begun, type Find } from "../runs/folder/index.ts";
import { keysOf, nameOf } from "../runs/rates.ts";
import { settingsTold } from "../runs/results.ts";
import { eventsIn } from "../runs/schema.ts";
import { isLocked } from "../src/node/lock.ts";
import type { RunSummary } from "./api.ts";
import { readEnds } from "./log-ends.ts";
import { within, type Place } from "./runs.ts";
import { nameIn } from "./thin.ts";

/** What is known of a run. */
export interface Known {
  readonly summary: RunSummary;
  /** Undefined of one that cannot be read. */
  readonly begun?: Begun;
}

const MOST_CHECKPOINTS = 1000;

/** What tells whether a run is as it was: no two of the same are read differently. */
export async function printOf({ dir }: Place): Promise<string> {
  const parts = ["config.json", "log.jsonl", "results.json", "checkpoints"].map(async (name) => {
    const info = await stat(join(dir, name)).catch(() => undefined);
    return info ? `${info.ino}:${info.size}:${info.mtimeMs}` : "";
  });
  return [...(await Promise.all(parts)), await isHeld(dir)].join(" ");
}

/** Whether somebody trains in a run's folder; what waits for a reader, as a pipe does, is no lock. */
async function isHeld(dir: string): Promise<boolean> {
  const path = join(dir, "lock");
  const info = await stat(path).catch(() => undefined);
  return info !== undefined && info.isFile() && isLocked(path);
}

/** Never throws: what is wrong with a run is told in its place in the list. */
export async function summaryOf(
  { id, dir }: Place,
  { root, find }: { readonly root: string; readonly find: Find },
): Promise<Known> {
  const touched = async (name: string): Promise<number> =>
    (await stat(join(dir, name)).catch(() => undefined))?.mtimeMs ?? 0;
  const times = await Promise.all(["log.jsonl", "config.json"].map(touched));
  const updatedAt = new Date(times[0] || times[1]).toISOString();
  try {
    for (const name of ["config.json", "log.jsonl", "results.json"])
      await checkInside(root, join(dir, name));
    const begun = await readRun(dir, find);
    return { begun, summary: await readable({ id, dir, updatedAt }, begun, root) };
  } catch (error) {
    const problem = (error as Error).message.replaceAll(`${root}${sep}`, "");
    return {
      summary: {
        ...{ id, experiment: "", command: "", startedAt: updatedAt, updatedAt },
        ...{ state: "unreadable", problem, settings: [], runs: [], checkpoints: [] },
      },
    };
  }
}

/** Throws for a link to somewhere else, and for what is no file: to open a pipe may take for ever. */
export async function checkInside(root: string, path: string): Promise<void> {
  const isThere = await stat(path).catch(() => undefined);
  if (isThere && !isThere.isFile())
    throw new Error(
      `${path}: expected a file, got ${isThere.isDirectory() ? "a folder" : "a pipe or a device"}; put the run's own file there`,
    );
  if (isThere && (await within(root, path)) === undefined)
    throw new Error(
      `${path}: expected a file of this folder, got a link that leads out of it; put the file itself there`,
    );
}

async function readable(
  { id, dir, updatedAt }: Place & { readonly updatedAt: string },
  { experiment, run }: Begun,
  root: string,
): Promise<RunSummary> {
  const [isRunning, isDone] = await Promise.all([isHeld(dir), isFinished(dir, run)]);
  const keys = keysOf(run.config).map((key) => ({ key, name: nameOf(run.config, key) }));
  const { opened, seen } = await lastOf(join(dir, "log.jsonl"), run.config);
  const planned = new Map(opened?.runs.map((one) => [one.name, one]));
  const runs = keys.map(({ key, name }) => {
    const { step, test, lost } = seen.get(name) ?? {};
    const { step: before = 0, steps = 0 } = planned.get(name) ?? {};
    const done = step ?? (isDone ? steps : before);
    return {
      ...{ ...key, name, step: done, steps: Math.max(steps, done) },
      ...(test === undefined ? {} : { test }),
      ...(lost === undefined ? {} : { lost }),
    };
  });
  const measure = opened?.sheet.measures[0];
  return {
    ...{
      id,
      experiment: run.experiment,
      command: run.command,
      startedAt: run.startedAt,
      updatedAt,
    },
    state: isRunning ? "running" : isDone ? "finished" : "stopped",
    settings: settingsTold(settingsOf(experiment), run.config),
    ...(measure ? { measure } : {}),
    runs,
    checkpoints: await checkpointsOf(root, dir),
  };
}

interface Seen {
  step?: number;
  test?: Values;
  lost?: boolean;
}
/** What the ends of a log say: how the numbers are read, and of each run the last step and the last test. */
async function lastOf(
  path: string,
  config: Config,
): Promise<{ readonly opened: Opened | undefined; readonly seen: ReadonlyMap<string, Seen> }> {
  const opened: { first?: Opened; last?: Opened } = {};
  const seen = new Map<string, Seen>();
  const on = (record: Readonly<Record<string, unknown>>): "enough" | undefined => {
    const before = seen.get(nameIn(config, record));
    // What tells nothing new need not be looked at more closely.
    if (before?.step !== undefined && record["type"] === "point") return undefined;
    const event = eventsIn([record]).at(0);
    if (!event || event.type === "changed") return undefined;
    if (event.type === "opened") {
      if (opened.first) opened.last ??= event;
      else opened.first = event;
    } else {
      const run: Seen = before ?? {};
      seen.set(nameOf(config, event), run);
      run.step ??= event.step;
      if (event.type === "measured") run.test ??= event.test;
      if (event.type === "lost") run.lost = true;
    }
    const expected = (opened.last ?? opened.first)?.runs;
    const isWhole = expected?.every(({ name }) => seen.get(name)?.test !== undefined) ?? false;
    return isWhole ? "enough" : undefined;
  };
  await readEnds(path, on).catch((error: unknown) => {
    if ((error as { readonly code?: string }).code !== "ENOENT") throw error; // else nothing has happened yet
  });
  return { opened: opened.last ?? opened.first, seen };
}

/** The names of the checkpoints that are there. */
export async function checkpointsOf(root: string, dir: string): Promise<readonly string[]> {
  const folder = join(dir, "checkpoints");
  if ((await within(root, folder)) === undefined) return [];
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isFile() && isCheckpoint(entry.name))
    .map(({ name }) => stemOf(name))
    .sort()
    .slice(0, MOST_CHECKPOINTS);
}
