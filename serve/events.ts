/** A run as it trains: everything so far, thinned to what can be seen, then what is new; one tail, however many look on. */
import { join } from "node:path";
import type { Event } from "../runs/events.ts";
import type { Begun } from "../runs/folder/index.ts";
import { eventsIn } from "../runs/schema.ts";
import { parseLog } from "../src/node/index.ts";
import type { RunMessage, RunSummary } from "./api.ts";
import { crowdOf, type Crowd, type Send } from "./crowd.ts";
import type { RunList } from "./list.ts";
import { tailOf } from "./tail.ts";
import { digestOf, type Digest } from "./thin.ts";

export interface RunEvents {
  /** Listens to a run that can be read. */
  join(id: string, send: Send): () => void;
  /** What is known of its log now, thinned. */
  eventsOf(id: string): Promise<readonly Event[]>;
  close(): void;
}

/** After so many new events, or as many as there were at first, all are told anew, thinned: nobody has to keep ever more. */
const MOST_NEW = 5000;
/** How long a log is remembered that nobody looks at, and how many of them, so that looking again takes no time. */
const REMEMBERED_MS = 60_000;
const MOST_REMEMBERED = 8;

interface Watch extends Crowd<RunMessage> {
  /** Reads what is new; those who listen are told. */
  readonly look: () => Promise<void>;
  readonly events: () => readonly Event[];
}

export function runEvents(list: RunList): RunEvents {
  const watches = new Map<string, Watch>();

  function watchOf(id: string): Watch {
    const watch = watches.get(id) ?? watchRun(id, list);
    watches.delete(id);
    watches.set(id, watch); // the last one that was asked for is the last to be forgotten
    const now = performance.now();
    const idle = [...watches].filter(([other, { deserted }]) => {
      return other !== id && deserted() !== undefined;
    });
    for (const [i, [other, { deserted, close }]] of idle.entries()) {
      if (now - deserted()! < REMEMBERED_MS && idle.length - i <= MOST_REMEMBERED) continue;
      close();
      watches.delete(other);
    }
    return watch;
  }
  return {
    join: (id, send) => watchOf(id).join(send),
    async eventsOf(id) {
      const watch = watchOf(id);
      await watch.look();
      return watch.events();
    },
    close() {
      for (const { close } of watches.values()) close();
      watches.clear();
    },
  };
}

/** What a run was when it was last looked at. */
interface Seen {
  readonly begun: Begun;
  readonly summary: RunSummary;
  readonly digest: Digest;
}

function watchRun(id: string, list: RunList): Watch {
  let seen: Seen | undefined;
  let tail: ReturnType<typeof tailOf> | undefined;
  let under: Promise<void> | undefined;
  let left = MOST_NEW; // events that are told until all are told anew

  async function read(): Promise<void> {
    const known = await list.look(id);
    if (!known?.begun) return; // gone, or damaged for the moment; the list says so
    const { begun, summary, dir } = known;
    let isAnew = !seen || !tail || JSON.stringify(seen.begun.run) !== JSON.stringify(begun.run);
    let digest = seen && !isAnew ? seen.digest : digestOf(begun.run.config);
    if (isAnew) tail = tailOf(join(dir, "log.jsonl"));
    let fresh: Event[] = [];
    await tail!.read({
      lines(bytes) {
        for (const record of parseLog(bytes).records) {
          digest.add(record);
          if (!isAnew) fresh.push(...eventsIn([record]));
          if (fresh.length > left) [isAnew, fresh] = [true, []];
        }
      },
      anew() {
        isAnew = true;
        fresh = [];
        digest = digestOf(begun.run.config);
      },
    });
    const isOther = isAnew || seen?.summary.state !== summary.state;
    seen = { begun, summary, digest };
    left = isOther ? Math.max(MOST_NEW, digest.events().length) : left - fresh.length;
    if (isOther) for (const message of welcome()!) crowd.tell(message);
    else if (fresh.length > 0) crowd.tell({ type: "events", events: fresh });
  }
  /** One look at a time; who asks meanwhile waits for it. */
  const look = (): Promise<void> =>
    (under ??= read()
      .catch(() => undefined) // unreadable for the moment; the list says so
      .finally(() => (under = undefined)));
  const welcome = (): readonly RunMessage[] | undefined => {
    if (!seen) return undefined;
    const { summary, begun, digest } = seen;
    const { experiment, config, command, startedAt } = begun.run;
    const compared = { experiment, config: { ...config }, command, startedAt };
    return [{ type: "begun", run: summary, compared, events: digest.events() }];
  };
  const crowd = crowdOf<RunMessage>({ welcome, look });
  return { ...crowd, look, events: () => seen?.digest.events() ?? [] };
}
