/** What the server of runs says to the page: plain data. */
import type { Event, RunKey, Values } from "../runs/events.ts";
import type { Measure } from "../runs/records.ts";
import type { Told } from "../runs/records.ts";

/** A run of the folder as a list shows it. */
export interface RunSummary {
  /** Its folder within the one that is served, "mnist/fast"; addresses have it percent-encoded. */
  readonly id: string;
  readonly experiment: string;
  readonly command: string;
  /** ISO 8601. */
  readonly startedAt: string;
  /** When its log was last written to. */
  readonly updatedAt: string;
  /** `stopped`: neither finished nor in anybody's hands. */
  readonly state: "running" | "stopped" | "finished" | "unreadable";
  /** Why it is unreadable, in our form. */
  readonly problem?: string;
  readonly settings: readonly Told[];
  /** What runs are ranked by, if anything was measured. */
  readonly measure?: Measure;
  /** One entry a contestant, as far as it has got. */
  readonly runs: readonly (RunKey & {
    readonly name: string;
    readonly step: number;
    readonly steps: number;
    /** The last test. */
    readonly test?: Values;
    readonly lost?: boolean;
  })[];
  /** Names of checkpoints, without ".safetensors". */
  readonly checkpoints: readonly string[];
}

/** What `GET api/runs` streams (server-sent events, one JSON object a message). */
export type ListMessage =
  | {
      readonly type: "runs";
      readonly folder: string;
      readonly runs: readonly RunSummary[];
      readonly reading: number;
    }
  | { readonly type: "run"; readonly run: RunSummary }
  | { readonly type: "gone"; readonly id: string };

/** What `GET api/runs/ID/events` streams: everything so far, thinned to what can be seen, then what is new. */
export type RunMessage =
  | {
      readonly type: "begun";
      readonly run: RunSummary;
      readonly compared: ComparedJson;
      readonly events: readonly Event[];
    }
  | { readonly type: "events"; readonly events: readonly Event[] };

/** What records are folded from beside events, as JSON: see runs/results.ts. */
export interface ComparedJson {
  readonly experiment: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly command: string;
  readonly startedAt: string;
}
