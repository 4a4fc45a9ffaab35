/** The door of Node: folders, installed packages, downloads, and a cache of what was computed. */
import { readdir, stat } from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Door, Files } from "../data/door.ts";
import { byName, checkNames, isHidden, MOST_LEVELS } from "../data/names.ts";
import { brief, parseRecord } from "../train/json.ts";
import { cacheFolder, download } from "./download.ts";
import { fileError, inWords, reasonOf } from "./file-error.ts";
import { makeFolder, readBytes, readText, writeFileAtomic } from "./files.ts";

/** Bytes from files, installed packages and the network, as Node has them. */
export const nodeDoor = (): Door => ({
  async at(place) {
    const info = await inWords(place, "find", stat(place));
    return info.isDirectory() ? folderOf(place, place) : fileAt(place, place);
  },
  async package(name, folder) {
    const manifest = manifestOf(name);
    const { version } = parseRecord(await readText(manifest), manifest, `install ${name} again`);
    const source = `${name} ${typeof version === "string" ? version : brief(version)}`;
    return folderOf(join(dirname(manifest), folder), source);
  },
  async download({ url, name, ...expected }, onProgress) {
    const path = inCache(name);
    await download(url, path, { ...expected, ...(onProgress && { onProgress }) });
    return fileAt(path, url);
  },
  asset: (url) => readBytes(fileURLToPath(url.href)),
  require(module) {
    const { require, paths } = nearby();
    return require(require.resolve(module, { paths })) as unknown;
  },
  recall: (name) => readBytes(inCache(name)).catch(() => undefined),
  async keep(name, bytes) {
    const path = inCache(name);
    await makeFolder(dirname(path))
      .then(() => writeFileAtomic(path, bytes))
      .catch((error: unknown) => {
        // The run goes on, but whoever waits for this at every start should know why.
        const got = reasonOf((error as Error).cause ?? error);
        process.emitWarning(
          `${path}: cannot keep what was computed, so that every start computes it again, got ${got}; set XDG_CACHE_HOME to a folder that can be written`,
        );
      });
  },
});

/** A name of ours, so never a path that leads out. */
const inCache = (name: string): string => join(cacheFolder(), basename(name));

const fileAt = (path: string, source: string): Files => ({
  source,
  names: [basename(path)],
  where: () => path,
  read: () => readBytes(path),
});

async function folderOf(folder: string, source: string): Promise<Files> {
  const where = (name: string): string => (name === "" ? folder : join(folder, name));
  return {
    source,
    names: await namesIn(folder),
    where,
    read: (name) => readBytes(where(name)),
  };
}

/** Links that lead in a circle end at the deepest level. */
async function namesIn(root: string): Promise<readonly string[]> {
  const names: string[] = [];
  let level = [""];
  for (let depth = 1; level.length > 0; depth++) {
    const below: string[] = [];
    for (const folder of level) {
      const inside = await entriesOf(root, folder);
      if (!inside) names.push(folder);
      for (const { name, isFolder } of inside ?? [])
        if (!isFolder) names.push(name);
        else if (depth < MOST_LEVELS && !isHidden(name)) below.push(name);
      checkNames(names, root);
    }
    level = below;
  }
  return names.toSorted(byName);
}

/** Undefined for a folder within that cannot be looked into: a disk's lost+found is no reason to refuse the rest. */
async function entriesOf(
  root: string,
  folder: string,
): Promise<readonly { readonly name: string; readonly isFolder: boolean }[] | undefined> {
  const entries = await readdir(join(root, folder), { withFileTypes: true }).catch(
    (error: unknown) => {
      if (folder === "") throw fileError(root, "list", error);
      return undefined;
    },
  );
  return (
    entries &&
    Promise.all(
      entries.map(async (entry) => {
        const name = folder === "" ? entry.name : `${folder}/${entry.name}`;
        const isFolder =
          entry.isDirectory() || (entry.isSymbolicLink() && (await leadsToFolder(root, name)));
        return { name, isFolder };
      }),
    )
  );
}

const leadsToFolder = (root: string, name: string): Promise<boolean> =>
  stat(join(root, name)).then(
    (info) => info.isDirectory(),
    () => false,
  );

/** Beside this package, then where the user works: a global install finds the project's own copy. */
const nearby = (): { readonly require: NodeJS.Require; readonly paths: string[] } => ({
  require: createRequire(import.meta.url),
  paths: [dirname(fileURLToPath(import.meta.url)), process.cwd()],
});

function manifestOf(name: string): string {
  const { require, paths } = nearby();
  try {
    return require.resolve(`${name}/package.json`, { paths });
  } catch (error) {
    throw new Error(
      `${name}: expected the npm package of this name, got no such package; run \`npm install ${name}\` or pass --data-dir with a folder of the files that it holds`,
      { cause: error },
    );
  }
}
