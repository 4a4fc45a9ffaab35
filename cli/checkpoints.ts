/** Finding and reading checkpoints that were asked for by a path. */
import { readdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Task } from "../experiments/training/task.ts";
import { DQN, taskOf, tasks } from "../experiments/tasks.ts";
import { ratesOf } from "../experiments/training/config.ts";
import type { Arm, Checkpoint } from "../src/index.ts";
import { loadCheckpoint, reasonOf } from "../src/node/index.ts";
import { usageError } from "./options.ts";
import { readConfig, readResults, runName, type RunConfig } from "./run-folder.ts";

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
  const names = await readdir(folder).catch(() => []);
  const files = names.filter((name) => name.endsWith(".safetensors")).sort();
  if (files.length === 0)
    throw new Error(
      `${path}: expected the folder of a run, got no checkpoints in it; give the folder that --out named`,
    );
  return files.map((name) => join(folder, name));
}

/** The run that a checkpoint is of; undefined where it was taken out of its folder. */
export const runOf = (checkpoint: string): Promise<RunConfig | undefined> =>
  readConfig(join(dirname(checkpoint), "..")).catch(() => undefined);

/** A checkpoint of one of the experiments. */
export async function loadOurs(
  file: string,
): Promise<{ readonly checkpoint: Checkpoint; readonly task: Task }> {
  const checkpoint = await loadCheckpoint(file);
  const name = checkpoint.config["experiment"];
  const task = taskOf(name);
  if (!task)
    throw new Error(
      `${file}: expected a checkpoint of ${tasks.map((t) => t.name).join(" or ")}, got ${name === undefined ? "one that names no experiment" : JSON.stringify(name)}; ${name === DQN ? "weightnorm play and eval are for agents" : "evaluate it with the code that wrote it"}`,
    );
  return { checkpoint, task };
}

/** The checkpoint at `path`, or of a run that of the arm which was asked for, at its best learning rate and first seed. */
export async function chosenCheckpoint(path: string, arm: Arm | undefined): Promise<string> {
  const files = await checkpointsAt(path);
  if (files[0] === path) return path;
  const { config } = await readConfig(path);
  const wanted = arm ?? (config.arms.includes("weight") ? "weight" : config.arms[0]);
  if (!config.arms.includes(wanted))
    throw usageError(
      `--arm: expected one of ${config.arms.join(", ")}, which ${path} holds, got "${wanted}"; choose one of these`,
    );
  const best = await readResults(path).then(
    ({ arms: results }) => results[wanted]?.lr,
    () => undefined, // not finished yet
  );
  const lr = best ?? ratesOf(config, wanted)[0];
  return join(
    path,
    "checkpoints",
    `${runName(config, { arm: wanted, seed: config.seeds[0], lr })}.safetensors`,
  );
}
