/** The processes that train together, where a launcher of MPI started this one; else this one by itself. */
import { availableParallelism } from "node:os";
import { Diverged, UsageError } from "../runs/experiment.ts";
import { Interrupted } from "../runs/race.ts";
import { oneRank, type Ranks } from "../runs/ranks.ts";

export interface Job {
  readonly ranks: Ranks;
  /** Threads for this process, unless some are asked for. */
  readonly threads: number;
  /** All have done what they were to do. */
  end(): void;
  /** Ends all of them at once: this one has failed, and the others wait for it. */
  abort(code: number): never;
}

const byItself: Job = {
  ...{ ranks: oneRank, threads: availableParallelism(), end: () => undefined },
  abort: (code) => process.exit(code),
};

/** What a shell gets of processes that were asked to stop, and saved: EX_TEMPFAIL, as batch systems have it. */
const STOPPED = 75;

/**
 * Does what all processes of a job do, which it starts where several `ranks` are asked for and no launcher has. What all of them fail at
 * rank 0 says; what one of them fails at ends the others.
 */
export async function together(
  { ranks: asked = 1 }: { readonly ranks?: number },
  work: (job: Job) => Promise<void>,
): Promise<void> {
  const { joined, launcherOf, relaunch } = await import("../cluster/mpi/index.ts");
  if (asked > 1 && !launcherOf(process.env)) {
    process.exitCode = await relaunch(asked, process.argv.slice(1));
    return;
  }
  const job = (await joined()) ?? byItself;
  const { rank, size, hosts } = job.ranks;
  try {
    await work(job);
    job.end();
  } catch (error) {
    if (size === 1) throw error;
    if (isEverywhere(error)) {
      job.end();
      const code = error instanceof Interrupted ? STOPPED : error instanceof UsageError ? 2 : 1;
      if (rank > 0) process.exitCode = code;
      else throw Object.assign(error, { exitCode: code });
      return;
    }
    process.stderr.write(
      `weightnorm: rank ${rank} on ${hosts[rank]}: ${(error as Error).message}\n`,
    );
    job.abort(1);
  }
}

/** Rank 0 could not begin, and says why. */
class NotBegun extends Error {
  override readonly name = "NotBegun";
}
const isEverywhere = (error: unknown): error is Error =>
  [Interrupted, Diverged, UsageError, NotBegun].some((kind) => error instanceof kind);

/** What rank 0 makes as text, on all ranks; where it fails, all do. */
export async function fromFirst({ ranks }: Job, make: () => Promise<string>): Promise<string> {
  if (ranks.size === 1) return make();
  let own: Uint8Array | undefined;
  let failure: unknown;
  if (ranks.rank === 0)
    try {
      own = Buffer.from(`+${await make()}`);
    } catch (error) {
      failure = error;
      own = new Uint8Array();
    }
  const heard = ranks.patiently(() => ranks.broadcast(own));
  if (heard.length > 0) return Buffer.from(heard).toString().slice(1);
  if (isEverywhere(failure)) throw failure;
  const { message } =
    failure === undefined ? new Error("rank 0 could not begin") : (failure as Error);
  throw new NotBegun(message, { cause: failure });
}
