/** gzip-compressed files. */
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";

/** What the compressed file at `path` holds. */
export async function readGzip(path: string): Promise<Uint8Array> {
  const bytes = await readFile(path);
  return promisify(gunzip)(bytes).catch((error: unknown) => {
    const got = error instanceof Error ? error.message : String(error);
    throw new Error(`${path}: cannot decompress, got "${got}"; replace it with an intact copy`, {
      cause: error,
    });
  });
}
