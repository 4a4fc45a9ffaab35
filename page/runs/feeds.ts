/** The server's two streams as state: the list of runs, and all that is known of one run. */
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Event } from "../../runs/events.ts";
import type { ListMessage, RunMessage, RunSummary } from "../../serve/api.ts";
import { eventsAt, LIST } from "./addresses.ts";
import { follow, type Link } from "./follow.ts";

export interface ListState {
  readonly link: Link;
  /** What is served; undefined before anything came. */
  readonly folder: string | undefined;
  readonly runs: ReadonlyMap<string, RunSummary>;
  /** How many are still to be read. */
  readonly reading: number;
}
export const NO_LIST: ListState = {
  ...{ link: "connecting", folder: undefined, runs: new Map(), reading: 0 },
};

/** The list with what a message says. */
export function listAfter(list: ListState, message: ListMessage): ListState {
  switch (message.type) {
    case "runs": {
      const runs = new Map(message.runs.map((run) => [run.id, run]));
      return { ...list, folder: message.folder, reading: message.reading, runs };
    }
    case "run":
      return { ...list, runs: new Map(list.runs).set(message.run.id, message.run) };
    case "gone": {
      const runs = new Map(list.runs);
      runs.delete(message.id);
      return { ...list, runs };
    }
  }
}

export interface RunState {
  readonly link: Link;
  readonly begun: Extract<RunMessage, { readonly type: "begun" }> | undefined;
  readonly events: readonly Event[];
}
export const NO_RUN: RunState = { link: "connecting", begun: undefined, events: [] };

/** A run with what a message says: one that begins anew, as when it was resumed, replaces what was known. */
export const runAfter = (run: RunState, message: RunMessage): RunState =>
  message.type === "begun"
    ? { ...run, begun: message, events: message.events }
    : { ...run, events: [...run.events, ...message.events] };

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
  after: (state: S, message: never) => S,
  round = 0,
): readonly [state: S, close: () => void] {
  const [state, setState] = useState(start);
  const closing = useRef<() => void>(() => undefined);
  useEffect(() => {
    let now = start;
    let drawn = -Infinity;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const draw = (): void => {
      timer = undefined;
      drawn = performance.now();
      setState(now);
    };
    const change = (next: S): void => {
      now = next;
      timer ??= setTimeout(draw, Math.max(0, drawn + DRAW_EVERY - performance.now()));
    };
    const stop = follow(address, {
      onMessage: (message) => change(after(now, message as never)),
      onLink: (link) => change({ ...now, link }),
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
