/** Files of the user's own: what tells them apart, and how a browser keeps them, all files of a place as one. */
import type { Disk } from "../../runs/disk.ts";
import { isRecord, parseJson } from "../../src/train/json.ts";
import type { Dropped } from "./protocol.ts";

/** The files of a place. */
export interface Given {
  readonly files: readonly Dropped[];
  /** What tells them apart from others, as text. */
  readonly list: string;
}
/** Lists by places. */
export type Lists = Readonly<Record<string, string>>;

/** Bytes of files of one place that are kept, and that are told apart by what is in them. */
const MOST = 300_000_000;

/** Files told apart by what they hold; those that are too large for that, or cannot be read now, by when they were written. */
export async function listed(files: readonly Dropped[]): Promise<Given> {
  const isSmall = sizeOf(files) <= MOST;
  const list: Listed[] = [];
  for (const { path, file } of files) {
    const sum = isSmall ? await sumOf(file).catch(() => undefined) : undefined;
    const { size, lastModified } = file;
    list.push({ path, size, ...(sum === undefined ? { lastModified } : { sum }) });
  }
  return { files, list: JSON.stringify(list) };
}

/** Keeps them; false where they are too large for that. */
export async function keepGiven(root: Disk, { files, list }: Given): Promise<boolean> {
  if (sizeOf(files) > MOST) return false;
  const name = await placeOf(list);
  if (await root.exists(name)) return true;
  const bytes = new Uint8Array(sizeOf(files));
  let at = 0;
  for (const { file } of files) {
    bytes.set(new Uint8Array(await file.arrayBuffer()), at);
    at += file.size;
  }
  await root.write(name, bytes);
  return true;
}

/** Those that were kept of a list; undefined where they were not. */
export async function keptGiven(root: Disk, list: string): Promise<Given | undefined> {
  const bytes = await root.read(await placeOf(list));
  if (!bytes) return undefined;
  let at = 0;
  const files = listedIn(list).map(({ path, size }) => {
    const part = bytes.slice(at, (at += size));
    return { path, file: new File([part], path.split("/").at(-1)!) };
  });
  return at === bytes.length ? { files, list } : undefined;
}

/** Removes all that are of none of these lists. */
export async function keepOnly(root: Disk, lists: readonly string[]): Promise<void> {
  const needed = await Promise.all(lists.map(placeOf));
  for (const name of await root.list(FOLDER))
    if (!needed.includes(`${FOLDER}/${name}`)) await root.remove(`${FOLDER}/${name}`);
}

/** The names of the files of each place. */
export const namesIn = (given: Lists): Readonly<Record<string, readonly string[]>> =>
  Object.fromEntries(
    Object.entries(given).map(([place, list]) => [place, listedIn(list).map(({ path }) => path)]),
  );

const FOLDER = "given";
const placeOf = async (list: string): Promise<string> =>
  `${FOLDER}/${(await sumOf(new Blob([list]))) ?? "files"}`;

const sizeOf = (files: readonly Dropped[]): number =>
  files.reduce((sum, { file }) => sum + file.size, 0);

/** Its SHA-256; undefined in a page over plain http, to which browsers lend neither sums nor storage. */
async function sumOf(file: Blob): Promise<string | undefined> {
  const { subtle } = crypto as Partial<typeof crypto>;
  const sum = await subtle?.digest("SHA-256", await file.arrayBuffer());
  return sum && [...new Uint8Array(sum)].map((x) => x.toString(16).padStart(2, "0")).join("");
}

interface Listed {
  readonly path: string;
  readonly size: number;
  readonly sum?: string;
  readonly lastModified?: number;
}
const isListed = (x: unknown): x is Listed =>
  isRecord(x) &&
  typeof x["path"] === "string" &&
  Number.isSafeInteger(x["size"]) &&
  (x["size"] as number) >= 0;
function listedIn(text: string): readonly Listed[] {
  const list = parseJson(text, "the files of a training");
  return Array.isArray(list) ? list.filter(isListed) : [];
}
