/** Finding the runs of a folder: folders with a config.json, some levels deep. Nothing outside is ever looked at. */
import { readdir, realpath } from "node:fs/promises";
import { basename, join, sep } from "node:path";

/** Where a run lies. */
export interface Place {
  /** Its folder within the one that is served, "mnist/fast". */
  readonly id: string;
  readonly dir: string;
}

const MOST_LEVELS = 6;
const MOST_RUNS = 20_000;
const MOST_FOLDERS = 200_000;

/** The runs in a folder, itself among them, by their ids. `root` is a real path. */
export async function findRuns(root: string): Promise<ReadonlyMap<string, Place>> {
  const found = new Map<string, Place>();
  const seen = new Set<string>([root]);
  let level: readonly Place[] = [{ id: "", dir: root }];
  for (let depth = 0; depth <= MOST_LEVELS && level.length > 0; depth++) {
    const below: Place[] = [];
    for (const { id, dir } of level) {
      const entries = await readdir(dir, { withFileTypes: true }).catch(() => []);
      if (entries.some(({ name }) => name === "config.json")) {
        found.set(id || basename(root), { id: id || basename(root), dir });
        if (found.size >= MOST_RUNS) return found;
        continue; // what is in a run is its own
      }
      for (const entry of entries) {
        const { name } = entry;
        const isLink = entry.isSymbolicLink();
        if (name.startsWith(".") || name === "node_modules" || !(entry.isDirectory() || isLink))
          continue;
        const path = join(dir, name);
        const real = isLink ? await within(root, path) : path;
        if (real === undefined || seen.has(real) || seen.size >= MOST_FOLDERS) continue;
        seen.add(real); // links may lead in a circle
        below.push({ id: id === "" ? name : `${id}/${name}`, dir: real });
      }
    }
    level = below.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  }
  return found;
}

/** Where a path leads, if that is within a folder (a real path); undefined where it leads out, or nowhere. */
export async function within(root: string, path: string): Promise<string | undefined> {
  const real = await realpath(path).catch(() => undefined);
  const start = root.endsWith(sep) ? root : `${root}${sep}`;
  return real !== undefined && (real === root || real.startsWith(start)) ? real : undefined;
}
