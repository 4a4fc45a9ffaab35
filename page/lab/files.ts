/** Files that people drop or choose, with where they lay in their folder. */
import type { Dropped } from "../worker/protocol.ts";

/** From a field of files, with the paths that a chosen folder gives them. */
export const chosen = (files: Iterable<File>): readonly Dropped[] =>
  [...files].map((file) => ({ path: file.webkitRelativePath || file.name, file }));

/** From a drop, folders and all; to be called before the event is over. */
export async function dropped({ items, files }: DataTransfer): Promise<readonly Dropped[]> {
  const entries = [...items].map((item) => item.webkitGetAsEntry()).filter((e) => e !== null);
  if (entries.length === 0) return chosen(files);
  return (await Promise.all(entries.map(within))).flat();
}

async function within(entry: FileSystemEntry): Promise<readonly Dropped[]> {
  if (entry.isFile) {
    const file = await new Promise<File>((done, fail) =>
      (entry as FileSystemFileEntry).file(done, fail),
    );
    return [{ path: entry.fullPath.replace(/^\//, ""), file }];
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const found: FileSystemEntry[] = [];
  for (;;) {
    // A reader gives a folder in parts, and an empty one at its end.
    const part = await new Promise<FileSystemEntry[]>((done, fail) =>
      reader.readEntries(done, fail),
    );
    if (part.length === 0) break;
    found.push(...part);
  }
  return (await Promise.all(found.map(within))).flat();
}
