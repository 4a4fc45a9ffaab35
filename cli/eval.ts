/** `weightnorm eval`: what a checkpoint is worth on the test set, or every checkpoint of a run. */
import type { Means } from "../experiments/results.ts";
import { evaluateCheckpoint } from "../experiments/training/run.ts";
import { DQN } from "../experiments/tasks.ts";
import { loadCheckpoint, nodeRuntime } from "../src/node/index.ts";
import { checkpointsAt, loadOurs, runOf } from "./checkpoints.ts";
import { inUnit } from "./measure.ts";
import { usageError } from "./options.ts";
import { preparationDisplay } from "./progress.ts";
import { textTable } from "./text-table.ts";

export interface EvalFlags {
  readonly dataDir?: string;
  readonly rom?: string;
  readonly threads?: number;
  readonly json?: boolean;
}

export async function evaluate(path: string, flags: EvalFlags): Promise<void> {
  const { dataDir, threads, json = false } = flags;
  const files = await checkpointsAt(path);
  const ofAgents = (await loadCheckpoint(files[0])).config["experiment"] === DQN;
  checkFlags(ofAgents, flags);
  if (ofAgents) return (await import("./dqn/eval.ts")).evaluateAgents(files, flags);
  const checkpoints = await Promise.all(
    files.map(async (file) => ({ file, ...(await loadOurs(file)) })),
  );
  const { task } = checkpoints[0];
  const mixed = checkpoints.find((c) => c.task !== task);
  if (mixed)
    throw new Error(
      `${mixed.file}: expected checkpoints of one experiment, got ${mixed.task.name} beside ${task.name}; evaluate them one by one`,
    );
  const folder = dataDir ?? (await runOf(files[0]))?.dataDir; // pixels of another set would be normalized otherwise
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
    readonly lr: number;
    readonly step: number;
    readonly test: Means;
  }[] = [];
  for (const { file, checkpoint } of checkpoints) {
    const { config, seed, step } = checkpoint;
    rows.push({
      file,
      arm: String(config["arm"]),
      seed,
      lr: Number(config["lr"]),
      step,
      test: await evaluateCheckpoint(checkpoint, { task, data, runtime, where: file }),
    });
  }
  const table = (): string =>
    textTable(
      ["arm", "seed", "lr", "step", ...task.measures.map(({ key }) => `test ${key}`)],
      rows.map((r) => [
        ...[r.arm, String(r.seed), String(r.lr), String(r.step)],
        ...task.measures.map((measure) => inUnit(measure, r.test[measure.key])),
      ]),
    );
  process.stdout.write(
    json
      ? `${JSON.stringify(rows)}\n`
      : `${table()}\n${data.test.count} test images of ${data.source}\n`,
  );
}

function checkFlags(ofAgents: boolean, { dataDir, rom }: EvalFlags): void {
  if (ofAgents && dataDir !== undefined)
    throw usageError(
      "--data-dir: expected only for experiments with a data set, got it with dqn; leave it away",
    );
  if (!ofAgents && rom !== undefined)
    throw usageError("--rom: expected only for dqn, got it with another experiment; leave it away");
}
