/** Files as sources: read where they are asked, however large they are. */
import { open, type FileHandle } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Beside, Source } from "../checkpoints/index.ts";
import { word } from "../train/json.ts";
import { fileError, inWords } from "./file-error.ts";

/** Calls `use` with the file at `path`, and with what opens files beside it, by their names alone; closes all of them afterwards. */
export async function withSource<T>(
  path: string,
  use: (source: Source, beside: Beside) => Promise<T>,
): Promise<T> {
  const files: FileHandle[] = [];
  const known = new Map<string, Promise<Source>>();
  const opened = async (at: string): Promise<Source> => {
    const file = await inWords(at, "read", open(at, "r"));
    files.push(file);
    const info = await inWords(at, "read", file.stat());
    if (info.isDirectory()) throw fileError(at, "read", codeError("EISDIR"));
    if (!info.isFile()) throw fileError(at, "read", codeError("ENODEV")); // those have no end
    const { size } = info;
    return { where: at, size, read: (offset, length) => readAt(file, at, offset, length) };
  };
  const beside: Beside = (name) => {
    // A name of a file that was downloaded is no path: nothing outside the folder is looked at.
    if (name === "" || name === ".." || name === "." || /[/\\\u0000:]/.test(name))
      throw new Error(`${path}: expected the name of a file beside it, got ${word(name)}; mend it`);
    const found = known.get(name) ?? opened(join(dirname(path), name));
    known.set(name, found);
    return found;
  };
  try {
    return await use(await opened(path), async (name) => beside(name));
  } finally {
    await Promise.all(files.map((file) => file.close().catch(() => undefined)));
  }
}

const codeError = (code: string): Error => Object.assign(new Error(code), { code });

async function readAt(
  file: FileHandle,
  path: string,
  offset: number,
  length: number,
): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length;) {
    const { bytesRead } = await inWords(
      path,
      "read",
      file.read(bytes, at, length - at, offset + at),
    );
    if (bytesRead === 0)
      throw new Error(
        `${path}: expected ${length} bytes at ${offset}, got ${at}; do not change it meanwhile`,
      );
    at += bytesRead;
  }
  return bytes;
}
