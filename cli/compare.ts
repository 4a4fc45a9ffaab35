/** `weightnorm compare` and `weightnorm train`: from flags to a finished run and its report. */
import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { heldOutSize, isGrid, trainedSize, type Config } from "../experiments/training/config.ts";
import { Diverged, type Run } from "../experiments/training/run.ts";
import type { Task, TaskData } from "../experiments/training/task.ts";
import { ARMS } from "../experiments/results.ts";
import { loadOnnxRuntime, nodeRuntime, reasonOf } from "../src/node/index.ts";
import { exhibit } from "./exhibition.ts";
import { usageError, type TrainingFlags } from "./options.ts";
import { COMMAND, quoted, shown } from "./paths.ts";
import { preparationDisplay } from "./progress.ts";
import { Interrupted, race } from "./race.ts";
import { writeReport } from "./report/index.ts";
import { printResults, report } from "./report.ts";
import { chosenRuns, resultsOf } from "./results.ts";
import { checkUnchanged, resumed } from "./resume.ts";
import { checkVacant, createRunFolder, type RunFolder } from "./run-folder.ts";

/** Trains what the flags ask for and reports it; the folder of an interrupted run is left ready to be resumed. */
export async function compare(task: Task, flags: TrainingFlags): Promise<void> {
  const foreign = (["game", "rom", "frames", "double"] as const).find(
    (name) => flags[name] !== undefined,
  );
  if (foreign)
    throw usageError(
      `--${foreign}: expected only for dqn, got it with ${task.name}; leave it away`,
    );
  const asked = configOf(task, flags);
  const resumed =
    flags.resume === undefined ? undefined : await resume(task, flags.resume, flags, asked);
  if (resumed?.finished()) return report(resumed.dir, flags);
  if (!resumed) {
    checkSizes(planned(task, asked, asked.trainSize ?? Infinity));
    if (flags.out !== undefined) await checkVacant(resolve(flags.out)); // before minutes of downloading and whitening
  }
  const dataDir =
    resumed?.run.dataDir ?? (flags.dataDir === undefined ? undefined : resolve(flags.dataDir));
  const preparing = preparationDisplay(flags.quiet ?? false);
  const threads = resumed?.run.config.threads ?? flags.threads;
  const source = task.load({
    ...(dataDir === undefined ? {} : { dataDir }),
    ...(threads === undefined ? {} : { threads }),
    onProgress: preparing.show,
  });
  const [data] = await Promise.all([source, loadOnnxRuntime()]).finally(preparing.stop); // both are there before anything is written
  const folder = resumed ?? (await start(task, flags, complete(task, asked, data), dataDir));
  const runtime = nodeRuntime({ threads: folder.run.config.threads });
  const options = { task, data, runtime, quiet: flags.quiet ?? false };
  const finish = async (): Promise<void> => {
    const { config } = folder.run;
    const outcome = await race(folder, options);
    const { finished, lost } = outcome;
    if (finished.length === 0) throw lost[0].error;
    const chosen = chosenRuns(finished, config, task.measures[0].key);
    const results = resultsOf({
      run: folder.run,
      task,
      outcome,
      exhibition: await exhibit(chosen, folder, options),
      data: { source: data.source, train: trainedSize(config), test: data.test.count },
    });
    await folder.finish(results);
    const { html } = await writeReport(folder.dir, results);
    printResults(results, html, flags);
    const missing = withoutResult(outcome);
    if (missing) throw missing;
  };
  await finish().catch((error: unknown) => {
    throw withAdvice(task.name, error, folder);
  });
}

/** A seed of an arm that diverged at every learning rate it had. */
export const withoutResult = ({
  finished,
  lost,
}: {
  readonly finished: readonly Pick<Run, "arm" | "seed">[];
  readonly lost: readonly { readonly run: Pick<Run, "arm" | "seed">; readonly error: Diverged }[];
}): Diverged | undefined =>
  lost.find(({ run }) => !finished.some((f) => f.arm === run.arm && f.seed === run.seed))?.error;

/** What to do about a run that did not get to its end. */
export function withAdvice(
  experiment: string,
  error: unknown,
  { dir }: { readonly dir: string },
): unknown {
  const goOn = `go on with: ${COMMAND} compare ${experiment} --resume ${quoted(shown(dir))}`;
  if (error instanceof Interrupted)
    return new Interrupted(`stopped, nothing is lost; ${goOn}`, { cause: error });
  if (!(error instanceof Error)) return error;
  const { message, cause = error } = error;
  if (error instanceof Diverged)
    return new Error(`${message}. The checkpoints from before are in ${shown(dir)}`, {
      cause: error,
    });
  if (["ENOSPC", "EDQUOT"].includes(reasonOf(cause)))
    return new Error(`${message}, then ${goOn}`, { cause: error });
  return error;
}

/** The part of the configuration that flags name; a target is given in the unit of the task's first measure. */
function configOf(task: Task, flags: TrainingFlags): Partial<Config> {
  if (flags.preset !== undefined && !(flags.preset in task.presets))
    throw usageError(
      `--preset: expected ${Object.keys(task.presets).join(" or ")} for ${task.name}, got "${flags.preset}"; try --preset ${Object.keys(task.presets)[0]}`,
    );
  return namedBy(task, flags);
}
function namedBy(
  task: Task,
  {
    arm,
    arms,
    seed,
    epochs,
    batchSize,
    lr,
    optimizer,
    trainSize,
    target,
    threads,
    preset,
  }: TrainingFlags,
): Partial<Config> {
  const named = {
    arms: arms ?? (arm === undefined ? undefined : [arm]),
    seeds: seed,
    epochs,
    batchSize,
    lr,
    optimizer,
    trainSize,
    threads,
    preset,
    target: target === undefined ? undefined : target / task.measures[0].scale,
  };
  return Object.fromEntries(Object.entries(named).filter(([, value]) => value !== undefined));
}

/** The configuration on `available` training examples. */
function planned(task: Task, asked: Partial<Config>, available: number): Config {
  const preset = asked.preset ?? Object.keys(task.presets)[0];
  const { lrOf, ...settings } = task.presets[preset];
  return {
    arms: task.arms ?? ARMS,
    seeds: [1],
    ...settings,
    ...(asked.lr === undefined && lrOf ? { lrOf } : {}),
    threads: availableParallelism(),
    trainSize: available,
    ...asked,
    preset,
  };
}

function complete(task: Task, asked: Partial<Config>, data: TaskData): Config {
  const config = planned(task, asked, data.train.count);
  if (config.trainSize > data.train.count)
    throw usageError(
      `--train-size: expected at most the ${data.train.count} training images of ${data.source}, got ${config.trainSize}; lower it`,
    );
  checkSizes(config);
  return config;
}

function checkSizes(config: Config): void {
  if (config.batchSize > trainedSize(config))
    throw usageError(
      `--batch-size: expected at most the ${trainedSize(config)} images of an epoch, got ${config.batchSize}; lower it or raise --train-size`,
    );
  if (isGrid(config) && heldOutSize(config) === 0)
    throw usageError(
      `--train-size: with several learning rates a share of ${config.heldOut} is held out, got none of ${config.trainSize} images; raise it or give one --lr`,
    );
}

function start(
  task: Task,
  flags: TrainingFlags,
  config: Config,
  dataDir: string | undefined,
): Promise<RunFolder> {
  const startedAt = new Date().toISOString();
  const out = flags.out ?? `runs/${task.name}-${startedAt.slice(0, 19).replaceAll(":", "-")}`;
  const command = ["weightnorm", ...process.argv.slice(2).map(quoted)].join(" ");
  return createRunFolder(resolve(out), {
    experiment: task.name,
    config,
    ...(dataDir === undefined ? {} : { dataDir }),
    command,
    startedAt,
  });
}

/** The folder to go on in, after a look at whether the flags given with --resume say anything else than it does. */
async function resume(
  task: Task,
  dir: string,
  flags: TrainingFlags,
  asked: Partial<Config>,
): Promise<RunFolder> {
  const folder = await resumed<Config>(task.name, dir, flags.out);
  const { config, dataDir } = folder.run;
  if (flags.dataDir !== undefined && resolve(flags.dataDir) !== dataDir)
    throw usageError(
      `--data-dir: the run began with ${dataDir ?? "the default data"}, got ${flags.dataDir}; leave it away or start a new run`,
    );
  checkUnchanged(
    asked,
    config.lrOf ? { ...config, lr: { ...config.lrOf, others: config.lr } } : config,
  );
  return folder;
}
