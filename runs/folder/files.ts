/** Folders, made and looked at. */
import { existsSync } from "node:fs";
import { open, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { isTemporary } from "../../src/node/index.ts";

/** What a process that was killed while writing left behind; what cannot be removed is in nobody's way. */
export async function removeTemporaries(
  folder: string,
  { olderThan = 0 }: { readonly olderThan?: number } = {},
): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  for (const path of names.filter(isTemporary).map((name) => join(folder, name))) {
    const age = await stat(path).then(
      ({ mtimeMs }) => (Date.now() - mtimeMs) / 1000,
      () => 0,
    );
    if (age >= olderThan) await rm(path, { force: true }).catch(() => undefined);
  }
}

/** Whether a folder holds the parts of replay memories, as earlier versions called them, and nothing else. */
export async function isMemory(folder: string): Promise<boolean> {
  const names = await readdir(folder).catch(() => []);
  return names.length > 0 && names.every((name) => /-\d{6}\.safetensors\.gz$/.test(name));
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

/** The text that the first `bytes` of a file hold; a letter that is cut in two there is none. */
export async function readStart(path: string, bytes: number): Promise<string> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(new Uint8Array(bytes), 0, bytes, 0);
    return new TextDecoder().decode(buffer.subarray(0, bytesRead), { stream: true });
  } finally {
    await file.close();
  }
}
