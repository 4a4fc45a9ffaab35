/** The server's two streams as state: the list of runs, and all that is known of one run. */
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { RunSummary } from "../../serve/api.ts";
import { eventsAt, LIST } from "./addresses.ts";
import { follow } from "./follow.ts";
import {
  listAfter,
  NO_LIST,
  NO_RUN,
  runAfter,
  type Link,
  type ListState,
  type RunState,
} from "./told.ts";

/** Milliseconds between two drawings, however many messages come. */
const DRAW_EVERY = 250;

export function useList(): ListState {
  return useFeed(LIST, NO_LIST, listAfter)[0];
}

/**
 * One run. A stream takes one of the few connections that a browser has, so that of a run that nobody trains is closed when all
 * has come, and opened again when the list tells of something new.
 */
export function useRun(id: string, listed: RunSummary | undefined): RunState {
  const [round, setRound] = useState(0);
  const [run, close] = useFeed(eventsAt(id), NO_RUN, runAfter, round);
  const { begun } = run;
  const isQuiet = begun !== undefined && begun.run.state !== "running";
  useEffect(() => {
    if (isQuiet) close();
  }, [isQuiet, begun, close]);
  const isNews = isQuiet && listed !== undefined && listed.updatedAt > begun.run.updatedAt;
  useEffect(() => {
    if (isNews) setRound((n) => n + 1);
  }, [isNews]);
  return run;
}

/** Folds what a stream says, and draws at most so often; the function closes the stream. */
function useFeed<S extends { readonly link: Link }>(
  address: string,
  start: S,
  after: (state: S, messages: readonly never[]) => S,
  round = 0,
): readonly [state: S, close: () => void] {
  const [state, setState] = useState(start);
  const closing = useRef<() => void>(() => undefined);
  useEffect(() => {
    let now = start;
    let waiting: unknown[] = [];
    let drawn = -Infinity;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const draw = (): void => {
      timer = undefined;
      drawn = performance.now();
      if (waiting.length > 0) now = after(now, waiting as never[]);
      waiting = [];
      setState(now);
    };
    const soon = (): void => {
      timer ??= setTimeout(draw, Math.max(0, drawn + DRAW_EVERY - performance.now()));
    };
    const stop = follow(address, {
      onMessage(message) {
        waiting.push(message);
        soon();
      },
      onLink(link) {
        now = { ...now, link };
        soon();
      },
    });
    closing.current = stop;
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [address, round]);
  const close = useMemo(() => () => closing.current(), []);
  return [state, close];
}
