/** What the server has told so far, folded: the list of runs, and all that is known of one run. */
import type { Event } from "../../runs/events.ts";
import type { ListMessage, RunMessage, RunSummary } from "../../serve/api.ts";

/** `absent`: nobody ever answered, so there may be no server. */
export type Link = "connecting" | "open" | "lost" | "absent";

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
    case "run": {
      const { run } = message;
      const reading = Math.max(0, list.reading - (list.runs.has(run.id) ? 0 : 1));
      return { ...list, reading, runs: new Map(list.runs).set(run.id, run) };
    }
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
