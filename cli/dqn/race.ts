/** Trains the agents of a comparison in turns: whoever is furthest behind plays on for a while. */
import { join } from "node:path";
import type { DqnConfig } from "../../experiments/dqn/config.ts";
import type { EnvironmentMaker } from "../../experiments/dqn/games.ts";
import type { Programs } from "../../experiments/dqn/programs.ts";
import { startDqn, type DqnRun } from "../../experiments/dqn/run.ts";
import type { Arm } from "../../experiments/results.ts";
import { Diverged } from "../../experiments/training/run.ts";
import type { Log } from "../../src/node/index.ts";
import { behind, Interrupted, onInterrupt, reportDead, type Interrupt } from "../race.ts";
import type { RunFolder } from "../run-folder.ts";
import { memoryFiles, type MemoryFiles } from "./memory.ts";
import { dqnDisplay, type DqnDisplay } from "./progress.ts";

/** Turns from the first frame to the last, and seconds between two checkpoints. */
const TURNS = 20;
const CHECKPOINT_EVERY = 10;
/** Frames between two looks at whether somebody wants to stop: nothing else gets a turn in between. */
const LOOK_EVERY = 20;

export interface DqnOutcome {
  readonly finished: readonly DqnRun[];
  readonly lost: readonly { readonly run: DqnRun; readonly error: Diverged }[];
}

export interface DqnRaceOptions {
  readonly maker: EnvironmentMaker;
  readonly programs: ReadonlyMap<Arm, Programs>;
  readonly quiet: boolean;
}

/** Every arm and seed of the folder's configuration to its last frame; one that diverges is lost, the others go on. */
export async function dqnRace(
  folder: RunFolder<DqnConfig>,
  options: DqnRaceOptions,
): Promise<DqnOutcome> {
  const interrupt = onInterrupt();
  try {
    const entered = await entrants(folder, options);
    const runs = entered.map(({ run }) => run);
    const log = await folder.log(
      new Map(
        entered.flatMap(({ run, isNew }) => (isNew ? [] : [[folder.nameOf(run), run.step()]])),
      ),
    );
    const display = dqnDisplay(runs, { quiet: options.quiet, nameOf: folder.nameOf });
    try {
      return await untilAllAreThere({ folder, entered, log, display, interrupt });
    } finally {
      display.stop();
      log.close();
    }
  } finally {
    interrupt.release();
  }
}

interface Entrant {
  readonly run: DqnRun;
  readonly memory: MemoryFiles;
  readonly isNew: boolean;
}
/** Every run of the configuration, at its start or where its checkpoint left it. */
async function entrants(
  folder: RunFolder<DqnConfig>,
  { maker, programs }: DqnRaceOptions,
): Promise<readonly Entrant[]> {
  const { config } = folder.run;
  const entered: Entrant[] = [];
  for (const [arm, compiled] of programs)
    for (const seed of config.seeds) {
      const key = { arm, seed, lr: config.lr[0] };
      const memory = memoryFiles(join(folder.dir, "replay"), folder.nameOf(key));
      const checkpoint = await folder.load(key);
      const from = checkpoint ? { from: { checkpoint, remember: memory.restore } } : {};
      const run = await startDqn({ config, seed, maker, programs: compiled, ...from });
      entered.push({ run, memory, isNew: !checkpoint });
    }
  return entered;
}

interface Track {
  readonly folder: RunFolder<DqnConfig>;
  readonly entered: readonly Entrant[];
  readonly log: Log;
  readonly display: DqnDisplay;
  readonly interrupt: Interrupt;
}
async function untilAllAreThere(track: Track): Promise<DqnOutcome> {
  const { folder, entered, log, display, interrupt } = track;
  const save = async ({ run, memory }: Entrant): Promise<void> => {
    log.sync(); // never behind a checkpoint, even if power is lost
    const checkpoint = run.checkpoint();
    await memory.save(run.replay);
    await folder.save(run, checkpoint);
    await memory.prune(run.replay);
  };
  const turn = async (entrant: Entrant): Promise<void> => {
    const { run } = entrant;
    const head = { arm: run.arm, seed: run.seed, lr: run.lr };
    const goal = Math.min(run.steps, run.step() + Math.ceil(run.steps / TURNS));
    let last = performance.now();
    while (run.step() < goal) {
      const wasDrawn = run.progress.dead === null;
      const { point } = await run.advance();
      const { dead } = run.progress;
      if (wasDrawn && dead) {
        log.append({ type: "initialized", ...head, step: run.step(), dead });
        reportDead(dead, folder.nameOf(run), display);
      }
      if (point) log.append({ type: "point", ...head, step: run.step(), ...point });
      display.step(run, point);
      if (run.step() % LOOK_EVERY === 0) await new Promise(setImmediate); // lets a signal in
      const stop = interrupt.requested();
      if (stop || run.step() === goal || performance.now() - last > CHECKPOINT_EVERY * 1000) {
        await save(entrant);
        last = performance.now();
      }
      if (stop) throw new Interrupted();
    }
  };

  for (const entrant of entered)
    if (entrant.isNew)
      await save(entrant); // there is always a last good checkpoint
    else
      display.line(
        `${folder.nameOf(entrant.run)}: goes on at frame ${entrant.run.step()} of ${entrant.run.steps}`,
      );
  const lost = new Map<DqnRun, Diverged>();
  const racing = (): readonly DqnRun[] =>
    entered.map(({ run }) => run).filter((run) => !lost.has(run));
  for (let run = behind(racing()); run; run = behind(racing()))
    try {
      await turn(entered.find((entrant) => entrant.run === run)!);
    } catch (error) {
      if (!(error instanceof Diverged)) throw error;
      display.line(`${folder.nameOf(run)}: out of the race. ${error.message}`);
      lost.set(run, error);
    }
  return { finished: racing(), lost: [...lost].map(([run, error]) => ({ run, error })) };
}
