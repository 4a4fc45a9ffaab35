/** Trains several arms side by side: whoever is furthest behind trains one epoch, so all see the same machine. */
import { ratesOf } from "../experiments/training/config.ts";
import { programsOf, type Programs } from "../experiments/training/programs.ts";
import { Diverged, startRun, type Run } from "../experiments/training/run.ts";
import type { Task, TaskData } from "../experiments/training/task.ts";
import type { Arm } from "../experiments/results.ts";
import type { Runtime } from "../src/index.ts";
import type { Log } from "../src/node/index.ts";
import type { LineDisplay, ProgressDisplay } from "./progress.ts";
import { progressDisplay } from "./progress.ts";
import type { RunFolder } from "./run-folder.ts";

/** Stopped on request, with checkpoints saved. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
}

/** Seconds between two checkpoints of a run, beside those at the ends of epochs. */
const CHECKPOINT_EVERY = 2;

export interface RaceOptions {
  readonly task: Task;
  readonly data: TaskData;
  readonly runtime: Runtime;
  readonly quiet: boolean;
}

/** How a race ended: what got to its end, and what diverged on the way. */
export interface Outcome {
  readonly finished: readonly Run[];
  readonly lost: readonly { readonly run: Run; readonly error: Diverged }[];
}

/**
 * Runs every arm, seed and learning rate of the folder's configuration to its end. A run that diverges is lost, with its last
 * good checkpoint kept, and the race goes on without it.
 */
export async function race(folder: RunFolder, options: RaceOptions): Promise<Outcome> {
  const interrupt = onInterrupt();
  const stable = new Map<Arm, Programs>();
  try {
    const { runs, saved } = await entrants(folder, options, stable);
    const log = await folder.log(saved);
    const display = progressDisplay(runs, {
      quiet: options.quiet,
      batchSize: folder.run.config.batchSize,
      measures: options.task.measures,
      nameOf: folder.nameOf,
    });
    try {
      return await untilAllAreThere({ folder, runs, saved, stable, log, display, interrupt });
    } finally {
      display.stop();
      log.close();
    }
  } finally {
    interrupt.release();
    for (const programs of stable.values()) await programs.release();
  }
}

interface Entrants {
  readonly runs: readonly Run[];
  /** The steps of checkpoints to go on from, by name. */
  readonly saved: ReadonlyMap<string, number>;
}
/** Every run of the configuration, at its start or where its checkpoint left it; their programs go to `stable`. */
async function entrants(
  folder: RunFolder,
  { task, data, runtime }: RaceOptions,
  stable: Map<Arm, Programs>,
): Promise<Entrants> {
  const { config } = folder.run;
  const runs: Run[] = [];
  const saved = new Map<string, number>();
  for (const arm of config.arms) {
    const programs = programsOf({ task, config, arm, data, runtime });
    stable.set(arm, programs);
    for (const seed of config.seeds)
      for (const lr of ratesOf(config, arm)) {
        const from = await folder.load({ arm, seed, lr });
        if (from) saved.set(folder.nameOf({ arm, seed, lr }), from.step);
        runs.push(await startRun({ config, seed, lr, programs, ...(from ? { from } : {}) }));
      }
  }
  return { runs, saved };
}

interface Track extends Entrants {
  readonly stable: ReadonlyMap<Arm, Programs>;
  readonly folder: RunFolder;
  readonly log: Log;
  readonly display: ProgressDisplay;
  readonly interrupt: Interrupt;
}
async function untilAllAreThere(track: Track): Promise<Outcome> {
  const { folder, runs, saved, stable, log, display, interrupt } = track;
  const save = async (run: Run): Promise<void> => {
    log.sync(); // never behind a checkpoint, even if power is lost
    await folder.save(run, run.checkpoint());
  };
  const trainEpoch = async (run: Run): Promise<void> => {
    let last = performance.now();
    let points = run.progress.curve.length;
    for (let ended = false; !ended;) {
      const { loss, epoch } = await run.advance();
      const head = { arm: run.arm, seed: run.seed, lr: run.lr, step: run.step() };
      for (const point of run.progress.curve.slice(points))
        log.append({ type: "point", ...head, ...point });
      points = run.progress.curve.length;
      if (epoch) log.append({ type: "epoch", ...head, ...epoch });
      display.step(run, loss, epoch);
      ended = epoch !== undefined;
      await new Promise(setImmediate); // lets a signal in: a step blocks the event loop
      if (ended || interrupt.requested() || performance.now() - last > CHECKPOINT_EVERY * 1000) {
        await save(run);
        last = performance.now();
      }
      if (interrupt.requested()) throw new Interrupted();
    }
  };

  for (const run of runs) {
    const goesOn = saved.has(folder.nameOf(run));
    reportStart(run, folder.nameOf(run), display, goesOn ? undefined : log.append);
    if (!goesOn) await save(run); // there is always a last good checkpoint
  }
  const lost = new Map<Run, Diverged>();
  const racing = (): readonly Run[] => runs.filter((run) => !lost.has(run));
  let at: Arm | undefined;
  for (let run = behind(racing()); run; run = behind(racing()))
    try {
      if (at !== undefined && at !== run.arm) await stable.get(at)!.release(); // one arm's memory at a time
      at = run.arm;
      await trainEpoch(run);
    } catch (error) {
      if (!(error instanceof Diverged)) throw error;
      display.line(`${folder.nameOf(run)}: out of the race. ${error.message}`);
      lost.set(run, error);
    }
  return { finished: racing(), lost: [...lost].map(([run, error]) => ({ run, error })) };
}

/** The unfinished run with the fewest steps, the first of equals: the same order however often a race is resumed. */
export const behind = <R extends { readonly steps: number; step(): number }>(
  runs: readonly R[],
): R | undefined =>
  runs
    .filter((run) => run.step() < run.steps)
    .reduce<R | undefined>(
      (least, run) => (least && least.step() <= run.step() ? least : run),
      undefined,
    );

/** Says where a run starts; only one that was just initialized has a line for the log. */
function reportStart(
  run: Run,
  name: string,
  display: ProgressDisplay,
  append: Log["append"] | undefined,
): void {
  const { arm, seed, lr, dead } = run;
  append?.({ type: "initialized", arm, seed, lr, step: 0, dead });
  if (!append) display.line(`${name}: goes on at step ${run.step()} of ${run.steps}`);
  reportDead(run.dead, name, display);
}

/** Says which layers of a run have units that initialization found dead. */
export function reportDead(
  dead: Readonly<Record<string, number>>,
  name: string,
  display: LineDisplay,
): void {
  for (const [layer, count] of Object.entries(dead))
    if (count > 0)
      display.line(
        `${name}: ${count} units of ${layer} do not vary on the initialization batch and keep their scale`,
      );
}

/** How soon after a signal another one is the same: npm, npx and the terminal each pass Ctrl-C on. */
const SAME_SIGNAL_MS = 1000;

export interface Interrupt {
  readonly requested: () => boolean;
  readonly release: () => void;
}
/** Ctrl-C asks to stop; a second one, later, ends the process at once. */
export function onInterrupt(): Interrupt {
  let first: number | undefined;
  const handler = (): void => {
    first ??= performance.now();
    if (performance.now() - first > SAME_SIGNAL_MS) process.exit(130);
  };
  process.on("SIGINT", handler).on("SIGTERM", handler);
  return {
    requested: () => first !== undefined,
    release: () => void process.off("SIGINT", handler).off("SIGTERM", handler),
  };
}
