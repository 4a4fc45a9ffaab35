/** Logs of whole lines, which a crash does not tear. */
import { appendFileSync, closeSync, fstatSync, fsyncSync, ftruncateSync, openSync } from "node:fs";
import { parseRecord } from "../train/json.ts";
import { codeOf, fileError } from "./file-error.ts";
import { readBytes, writeFileAtomic } from "./files.ts";

/** One line of a log. */
export type LogRecord = Readonly<Record<string, unknown>>;

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

/** What a log holds. */
export interface Records {
  readonly records: readonly LogRecord[];
  /** Lines that are none. */
  readonly torn: number;
}

/** The records of a log; one that is not there has none. */
export const readLog = async (path: string): Promise<Records> => parseLog(await bytesOf(path));

/** The records in a log's bytes. */
export function parseLog(bytes: Uint8Array): Records {
  const lines = linesIn(bytes);
  return { records: lines.flatMap(({ record }) => (record ? [record] : [])), torn: tornOf(lines) };
}

const bytesOf = (path: string): Promise<Uint8Array> =>
  readBytes(path).catch((error: unknown) => {
    if (codeOf((error as Error).cause) === "ENOENT") return new Uint8Array(0);
    throw error;
  });

interface Line {
  /** Without its end. */
  readonly bytes: Uint8Array;
  readonly ended: boolean;
  readonly record: LogRecord | undefined;
}

const tornOf = (lines: readonly Line[]): number =>
  lines.filter(({ bytes, record }) => record === undefined && !isBlank(bytes)).length;
const isBlank = (bytes: Uint8Array): boolean => bytes.every((b) => b === 0x20 || b === 0x0d);

/** Line by line, since a text of all of them may be longer than texts can be. */
function linesIn(bytes: Uint8Array): readonly Line[] {
  const lines: Line[] = [];
  for (let start = 0; start < bytes.length;) {
    const end = bytes.indexOf(0x0a, start);
    const line = bytes.subarray(start, end < 0 ? bytes.length : end);
    lines.push({ bytes: line, ended: end >= 0, record: recordOf(line) });
    start += line.length + 1;
  }
  return lines;
}

const decoder = new TextDecoder("utf-8", { fatal: true });
function recordOf(line: Uint8Array): LogRecord | undefined {
  try {
    return parseRecord(decoder.decode(line), "");
  } catch {
    return undefined;
  }
}

function joined(lines: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(lines.reduce((sum, { length }) => sum + length + 1, 0));
  let at = 0;
  for (const line of lines) {
    out.set(line, at);
    at += line.length;
    out[at++] = 0x0a;
  }
  return out;
}
