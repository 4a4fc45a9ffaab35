/** Files that people drop or choose: where they lay in their folder, and what is to be done with them. */
import type { Dropped } from "../worker/protocol.ts";

/** What files are, by their names. */
export type Kind = "checkpoint" | "model" | "table" | "pictures" | "other";

export function kindOf(files: readonly Pick<Dropped, "path">[]): Kind {
  const ends = (pattern: RegExp): boolean => files.some(({ path }) => pattern.test(path));
  if (ends(/\.safetensors$/i)) return "checkpoint";
  if (ends(/\.onnx$/i)) return "model";
  if (files.length === 1 && ends(/\.[ct]sv$/i)) return "table";
  return ends(/\.(png|jpe?g|webp|gif|bmp|avif)$/i) ? "pictures" : "other";
}

/** The experiments for own data, by what was dropped, alone and with a trained model: see `Wish`. */
const OWN = {
  table: { alone: "table", tuned: "tuned-table" },
  pictures: { alone: "photos", tuned: "tuned-pictures" },
} as const;

/** The experiment that takes them; `tuned` where a model was given, too. */
export const experimentFor = (kind: "table" | "pictures", tuned: boolean): string =>
  OWN[kind][tuned ? "tuned" : "alone"];

/** The experiment that takes a model beside what `experiment` takes; undefined where it takes none. */
export const withModel = (experiment: string | undefined): string | undefined =>
  Object.values(OWN).find(({ alone, tuned }) => experiment === alone || experiment === tuned)
    ?.tuned;

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
