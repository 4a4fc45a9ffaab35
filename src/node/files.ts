/** Files read whole, and written so that they survive a full disk and `kill -9`. */
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { lstat, mkdir, open, readFile, readdir, rename, rm, stat } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { Sink } from "../checkpoints/index.ts";
import { read } from "../runtime/read.ts";
import { decodeCheckpoint, encodeCheckpoint, type Checkpoint } from "../train/checkpoint.ts";
import { codeOf, fileError, inWords } from "./file-error.ts";

export { reasonOf } from "./file-error.ts";

/** Afterwards `path` holds `content`, or, where that fails or power is lost, what it held before. */
export const writeFileAtomic = (path: string, content: Uint8Array | string): Promise<void> =>
  atomically(path, (file) =>
    file.writeFile(content).catch((error: unknown) => {
      throw fileError(path, "write", error);
    }),
  );

/** The same for what `fill` writes bit by bit. What `fill` throws is thrown, and nothing is left behind. */
export const writeAtomically = (path: string, fill: (sink: Sink) => Promise<void>): Promise<void> =>
  atomically(path, (file) => {
    const whole = async (bytes: Uint8Array, at: number): Promise<void> => {
      for (let from = 0; from < bytes.length;) {
        const write = file.write(bytes, from, bytes.length - from, at + from);
        from += (await inWords(path, "write", write)).bytesWritten;
      }
    };
    let end = 0;
    return fill({
      async write(bytes) {
        end += bytes.length;
        await whole(bytes, end - bytes.length);
      },
      patch: (offset, bytes) => whole(bytes, offset),
    });
  });

async function atomically(path: string, fill: (file: FileHandle) => Promise<void>): Promise<void> {
  // In the same folder, since a file is renamed atomically only within one file system.
  const temporary = join(dirname(path), `.${basename(path)}.${randomUUID()}${TEMPORARY}`);
  const said = <T>(act: Promise<T>): Promise<T> => inWords(path, "write", act);
  try {
    const file = await said(open(temporary, "wx"));
    try {
      await fill(file);
      await said(file.sync()); // before the rename, or the new name may point to an empty file
    } finally {
      await said(file.close());
    }
    await said(rename(temporary, path));
    await said(syncFolder(dirname(path)));
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined); // the first error is the one to report
    throw error;
  }
}

const TEMPORARY = ".weightnorm.tmp";

/** Whether a file's name is one that `writeFileAtomic` uses while it writes: a leftover, if nobody is writing. */
export const isTemporary = (name: string): boolean => name.endsWith(TEMPORARY);

/** The bytes of the file at `path`, where they are no more than `most`. */
export async function readBytes(
  path: string,
  { most = Infinity }: { readonly most?: number } = {},
): Promise<Uint8Array> {
  const info = await inWords(path, "read", stat(path));
  // Those have no end.
  if (info.isCharacterDevice() || info.isBlockDevice())
    throw fileError(path, "read", Object.assign(new Error("a device"), { code: "ENODEV" }));
  if (info.size > most && info.isFile())
    throw new Error(
      `${path}: expected a file of at most ${most} bytes, got ${info.size}; check that it is the right file`,
    );
  return inWords(path, "read", readFile(path));
}

/** The text of the file at `path`, which is UTF-8. */
export async function readText(
  path: string,
  options: { readonly most?: number } = {},
): Promise<string> {
  const bytes = await readBytes(path, options);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw codeOf(cause) === "ERR_STRING_TOO_LONG"
      ? fileError(path, "read", cause)
      : new Error(`${path}: expected text, got bytes that are not UTF-8; check the path`, {
          cause,
        });
  }
}

/** The names in a folder, in an order that does not depend on the machine. */
export async function listFolder(path: string): Promise<readonly string[]> {
  const names = await inWords(path, "list", readdir(path));
  return names.sort((a, b) => (a < b ? -1 : 1));
}

/** Removes a file, if it is there. */
export const removeFile = (path: string): Promise<void> =>
  inWords(path, "remove", rm(path, { force: true }));

/** With the folders above it. Not `mkdir`'s own `recursive`, which hides EROFS and under /proc never returns (Node 20). */
export async function makeFolder(path: string): Promise<void> {
  if (existsSync(path)) return;
  if (dirname(path) !== path) await makeFolder(dirname(path));
  await mkdir(path).catch((error: unknown) => {
    if (codeOf(error) !== "EEXIST") throw fileError(path, "make", error); // else someone was faster
  });
}

/** The same for a folder that must lie where it is said to: no link that leads elsewhere. */
export async function makeOwnFolder(path: string): Promise<void> {
  await makeFolder(path);
  const info = await inWords(path, "find", lstat(path));
  if (!info.isSymbolicLink()) return;
  throw new Error(
    `${path}: expected a folder, got a link to one; put the folder itself there, as nothing is written outside a run's folder`,
  );
}

/** Replaces the checkpoint at `path`, atomically, by one whose state is read from where it lies. */
export const saveCheckpoint = async (path: string, checkpoint: Checkpoint): Promise<void> =>
  writeFileAtomic(path, encodeCheckpoint({ ...checkpoint, state: await read(checkpoint.state) }));

/** The checkpoint at `path`, whole or not at all. */
export const loadCheckpoint = async (path: string): Promise<Checkpoint> =>
  decodeCheckpoint(await readBytes(path), path);

/** The renamed entry itself has to reach the disk. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === "win32") return; // folders cannot be opened there
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } catch (error) {
    // Some network file systems have no such operation: the file is in place, only less surely.
    if (codeOf(error) !== "EINVAL" && codeOf(error) !== "ENOTSUP") throw error;
  } finally {
    await folder.close();
  }
}
