/** Trains the agents of a comparison in turns: whoever is furthest behind plays on for a while. */
import type { DqnConfig } from "../../experiments/dqn/config.ts";
import type { EnvironmentMaker } from "../../experiments/dqn/games.ts";
import { programsOf, type Programs } from "../../experiments/dqn/programs.ts";
import { startDqn, type DqnRun } from "../../experiments/dqn/run.ts";
import type { Arm } from "../../experiments/results.ts";
import { Diverged } from "../../experiments/training/run.ts";
import type { Runtime } from "../../src/index.ts";
import { join } from "node:path";
import { behind, Interrupted, onInterrupt } from "../race.ts";
import type { RunFolder } from "../run-folder.ts";
import { memoryFiles, type MemoryFiles } from "./memory.ts";
import { dqnDisplay } from "./progress.ts";

/** Turns from the first frame to the last, and seconds between two checkpoints. */
const TURNS = 20;
const CHECKPOINT_EVERY = 10;
/** Frames between two looks at whether somebody wants to stop: nothing else gets a turn in between. */
const LOOK_EVERY = 20;

export interface DqnOutcome {
  readonly finished: readonly DqnRun[];
  readonly lost: readonly { readonly run: DqnRun; readonly error: Diverged }[];
  /** To test and show the agents with; to be released. */
  readonly programs: ReadonlyMap<Arm, Programs>;
}

export interface DqnRaceOptions {
  readonly maker: EnvironmentMaker;
  readonly runtime: Runtime;
  readonly quiet: boolean;
}

/** Every arm and seed of the folder's configuration to its last frame; one that diverges is lost, the others go on. */
export async function dqnRace(
  folder: RunFolder<DqnConfig>,
  { maker, runtime, quiet }: DqnRaceOptions,
): Promise<DqnOutcome> {
  const interrupt = onInterrupt();
  const { config } = folder.run;
  const programs = new Map<Arm, Programs>();
  const memories = new Map<DqnRun, MemoryFiles>();
  const runs: DqnRun[] = [];
  const saved = new Map<string, number>();
  const world = await maker(0);
  for (const arm of config.arms) {
    const compiled = await programsOf(config, arm, world, runtime);
    programs.set(arm, compiled);
    for (const seed of config.seeds) {
      const key = { arm, seed, lr: config.lr[0] };
      const name = folder.nameOf(key);
      const from = await folder.load(key);
      const memory = memoryFiles(join(folder.dir, "replay"), name, capacityOf(config));
      const run = await startDqn({
        ...{ config, seed, maker, programs: compiled },
        ...(from ? { from } : {}),
        remember: memory.restore,
      });
      if (from) saved.set(name, from.step);
      memories.set(run, memory);
      runs.push(run);
    }
  }
  const log = await folder.log(saved);
  const display = dqnDisplay(runs, { quiet, nameOf: folder.nameOf });
  const save = async (run: DqnRun): Promise<void> => {
    log.sync(); // never behind a checkpoint, even if power is lost
    const memory = memories.get(run)!;
    const checkpoint = run.checkpoint();
    await memory.save(run.replay);
    await folder.save(run, checkpoint);
    await memory.prune(run.replay);
  };
  const turn = async (run: DqnRun): Promise<void> => {
    const goal = Math.min(run.steps, run.step() + Math.ceil(run.steps / TURNS));
    let last = performance.now();
    while (run.step() < goal) {
      const { point } = await run.advance();
      if (point)
        log.append({
          type: "point",
          arm: run.arm,
          seed: run.seed,
          lr: run.lr,
          step: run.step(),
          ...point,
        });
      display.step(run, point);
      if (run.step() % LOOK_EVERY === 0) await new Promise(setImmediate); // lets a signal in
      const stop = interrupt.requested();
      if (stop || run.step() === goal || performance.now() - last > CHECKPOINT_EVERY * 1000) {
        await save(run);
        last = performance.now();
      }
      if (stop) throw new Interrupted();
    }
  };
  const lost = new Map<DqnRun, Diverged>();
  const racing = (): readonly DqnRun[] => runs.filter((run) => !lost.has(run));
  try {
    for (const run of runs)
      if (saved.has(folder.nameOf(run)))
        display.line(`${folder.nameOf(run)}: goes on at frame ${run.step()} of ${run.steps}`);
      else await save(run); // there is always a last good checkpoint
    for (let run = behind(racing()); run; run = behind(racing()))
      await turn(run).catch((error: unknown) => {
        if (!(error instanceof Diverged)) throw error;
        display.line(`${folder.nameOf(run)}: out of the race. ${error.message}`);
        lost.set(run, error);
      });
    return {
      finished: racing(),
      lost: [...lost].map(([run, error]) => ({ run, error })),
      programs,
    };
  } finally {
    display.stop();
    log.close();
    interrupt.release();
  }
}

/** What `startDqn` makes of the configuration. */
const capacityOf = ({ replay, frames }: DqnConfig): number => Math.min(replay, 2 * frames);
