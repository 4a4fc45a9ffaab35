/** The processes that train together, where a launcher of MPI started this one; else this one by itself. */
import {
  joined,
  launcherOf,
  relaunch,
  sameProgram,
  STOPPED,
  type Joined,
} from "../cluster/mpi/index.ts";
import { Diverged, UsageError } from "../runs/experiment.ts";
import { Interrupted } from "../runs/race.ts";
import { oneRank, type Ranks } from "../runs/ranks.ts";

/** What a command does of a run, in every process of its job; `job` is missing where there is no launcher. */
type Work = (ranks: Ranks, job: Joined | undefined) => Promise<void>;

/**
 * Does what all processes of a job do, which it starts where several `ranks` are asked for and no launcher has. What all of them fail at
 * rank 0 says; what one of them fails at ends the others.
 */
export async function together(
  { ranks: asked = 1 }: { readonly ranks?: number },
  work: Work,
): Promise<void> {
  if (asked > 1 && !launcherOf(process.env)) {
    process.exitCode = await relaunch(asked, process.argv.slice(1));
    return;
  }
  const job = await joined();
  if (!job) return work(oneRank, undefined);
  const { ranks } = job;
  try {
    onAll(() => sameProgram(ranks));
    await work(ranks, job);
    job.end();
  } catch (error) {
    if (!isOnAll(error)) job.abort(undefined, (error as Error).message);
    job.end();
    const exitCode = error instanceof Interrupted ? STOPPED : error instanceof UsageError ? 2 : 1;
    if (ranks.rank === 0) throw Object.assign(error as Error, { exitCode });
    await new Promise((go) => setTimeout(go, MODESTY)); // launchers end all once one has ended with such a code
    process.exitCode = exitCode;
  }
}

/** Milliseconds in which rank 0 says what all of them know. */
const MODESTY = 1000;

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
