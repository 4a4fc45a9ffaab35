/** Holds the state and tells of it: at once where somebody did something, and a few times a second while training goes on. */
import { FIRST, reduce, type Action, type State } from "./state.ts";

export interface Store {
  state(): State;
  dispatch(action: Action): void;
  /** Calls back when there is something new to show; gives what ends that. */
  subscribe(listener: () => void): () => void;
}

/** Milliseconds between two pictures of a training: the page has the rest of them for whoever uses it. */
const PACE = 150;

export function newStore(): Store {
  let state = FIRST;
  const listeners = new Set<() => void>();
  let waiting: ReturnType<typeof setTimeout> | undefined;
  let shown = 0;
  const show = (): void => {
    clearTimeout(waiting);
    waiting = undefined;
    shown = performance.now();
    for (const listener of listeners) listener();
  };
  return {
    state: () => state,
    dispatch(action) {
      const next = reduce(state, action);
      if (next === state) return;
      state = next;
      const isNews = action.type === "told" && ["events", "saved"].includes(action.told.type);
      if (!isNews) show();
      else waiting ??= setTimeout(show, Math.max(0, shown + PACE - performance.now()));
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
