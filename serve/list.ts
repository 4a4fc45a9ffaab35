/** The runs of a folder as they are now: what is known is shown at once, the rest and what changes as it is read. */
import { basename } from "node:path";
import type { Find } from "../runs/folder/index.ts";
import type { ListMessage } from "./api.ts";
import { crowdOf, type Send } from "./crowd.ts";
import { findRuns, type Place } from "./runs.ts";
import { printOf, summaryOf, type Known } from "./summary.ts";

export interface RunList {
  join(send: Send): () => void;
  /** A run by its id, as it is now; undefined for what is none. */
  look(id: string): Promise<(Known & Place) | undefined>;
  close(): void;
}
export interface ListOptions {
  /** A real path. */
  readonly root: string;
  readonly find: Find;
}

/** How many runs are read beside each other, and how seldom folders are searched for new ones, in milliseconds. */
const AT_ONCE = 8;
const SEARCH_EVERY = 2000;

interface Read extends Known {
  readonly print: string;
}

export function runList({ root, find }: ListOptions): RunList {
  let places: ReadonlyMap<string, Place> | undefined;
  let searched = -Infinity;
  const read = new Map<string, Read>();

  async function search(): Promise<ReadonlyMap<string, Place>> {
    if (places && performance.now() - searched < SEARCH_EVERY) return places;
    places = await findRuns(root);
    searched = performance.now();
    for (const id of read.keys())
      if (!places.has(id)) {
        read.delete(id);
        crowd.tell({ type: "gone", id });
      }
    return places;
  }
  async function refresh(place: Place): Promise<Known> {
    const print = await printOf(place);
    const before = read.get(place.id);
    if (before?.print === print) return before;
    const known = await summaryOf(place, { root, find });
    if (!places?.has(place.id)) return known;
    read.set(place.id, { ...known, print });
    crowd.tell({ type: "run", run: known.summary });
    return known;
  }
  const crowd = crowdOf<ListMessage>({
    welcome: () =>
      places && [
        {
          ...{ type: "runs", folder: basename(root) },
          runs: [...read.values()].map(({ summary }) => summary),
          reading: places.size - read.size,
        },
      ],
    async look() {
      // Those that are not known yet come first.
      const all = [...(await search()).values()];
      const rest = all.toSorted((a, b) => Number(read.has(a.id)) - Number(read.has(b.id))).values();
      crowd.greet();
      const worker = async (): Promise<void> => {
        for (const place of rest) await refresh(place);
      };
      await Promise.all(Array.from({ length: AT_ONCE }, worker));
    },
  });
  return {
    join: crowd.join,
    async look(id) {
      const place = (places ?? (await search())).get(id) ?? (await search()).get(id);
      return place && { ...place, ...(await refresh(place)) };
    },
    close: crowd.close,
  };
}
