/** Finding and reading checkpoints that were asked for by a path. */
import { readdir, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { Arm, Checkpoint } from "../../src/index.ts";
import { loadCheckpoint, reasonOf } from "../../src/node/index.ts";
import { checkpointConfig } from "../checkpoint-config.ts";
import type { RunKey } from "../events.ts";
import { UsageError, type Config, type Experiment, type Places } from "../experiment.ts";
import { nameOf, ratesOf } from "../rates.ts";
import { flagOf, place } from "../settings.ts";
import type { RunConfig } from "../store.ts";
import { isBegun, readResults, readRun, type Find } from "./index.ts";

const ENDING = ".safetensors";

/** Whether a file is called as one. */
export const isCheckpoint = (name: string): boolean =>
  name.endsWith(ENDING) && !name.startsWith(".");

/** The checkpoint at `path`, or those of the run in that folder. */
export async function checkpointsAt(path: string): Promise<readonly string[]> {
  const info = await stat(path).catch((error: unknown) => {
    throw new Error(
      `${path}: expected a checkpoint or the folder of a run, got ${reasonOf(error)}; check the path`,
      { cause: error },
    );
  });
  if (info.isFile()) return [path];
  const folder = join(path, "checkpoints");
  const names = await readdir(folder).catch((error: unknown) => {
    if (reasonOf(error) === "ENOENT") return [];
    throw new Error(
      `${folder}: expected the checkpoints of a run, got ${reasonOf(error)}; check the permissions`,
      { cause: error },
    );
  });
  const files = names.filter(isCheckpoint).sort();
  if (files.length === 0)
    throw new Error(
      `${path}: expected the folder of a run, got no checkpoints in it; give the folder that --out named`,
    );
  return files.map((name) => join(folder, name));
}

/** The run's folder that a checkpoint lies in; undefined where it was taken out of it. */
const runOf = async (checkpoint: string, find: Find): Promise<RunConfig<Config> | undefined> => {
  const dir = join(dirname(checkpoint), "..");
  return isBegun(dir) ? (await readRun(dir, find)).run : undefined;
};

/** Where a checkpoint's experiment finds what it needs: where its run had it, unless another place is given. */
export async function placesFor(
  { file, experiment }: Loaded,
  given: Places,
  find: Find,
): Promise<Places> {
  const foreign = Object.keys(given).find((name) => !(name in experiment.places));
  if (foreign !== undefined)
    throw new UsageError(
      `${nameOfFlag(foreign)}: expected a flag of ${experiment.name}, got one of other experiments; leave it away`,
    );
  return { ...(await runOf(file, find))?.places, ...given };
}

/** Another experiment's place is described there alone; its name says its flag. */
const nameOfFlag = (name: string): string => flagOf(name, place("a place"))!;

/** The folder where what is made of a checkpoint goes: that of its run, or else its own. */
export const folderFor = async (checkpoint: string, find: Find): Promise<string> =>
  (await runOf(checkpoint, find)) ? join(dirname(checkpoint), "..") : dirname(checkpoint);

export const stemOf = (checkpoint: string): string => basename(checkpoint, ENDING);

export interface Loaded {
  readonly file: string;
  readonly experiment: Experiment;
  readonly checkpoint: Checkpoint;
  readonly key: RunKey;
  readonly config: Config;
}

/** A checkpoint of one of the experiments; `names` are those that there are, for messages. */
export async function loadOurs(
  file: string,
  find: Find,
  names: readonly string[],
): Promise<Loaded> {
  const checkpoint = await loadCheckpoint(file);
  const name = checkpoint.config["experiment"];
  const experiment = typeof name === "string" ? await find(name) : undefined;
  if (experiment)
    return { file, experiment, checkpoint, ...checkpointConfig(experiment, checkpoint, file) };
  const got =
    name === undefined ? "one that names no experiment" : JSON.stringify(name).slice(0, 60);
  throw new Error(
    `${file}: expected a checkpoint of ${names.join(", ")}, got ${got}; for an experiment of your own add --experiment FILE`,
  );
}

/** The checkpoint at `path`, or of a run that of the arm which was asked for, at its best learning rate, of that seed or else the first. */
export async function chosenCheckpoint(
  path: string,
  arm: Arm | undefined,
  find: Find,
  seed?: number,
): Promise<string> {
  const files = await checkpointsAt(path);
  if (files[0] === path) return path;
  const { run } = await readRun(path, find);
  const { config } = run;
  const wanted = arm ?? (config.arms.includes("weight") ? "weight" : config.arms[0]);
  if (!config.arms.includes(wanted))
    throw new UsageError(
      `--arm: expected one of ${config.arms.join(", ")}, which ${path} holds, got "${wanted}"; choose one of these`,
    );
  if (seed !== undefined && !config.seeds.includes(seed))
    throw new UsageError(
      `--seed: expected one of ${config.seeds.join(", ")}, which ${path} holds, got ${seed}; choose one of these`,
    );
  const best = await readResults(path, find).then(
    ({ arms }) => arms[wanted]?.lr,
    () => undefined, // not tested yet
  );
  const lr = best ?? ratesOf(config, wanted)[0];
  const name = nameOf(config, { arm: wanted, seed: seed ?? config.seeds[0], lr });
  return join(path, "checkpoints", `${name}.safetensors`);
}
