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
  let steps: Record<string, number> = {};
  let last = -Infinity;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const clear = (): void => {
    clearTimeout(timer);
    timer = undefined;
    [events, steps] = [[], {}];
  };
  const flush = (): void => {
    const now = { events: thinned(events), steps };
    clear();
    last = performance.now();
    if (now.events.length > 0) tell({ type: "events", events: now.events });
    if (Object.keys(now.steps).length > 0) tell({ type: "saved", steps: now.steps });
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
      steps[name] = step;
      soon();
    },
    flush,
    clear,
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
