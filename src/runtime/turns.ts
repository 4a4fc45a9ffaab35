/** When a run may begin: those that change a state have it to themselves, and what was released runs no more. */
import type { State } from "./program.ts";

/** Of what was asked for and is not over: the last run that changes a state, and those since then that only read it. */
interface Turns {
  change: Promise<void> | undefined;
  reads: Set<Promise<void>>;
}
const turns = new WeakMap<State, Turns>();

/**
 * `work` once all runs asked for earlier that change `state` are over and, as what it changes may be written over in place, those
 * that read it too. Runs that only read go on side by side.
 */
export function inTurn<T>(
  state: State,
  { updates }: { readonly updates: boolean },
  work: () => Promise<T>,
): Promise<T> {
  const now = turns.get(state) ?? { change: undefined, reads: new Set() };
  turns.set(state, now);
  const before = [...(now.change ? [now.change] : []), ...(updates ? now.reads : [])];
  const run = before.length === 0 ? work() : Promise.all(before).then(work);
  const over = (): void => {
    if (now.change === end) now.change = undefined;
    now.reads.delete(end);
  };
  const end = run.then(over, over);
  if (updates) Object.assign(now, { change: end, reads: new Set() });
  else now.reads.add(end);
  return run;
}

export interface Lifetime {
  /** Runs `work`, unless the end was asked for before. */
  use<T>(work: () => Promise<T>): Promise<T>;
  /** Ends it once nothing is running; to be asked for any number of times. */
  end(): Promise<void>;
}
/** From compiling to `release`, which waits for what runs and happens once. */
export function lifetime(
  { what, again }: { readonly what: string; readonly again: string },
  release: () => Promise<void>,
): Lifetime {
  const running = new Set<Promise<unknown>>();
  let ended: Promise<void> | undefined;
  return {
    async use(work) {
      if (ended)
        throw new Error(`run: the ${what} was released, got another run; ${again} it again`);
      const run = work();
      running.add(run);
      try {
        return await run;
      } finally {
        running.delete(run);
      }
    },
    end: () => (ended ??= Promise.allSettled(running).then(release)),
  };
}
