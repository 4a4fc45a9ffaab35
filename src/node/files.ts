/** Files that survive a full disk and `kill -9`: whole checkpoints, and logs of whole lines. */
import { randomUUID } from "node:crypto";
import { appendFileSync, closeSync, fstatSync, fsyncSync, ftruncateSync, openSync } from "node:fs";
import { open, readFile, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { decodeCheckpoint, encodeCheckpoint, type Checkpoint } from "../train/checkpoint.ts";

export type LogRecord = Readonly<Record<string, unknown>>;

/** One JSON object a line. NaN and infinities are written as null, since JSON has no others. */
export interface Log {
  /** Written when it returns, so that a crash of the process loses no line. */
  append(record: LogRecord): void;
  /** Waits until the lines are on the disk, so that losing power loses none either. */
  sync(): void;
  close(): void;
}

export interface LogOptions {
  /** Which records of an existing file stay; by default all. On resume: those up to the checkpoint's step. */
  readonly keep?: (record: LogRecord) => boolean;
}

/** Afterwards `path` holds `content`, or, where that fails or power is lost, what it held before. */
export async function writeFileAtomic(path: string, content: Uint8Array | string): Promise<void> {
  // In the same folder, since a file is renamed atomically only within one file system.
  const temporary = join(dirname(path), `.${basename(path)}.${randomUUID()}${TEMPORARY}`);
  try {
    const file = await open(temporary, "wx");
    try {
      await file.writeFile(content);
      await file.sync(); // before the rename, or the new name may point to an empty file
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    await syncFolder(dirname(path));
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined); // the first error is the one to report
    throw fileError(path, "write", error);
  }
}

const TEMPORARY = ".weightnorm.tmp";

/** Whether a file's name is one that `writeFileAtomic` uses while it writes: a leftover, if nobody is writing. */
export const isTemporary = (name: string): boolean => name.endsWith(TEMPORARY);

/** Replaces the checkpoint at `path`, atomically. */
export const saveCheckpoint = (path: string, checkpoint: Checkpoint): Promise<void> =>
  writeFileAtomic(path, encodeCheckpoint(checkpoint));

/** The checkpoint at `path`, whole or not at all. */
export async function loadCheckpoint(path: string): Promise<Checkpoint> {
  const bytes = await readFile(path).catch((error: unknown) => {
    throw fileError(path, "read", error);
  });
  return decodeCheckpoint(bytes, path);
}

/** Opens a JSON-lines file to append to; makes it if need be. A last line torn by a crash is dropped, a torn one elsewhere is an error. */
export async function openLog(path: string, { keep = () => true }: LogOptions = {}): Promise<Log> {
  const before = await readFile(path, "utf8").catch((error: unknown) => {
    if (codeOf(error) === "ENOENT") return "";
    throw fileError(path, "read", error);
  });
  const lines = before.split("\n");
  const after = lines
    .filter((line, i) => {
      const record = parseLine(line);
      if (record) return keep(record);
      if (line.trim() === "" || i === lines.length - 1) return false;
      throw new Error(
        `${path}: line ${i + 1} is not a JSON object, got ${JSON.stringify(line.slice(0, 60))}; mend or remove it`,
      );
    })
    .map((line) => `${line}\n`)
    .join("");
  if (after !== before) await writeFileAtomic(path, after);

  const attempt = <T>(act: () => T): T => {
    try {
      return act();
    } catch (error) {
      throw fileError(path, "write", error);
    }
  };
  const file = attempt(() => openSync(path, "a"));
  let length = fstatSync(file).size;
  return {
    append: (record) =>
      attempt(() => {
        const line = Buffer.from(`${JSON.stringify(record)}\n`);
        try {
          appendFileSync(file, line);
        } catch (error) {
          ftruncateSync(file, length); // half a line on a full disk would spoil the lines after it
          throw error;
        }
        length += line.length;
      }),
    sync: () => attempt(() => fsyncSync(file)),
    close: () => closeSync(file),
  };
}

function parseLine(line: string): LogRecord | undefined {
  try {
    const record: unknown = JSON.parse(line);
    return typeof record === "object" && record !== null && !Array.isArray(record)
      ? (record as LogRecord)
      : undefined;
  } catch {
    return undefined;
  }
}

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

const remedies: Readonly<Record<"read" | "write", ReadonlyMap<string | undefined, string>>> = {
  read: new Map([
    ["ENOENT", "there is no such file, got ENOENT; check the path"],
    ["EISDIR", "this is a folder, got EISDIR; give the file in it"],
    ["EACCES", "cannot read, got EACCES; change its permissions"],
  ]),
  write: new Map([
    ["ENOSPC", "the disk is full, got ENOSPC; free some space"],
    ["EDQUOT", "the disk quota is used up, got EDQUOT; free some space"],
    ["EROFS", "cannot write to a read-only file system, got EROFS; choose another folder"],
    ["EACCES", "cannot write, got EACCES; change the permissions or choose another folder"],
    ["EPERM", "cannot write, got EPERM; change the permissions or choose another folder"],
    ["ENOENT", "its folder does not exist, got ENOENT; make it first"],
    ["ENOTDIR", "its folder is a file, got ENOTDIR; choose another folder"],
    ["EISDIR", "this is a folder, got EISDIR; give a file name"],
  ]),
};

/** What went wrong, in a word if the system has one: its code, else its message. */
export const reasonOf = (error: unknown): string =>
  codeOf(error) ?? (error instanceof Error ? error.message : String(error));

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code;

function fileError(path: string, doing: "read" | "write", cause: unknown): Error {
  const unforeseen = `cannot ${doing}, got ${cause instanceof Error ? cause.message : String(cause)}; check the disk`;
  return new Error(`${path}: ${remedies[doing].get(codeOf(cause)) ?? unforeseen}`, { cause });
}
