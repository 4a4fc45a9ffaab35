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
   * Steps after which another run's turn comes, asked for anew each time, where they are to be fewer than a run's own turn has, so
   * that all are seen to move; they then keep their programs. Results do not depend on it.
   */
  readonly stride?: () => number;
  /** Asked before every step. What it gives is called once every run is saved, and holds the race for as long as it promises. A stride ends with it. */
  readonly hold?: (runs: readonly Contestant[]) => (() => Promise<void>) | undefined;
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
  { onEvent = () => undefined, signal, stride, hold }: RaceOptions = {},
): Promise<Outcome> {
  const tell = (key: RunKey, happening: Happening): void => {
    const event = { ...key, ...happening };
    store.append(event);
    onEvent(event);
  };
  const lost = new Map<Contestant, Diverged>();
  const racing = (): readonly Contestant[] => runs.filter((run) => !lost.has(run));
  /** Does what may lose a run. */
  async function risking(run: Contestant, act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (error) {
      if (!(error instanceof Diverged)) throw error;
      tell(run.key, { type: "lost", step: run.step(), why: error.message });
      lost.set(run, error);
    }
  }
  const paces = new Map(runs.map((run) => [run, paceOf(run)]));
  async function save(run: Contestant): Promise<void> {
    const pace = paces.get(run)!;
    const began = performance.now();
    store.sync(); // the log is never behind a checkpoint, even if power is lost
    await store.save(run.key, await run.saved());
    const took = performance.now() - began;
    const sharing = stride ? racing().length : 1;
    pace.pause = Math.max(CHECKPOINT_EVERY * 1000, CHECKPOINT_SHARE * sharing * took);
    Object.assign(pace, { saved: run.step(), since: performance.now() });
  }
  /** All that is not saved yet; `last` comes last, since it may be lost within its own turn. */
  async function saveAll(last: Contestant): Promise<void> {
    for (const run of racing())
      if (run !== last && paces.get(run)!.saved < run.step()) await risking(run, () => save(run));
    if (paces.get(last)!.saved < last.step()) await save(last);
  }
  /** Whether it was. */
  async function held(run: Contestant): Promise<boolean> {
    const until = hold?.(racing());
    if (!until) return false;
    await saveAll(run);
    await until();
    for (const pace of paces.values()) pace.since = performance.now();
    if (signal?.aborted) throw stopped();
    return true;
  }
  let breath = performance.now();
  /** Until another run's turn comes; a checkpoint is saved at the end of the run's own turn and from time to time. */
  async function turn(run: Contestant): Promise<void> {
    const pace = paces.get(run)!;
    const first = run.step();
    const turnEnds = (Math.floor(first / run.turn) + 1) * run.turn;
    const end = (): number => Math.min(run.steps, turnEnds); // a run may end earlier than it was to
    if (first % run.turn === 0 || !stride) Object.assign(pace, paceOf(run));
    const far = (): number => run.step() + Math.max(1, stride?.() ?? Infinity);
    let goal = far();
    while (run.step() < Math.min(end(), goal)) {
      if ((await held(run)) && stride) {
        if (behind(racing()) !== run) return; // whoever let it go may want the others where this one is
        goal = far();
      }
      const { values, events } = await run.advance();
      for (const event of events) tell(run.key, event);
      let now = performance.now();
      const ended = run.step() === end();
      if (ended || now - pace.shown > SHOW_EVERY) {
        const [step, wall] = [run.step(), run.wall()];
        onEvent({ ...run.key, type: "stepped", step, steps: pace.steps, wall, values });
        pace.shown = now;
      }
      if (now - breath > BREATH_EVERY) {
        await breathe();
        breath = now = performance.now();
      }
      const stop = signal?.aborted === true;
      if (stop) await saveAll(run);
      else if (ended || now - pace.since > pace.pause) await save(run);
      if (stop) throw stopped();
    }
  }
  let at: Arm | undefined;
  for (let run = behind(racing()); run; run = behind(racing())) {
    const next = run;
    await risking(next, async () => {
      if (!stride && at !== undefined && at !== next.key.arm) await field.rest(at); // one arm's memory at a time
      at = next.key.arm;
      await turn(next);
    });
  }
  return { finished: racing(), lost: [...lost].map(([run, error]) => ({ run, error })) };
}

/** How a run goes, within a turn of its own. */
interface Pace {
  readonly steps: number;
  /** The step of its last checkpoint, when that was, and the least until the next one. */
  saved: number;
  since: number;
  pause: number;
  /** When displays were told of it. */
  shown: number;
}
const paceOf = ({ steps, step }: Contestant): Pace => ({
  ...{ steps, saved: step(), since: performance.now(), pause: CHECKPOINT_EVERY * 1000 },
  shown: -Infinity,
});

const stopped = (): Interrupted =>
  new Interrupted("training was stopped; give fit the same store and options to go on");

/** Lets the event loop do what else it has. Browsers make who sets one timer after the other wait for each, so that is not the way. */
const breathe = (): Promise<void> =>
  new Promise((go) => {
    if (typeof setImmediate === "function") return void setImmediate(go);
    const { port1, port2 } = new MessageChannel();
    port1.addEventListener("message", () => {
      port1.close();
      go();
    });
    port1.start();
    port2.postMessage(undefined);
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
