/** Where a comparison is kept: a folder in Node, a browser's private file system, or nothing but memory. */
import type { Changed, Event, RunKey } from "./events.ts";
import type { Kept, Places, Saved } from "./experiment.ts";
import type { Results } from "./records.ts";

/** What a comparison is, as config.json says it. */
export interface RunConfig<C> {
  readonly experiment: string;
  readonly config: C;
  readonly places: Places;
  readonly command: string;
  /** ISO 8601. */
  readonly startedAt: string;
  /** Settings that were changed when it went on. */
  readonly changes: readonly Omit<Changed, "type">[];
}

/** Where a comparison is kept: checkpoints, events, results. */
export interface Store {
  /** One run by name, e.g. "weight-1". */
  nameOf(key: RunKey): string;
  /** What a run goes on from, if it has begun. */
  load(key: RunKey): Promise<Kept | undefined>;
  /** Afterwards the run goes on from here, whenever the process dies. */
  save(key: RunKey, saved: Saved): Promise<void>;
  /** Begins the log anew with events that are known already; what it had that is of no run stays. */
  begin(known: readonly Event[]): Promise<void>;
  /** Another event at the end. */
  append(event: Event): void;
  /** Waits until what was appended cannot be lost. */
  sync(): void;
  /** The log so far. */
  events(): readonly Event[];
  /** Keeps a picture; gives the name that records have of it. */
  keep(name: string, bytes: Uint8Array): Promise<string>;
  /** All is done: what came of it. */
  finish(results: Results): Promise<void>;
  /** Lets go of it: somebody else may go on. */
  close(): Promise<void>;
}
