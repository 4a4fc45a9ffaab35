/** Files that people drop or choose, with where they lay in their folder. */
import { messageOf } from "../shared/message.ts";
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
  const path = entry.fullPath.replace(/^\//, "");
  try {
    if (entry.isFile) {
      const read = (entry as FileSystemFileEntry).file.bind(entry);
      return [{ path, file: await new Promise<File>(read) }];
    }
    return (
      await Promise.all((await entriesOf(entry as FileSystemDirectoryEntry)).map(within))
    ).flat();
  } catch (cause) {
    if (!(cause instanceof DOMException)) throw cause; // said of what lies within
    throw new Error(`${path}: cannot be read (${messageOf(cause)}); drop it again`, { cause });
  }
}

async function entriesOf(folder: FileSystemDirectoryEntry): Promise<readonly FileSystemEntry[]> {
  const reader = folder.createReader();
  const found: FileSystemEntry[] = [];
  for (;;) {
    // A reader gives a folder in parts, and an empty one at its end.
    const part = await new Promise<FileSystemEntry[]>(reader.readEntries.bind(reader));
    if (part.length === 0) return found;
    found.push(...part);
  }
}
