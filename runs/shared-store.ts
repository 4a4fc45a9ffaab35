/** The store of a process that trains with others: rank 0 keeps the run, and the others get from it what they go on from. */
import { decodeCheckpoint, encodeCheckpoint } from "../src/index.ts";
import type { RunKey } from "./events.ts";
import { memoryStore } from "./memory-store.ts";
import type { Ranks } from "./ranks.ts";
import type { Store } from "./store.ts";

/** `own` is where rank 0 keeps the run; all ranks load the same runs in the same order. */
export function sharedStore(ranks: Ranks, own: Store | undefined): Store {
  const store = own ?? memoryStore();
  const load = async (key: RunKey): ReturnType<Store["load"]> => {
    const kept = own && (await own.load(key));
    const bytes = ranks.broadcast(kept && encodeCheckpoint(kept.checkpoint));
    if (own) return kept;
    return bytes.length === 0
      ? undefined
      : {
          checkpoint: decodeCheckpoint(bytes, `${store.nameOf(key)} of rank 0`),
          attachment: (name) =>
            Promise.reject(
              new Error(
                `${name}: expected a run without attachments, got one; train it in one process`,
              ),
            ),
        };
  };
  return own ? { ...own, load } : { ...store, load, save: () => Promise.resolve() };
}
