/** The events of a log of any length, thinned to what can be seen: so many points a run, and layers at some of them. */
import type { Event, RunKey } from "../runs/events.ts";
import type { Config } from "../runs/experiment.ts";
import { keysOf, nameOf } from "../runs/rates.ts";
import { eventsIn } from "../runs/schema.ts";

export interface Digest {
  /** Takes a record of the log; one that is no event, or of no run of the configuration, is passed over. */
  add(record: Readonly<Record<string, unknown>>): void;
  /** What is kept, in the order of the log. */
  events(): readonly Event[];
}

/** Points that a run keeps are between so many and twice that; fewer where there are many runs. */
const MOST_POINTS = 1500;
const ALL_POINTS = 30_000;
const LEAST_POINTS = 100;
/** Of so many points one keeps its layers. */
const LAYERS_EVERY = 8;
/** How often runs went on: the first and the last ones are kept, by which all else is read; of changes all that people make. */
const MOST_OPENED = 100;
const MOST_CHANGED = 10_000;

interface Kept {
  readonly order: number;
  readonly event: Event;
}

export function digestOf(config: Config): Digest {
  const names = keysOf(config).map((key) => nameOf(config, key));
  const most = Math.max(LEAST_POINTS, Math.min(MOST_POINTS, Math.floor(ALL_POINTS / names.length)));
  const runs = new Map(
    names.map((name) => [
      name,
      { points: curve(most), tests: curve(most), last: new Map<string, Kept>() },
    ]),
  );
  const openings: Kept[] = [];
  const changes: Kept[] = [];
  let order = 0;

  return {
    add(record) {
      order++;
      const { type } = record;
      if (type === "opened" || type === "changed") {
        const [others, most] =
          type === "opened" ? [openings, MOST_OPENED] : [changes, MOST_CHANGED];
        for (const event of eventsIn([record])) others.push({ order, event });
        if (others.length > most) others.splice(1, 1);
        return;
      }
      const run = runs.get(nameIn(config, record));
      if (!run || typeof type !== "string") return;
      if (type === "point") run.points.add(record, order);
      else if (type === "measured") run.tests.add(record, order);
      else for (const event of eventsIn([record])) run.last.set(type, { order, event });
    },
    events: () =>
      [
        ...openings,
        ...changes,
        ...[...runs.values()].flatMap(({ points, tests, last }) => [
          ...points.kept(),
          ...tests.kept(),
          ...last.values(),
        ]),
      ]
        .toSorted((a, b) => a.order - b.order)
        .map(({ event }) => event),
  };
}

/** What a record calls its run, whatever it is; "" of none. */
export function nameIn(config: Config, record: Readonly<Record<string, unknown>>): string {
  const { arm, seed, lr } = record;
  const isKey = typeof arm === "string" && typeof seed === "number" && typeof lr === "number";
  return isKey ? nameOf(config, { arm, seed, lr } as RunKey) : "";
}

interface Curve {
  add(record: Readonly<Record<string, unknown>>, order: number): void;
  kept(): readonly Kept[];
}

/** Every n-th of a row of any length, n growing with it, and the last one; only what is kept is looked at closely. */
function curve(most: number): Curve {
  const kept = new Map<number, Kept>();
  let stride = 1;
  let count = 0;
  const end: { last?: (() => readonly Kept[]) | undefined } = {};
  const isThinned = (index: number): boolean => index % (stride * LAYERS_EVERY) !== 0;
  const read = (record: Readonly<Record<string, unknown>>, order: number): readonly Kept[] =>
    eventsIn([record]).map((event) => ({ order, event }));

  return {
    add(record, order) {
      const index = count++;
      end.last = index % stride === 0 ? undefined : () => read(record, order);
      if (end.last) return;
      for (const one of read(record, order)) kept.set(index, isThinned(index) ? bare(one) : one);
      if (kept.size <= 2 * most) return;
      stride *= 2;
      for (const [at, one] of kept)
        if (at % stride !== 0) kept.delete(at);
        else if (isThinned(at)) kept.set(at, bare(one));
    },
    kept: () => [...kept.values(), ...(end.last?.() ?? [])],
  };
}

/** Without its layers. */
const bare = ({ order, event }: Kept): Kept => {
  return { order, event: "layers" in event ? { ...event, layers: [] } : event };
};
