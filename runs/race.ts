/** Trains the runs of a comparison in turns: whoever is furthest behind goes on for a turn, so all see the same machine. */
import type { Arm } from "../src/index.ts";
import type { Happening, RunKey, Shown } from "./events.ts";
import { Diverged, type Contestant, type Field } from "./experiment.ts";
import type { Store } from "./store.ts";

/** Stopped on request, with checkpoints saved. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
}

export interface RaceOptions {
  /** What happens, step by step: for displays. */
  readonly onEvent?: (event: Shown) => void;
  /** Asks to stop: what is under way is saved, and `Interrupted` thrown. */
  readonly signal?: Signal;
  /**
   * Steps of a turn where they are to be fewer than a run's own, so that all arms are seen to move; they then keep their programs.
   * Results do not depend on it.
   */
  readonly stride?: number;
  /** Asked before every step; what it promises holds the race, which is saved first, until the promise is kept. */
  readonly hold?: (runs: readonly Contestant[]) => Promise<void> | undefined;
}
/** What is asked of an AbortSignal, which is a type of browsers and of Node. */
export interface Signal {
  readonly aborted: boolean;
}

/** How a race ended: what got to its end, and what diverged on the way. */
export interface Outcome {
  readonly finished: readonly Contestant[];
  readonly lost: readonly { readonly run: Contestant; readonly error: Diverged }[];
}

/** Seconds between two checkpoints of a run within its turn, or so many times what the last one took. */
const CHECKPOINT_EVERY = 2;
const CHECKPOINT_SHARE = 20;
/** Milliseconds after which whatever else waits gets a turn, a signal to stop in particular: a step blocks it. */
const BREATH_EVERY = 20;
/** Milliseconds between two steps that displays are told of. */
const SHOW_EVERY = 50;

/** Every run to its last step. One that diverges is lost, with its last good checkpoint kept, and the race goes on without it. */
export async function race(
  field: Field,
  runs: readonly Contestant[],
  store: Store,
  { onEvent = () => undefined, signal }: RaceOptions = {},
): Promise<Outcome> {
  const tell = (key: RunKey, happening: Happening): void => {
    const event = { ...key, ...happening };
    store.append(event);
    onEvent(event);
  };
  const lost = new Map<Contestant, Diverged>();
  const racing = (): readonly Contestant[] => runs.filter((run) => !lost.has(run));
  let at: Arm | undefined;
  for (let run = behind(racing()); run; run = behind(racing()))
    try {
      if (at !== undefined && at !== run.key.arm) await field.rest(at); // one arm's memory at a time
      at = run.key.arm;
      await turn(run, { store, tell, onEvent, signal });
    } catch (error) {
      if (!(error instanceof Diverged)) throw error;
      tell(run.key, { type: "lost", step: run.step(), why: error.message });
      lost.set(run, error);
    }
  return { finished: racing(), lost: [...lost].map(([run, error]) => ({ run, error })) };
}

interface Track {
  readonly store: Store;
  readonly tell: (key: RunKey, happening: Happening) => void;
  readonly onEvent: (event: Shown) => void;
  readonly signal: Signal | undefined;
}
/** To the end of the turn that the run is in; its checkpoint is saved at the end and from time to time. */
async function turn(run: Contestant, { store, tell, onEvent, signal }: Track): Promise<void> {
  const { key, steps } = run;
  const turnEnds = (Math.floor(run.step() / run.turn) + 1) * run.turn;
  const goal = (): number => Math.min(run.steps, turnEnds); // a run may end earlier than it was to
  let saved = performance.now();
  let pause = CHECKPOINT_EVERY * 1000;
  let breath = saved;
  let shown = -Infinity;
  while (run.step() < goal()) {
    const { values, events } = await run.advance();
    for (const event of events) tell(key, event);
    let now = performance.now();
    const ended = run.step() === goal();
    if (ended || now - shown > SHOW_EVERY) {
      onEvent({ ...key, type: "stepped", step: run.step(), steps, wall: run.wall(), values });
      shown = now;
    }
    if (now - breath > BREATH_EVERY) {
      await breathe();
      breath = now = performance.now();
    }
    const stop = signal?.aborted === true;
    if (ended || stop || now - saved > pause) {
      store.sync(); // the log is never behind a checkpoint, even if power is lost
      await store.save(key, await run.saved());
      saved = performance.now();
      pause = Math.max(CHECKPOINT_EVERY * 1000, CHECKPOINT_SHARE * (saved - now));
    }
    if (stop)
      throw new Interrupted("training was stopped; give fit the same store and options to go on");
  }
}

/** Lets the event loop do what else it has. */
const breathe = (): Promise<void> =>
  new Promise((go) => {
    if (typeof setImmediate === "function") setImmediate(go);
    else setTimeout(go);
  });

/** The unfinished run with the fewest steps done, the first of equals: the same order however often a race is resumed. */
export const behind = <R extends { readonly steps: number; step(): number }>(
  runs: readonly R[],
): R | undefined =>
  runs
    .filter((run) => run.step() < run.steps)
    .reduce<R | undefined>(
      (least, run) => (least && least.step() <= run.step() ? least : run),
      undefined,
    );
