/** The processes that train together, where a launcher of MPI started this one; else this one by itself. */
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import {
  joined,
  launcherOf,
  programText,
  relaunch,
  sameProgram,
  STOPPED,
  type Joined,
} from "../cluster/mpi/index.ts";
import { Diverged, UsageError } from "../runs/experiment.ts";
import { Interrupted } from "../runs/race.ts";
import type { Ranks } from "../runs/ranks.ts";

/** A process among those of a job. */
export interface Member {
  readonly ranks: Ranks;
  readonly threads: number;
  /** Whether this process was asked to stop, at any time since it joined. */
  readonly isAsked: () => boolean;
}
/** What a command does of a run, in every process of its job; `member` is missing where there is no launcher. */
type Work = (member: Member | undefined) => Promise<void>;

/**
 * Does what all processes of a job do, which it starts where several `ranks` are asked for and no launcher has. What all of them fail at
 * rank 0 says; what one of them fails at ends the others.
 */
export async function together(
  { ranks: asked }: { readonly ranks?: number },
  work: Work,
): Promise<void> {
  if (asked !== undefined && asked > 1 && !launcherOf(process.env)) {
    if (process.env["WEIGHTNORM_MPI_LIB"] === "none")
      throw new UsageError(
        "--ranks: expected MPI, got WEIGHTNORM_MPI_LIB=none, which switches it off; leave one of them away",
      );
    const most = RANKS_A_CORE * availableParallelism();
    if (asked > most)
      throw new UsageError(
        `--ranks: expected at most ${most}, ${RANKS_A_CORE} for each core of this machine, got ${asked}; start more on several machines, by mpirun`,
      );
    process.exitCode = await relaunch(asked, process.argv.slice(1));
    return;
  }
  const job = await joined();
  if (!job) return work(undefined);
  const { ranks, threads } = job;
  let isAsked = false;
  job.onNotice(() => (isAsked = true)); // to the end: who is told late, in mid-report, stops too
  try {
    onAll(() => checkCommon(ranks, asked));
    await work({ ranks, threads, isAsked: () => isAsked });
    job.end();
  } catch (error) {
    if (!isOnAll(error)) job.abort(undefined, (error as Error).message);
    ended(job, error as Error);
    const exitCode = error instanceof Interrupted ? STOPPED : error instanceof UsageError ? 2 : 1;
    if (ranks.rank === 0) throw Object.assign(error as Error, { exitCode });
    await new Promise((go) => setTimeout(go, MODESTY)); // launchers end all once one has ended with such a code
    process.exitCode = exitCode;
  }
}

/** Ranks that a core may have: more are slower, and take its memory. */
const RANKS_A_CORE = 4;
/** Milliseconds in which rank 0 says what all of them know. */
const MODESTY = 1000;

/** Leaves the others after an error that all have; where they do not, the error is what is to be heard of. */
function ended(job: Joined, { message }: Error): void {
  try {
    job.end();
  } catch {
    job.abort(undefined, message);
  }
}

/** That all are so many, of one program and one module of the user's own. */
function checkCommon(ranks: Ranks, asked: number | undefined): void {
  if (asked !== undefined && asked !== ranks.size)
    throw new UsageError(
      `--ranks: expected the ${ranks.size} ranks that the launcher started, got ${asked}; leave it away, or the launcher`,
    );
  const modules = process.argv
    .slice(2)
    .filter((word) => /\.[cm]?[jt]s$/.test(word) && existsSync(word))
    .map(
      (path) =>
        `${path}: ${createHash("sha256").update(readFileSync(path)).digest("hex").slice(0, 16)}`,
    );
  sameProgram(ranks, [programText(), ...modules].join("\n"));
}

/** What keeps all processes from going on, and all of them know. */
class OnAll extends Error {
  override readonly name = "OnAll";
}
const isOnAll = (error: unknown): boolean =>
  [Interrupted, Diverged, UsageError, OnAll].some((kind) => error instanceof kind);
function onAll(check: () => void): void {
  try {
    check();
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new OnAll((error as Error).message, { cause: error });
  }
}

/** What rank 0 makes, as text, on all ranks; where it fails, all do. */
export async function fromFirst(ranks: Ranks, make: () => Promise<string>): Promise<string> {
  if (ranks.size === 1) return make();
  let failure: unknown;
  let own = new Uint8Array();
  if (ranks.rank === 0)
    try {
      own = Buffer.from(`+${await make()}`);
    } catch (error) {
      failure = error;
    }
  const heard = Buffer.from(ranks.patiently(() => ranks.broadcast(own))).toString();
  if (heard !== "") return heard.slice(1);
  if (isOnAll(failure)) throw failure;
  throw new OnAll(failure === undefined ? "rank 0 could not begin" : (failure as Error).message, {
    cause: failure,
  });
}

/** What every rank does by itself, and takes long; where one fails at it all end, and that one says why. */
export async function onEach<T>(ranks: Ranks, act: () => Promise<T>): Promise<T> {
  const done = await act().catch((error: unknown) => {
    // Whatever it is, the others do not know of it.
    throw ranks.size === 1 ? error : new Error((error as Error).message, { cause: error });
  });
  ranks.patiently(() => ranks.meet());
  return done;
}
