/** Those who listen to one thing, and the loop that looks after it while there are any: many clients cost as much as one. */
import { setTimeout as sleep } from "node:timers/promises";

/** Takes a message, as JSON. */
export type Send = (text: string) => void;

export interface Crowd<M> {
  /** Whoever joins is sent what `welcome` says, now or once that is known, and then all that is told; gives what leaves again. */
  join(send: Send): () => void;
  tell(message: M): void;
  /** Welcomes those who wait, if there is something to say by now. */
  greet(): void;
  /** Nobody is told anything more. */
  close(): void;
  /** Since when nobody has listened, in milliseconds of `performance.now()`; undefined while somebody does. */
  deserted(): number | undefined;
}

export interface Looking<M> {
  /** What those hear first who come later; undefined as long as there is nothing to say. */
  readonly welcome: () => readonly M[] | undefined;
  /** Looks once; while somebody listens again and again. */
  readonly look: () => Promise<void>;
}

/** Milliseconds between two looks: more where a look takes long, so many times that, up to a limit. */
const EVERY = 1000;
const SHARE = 10;
const SELDOM = 5000;

export function crowdOf<M>({ welcome, look }: Looking<M>): Crowd<M> {
  const waiting = new Set<Send>();
  const here = new Set<Send>();
  const stop = new AbortController();
  let isLooking = false;
  let since = performance.now();
  const isDeserted = (): boolean => here.size + waiting.size === 0;

  function greet(): void {
    if (waiting.size === 0) return;
    const texts = welcome()?.map((message) => JSON.stringify(message));
    if (!texts) return;
    for (const send of waiting) {
      for (const text of texts) send(text);
      here.add(send);
    }
    waiting.clear();
  }
  async function loop(): Promise<void> {
    if (isLooking) return;
    isLooking = true;
    while (!isDeserted() && !stop.signal.aborted) {
      const began = performance.now();
      await look();
      greet();
      const pause = Math.min(SELDOM, Math.max(EVERY, SHARE * (performance.now() - began)));
      await sleep(pause, undefined, { signal: stop.signal, ref: false }).catch(() => undefined);
    }
    isLooking = false;
  }
  return {
    join(send) {
      if (stop.signal.aborted) return () => undefined;
      waiting.add(send);
      greet();
      void loop();
      return () => {
        here.delete(send);
        waiting.delete(send);
        if (isDeserted()) since = performance.now();
      };
    },
    greet,
    tell(message) {
      if (here.size === 0) return;
      const text = JSON.stringify(message);
      for (const send of here) send(text);
    },
    close() {
      stop.abort();
      here.clear();
      waiting.clear();
    },
    deserted: () => (isDeserted() ? since : undefined),
  };
}
