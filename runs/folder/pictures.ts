/** The pictures that a run left in its folder, for pages that need nothing else. */
import { lstat, realpath } from "node:fs/promises";
import { extname, join } from "node:path";
import { readBytes } from "../../src/node/index.ts";
import type { Results } from "../records.ts";

/** Bytes of a picture; ours have some hundred thousands. */
const MOST = 50_000_000;
const isPicture = (bytes: Uint8Array): boolean =>
  ["89504e47", "47494638"].includes(Buffer.from(bytes.subarray(0, 4)).toString("hex"));

/** Those that are still there, as data URIs by file. What a link leads to is none. */
export async function picturesOf(
  dir: string,
  { arms }: Results,
): Promise<ReadonlyMap<string, string>> {
  const files = Object.values(arms).flatMap(({ runs }) => runs.flatMap((run) => run.pictures));
  const home = await realpath(dir).catch(() => dir);
  const found = files.map(async ({ file }) => {
    const path = join(home, file);
    const isFile = await Promise.all([lstat(path), realpath(path)]).then(
      ([info, real]) => info.isFile() && real === path, // nor what lies in a linked folder
      () => false,
    );
    const bytes = isFile ? await readBytes(path, { most: MOST }).catch(() => undefined) : undefined;
    if (!bytes || !isPicture(bytes)) return [];
    const type = extname(file).slice(1);
    return [[file, `data:image/${type};base64,${Buffer.from(bytes).toString("base64")}`] as const];
  });
  return new Map((await Promise.all(found)).flat());
}
