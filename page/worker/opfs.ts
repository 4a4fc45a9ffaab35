/**
 * A folder of the browser's own storage as a disk, in a worker, and who owns it: one page at a time, by a lock that ends with the
 * page. A file is written beside the one that it replaces, which browsers do when a stream is closed; what a log is given is
 * written when `append` returns.
 */
import type { Disk, DiskLog } from "../../runs/disk.ts";
import { memoryDisk, zipped } from "../../runs/memory-disk.ts";
import type { Storage } from "./preparing.ts";
import { messageOf } from "../shared/message.ts";

const NAME = "weightnorm-lab";
/** Milliseconds in which a page that is gone lets go. */
const SOON = 1500;

/** The browser's storage, where it is to be had; else memory. */
export async function storageHere(): Promise<Storage> {
  if (!self.isSecureContext)
    return {
      disk: memoryDisk(),
      kept: "browsers lend storage to pages of https or localhost alone",
    };
  try {
    if (!(await isOurs()))
      return { disk: memoryDisk(), kept: "another tab with this page keeps its training" };
    const root = await navigator.storage.getDirectory();
    return { disk: opfsDisk(await root.getDirectoryHandle(NAME, { create: true })), kept: true };
  } catch (error) {
    const why = messageOf(error);
    return { disk: memoryDisk(), kept: `this browser lends no storage (${why})` };
  }
}

/** Takes the lock and keeps it as long as the worker lives. */
async function isOurs(): Promise<boolean> {
  try {
    await new Promise<void>((done, fail) => {
      const forever = (): Promise<never> => {
        done();
        return new Promise(() => undefined);
      };
      navigator.locks.request(NAME, { signal: AbortSignal.timeout(SOON) }, forever).catch(fail);
    });
    return true;
  } catch (error) {
    if ((error as Error).name === "TimeoutError") return false;
    throw error;
  }
}

export function opfsDisk(root: FileSystemDirectoryHandle): Disk {
  const where = (name: string): string => `${name} in this browser`;
  const isMissing = (error: unknown): boolean =>
    error instanceof DOMException && ["NotFoundError", "TypeMismatchError"].includes(error.name);
  const failed = (name: string, what: string, cause: unknown): Error => {
    const isFull = cause instanceof DOMException && cause.name === "QuotaExceededError";
    const why = messageOf(cause);
    return new Error(
      isFull
        ? `${where(name)}: cannot be ${what}, got a storage that is full; free some space`
        : `${where(name)}: cannot be ${what}, got "${why}"; load the page again`,
      { cause },
    );
  };
  const parts = (name: string): { readonly folders: readonly string[]; readonly file: string } => {
    const all = name.split("/");
    return { folders: all.slice(0, -1), file: all.at(-1)! };
  };
  async function folderOf(
    folders: readonly string[],
    create: boolean,
  ): Promise<FileSystemDirectoryHandle> {
    let at = root;
    for (const folder of folders) at = await at.getDirectoryHandle(folder, { create });
    return at;
  }
  async function handleOf(name: string, create: boolean): Promise<FileSystemFileHandle> {
    const { folders, file } = parts(name);
    return (await folderOf(folders, create)).getFileHandle(file, { create });
  }
  /** Undefined where there is no such thing. */
  const orNothing = <T>(name: string, act: Promise<T>, what = "read"): Promise<T | undefined> =>
    act.catch((error: unknown) => {
      if (isMissing(error)) return undefined;
      throw failed(name, what, error);
    });
  return {
    where,
    exists: async (name) => (await orNothing(name, handleOf(name, false))) !== undefined,
    async read(name) {
      const handle = await orNothing(name, handleOf(name, false));
      if (!handle) return undefined;
      const bytes = await orNothing(
        name,
        handle.getFile().then((file) => file.arrayBuffer()),
      );
      return bytes && new Uint8Array(bytes);
    },
    async write(name, content) {
      try {
        const stream = await (await handleOf(name, true)).createWritable();
        try {
          await stream.write(content as Uint8Array<ArrayBuffer> | string);
        } catch (error) {
          await stream.abort().catch(() => undefined);
          throw error;
        }
        await stream.close(); // only now does it take the place of what was there
      } catch (error) {
        throw failed(name, "written", error);
      }
    },
    async list(folder) {
      const handle = await orNothing(folder, folderOf(folder.split("/"), false));
      const names: string[] = [];
      if (handle) for await (const name of handle.keys()) names.push(name);
      return names.sort();
    },
    async remove(name) {
      const { folders, file } = parts(name);
      const folder = await orNothing(name, folderOf(folders, false), "removed");
      if (folder) await orNothing(name, folder.removeEntry(file, { recursive: true }), "removed");
    },
    openLog: async (name) =>
      logOf(await accessTo(await handleOf(name, true)), (cause) => failed(name, "written", cause)),
    gzip: zipped,
  };
}

/** The one access that writes at once. That of a worker that was ended a moment ago may not be gone yet. */
async function accessTo(handle: FileSystemFileHandle): Promise<SyncAccess> {
  for (const end = performance.now() + SOON; ;)
    try {
      return await (handle as FileSystemFileHandle & WithAccess).createSyncAccessHandle();
    } catch (error) {
      if (performance.now() > end) throw error;
      await new Promise((go) => setTimeout(go, SOON / 30));
    }
}

function logOf(file: SyncAccess, failed: (cause: unknown) => Error): DiskLog {
  const encoder = new TextEncoder();
  let length = file.getSize();
  return {
    append(record) {
      const line = encoder.encode(`${JSON.stringify(record)}\n`);
      try {
        const written = file.write(line, { at: length });
        if (written < line.length) throw new Error(`${written} of ${line.length} bytes`);
      } catch (error) {
        file.truncate(length); // half a line would spoil the lines after it
        throw failed(error);
      }
      length += line.length;
    },
    sync: () => file.flush(),
    close: () => file.close(),
  };
}

/** What DOM's types leave to workers. */
interface WithAccess {
  createSyncAccessHandle(): Promise<SyncAccess>;
}
interface SyncAccess {
  getSize(): number;
  write(bytes: Uint8Array, options: { readonly at: number }): number;
  truncate(size: number): void;
  flush(): void;
  close(): void;
}
