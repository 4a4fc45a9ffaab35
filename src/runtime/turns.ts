/** When a run may begin: those that carry one state wait for each other, and what was released runs no more. */
import type { State } from "./program.ts";

/** By state the end, good or bad, of the last run that changes it. */
const changes = new WeakMap<State, Promise<void>>();

/** `work` once all runs asked for earlier that change `state` are over. Runs that only read it go on side by side. */
export function inTurn<T>(
  state: State,
  { updates }: { readonly updates: boolean },
  work: () => Promise<T>,
): Promise<T> {
  // One that reads takes the values before it first waits itself, so the next that changes them need not wait for it.
  const run = changes.get(state)?.then(work) ?? work();
  if (updates) {
    const over = (): void => {
      if (changes.get(state) === end) changes.delete(state);
    };
    const end = run.then(over, over);
    changes.set(state, end);
  }
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
