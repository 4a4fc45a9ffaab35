/** One trial, from wherever it was left to its result: what a shell loop, an array job and a worker all call. */
import { INTERRUPTED, STOPPED } from "../exit-codes.ts";
import { makeFolder } from "../../src/node/index.ts";
import { isBegun } from "../../runs/folder/index.ts";
import { quoted } from "../../runs/command.ts";
import { UsageError } from "../../runs/experiment.ts";
import {
  clearFailure,
  readResult,
  isRunning,
  outcomeOf,
  trialFolder,
  writeFailure,
  writeResult,
} from "./files.ts";
import type { Sweep, Trial } from "./manifest.ts";
import { wordsOf } from "./words.ts";

export interface TrialOptions {
  readonly sweep: Sweep;
  readonly trial: Trial;
  /** Runs a command line of this program, without its name. */
  readonly run: (words: readonly string[]) => Promise<Ended>;
  readonly say: (line: string) => void;
  /** Flags that are no setting: a device, no progress. */
  readonly flags?: readonly string[];
}
/** How a command line ended, and what it said went wrong. */
export interface Ended {
  readonly code: number;
  readonly why: string;
}

/** Trains a trial, or goes on with it, and writes its result; gives the exit code. Twice is no harm: the run's own lock excludes. */
export async function runTrial({
  sweep,
  trial,
  run,
  say,
  flags = [],
}: TrialOptions): Promise<number> {
  const dir = trialFolder(sweep, trial);
  const name = `trial ${trial.index} (${trial.id})`;
  // A damaged result is made again, of the run as it stands.
  if (await readResult(sweep, trial).catch(() => undefined)) {
    say(`${name} was done before`);
    return 0;
  }
  if (await isRunning(sweep, trial)) return busy();
  let writing = false;
  const release = stopEarly(() => !writing);
  try {
    if (await kept()) return 0; // trained before, by somebody who could not write the result any more
    await clearFailure(sweep, trial);
    await makeFolder(dir);
    const begun = isBegun(dir);
    const words = [
      ...wordsOf(sweep.experiment, sweep.manifest, trial),
      ...[begun ? "--resume" : "--out", dir],
      ...flags,
    ];
    say(`${name}: weightnorm ${words.map(quoted).join(" ")}`);
    const { code, why } = await run(words);
    if (code === INTERRUPTED || code === STOPPED) return stopped(); // the one by itself, the other as a job of MPI
    if (await isRunning(sweep, trial)) return busy(); // somebody else was faster
    if (await kept()) return 0;
    if (code === 2 && !begun && isBegun(dir)) return stopped(); // somebody was, and has let go again
    const time = new Date().toISOString();
    await writeFailure(sweep, trial, { id: trial.id, code, why: why.slice(0, 2000), time });
    return code === 0 ? 1 : code;
  } finally {
    release();
  }

  async function kept(): Promise<boolean> {
    const outcome = await outcomeOf(sweep, trial);
    if (!outcome) return false;
    writing = true; // what takes a moment is not left half done
    await writeResult(sweep, trial, outcome);
    say(outcome.why === undefined ? `${name} is done` : `${name} is done: ${outcome.why}`);
    return true;
  }
  function stopped(): number {
    say(`${name}: stopped, nothing is lost; run it again to go on`);
    return STOPPED;
  }
  function busy(): number {
    say(`${name}: another process trains it just now; run it again when that has ended`);
    return STOPPED;
  }
}

/** Training saves before it stops; before and after it there is nothing to save. */
function stopEarly(may: () => boolean): () => void {
  const signals = ["SIGTERM", "SIGINT"] as const;
  const handler = (signal: NodeJS.Signals): void => {
    if (process.listenerCount(signal) === 1 && may()) process.exit(STOPPED);
  };
  const exit = (code: number): void => {
    if (code === INTERRUPTED) process.exitCode = STOPPED; // a second signal ends it at once
  };
  for (const signal of signals) process.on(signal, handler);
  process.on("exit", exit);
  return () => {
    for (const signal of signals) process.off(signal, handler);
    process.off("exit", exit);
  };
}

/** Where systems that run many of the same say which one this is. */
const INDICES = ["SLURM_ARRAY_TASK_ID", "JOB_COMPLETION_INDEX"];

/** The trial that a flag names, or that the environment does. */
export function trialAt(
  { manifest: { trials } }: Pick<Sweep, "manifest">,
  index: number | undefined,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Trial {
  const named = INDICES.find((name) => env[name] !== undefined && env[name] !== "");
  const [where, said] =
    index === undefined && named !== undefined ? [named, env[named]] : ["--index", index];
  if (said === undefined)
    throw new UsageError(
      `--index: expected the number of a trial, got none, and neither ${INDICES.join(" nor ")}; try --index 0`,
    );
  const trial = /^\d{1,9}$/.test(String(said)) ? trials.at(Number(said)) : undefined;
  if (trial) return trial;
  throw new UsageError(
    `${where}: expected the number of a trial, from 0 to ${trials.length - 1}, got ${JSON.stringify(said).slice(0, 60)}; see sweep status`,
  );
}
