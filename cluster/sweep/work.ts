/** A worker of a sweep: takes trials from a queue in Redis, as many workers at once as there are, and trains each in a child. */
import { DelayedError, Queue, UnrecoverableError, WaitingError, Worker, type Job } from "bullmq";
import { startChild, type Child } from "./child.ts";
import { hasResult, isRunning, logFile, readFailure } from "./files.ts";
import { digest, type Sweep, type Trial } from "./manifest.ts";
import { connected } from "./redis.ts";
import { STOPPED } from "../exit-codes.ts";

export interface WorkOptions {
  readonly sweep: Sweep;
  /** redis://HOST:PORT */
  readonly redis: string;
  /** Trials at a time. */
  readonly concurrency: number;
  /** Whether to wait for more when all is done. */
  readonly keep: boolean;
  /** Seconds without a sign of life after which a worker's trials go to others. */
  readonly patience: number;
  /** The command that runs a trial. */
  readonly command: (trial: Trial) => readonly string[];
  readonly say: (line: string) => void;
  /** Asks to stop: trials under way are saved and go back into the queue. */
  readonly signal: AbortSignal;
}

/** How a worker's work ended. */
export interface Worked {
  /** Trials without a result. */
  readonly open: readonly Trial[];
  /** Those of them that failed as often as they are tried. */
  readonly failed: readonly Trial[];
  readonly stopped: boolean;
}

/** How often a trial that fails is tried; one that is stopped, or whose worker is killed, is tried until it is done. */
const ATTEMPTS = 3;
/** Milliseconds: between two looks at what is done, before a trial that somebody else has is tried again, and for Redis to answer. */
const LOOK = 1000;
const LATER = 5000;
const ANSWER = 5000;

/** Works until every trial has a result, or has failed for good. */
export async function work(options: WorkOptions): Promise<Worked> {
  const { sweep, keep, patience, concurrency, say, signal } = options;
  const { trials } = sweep.manifest;
  const connection = await connected(options.redis, say);
  const name = `weightnorm-${digest(trials.map(({ id }) => id))}`;
  const queue = new Queue(name, { connection, defaultJobOptions: JOB });
  const children = new Set<Child>();
  const open = (): readonly Trial[] => trials.filter((trial) => !hasResult(sweep, trial));
  const trainer = trainerOf(options, children, () => `${trials.length - open().length}`);
  const worker = new Worker(name, trainer, {
    ...{ connection, concurrency, autorun: false },
    ...{ lockDuration: patience * 1000, stalledInterval: patience * 500 },
    maxStalledCount: Number.MAX_SAFE_INTEGER, // a killed worker is no fault of the trial's
  });
  queue.on("error", () => undefined); // the connection tells of it, once
  worker.on("error", () => undefined);
  const stopping = new Promise<void>((resolve) => {
    signal.addEventListener("abort", () => resolve(), { once: true });
    if (signal.aborted) resolve();
  });
  /** What Redis says, or nothing where it is away. */
  const answered = <T>(asked: Promise<T>): Promise<T | undefined> =>
    Promise.race([asked.catch(() => undefined), stopping.then(() => undefined), after(ANSWER)]);
  let failed: readonly Trial[] = [];
  try {
    await answered(forget(queue));
    void worker.run().catch(() => undefined); // closing ends it
    while (!signal.aborted && (keep || open().length > 0)) {
      await answered(fill(queue, open()));
      const lost = (await answered(failedIn(queue))) ?? new Set();
      failed = open().filter(({ id }) => lost.has(id));
      if (!keep && failed.length > 0 && failed.length === open().length) break;
      await Promise.race([after(LOOK), stopping]);
    }
    await Promise.race([worker.pause(true), after(ANSWER)]);
    for (const child of children) child.stop();
    await Promise.all([...children].map(({ ended }) => ended.catch(() => null)));
    await Promise.race([worker.close(), after(ANSWER)]);
    await Promise.race([queue.close(), after(ANSWER)]);
  } finally {
    for (const child of children) child.stop();
    connection.disconnect();
  }
  return { open: open(), failed, stopped: signal.aborted };
}

/** A job is over when its result lies in the folder: what is done needs no place in the queue. */
const JOB = {
  ...{ attempts: ATTEMPTS, backoff: { type: "fixed", delay: LOOK } },
  ...{ removeOnComplete: true, removeOnFail: false },
};

/** What a worker does with a job. */
const trainerOf =
  ({ sweep, command, say, signal }: WorkOptions, children: Set<Child>, done: () => string) =>
  async (job: Job, token?: string): Promise<void> => {
    const { trials } = sweep.manifest;
    const trial = trials.find(({ id }) => id === job.id);
    if (!trial) throw new UnrecoverableError(`${job.id ?? "job"}: expected a trial of the sweep`);
    if (hasResult(sweep, trial)) return;
    if (await isRunning(sweep, trial)) return later(job, token); // a worker that Redis has lost, or a person
    const what = `trial ${trial.index} (${trial.id})`;
    say(`${what}: begins`);
    const child = await startChild(command(trial), logFile(sweep, trial));
    children.add(child);
    if (signal.aborted) child.stop(); // asked for while it started
    const code = await child.ended.finally(() => children.delete(child));
    if (hasResult(sweep, trial)) {
      say(`${what}: done, ${done()} of ${trials.length}`);
      return;
    }
    if (signal.aborted) {
      say(`${what}: saved`);
      await job.moveToWait(token);
      throw new WaitingError();
    }
    if (code === STOPPED) return later(job, token);
    const failure = await readFailure(sweep, trial);
    const why = failure?.why ?? `it ended with ${code ?? "a signal"}`;
    say(`${what}: failed: ${why} (see ${logFile(sweep, trial)})`);
    throw new Error(why);
  };

async function later(job: Job, token: string | undefined): Promise<never> {
  await job.moveToDelayed(Date.now() + LATER, token);
  throw new DelayedError();
}

/** Everything that is to be done is in the queue, once: whoever adds it, and if Redis has forgotten some of it. */
async function fill(queue: Queue, open: readonly Trial[]): Promise<void> {
  await queue.addBulk(
    open.map(({ id }) => ({ name: "trial", data: {}, opts: { ...JOB, jobId: id } })),
  );
}

/** What failed before is tried again by whoever starts anew. */
async function forget(queue: Queue): Promise<void> {
  for (const job of await queue.getFailed()) await job.remove().catch(() => undefined);
}

async function failedIn(queue: Queue): Promise<ReadonlySet<string>> {
  return new Set((await queue.getFailed()).flatMap(({ id }) => (id === undefined ? [] : [id])));
}

const after = (ms: number): Promise<undefined> =>
  new Promise((resolve) => setTimeout(() => resolve(undefined), ms).unref());
