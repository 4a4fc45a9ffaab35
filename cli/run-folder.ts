/**
 * A run's folder: config.json first, then log.jsonl and checkpoints/ as it goes, results.json and the report at the end.
 * A folder without results.json is an unfinished run.
 */
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import {
  isTemporary,
  loadCheckpoint,
  openLog,
  reasonOf,
  saveCheckpoint,
  writeFileAtomic,
  type Log,
} from "../src/node/index.ts";
import type { Checkpoint } from "../src/index.ts";
import { isGrid, type Config } from "../experiments/training/config.ts";
import { isExperiment } from "../experiments/tasks.ts";
import type { DqnResults } from "../experiments/dqn/results.ts";
import { ARMS, type Arm, type Results } from "../experiments/results.ts";
import { usageError } from "./options.ts";

/** What every experiment's configuration has. */
export type RunSettings = Pick<Config, "arms" | "seeds" | "lr" | "lrOf" | "threads" | "preset">;

/** What config.json holds. */
export interface RunConfig<C extends RunSettings = Config> {
  readonly experiment: string;
  readonly config: C;
  readonly dataDir?: string;
  readonly command: string;
  readonly startedAt: string;
}

export interface RunFolder<C extends RunSettings = Config> {
  readonly dir: string;
  readonly run: RunConfig<C>;
  /** One run by name, e.g. "weight-1", or "weight-1-lr0.003" where there are several learning rates. */
  nameOf(key: RunKey): string;
  /** The checkpoint of a run, if there is one yet. */
  load(key: RunKey): Promise<Checkpoint | undefined>;
  save(key: RunKey, checkpoint: Checkpoint): Promise<void>;
  /** Opens the log. Given the steps of the checkpoints, by name, records past them go, and all of a run that has none. */
  log(steps: ReadonlyMap<string, number>): Promise<Log>;
  finish(results: object): Promise<void>;
  finished(): boolean;
}

/** What tells the runs of one folder apart. */
export interface RunKey {
  readonly arm: Arm;
  readonly seed: number;
  readonly lr: number;
}

const same = (a: RunConfig<RunSettings>, b: RunConfig<RunSettings>): boolean =>
  JSON.stringify([a.experiment, a.config, a.dataDir]) ===
  JSON.stringify([b.experiment, b.config, b.dataDir]);

/** What a run writes into its folder, beside config.json. */
const OURS = [
  "results.json",
  "log.jsonl",
  "checkpoints",
  "report.html",
  "figure.svg",
  "figure.png",
  "pictures",
  "replay",
];

/** Whether a new run may go to `dir`: it is not there yet, or holds a finished run and nothing else of a run's names. */
export async function checkVacant(dir: string): Promise<void> {
  if (existsSync(join(dir, "config.json"))) {
    await readConfig(dir);
    if (!existsSync(join(dir, "results.json")))
      throw usageError(
        `--out: ${dir} holds an unfinished run, got another to put there; go on with --resume ${dir} or choose another folder`,
      );
    return;
  }
  const foreign = OURS.find((name) => existsSync(join(dir, name)));
  if (foreign !== undefined)
    throw usageError(
      `--out: ${dir} holds a ${foreign} that is not of a run of ours (there is no config.json), got a run to put there; choose another folder`,
    );
}

/** A new run in `dir`. A finished run of the same configuration is replaced; nothing else that is there is touched. */
export async function createRunFolder<C extends RunSettings>(
  dir: string,
  run: RunConfig<C>,
): Promise<RunFolder<C>> {
  await checkVacant(dir);
  if (existsSync(join(dir, "config.json"))) {
    const before = await readConfig(dir);
    if (!same(before, run))
      throw usageError(
        `--out: ${dir} holds a run with other settings (${before.command}), got another to put there; choose another folder`,
      );
    for (const name of OURS) await rm(join(dir, name), { recursive: true, force: true });
  }
  await makeFolder(dir);
  await makeFolder(join(dir, "checkpoints"));
  await writeFileAtomic(join(dir, "config.json"), `${JSON.stringify(run, null, 2)}\n`);
  return open(dir, run);
}

/** The run that was started in `dir`, if it is one of the experiment `name`; it is only looked at. */
export async function openRunFolder<C extends RunSettings = Config>(
  dir: string,
  name: string,
): Promise<RunFolder<C>> {
  const run = (await readConfig(dir)) as RunConfig<RunSettings> as RunConfig<C>;
  if (run.experiment !== name)
    throw usageError(
      `--resume: ${dir} holds a run of ${run.experiment}, got the experiment ${name}; name the one that it began with`,
    );
  return open(dir, run);
}

/** The same to go on with. */
export async function resumeRunFolder<C extends RunSettings = Config>(
  dir: string,
  name: string,
): Promise<RunFolder<C>> {
  const folder = await openRunFolder<C>(dir, name);
  for (const inner of [".", "checkpoints", "replay", "pictures"])
    await removeTemporaries(join(dir, inner));
  return folder;
}

/** What a process that was killed while writing left behind. */
async function removeTemporaries(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  for (const name of names) if (isTemporary(name)) await rm(join(folder, name), { force: true });
}

/** With the folders above it. Not `mkdir`'s own `recursive`, which hides EROFS and under /proc never returns (Node 20). */
export async function makeFolder(path: string): Promise<void> {
  if (existsSync(path)) return;
  if (dirname(path) !== path) await makeFolder(dirname(path));
  await mkdir(path).catch((error: unknown) => {
    if (reasonOf(error) === "EEXIST") return; // someone else was faster
    throw new Error(
      `--out: cannot make the folder ${path}, got ${reasonOf(error)}; choose another`,
      { cause: error },
    );
  });
}

/** The first setting of a checkpoint that is not the run's. */
const difference = (
  saved: Readonly<Record<string, unknown>>,
  config: Readonly<Record<string, unknown>>,
): string | undefined =>
  Object.keys(saved).find(
    (key) => key in config && JSON.stringify(saved[key]) !== JSON.stringify(config[key]),
  );

/** What config.json in a run's folder says. */
export async function readConfig(dir: string): Promise<RunConfig> {
  const path = join(dir, "config.json");
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    throw new Error(
      `${dir}: expected the folder of a run, got no readable config.json in it (${reasonOf(error)}); give the folder that --out named`,
      { cause: error },
    );
  });
  try {
    const run = JSON.parse(text) as RunConfig;
    const listed: unknown = run.config.arms;
    const known = Array.isArray(listed) && listed.every((x) => ARMS.some((arm) => arm === x));
    const { seeds, lr } = run.config;
    if (!isExperiment(run.experiment) || !known || !Array.isArray(seeds) || !Array.isArray(lr))
      throw new Error("not a configuration");
    return run;
  } catch (cause) {
    throw new Error(
      `${path}: expected the configuration of a run, got "${text.slice(0, 40).trim()}"; restore the file or start a new run`,
      { cause },
    );
  }
}

/** The name of one run of a configuration. */
export const runName = (config: RunSettings, { arm, seed, lr }: RunKey): string =>
  isGrid(config) ? `${arm}-${seed}-lr${lr}` : `${arm}-${seed}`;

function open<C extends RunSettings>(dir: string, run: RunConfig<C>): RunFolder<C> {
  const nameOf = (key: RunKey): string => runName(run.config, key);
  const checkpointPath = (key: RunKey): string =>
    join(dir, "checkpoints", `${nameOf(key)}.safetensors`);
  return {
    dir,
    run,
    nameOf,
    async load(key) {
      const { arm, seed, lr } = key;
      const path = checkpointPath(key);
      if (!existsSync(path)) return undefined;
      const checkpoint = await loadCheckpoint(path).catch((error: unknown) => {
        throw new Error(
          `${(error as Error).message}. Without this file ${nameOf(key)} starts anew, and the others go on`,
          { cause: error },
        );
      });
      const other = difference(checkpoint.config, { arm, ...run.config, lr });
      if (checkpoint.seed === seed && checkpoint.config["arm"] === arm && other !== undefined)
        throw new Error(
          `${path}: expected a checkpoint of this run, got one with another ${other}; put back the right file`,
        );
      if (checkpoint.config["arm"] !== arm || checkpoint.seed !== seed)
        throw new Error(
          `${path}: expected the checkpoint of ${nameOf(key)}, got that of ${String(checkpoint.config["arm"])}-${checkpoint.seed}; put back the right file`,
        );
      return checkpoint;
    },
    async save(key, checkpoint) {
      await makeFolder(join(dir, "checkpoints"));
      await saveCheckpoint(checkpointPath(key), checkpoint);
    },
    log: (steps) =>
      openLog(join(dir, "log.jsonl"), {
        keep: (record) =>
          typeof record["step"] !== "number" ||
          record["step"] <= (steps.get(nameOf(record as unknown as RunKey)) ?? -1),
      }),
    finished: () => existsSync(join(dir, "results.json")),
    finish: (results) =>
      writeFileAtomic(join(dir, "results.json"), `${JSON.stringify(results, null, 2)}\n`),
  };
}

/** The results of a finished run that trained on minibatches. */
export const readResults = (dir: string): Promise<Results> =>
  readFormat(dir, "weightnorm-results/2");
/** The results of a finished run of agents. */
export const readDqnResults = (dir: string): Promise<DqnResults> =>
  readFormat(dir, "weightnorm-dqn/1");

async function readFormat<R extends Results | DqnResults>(
  dir: string,
  format: R["format"],
): Promise<R> {
  const path = join(dir, "results.json");
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    const unfinished = existsSync(join(dir, "config.json"));
    throw new Error(
      unfinished
        ? `${dir}: expected a finished run, got one without results.json; finish it with --resume ${dir}`
        : `${dir}: expected the folder of a run, got no results.json in it (${reasonOf(error)}); give the folder that --out named`,
      { cause: error },
    );
  });
  try {
    const results = JSON.parse(text) as R;
    const arms: unknown = results.arms;
    if (results.format !== format || typeof arms !== "object") throw new Error("another format");
    return results;
  } catch (cause) {
    throw new Error(
      `${path}: expected results of weightnorm, got "${text.slice(0, 40).trim()}"; run the comparison again`,
      { cause },
    );
  }
}
