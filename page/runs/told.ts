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

/** The list with what messages say, copied once however many they are. */
export function listAfter(list: ListState, messages: readonly ListMessage[]): ListState {
  let { folder, reading } = list;
  let runs = new Map(list.runs);
  for (const message of messages)
    if (message.type === "runs") {
      runs = new Map(message.runs.map((run) => [run.id, run]));
      ({ folder, reading } = message);
    } else if (message.type === "run") {
      const { run } = message;
      if (!runs.has(run.id)) reading = Math.max(0, reading - 1);
      runs.set(run.id, run);
    } else runs.delete(message.id);
  return { ...list, folder, reading, runs };
}

export interface RunState {
  readonly link: Link;
  readonly begun: Extract<RunMessage, { readonly type: "begun" }> | undefined;
  readonly events: readonly Event[];
}
export const NO_RUN: RunState = { link: "connecting", begun: undefined, events: [] };

/** A run with what messages say: one that begins anew, as when it was resumed, replaces what was known. */
export function runAfter(run: RunState, messages: readonly RunMessage[]): RunState {
  const last = messages.findLastIndex(({ type }) => type === "begun");
  const begun = messages[last]?.type === "begun" ? messages[last] : undefined;
  const events = messages.slice(Math.max(0, last)).map((message) => message.events);
  return begun
    ? { ...run, begun, events: events.flat() }
    : { ...run, events: [run.events, ...events].flat() };
}
