/** Files that were dropped onto the page, as a door has those of a folder. */
import type { Files } from "../../src/index.ts";
import { byName, checkNames, isHidden, MOST_LEVELS } from "../../src/data/names.ts";
import type { Dropped } from "./protocol.ts";

/** What several files are called that lie in no folder together. */
const TOGETHER = "what was dropped";

/** What people call what they dropped: the name of the folder, or of the file. */
export function titleOf(files: readonly Dropped[]): string {
  if (files.length === 1) return files[0].path.split("/")[0];
  return folderOf(files) ?? TOGETHER;
}

/** A file alone, or the files of a folder by their paths within it: those that a folder of a disk would show. */
export async function droppedFiles(title: string, files: readonly Dropped[]): Promise<Files> {
  const isFolder = files.some(({ path }) => path.includes("/")) || files.length > 1;
  const within = folderOf(files) === undefined ? 0 : title.length + 1;
  const found = new Map<string, File>();
  for (const { path, file } of files) {
    const name = path.slice(isFolder ? within : 0);
    const folders = name.split("/").slice(0, -1);
    const isDeep = folders.length >= MOST_LEVELS;
    const isUnseen = folders.some((_, i) => isHidden(folders.slice(0, i + 1).join("/")));
    if (!isDeep && !isUnseen) found.set(name, file);
  }
  checkNames([...found.keys()], title);
  const where = (name: string): string => (!isFolder || name === "" ? title : `${title}/${name}`);
  return Promise.resolve({
    source: title,
    names: [...found.keys()].toSorted(byName),
    where,
    async read(name) {
      const file = found.get(name);
      if (!file)
        throw new Error(`${where(name)}: expected a file, got none; drop it with the others`);
      try {
        return new Uint8Array(await file.arrayBuffer());
      } catch (cause) {
        throw new Error(
          `${where(name)}: cannot be read (${(cause as Error).message}); drop it again`,
          { cause },
        );
      }
    },
  });
}

/** The folder that all of them lie in. */
function folderOf(files: readonly Dropped[]): string | undefined {
  const [first] = files[0].path.split("/");
  return files.every(({ path }) => path.startsWith(`${first}/`)) ? first : undefined;
}
