/** What a browser keeps of one training beside a run's own files: the wish that it came of, and the files that were given for it. */
import type { Disk } from "../../runs/disk.ts";
import { isRecord, parseJson, parseRecord } from "../../src/train/json.ts";
import { runText } from "../../runs/run-config.ts";
import type { Config } from "../../runs/experiment.ts";
import type { RunConfig } from "../../runs/store.ts";
import type { Dropped, Kept, Wish } from "./protocol.ts";

/** All that a training leaves on a disk, results first, for without them it is merely unfinished. */
const OURS = [
  "results.json",
  "config.json",
  "wish.json",
  "log.jsonl",
  "checkpoints",
  "attachments",
];
/** Bytes of files of one place that are kept. */
const MOST = 300_000_000;

export const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** Makes room for another training. */
export async function cleared(disk: Disk): Promise<void> {
  for (const name of OURS) await disk.remove(name);
}

export interface KeptWish {
  readonly wish: Wish;
  /** The lists of the files that it was about, by places. */
  readonly given: Readonly<Record<string, string>>;
}

export async function keepRun(
  disk: Disk,
  { run, ...wished }: KeptWish & { readonly run: RunConfig<Config> },
): Promise<void> {
  await disk.write("wish.json", JSON.stringify(wished));
  await disk.write("config.json", runText(run)); // last: with it the run has begun
}

/** The wish of the training that lies there; undefined where there is none, or none that can be read. */
export async function keptWish(disk: Disk): Promise<KeptWish | undefined> {
  const bytes = await disk.read("wish.json");
  if (!bytes || !(await disk.exists("config.json"))) return undefined;
  try {
    const { wish, given } = parseRecord(textOf(bytes), disk.where("wish.json"));
    if (!isRecord(wish) || !isRecord(given)) return undefined;
    const { experiment, asked, device } = wish;
    const isDevice = device === "auto" || device === "webgpu" || device === "wasm";
    const isWish = typeof experiment === "string" && isRecord(asked) && isDevice;
    return isWish
      ? { wish: { experiment, asked, device }, given: given as KeptWish["given"] }
      : undefined;
  } catch {
    return undefined;
  }
}

/** What tells the files of a place apart. */
const listOf = (files: readonly Dropped[]): string =>
  JSON.stringify(files.map(({ path, file }) => ({ path, size: file.size })));
export const listsOf = (given: ReadonlyMap<string, readonly Dropped[]>): KeptWish["given"] =>
  Object.fromEntries([...given].map(([place, files]) => [place, listOf(files)]));

/** The names of the files that lists are of. */
export const namesIn = (given: KeptWish["given"]): Kept["given"] =>
  Object.fromEntries(
    Object.entries(given).map(([place, text]) => {
      const list = parseJson(text, place);
      return [place, Array.isArray(list) ? list.filter(isListed).map(({ path }) => path) : []];
    }),
  );

/** Keeps the files of a place, as one file; false where they are too large for that. */
export async function keepGiven(
  disk: Disk,
  place: string,
  files: readonly Dropped[],
): Promise<boolean> {
  const [list, all] = [`given/${place}.json`, `given/${place}.bin`];
  const before = await disk.read(list);
  if (before && textOf(before) === listOf(files)) return true;
  await disk.remove(list);
  await disk.remove(all);
  const length = files.reduce((sum, { file }) => sum + file.size, 0);
  if (length > MOST) return false;
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const { file } of files) {
    bytes.set(new Uint8Array(await file.arrayBuffer()), at);
    at += file.size;
  }
  await disk.write(all, bytes);
  await disk.write(list, listOf(files)); // last: with it they are whole
  return true;
}

/** The files of a place that were kept; none where there are none. */
export async function keptGiven(disk: Disk, place: string): Promise<readonly Dropped[]> {
  const said = await disk.read(`given/${place}.json`);
  const bytes = said && (await disk.read(`given/${place}.bin`));
  if (!bytes) return [];
  const list = parseJson(textOf(said), disk.where(place));
  if (!Array.isArray(list) || !list.every(isListed)) return [];
  let at = 0;
  return list.map(({ path, size }) => {
    const part = bytes.slice(at, (at += size));
    return { path, file: new File([part], path.split("/").at(-1)!) };
  });
}

interface Listed {
  readonly path: string;
  readonly size: number;
}
const isListed = (x: unknown): x is Listed =>
  isRecord(x) && typeof x["path"] === "string" && Number.isSafeInteger(x["size"]);
