/** What a browser keeps: the last trainings, each in a folder of its own with the wish that it came of, and the files given for them. */
import type { Disk } from "../../runs/disk.ts";
import type { Config } from "../../runs/experiment.ts";
import { runText } from "../../runs/run-config.ts";
import type { RunConfig } from "../../runs/store.ts";
import { isRecord, parseJson, parseRecord } from "../../src/train/json.ts";
import { keepOnly, type Lists } from "./given.ts";
import type { Wish } from "./protocol.ts";

/** A training that is kept. */
export interface KeptTraining extends Folder {
  readonly wish: Wish;
  /** The lists of the files that it is about, by places. */
  readonly given: Lists;
}
export interface Folder {
  readonly name: string;
  readonly disk: Disk;
}

/** Folders of trainings: one more than are kept, for the next one to begin in. */
const FOLDERS = ["training-1", "training-2", "training-3", "training-4"];
/** Names of those that are kept, the last one first. */
const INDEX = "trainings.json";

export const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** The trainings that are kept and can be read, the last one first. */
export async function keptTrainings(root: Disk): Promise<readonly KeptTraining[]> {
  const all: KeptTraining[] = [];
  for (const name of await namesIn(root)) {
    const folder = { name, disk: within(root, name) };
    const wished = await wishIn(folder.disk);
    if (wished) all.push({ ...folder, ...wished });
  }
  return all;
}

/** An empty folder. What begins in it is kept once it is the last one. */
export async function freeFolder(root: Disk): Promise<Folder> {
  const taken = await namesIn(root);
  const name = FOLDERS.find((one) => !taken.includes(one))!;
  await root.remove(name);
  return { name, disk: within(root, name) };
}

/** Makes it the last one. Those that it replaces go, and those that are too many, with the files that no other needs. */
export async function keepAsLast(
  root: Disk,
  { name }: Folder,
  replaced: readonly string[],
): Promise<void> {
  const before = await namesIn(root);
  const others = before.filter((one) => one !== name && !replaced.includes(one));
  const names = [name, ...others].slice(0, FOLDERS.length - 1);
  await root.write(INDEX, JSON.stringify(names));
  for (const one of before) if (!names.includes(one)) await root.remove(one);
  const kept = await keptTrainings(root);
  await keepOnly(
    root,
    kept.flatMap(({ given }) => Object.values(given)),
  );
}

export async function keepRun(
  disk: Disk,
  { run, ...wished }: Pick<KeptTraining, "wish" | "given"> & { readonly run: RunConfig<Config> },
): Promise<void> {
  await disk.write("wish.json", JSON.stringify(wished));
  await disk.write("config.json", runText(run)); // last: with it the run has begun
}

/** Undefined where there is none, or none that can be read. */
async function wishIn(disk: Disk): Promise<Pick<KeptTraining, "wish" | "given"> | undefined> {
  const bytes = await disk.read("wish.json");
  if (!bytes || !(await disk.exists("config.json"))) return undefined;
  try {
    const { wish, given } = parseRecord(textOf(bytes), disk.where("wish.json"));
    if (!isRecord(wish) || !isRecord(given)) return undefined;
    const { experiment, asked, device } = wish;
    const isDevice = device === "auto" || device === "webgpu" || device === "wasm";
    const isWish = typeof experiment === "string" && isRecord(asked) && isDevice;
    if (!isWish || !Object.values(given).every((list) => typeof list === "string"))
      return undefined;
    return { wish: { experiment, asked, device }, given: given as Lists };
  } catch {
    return undefined;
  }
}

async function namesIn(root: Disk): Promise<readonly string[]> {
  const bytes = await root.read(INDEX);
  try {
    const names = bytes ? parseJson(textOf(bytes), root.where(INDEX)) : [];
    return Array.isArray(names)
      ? FOLDERS.filter((name) => names.includes(name)).toSorted(orderOf(names))
      : [];
  } catch {
    return [];
  }
}
const orderOf =
  (names: readonly unknown[]) =>
  (a: string, b: string): number =>
    names.indexOf(a) - names.indexOf(b);

/** A folder of a disk as a disk. */
const within = (disk: Disk, folder: string): Disk => ({
  where: disk.where,
  exists: (name) => disk.exists(`${folder}/${name}`),
  read: (name) => disk.read(`${folder}/${name}`),
  write: (name, content) => disk.write(`${folder}/${name}`, content),
  list: (name) => disk.list(`${folder}/${name}`),
  remove: (name) => disk.remove(`${folder}/${name}`),
  openLog: (name) => disk.openLog(`${folder}/${name}`),
  gzip: disk.gzip,
});
