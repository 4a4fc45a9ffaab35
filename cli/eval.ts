/** `weightnorm eval`: what a checkpoint is worth on the test set, or every checkpoint of a run. */
import { readdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Means } from "../experiments/results.ts";
import { evaluateCheckpoint } from "../experiments/training/run.ts";
import type { Task } from "../experiments/training/task.ts";
import { taskOf, tasks } from "../experiments/tasks.ts";
import type { Checkpoint } from "../src/index.ts";
import { loadCheckpoint, nodeRuntime, reasonOf } from "../src/node/index.ts";
import { inUnit } from "./measure.ts";
import { preparationDisplay } from "./progress.ts";
import { readConfig } from "./run-folder.ts";
import { textTable } from "./text-table.ts";

export interface EvalFlags {
  readonly dataDir?: string;
  readonly threads?: number;
  readonly json?: boolean;
}

export async function evaluate(
  path: string,
  { dataDir, threads, json = false }: EvalFlags,
): Promise<void> {
  const files = await checkpointsAt(path);
  const checkpoints = await Promise.all(
    files.map(async (file) => ({ file, ...(await loadOurs(file)) })),
  );
  const { task } = checkpoints[0];
  const mixed = checkpoints.find((c) => c.task !== task);
  if (mixed)
    throw new Error(
      `${mixed.file}: expected checkpoints of one experiment, got ${mixed.task.name} beside ${task.name}; evaluate them one by one`,
    );
  const folder = dataDir ?? (await dataDirOf(files[0]));
  const preparing = preparationDisplay(json);
  const data = await task
    .load({
      ...(folder === undefined ? {} : { dataDir: folder }),
      ...(threads === undefined ? {} : { threads }),
      onProgress: preparing.show,
    })
    .finally(preparing.stop);
  const runtime = nodeRuntime(threads === undefined ? {} : { threads });
  const rows: {
    readonly file: string;
    readonly arm: string;
    readonly seed: number;
    readonly step: number;
    readonly test: Means;
  }[] = [];
  for (const { file, checkpoint } of checkpoints) {
    const { config, seed, step } = checkpoint;
    rows.push({
      file,
      arm: String(config["arm"]),
      seed,
      step,
      test: await evaluateCheckpoint(checkpoint, { task, data, runtime, where: file }),
    });
  }
  const table = (): string =>
    textTable(
      ["arm", "seed", "step", ...task.measures.map(({ key }) => `test ${key}`)],
      rows.map((r) => [
        ...[r.arm, String(r.seed), String(r.step)],
        ...task.measures.map((measure) => inUnit(measure, r.test[measure.key])),
      ]),
    );
  process.stdout.write(
    json
      ? `${JSON.stringify(rows)}\n`
      : `${table()}\n${data.test.count} test images of ${data.source}\n`,
  );
}

async function checkpointsAt(path: string): Promise<readonly string[]> {
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

/** The data that the run of a checkpoint was trained on: pixels of another set would be normalized otherwise. */
const dataDirOf = (checkpoint: string): Promise<string | undefined> =>
  readConfig(join(dirname(checkpoint), "..")).then(
    (run) => run.dataDir,
    () => undefined, // a checkpoint that was taken out of its run
  );

async function loadOurs(
  file: string,
): Promise<{ readonly checkpoint: Checkpoint; readonly task: Task }> {
  const checkpoint = await loadCheckpoint(file);
  const name = checkpoint.config["experiment"];
  const task = taskOf(name);
  if (!task)
    throw new Error(
      `${file}: expected a checkpoint of ${tasks.map((t) => t.name).join(" or ")}, got ${name === undefined ? "one that names no experiment" : JSON.stringify(name)}; evaluate it with the code that wrote it`,
    );
  return { checkpoint, task };
}
