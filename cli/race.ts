/** Trains several arms side by side: whoever is furthest behind trains one epoch, so all see the same machine. */
import { Diverged, startRun, type Run } from "../experiments/classification/experiment.ts";
import { compilePrograms, type Programs } from "../experiments/classification/programs.ts";
import type { Task, TaskData } from "../experiments/classification/task.ts";
import { nodeRuntime, type Log } from "../src/node/index.ts";
import type { ProgressDisplay } from "./progress.ts";
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
  readonly quiet: boolean;
}

/**
 * Runs every arm, seed and learning rate of the folder's configuration to its end and returns them, finished. One of several
 * learning rates may diverge: that run has lost, and the race goes on without it.
 */
export async function race(
  folder: RunFolder,
  { task, data, quiet }: RaceOptions,
): Promise<readonly Run[]> {
  const { config } = folder.run;
  const runtime = nodeRuntime({ threads: config.threads });
  const interrupt = onInterrupt();
  const runs: Run[] = [];
  const compiled: Programs[] = [];
  const saved = new Map<string, number>();
  for (const arm of config.arms) {
    const programs = await compilePrograms({ task, config, arm, data, runtime });
    compiled.push(programs);
    for (const seed of config.seeds)
      for (const lr of config.lr) {
        const from = await folder.load({ arm, seed, lr });
        if (from) saved.set(folder.nameOf({ arm, seed, lr }), from.step);
        runs.push(await startRun({ config, seed, lr, programs, ...(from ? { from } : {}) }));
      }
  }
  const log = await folder.log(saved);
  const display = progressDisplay(runs, {
    quiet,
    batchSize: config.batchSize,
    nameOf: folder.nameOf,
  });
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

  try {
    for (const run of runs) {
      const goesOn = saved.has(folder.nameOf(run));
      reportStart(run, folder.nameOf(run), display, goesOn ? undefined : log.append);
      if (!goesOn) await save(run); // there is always a last good checkpoint
    }
    const lost = new Set<Run>();
    const racing = (): readonly Run[] => runs.filter((run) => !lost.has(run));
    for (let run = behind(racing()); run; run = behind(racing()))
      try {
        await trainEpoch(run);
      } catch (error) {
        if (!(error instanceof Diverged) || config.lr.length === 1) throw error;
        display.line(`${folder.nameOf(run)}: out of the race. ${error.message}`);
        lost.add(run);
      }
    return racing();
  } finally {
    display.stop();
    log.close();
    interrupt.release();
    for (const programs of compiled) await programs.release();
  }
}

/** The unfinished run with the fewest steps, the first of equals: the same order however often a race is resumed. */
const behind = (runs: readonly Run[]): Run | undefined =>
  runs
    .filter((run) => run.step() < run.steps)
    .reduce<Run | undefined>(
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
  for (const [layer, count] of Object.entries(run.dead))
    if (count > 0)
      display.line(
        `${name}: ${count} units of ${layer} do not vary on the initialization batch and keep their scale`,
      );
}

/** How soon after a signal another one is the same: npm, npx and the terminal each pass Ctrl-C on. */
const SAME_SIGNAL_MS = 1000;

/** Ctrl-C asks to stop; a second one, later, ends the process at once. */
function onInterrupt(): { readonly requested: () => boolean; readonly release: () => void } {
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
