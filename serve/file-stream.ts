/** A file that may be replaced while it is sent: its size and its bytes are of one opened file, which is closed however that ends. */
import { open } from "node:fs/promises";
import { Readable } from "node:stream";

export interface OpenedFile {
  readonly size: number;
  /** So many bytes. */
  readonly body: ReadableStream;
}

/** Undefined for what is not there; `signal` says that whoever asked is gone, maybe before the first byte was read. */
export async function openedFile(
  path: string,
  signal: AbortSignal,
): Promise<OpenedFile | undefined> {
  const file = await open(path).catch(() => undefined);
  if (!file) return undefined;
  try {
    const { size } = await file.stat();
    signal.throwIfAborted();
    const bytes = file.createReadStream({ start: 0, end: Math.max(0, size - 1) }); // closes it at its end
    const leave = (): void => void bytes.destroy();
    signal.addEventListener("abort", leave);
    bytes.on("close", () => signal.removeEventListener("abort", leave));
    return { size, body: Readable.toWeb(bytes) as ReadableStream };
  } catch {
    await file.close();
    return undefined;
  }
}
