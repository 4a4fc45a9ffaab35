/**
 * A run's folder: config.json first, then log.jsonl and checkpoints/ as it goes, results.json and the report at the end.
 * A folder without results.json is an unfinished run.
 */
import { existsSync } from "node:fs";
import { mkdir, readFile, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import {
  loadCheckpoint,
  openLog,
  reasonOf,
  saveCheckpoint,
  writeFileAtomic,
  type Log,
} from "../src/node/index.ts";
import type { Checkpoint } from "../src/index.ts";
import type { MnistConfig } from "../experiments/mnist/config.ts";
import type { Arm, Results } from "../experiments/results.ts";
import { usageError } from "./options.ts";

/** What config.json holds. */
export interface RunConfig {
  readonly experiment: "mnist";
  readonly config: MnistConfig;
  readonly dataDir?: string;
  readonly command: string;
  readonly startedAt: string;
}

export interface RunFolder {
  readonly dir: string;
  readonly run: RunConfig;
  /** The checkpoint of one arm and seed, if there is one yet. */
  load(arm: Arm, seed: number): Promise<Checkpoint | undefined>;
  save(arm: Arm, seed: number, checkpoint: Checkpoint): Promise<void>;
  /** Opens the log. Given the steps of the checkpoints, by name, records past them go, and all of a run that has none. */
  log(steps: ReadonlyMap<string, number>): Promise<Log>;
  finish(results: Results): Promise<void>;
}

/** One arm and seed by name, e.g. "weight-1". */
export const runName = (arm: Arm, seed: number): string => `${arm}-${seed}`;

const same = (a: RunConfig, b: RunConfig): boolean =>
  JSON.stringify([a.experiment, a.config, a.dataDir]) ===
  JSON.stringify([b.experiment, b.config, b.dataDir]);

/** A new run in `dir`. A finished run of the same configuration is replaced; anything else that is there is kept. */
export async function createRunFolder(dir: string, run: RunConfig): Promise<RunFolder> {
  if (existsSync(join(dir, "config.json"))) {
    const before = await readConfig(dir);
    if (!existsSync(join(dir, "results.json")))
      throw usageError(
        `--out: ${dir} holds an unfinished run, got another to put there; go on with --resume ${dir} or choose another folder`,
      );
    if (!same(before, run))
      throw usageError(
        `--out: ${dir} holds a run with other settings (${before.command}), got another to put there; choose another folder`,
      );
    await rm(join(dir, "results.json"));
    await rm(join(dir, "log.jsonl"), { force: true });
    await rm(join(dir, "checkpoints"), { recursive: true, force: true });
  }
  await makeFolder(dir);
  await makeFolder(join(dir, "checkpoints"));
  await writeFileAtomic(join(dir, "config.json"), `${JSON.stringify(run, null, 2)}\n`);
  return open(dir, run);
}

/** The run that was started in `dir`. */
export const resumeRunFolder = async (dir: string): Promise<RunFolder> =>
  open(dir, await readConfig(dir));

/** With the folders above it. Not `mkdir`'s own `recursive`, which hides EROFS and under /proc never returns (Node 20). */
async function makeFolder(path: string): Promise<void> {
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
    if ((run.experiment as string) !== "mnist" || !Array.isArray(run.config.arms))
      throw new Error("not a configuration");
    return run;
  } catch (cause) {
    throw new Error(
      `${path}: expected the configuration of a run, got "${text.slice(0, 40).trim()}"; restore the file or start a new run`,
      { cause },
    );
  }
}

function open(dir: string, run: RunConfig): RunFolder {
  const checkpointPath = (arm: Arm, seed: number): string =>
    join(dir, "checkpoints", `${runName(arm, seed)}.safetensors`);
  return {
    dir,
    run,
    async load(arm, seed) {
      const path = checkpointPath(arm, seed);
      if (!existsSync(path)) return undefined;
      const checkpoint = await loadCheckpoint(path).catch((error: unknown) => {
        throw new Error(
          `${(error as Error).message}. Without this file ${runName(arm, seed)} starts anew, and the others go on`,
          { cause: error },
        );
      });
      if (checkpoint.config["arm"] !== arm || checkpoint.seed !== seed)
        throw new Error(
          `${path}: expected the checkpoint of ${runName(arm, seed)}, got that of ${String(checkpoint.config["arm"])}-${checkpoint.seed}; put back the right file`,
        );
      return checkpoint;
    },
    async save(arm, seed, checkpoint) {
      await makeFolder(join(dir, "checkpoints"));
      await saveCheckpoint(checkpointPath(arm, seed), checkpoint);
    },
    log: (steps) =>
      openLog(join(dir, "log.jsonl"), {
        keep: ({ arm, seed, step }) =>
          typeof step !== "number" ||
          step <= (steps.get(runName(arm as Arm, seed as number)) ?? -1),
      }),
    finish: (results) =>
      writeFileAtomic(join(dir, "results.json"), `${JSON.stringify(results, null, 2)}\n`),
  };
}

/** The results of a finished run. */
export async function readResults(dir: string): Promise<Results> {
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
    const results = JSON.parse(text) as Results;
    if ((results.format as string) !== "weightnorm-results/1") throw new Error("another format");
    return results;
  } catch (cause) {
    throw new Error(
      `${path}: expected results of weightnorm, got "${text.slice(0, 40).trim()}"; run the comparison again`,
      { cause },
    );
  }
}
