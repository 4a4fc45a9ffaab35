/**
 * A log as it grows: whole lines, in pieces, so that none is held whole. A torn last line waits for its end; a log that was written
 * anew, as resuming does, is read from its start again.
 */
import { open, type FileHandle } from "node:fs/promises";

export interface Listening {
  /** Whole lines. */
  readonly lines: (bytes: Uint8Array) => void;
  /** What was read before is no more; lines from the start follow. */
  readonly anew: () => void;
}
export interface Tail {
  /** Hands over what is there and was not read yet. */
  read(to: Listening): Promise<void>;
}

const PIECE = 2 ** 20;
/** Bytes of a line: what is longer is no event, and is passed over. */
const MOST_LINE = 16 * 2 ** 20;
/** Bytes before the place where it stopped, by which a log is known again. */
const KNOWN = 64;

/** Reads from the start at first. Reads do not overlap: the next one is asked for when the last one has come to its end. */
export function tailOf(path: string): Tail {
  let file = "";
  let at = 0;
  let known: Buffer = Buffer.alloc(0);
  let isSkipping = false;

  async function isSame(handle: FileHandle, { file: now, size }: Sized): Promise<boolean> {
    if (now !== file || size < at) return false;
    return (await piece(handle, at - known.length, at)).equals(known); // else written over in its place
  }
  return {
    async read({ lines, anew }) {
      const handle = await open(path).catch((error: unknown) => {
        if ((error as { readonly code?: string }).code === "ENOENT") return undefined;
        throw error;
      });
      if (!handle) return; // it comes, or comes back
      try {
        const { dev, ino, size } = await handle.stat();
        const now = { file: `${dev}:${ino}`, size };
        if (!(await isSame(handle, now))) {
          if (file !== "") anew();
          [file, at, known, isSkipping] = [now.file, 0, Buffer.alloc(0), false];
        }
        for (let most = PIECE; at < size;) {
          const bytes = await piece(handle, at, Math.min(size, at + most));
          const end = bytes.lastIndexOf(0x0a) + 1;
          if (end === 0 && bytes.length < most) return; // torn
          if (end === 0 && most < MOST_LINE) {
            most *= 2;
            continue;
          }
          const used = end === 0 ? bytes : bytes.subarray(0, end);
          const start = isSkipping ? used.indexOf(0x0a) + 1 : 0;
          isSkipping = end === 0;
          if (!isSkipping && start < end) lines(used.subarray(start));
          at += used.length;
          known = Buffer.from(used.subarray(-KNOWN));
          most = PIECE;
        }
      } finally {
        await handle.close();
      }
    },
  };
}

interface Sized {
  readonly file: string;
  readonly size: number;
}

/** The bytes from one place to another, or to the end. */
async function piece(file: FileHandle, from: number, to: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(to - from), 0, to - from, from);
  return buffer.subarray(0, bytesRead);
}
