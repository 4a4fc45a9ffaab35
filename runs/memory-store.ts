/** A store that keeps a comparison in memory: for training within a program, in Node and in a browser. */
import type { Event, RunKey } from "./events.ts";
import type { Kept, Saved } from "./experiment.ts";
import type { Store } from "./store.ts";

/** Given to a second training of the same options, it goes on where the first one stopped. */
export function memoryStore(): Store {
  const saved = new Map<string, Saved["checkpoint"]>();
  const parts = new Map<string, Uint8Array>();
  const events: Event[] = [];
  const nameOf = ({ arm, seed }: RunKey): string => `${arm}-${seed}`;
  return {
    nameOf,
    load(key): Promise<Kept | undefined> {
      const checkpoint = saved.get(nameOf(key));
      const attachment = (name: string): Promise<Uint8Array> =>
        Promise.resolve(parts.get(`${nameOf(key)}-${name}`) ?? new Uint8Array());
      return Promise.resolve(checkpoint && { checkpoint, attachment });
    },
    save(key, { checkpoint, attachments }) {
      for (const [name, bytes] of attachments?.fresh ?? [])
        parts.set(`${nameOf(key)}-${name}`, bytes());
      saved.set(nameOf(key), checkpoint);
      return Promise.resolve();
    },
    begin(known) {
      events.splice(0, events.length, ...known);
      return Promise.resolve();
    },
    append: (event) => void events.push(event),
    sync: () => undefined,
    events: () => events,
    keep: (name) => Promise.resolve(name),
    finish: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
}
