/** Bytes that are somewhere, and are read where they are needed: a checkpoint may be larger than memory. */
import { CHUNK } from "./entry.ts";

/** A file, or a part of one. */
export interface Source {
  /** What messages call it. */
  readonly where: string;
  /** Bytes in all. */
  readonly size: number;
  /** The `length` bytes from `offset` on, which lie within `size`; a view where there is one. */
  read(offset: number, length: number): Promise<Uint8Array>;
}

/** Where bytes go, one after the other; what is there already may be replaced. */
export interface Sink {
  /** Appends. */
  write(bytes: Uint8Array): Promise<void>;
  /** Replaces what was written at `offset`. */
  patch(offset: number, bytes: Uint8Array): Promise<void>;
}

/** Bytes in memory as a source. */
export const memorySource = (bytes: Uint8Array, where: string): Source => ({
  where,
  size: bytes.length,
  read: (offset, length) => Promise.resolve(bytes.subarray(offset, offset + length)),
});

/** Memory as a sink. */
export function memorySink(): Sink & {
  /** All that was written. */
  bytes(): Uint8Array;
} {
  let held = new Uint8Array(1024);
  let end = 0;
  return {
    write(bytes) {
      if (end + bytes.length > held.length) {
        const larger = new Uint8Array(Math.max(2 * held.length, end + bytes.length));
        larger.set(held.subarray(0, end));
        held = larger;
      }
      held.set(bytes, end);
      end += bytes.length;
      return Promise.resolve();
    },
    patch(offset, bytes) {
      held.set(bytes, offset);
      return Promise.resolve();
    },
    bytes: () => held.slice(0, end),
  };
}

/** The bytes from `begin` to `end`, a piece at a time. */
export async function* pieces(
  source: Source,
  begin = 0,
  end: number = source.size,
): AsyncGenerator<Uint8Array> {
  for (let at = begin; at < end; at += CHUNK) yield source.read(at, Math.min(CHUNK, end - at));
}

/** The bytes from `begin` to `end`; an error that says what was to be there where the file ends before. */
export function exactly(
  source: Source,
  [begin, end]: readonly [number, number],
  what: string,
): Promise<Uint8Array> {
  if (begin < 0 || end < begin || end > source.size)
    throw new Error(
      `${source.where}: truncated, expected ${what} at ${begin} ... ${end}, got ${source.size} bytes; copy or save it again`,
    );
  return source.read(begin, end - begin);
}
