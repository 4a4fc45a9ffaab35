/** Events to the page, several a message: a page draws some tens of times a second, and a step may take a millisecond. */
import type { Shown } from "../../runs/events.ts";
import type { Told } from "./protocol.ts";

/** Milliseconds between two messages of events. */
const EVERY = 60;

export interface Teller {
  event(event: Shown): void;
  /** A checkpoint is there. */
  saved(name: string, step: number): void;
  /** All that waits goes first, so that what follows finds it said. */
  flush(): void;
  /** Forgets what waits. */
  clear(): void;
}

export function teller(tell: (told: Told) => void): Teller {
  let events: Shown[] = [];
  /** Of all runs, and whether anything of it is news. */
  let [steps, isNews]: [Record<string, number>, boolean] = [{}, false];
  let last = -Infinity;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    last = performance.now();
    if (events.length > 0) tell({ type: "events", events: thinned(events) });
    if (isNews) tell({ type: "saved", steps });
    [events, isNews] = [[], false];
  };
  const soon = (): void => {
    const left = last + EVERY - performance.now();
    if (left <= 0) flush();
    else timer ??= setTimeout(flush, left);
  };
  return {
    event(event) {
      events.push(event);
      soon();
    },
    saved(name, step) {
      [steps, isNews] = [{ ...steps, [name]: step }, true];
      soon();
    },
    flush,
    clear() {
      clearTimeout(timer);
      timer = undefined;
      [events, steps, isNews] = [[], {}, false];
    },
  };
}

/** Of the steps of a run that nobody has seen only the last. */
function thinned(events: readonly Shown[]): readonly Shown[] {
  const last = new Map(
    events.flatMap((e) => (e.type === "stepped" ? [[`${e.arm} ${e.seed} ${e.lr}`, e]] : [])),
  );
  const shown = new Set<Shown>(last.values());
  return events.filter((e) => e.type !== "stepped" || shown.has(e));
}
