/** Folders, made and looked at. */
import { existsSync } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { isTemporary } from "../../src/node/index.ts";

/** What a process that was killed while writing left behind; what cannot be removed is in nobody's way. */
export async function removeTemporaries(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  for (const name of names)
    if (isTemporary(name)) await rm(join(folder, name), { force: true }).catch(() => undefined);
}

/** Whether there is anything at a path but empty folders, and files that a killed process left half written. */
export async function holdsSomething(path: string): Promise<boolean> {
  if (!existsSync(path)) return false;
  const names = await readdir(path).catch(() => undefined);
  if (!names) return true; // a file
  for (const name of names)
    if (!isTemporary(name) && (await holdsSomething(join(path, name)))) return true;
  return false;
}
