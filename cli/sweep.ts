/** `weightnorm sweep`: from flags to the room that knows sweeps. */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { STOPPED } from "../cluster/exit-codes.ts";
import { launcherOf } from "../cluster/mpi/launcher.ts";
import { bestRates } from "../cluster/sweep/best-rates.ts";
import { hasResult } from "../cluster/sweep/files.ts";
import { onLeash } from "../cluster/sweep/leash.ts";
import { manifestIn, planned, sweepIn, writeSweep, type Sweep } from "../cluster/sweep/manifest.ts";
import { sweptResults } from "../cluster/sweep/merge.ts";
import { countsOf, statusOf, statusText } from "../cluster/sweep/status.ts";
import { runTrial, trialAt, type Ended } from "../cluster/sweep/trial.ts";
import { count } from "../report/words.ts";
import { quoted } from "../runs/command.ts";
import { UsageError, type Config, type Experiment } from "../runs/experiment.ts";
import { readFileOfResults } from "../runs/folder/index.ts";
import type { Results } from "../runs/records.ts";
import { writeFileAtomic } from "../src/node/index.ts";
import type { DeviceName } from "./device.ts";
import { exitWith } from "./exit.ts";
import { experimentAt, findWith, type Meant } from "./experiments.ts";
import { askedOf, flagSettings, placesOf } from "./flags.ts";
import { onInterrupt } from "./interrupt.ts";
import { manifest as program } from "./manifest.ts";
import { COMMAND, shown } from "./paths.ts";

/** Runs another command line of this program. */
export type Run = (args: readonly string[], say: (message: string) => void) => Promise<number>;

export interface SweepFlags {
  readonly out?: string;
  readonly ratesOf?: string;
  readonly index?: number;
  readonly experiment?: string;
  readonly redis?: string;
  readonly concurrency?: number;
  readonly patience?: number;
  readonly device?: DeviceName;
  readonly keep?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
}
const say = (line: string): void => void process.stderr.write(`${line}\n`);

/** Writes a plan, and says how to train it. */
export async function plan(
  { experiment, places: given, subject }: Meant & { readonly subject: string },
  flags: SweepFlags,
): Promise<void> {
  const all = { ...flags } as Readonly<Record<string, unknown>>;
  const dir = resolve(flags.out!);
  const asked = askedOf(flagSettings(experiment, "compare"), all);
  const places = placesOf(experiment.places, all);
  const { ratesOf } = flags;
  const best = ratesOf === undefined ? {} : await bestOf(ratesOf);
  const sweep = planned({
    ...{ experiment, given, version: program().version },
    subject: existsSync(subject) && subject !== experiment.name ? resolve(subject) : subject,
    ...{ places, asked: { ...asked, ...best } },
    command: ["weightnorm", ...process.argv.slice(2).map(quoted)].join(" ").slice(0, 20_000),
    plannedAt: new Date().toISOString(),
  });
  await writeSweep(dir, sweep);
  const { trials } = sweep.manifest;
  if (flags.json) process.stdout.write(`${JSON.stringify(sweep.manifest)}\n`);
  else process.stdout.write(howTo(quoted(shown(dir)), trials.length, ownFlags(sweep.manifest)));

  async function bestOf(path: string): Promise<Pick<Config, "lrOf">> {
    if (asked["lr"] !== undefined)
      throw new UsageError("--rates-of: expected no --lr beside it, got both; give one of them");
    const { arms } = experiment.complete(asked, { ...given, ...places });
    const wanted = { experiment: experiment.name, arms };
    return bestRates(await rated(path, experiment, flags), wanted, { where: shown(path), say });
  }
}

/** The results to take rates from: of a results.json, or of a sweep that is done. */
async function rated(path: string, experiment: Experiment, flags: SweepFlags): Promise<Results> {
  if (!existsSync(path))
    throw new UsageError(
      `--rates-of: expected the folder of a sweep, or a results.json, got nothing at ${path}; check the path`,
    );
  const results = await readFileOfResults(path, findWith(experiment));
  return results ?? sweptResults(await opened(path, flags));
}

const howTo = (dir: string, trials: number, flags: readonly string[]): string => {
  const more = flags.map((word) => ` ${quoted(word)}`).join("");
  return `${count(trials, "trial")} in ${dir}/sweep.json
one after the other: for i in $(seq 0 ${trials - 1}); do ${COMMAND} sweep run ${dir} --index $i${more}; done
an array of Slurm:   sbatch --array=0-${trials - 1} --wrap "exec ${COMMAND} sweep run ${dir}${more}"
workers of a queue:  ${COMMAND} sweep work ${dir} --redis redis://localhost:6379${more}
then: ${COMMAND} sweep report ${dir}${more}
`;
};

/** Trains one trial; the exit code says what is to be done about it. */
export async function runOne(dir: string, flags: SweepFlags, run: Run): Promise<void> {
  const { size = 1 } = launcherOf(process.env) ?? {};
  if (size > 1)
    throw new UsageError(
      `sweep run: expected one process, got ${size} of a launcher, which would all train one trial; start it once`,
    );
  onLeash();
  const sweep = await opened(dir, flags);
  const trial = trialAt(sweep, flags.index);
  const code = await runTrial({
    ...{ sweep, trial, say, flags: trainingFlags(flags) },
    async run(words): Promise<Ended> {
      let why = "";
      const ended = await run(words, (message) => (why = message));
      return { code: ended, why };
    },
  });
  exitWith(code);
}

/** Trains trials of a queue. */
export async function workOn(dir: string, flags: SweepFlags): Promise<void> {
  const sweep = await opened(dir, flags);
  const redis = flags.redis ?? process.env["REDIS_URL"];
  if (redis === undefined)
    throw new UsageError(
      "--redis: expected where the queue is, got none, and no REDIS_URL; try --redis redis://localhost:6379",
    );
  const { work } = await import("../cluster/sweep/work.ts");
  const self = [process.execPath, ...process.execArgv, process.argv[1]];
  const more = [...ownFlags(sweep.manifest, flags), ...trainingFlags(flags)];
  const interrupt = onInterrupt();
  const { open, failed, stopped } = await work({
    ...{ sweep, redis, say, signal: interrupt.signal },
    ...{ concurrency: flags.concurrency!, patience: flags.patience!, keep: flags.keep ?? false },
    command: ({ index }) => [...self, "sweep", "run", sweep.dir, "--index", String(index), ...more],
  });
  interrupt.release();
  const all = sweep.manifest.trials.length;
  say(`${all - open.length} of ${all} trials have results, ${failed.length} failed`);
  exitWith(stopped ? STOPPED : open.length > 0 ? 1 : 0);
}

/** Prints how far a sweep is. */
export async function status(dir: string, flags: SweepFlags): Promise<void> {
  const trials = await statusOf(await opened(dir, flags));
  const text = flags.json
    ? `${JSON.stringify({ counts: countsOf(trials), trials })}\n`
    : statusText(trials);
  process.stdout.write(text);
}

/** Writes the report of what is done. */
export async function reportOn(dir: string, flags: SweepFlags): Promise<void> {
  const sweep = await opened(dir, flags);
  const { printResults, writeReport } = await import("./report.ts");
  const results = await sweptResults(sweep);
  const all = sweep.manifest.trials;
  const done = all.filter((trial) => hasResult(sweep, trial)).length;
  if (done < all.length)
    say(
      `${done} of ${all.length} trials are done; of several rates those that lack a seed are left out`,
    );
  await writeFileAtomic(join(sweep.dir, "report.json"), `${JSON.stringify(results, null, 2)}\n`);
  printResults(results, await writeReport(sweep.dir, results), { json: flags.json ?? false });
}

/** A sweep with its experiment. No module is run because a file says so: that of the user's own is named again. */
async function opened(dir: string, { experiment: own }: SweepFlags): Promise<Sweep> {
  const path = resolve(dir);
  const manifest = await manifestIn(path);
  const isOwn = isModule(manifest.subject);
  if (isOwn && own === undefined)
    throw new UsageError(
      `--experiment: expected the module that the sweep was planned with (${shown(manifest.subject)}), got none; name it`,
    );
  const subject = isOwn ? resolve(own!) : manifest.subject;
  const { experiment, places: given } = await experimentAt(subject);
  return sweepIn(path, { ...manifest, subject }, { experiment, given, version: program().version });
}

const isModule = (subject: string): boolean => /\.[cm]?[jt]s$/i.test(subject);
const ownFlags = (
  { subject }: Sweep["manifest"],
  { experiment = subject }: SweepFlags = {},
): readonly string[] => (isModule(subject) ? ["--experiment", experiment] : []);
const trainingFlags = ({ quiet = false, device }: SweepFlags): readonly string[] => [
  ...(quiet ? ["--quiet"] : []),
  ...(device === undefined ? [] : ["--device", device]),
];
