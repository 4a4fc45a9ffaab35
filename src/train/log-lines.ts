/** The lines of a log: one JSON object each, whole or torn by a crash. */
import { parseRecord } from "./json.ts";

/** One line of a log. */
export type LogRecord = Readonly<Record<string, unknown>>;

/** What a log holds. */
export interface Records {
  readonly records: readonly LogRecord[];
  /** Lines that are none. */
  readonly torn: number;
}

/** The records in a log's bytes. */
export function parseLog(bytes: Uint8Array): Records {
  const lines = linesIn(bytes);
  return { records: lines.flatMap(({ record }) => (record ? [record] : [])), torn: tornOf(lines) };
}

/** One of them. */
export interface Line {
  /** Without its end. */
  readonly bytes: Uint8Array;
  readonly ended: boolean;
  readonly record: LogRecord | undefined;
}

/** How many lines are no records, empty ones aside. */
export const tornOf = (lines: readonly Line[]): number =>
  lines.filter(({ bytes, record }) => record === undefined && !isBlank(bytes)).length;
const isBlank = (bytes: Uint8Array): boolean => bytes.every((b) => b === 0x20 || b === 0x0d);

/** Line by line, since a text of all of them may be longer than texts can be. */
export function linesIn(bytes: Uint8Array): readonly Line[] {
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

/** Lines as bytes again, each with its end. */
export function joined(lines: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(lines.reduce((sum, { length }) => sum + length + 1, 0));
  let at = 0;
  for (const line of lines) {
    out.set(line, at);
    at += line.length;
    out[at++] = 0x0a;
  }
  return out;
}
