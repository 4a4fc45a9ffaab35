/** A comparison under way on a disk: it stands ready, runs, is held with all saved, and ends. */
import { compare } from "../../runs/compare.ts";
import type { Disk } from "../../runs/disk.ts";
import { diskStore } from "../../runs/disk-store.ts";
import type { Event, Shown } from "../../runs/events.ts";
import type { Config, Experiment, Field, World } from "../../runs/experiment.ts";
import { Interrupted } from "../../runs/race.ts";
import type { Machine } from "../../runs/records.ts";
import type { RunConfig, Store } from "../../runs/store.ts";
import type { Checkpoint } from "../../src/index.ts";
import { DeviceLost } from "../../src/runtime/device-lost.ts";
import { messageOf } from "../shared/message.ts";
import type { Phase } from "./protocol.ts";
import { transport, type Going } from "./transport.ts";

/** What is trained, whatever becomes of its settings on the way. */
export interface Subject {
  readonly experiment: Experiment;
  readonly field: Field;
  readonly world: World;
  readonly disk: Disk;
  readonly machine: Machine;
}

export interface Listeners {
  readonly onEvent: (event: Shown) => void;
  /** There is a checkpoint, of now or of before. */
  readonly onCheckpoint: (name: string, checkpoint: Checkpoint) => void;
  readonly onPhase: (phase: Phase) => void;
}

export interface Training {
  readonly events: () => readonly Event[];
  /** All that comes before the first step is done, or nothing is left to do; rejects where that failed. */
  readonly ready: Promise<void>;
  /** How it goes now; where that has a goal, to where. */
  going(): Going;
  /** Goes as another one did. Throws what it failed of, if it did. */
  go(how: Going): void;
  /** When it answers, everything is saved. */
  pause(): Promise<void>;
  advance(by: "step" | "turn"): Promise<void>;
  /** Lets go of the disk, with everything saved. */
  stop(): Promise<void>;
}

export function train(
  { experiment, field, world, disk, machine }: Subject,
  run: RunConfig<Config>,
  { onEvent, onCheckpoint, onPhase }: Listeners,
): Training {
  const store = watched(diskStore(disk, run), onCheckpoint);
  let is: "held" | "going" | "over" = "going";
  let failure: Error | undefined;
  const waiting: (() => void)[] = [];
  const settle = (now: "held" | "over"): void => {
    is = now;
    for (const go of waiting.splice(0)) go();
  };
  const stands = (): Promise<void> =>
    is === "going" ? new Promise((go) => waiting.push(go)) : Promise.resolve();
  const { going, go, pause, stop, ...course } = transport(() => {
    onPhase({ is: "paused" });
    settle("held");
  });
  function goes(how: Going): void {
    if (failure && !(failure instanceof Interrupted))
      throw new Error(
        `training: expected one that can go on, got one that failed (${failure.message}); begin it again`,
        { cause: failure },
      );
    if (is === "over" || how === "no") return;
    is = "going";
    onPhase({ is: "running" });
    go(how);
  }
  const ended = compare({
    ...{ experiment, field, run, store, world, machine, onEvent, ...course },
  })
    .then(() => onPhase({ is: "finished" }))
    .catch((error: unknown) => {
      failure = error instanceof Error ? error : new Error(messageOf(error));
      if (!(failure instanceof Interrupted)) onPhase(failed(failure));
    })
    .finally(() => settle("over"));
  return {
    events: store.events,
    ready: stands().then(() => {
      if (failure) throw failure;
    }),
    going,
    go: goes,
    async pause() {
      pause();
      await stands();
    },
    async advance(by) {
      goes({ by });
      await stands();
    },
    async stop() {
      stop();
      await ended;
      await store.close();
    },
  };
}

export const failed = (error: unknown): Phase => ({
  is: "failed",
  message: messageOf(error),
  lost: error instanceof DeviceLost,
});

/** The same store, whose checkpoints somebody looks at. */
const watched = (store: Store, onCheckpoint: Listeners["onCheckpoint"]): Store => ({
  ...store,
  async load(key) {
    const kept = await store.load(key);
    if (kept) onCheckpoint(store.nameOf(key), kept.checkpoint);
    return kept;
  },
  async save(key, saved) {
    await store.save(key, saved);
    onCheckpoint(store.nameOf(key), saved.checkpoint);
  },
});
