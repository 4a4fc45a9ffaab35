/** When a run may begin: those that change a state have it to themselves, and what was released runs no more. */
import type { State } from "./program.ts";

/** Of what was asked for and is not over: the ends of the last run that changes a state, and of those that only read it since. */
interface Turns {
  readonly change: Promise<void>;
  readonly reads: readonly Promise<void>[];
}
const turns = new WeakMap<State, Turns>();
const none: Turns = { change: Promise.resolve(), reads: [] };

/**
 * `work` once all runs asked for earlier that change `state` are over and, as what it changes may be written over in place, those
 * that read it too. Runs that only read go on side by side.
 */
export function inTurn<T>(
  state: State,
  { updates }: { readonly updates: boolean },
  work: () => Promise<T>,
): Promise<T> {
  const before = turns.get(state) ?? none;
  const isFree = before === none || (!updates && before.change === none.change);
  const run = isFree
    ? work()
    : (updates ? Promise.all([before.change, ...before.reads]) : before.change).then(work);
  const over = (): void => {
    const now = turns.get(state);
    if (now === after) turns.delete(state);
  };
  const end = run.then(over, over);
  const after: Turns = updates
    ? { change: end, reads: [] }
    : { change: before.change, reads: [...before.reads, end] };
  turns.set(state, after);
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
