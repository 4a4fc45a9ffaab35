/** Logs of whole lines, which a crash does not tear. */
import { appendFileSync, closeSync, fstatSync, fsyncSync, ftruncateSync, openSync } from "node:fs";
import {
  joined,
  linesIn,
  parseLog,
  tornOf,
  type LogRecord,
  type Records,
} from "../train/log-lines.ts";
import { codeOf, fileError } from "./file-error.ts";
import { readBytes, writeFileAtomic } from "./files.ts";

export { parseLog, type LogRecord, type Records } from "../train/log-lines.ts";

/** One JSON object a line. NaN and infinities are written as null, since JSON has no others. */
export interface Log {
  /** Lines that could not be read when it was opened, and are gone. */
  readonly torn: number;
  /** Written when it returns, so that a crash of the process loses no line. */
  append(record: LogRecord): void;
  /** Waits until the lines are on the disk, so that losing power loses none either. */
  sync(): void;
  /** No line can be appended from then on. */
  close(): void;
}

/** Options of {@link openLog}. */
export interface LogOptions {
  /** Which records of an existing file stay; by default all. On resume: those up to the checkpoint's step. */
  readonly keep?: (record: LogRecord) => boolean;
}

/** Opens a JSON-lines file to append to; makes it if need be. Lines that are no records are dropped: a crash tears the last one. */
export async function openLog(path: string, { keep = () => true }: LogOptions = {}): Promise<Log> {
  const lines = linesIn(await bytesOf(path));
  const kept = lines.filter(({ record }) => record !== undefined && keep(record));
  // A last line without its end is whole only by chance.
  if (kept.length < lines.length || lines.at(-1)?.ended === false)
    await writeFileAtomic(path, joined(kept.map(({ bytes }) => bytes)));

  const attempt = <T>(act: () => T): T => {
    try {
      return act();
    } catch (error) {
      throw fileError(path, "write", error);
    }
  };
  const file = attempt(() => openSync(path, "a"));
  let length = attempt(() => fstatSync(file).size);
  return {
    torn: tornOf(lines),
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
    close: () => attempt(() => closeSync(file)),
  };
}

/** The records of a log; one that is not there has none. */
export const readLog = async (path: string): Promise<Records> => parseLog(await bytesOf(path));

const bytesOf = (path: string): Promise<Uint8Array> =>
  readBytes(path).catch((error: unknown) => {
    if (codeOf((error as Error).cause) === "ENOENT") return new Uint8Array(0);
    throw error;
  });
