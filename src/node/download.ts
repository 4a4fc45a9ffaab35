/** Files from the network, once: with progress, resumed where a download broke off, believed only if the checksums are right. */
import { createHash } from "node:crypto";
import { constants, createReadStream } from "node:fs";
import { open, rename, rm, stat, type FileHandle } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, isAbsolute, join } from "node:path";
import { reasonOf } from "./file-error.ts";
import { makeFolder } from "./files.ts";

/** Bytes had so far, of how many. */
export type DownloadProgress = (received: number, total: number) => void;

/** How to know that a download is whole. */
export interface DownloadOptions {
  /** In hexadecimal. */
  readonly sha256: string;
  /** Checked too where it is given: it is what the authors of older files published. */
  readonly md5?: string;
  /** In bytes. Servers need not tell it, and without it nobody knows whether a download is whole. */
  readonly size: number;
  readonly onProgress?: DownloadProgress;
}

/**
 * Where downloads and what was computed from them are kept: `$XDG_CACHE_HOME/weightnorm` or `~/.cache/weightnorm`. The XDG
 * Base Directory Specification has a path that is empty or relative ignored.
 */
export function cacheFolder(): string {
  const set = process.env["XDG_CACHE_HOME"] ?? "";
  return join(isAbsolute(set) ? set : join(homedir(), ".cache"), "weightnorm");
}

/**
 * Puts what is at `url` into `path`, unless it is there already and undamaged. What has arrived of a broken download is kept
 * beside it. Two processes may do so at once: they write the same bytes to the same places.
 */
export async function download(
  url: string,
  path: string,
  { size, onProgress = () => undefined, ...sums }: DownloadOptions,
): Promise<void> {
  if (isRight(await sumsOf(path), sums)) return;
  const part = `${path}.part`;
  await onDisk(dirname(path), makeFolder(dirname(path)));
  await receive(url, part, { size, onProgress });
  const got = await sumsOf(part);
  if (isRight(got, sums)) return onDisk(path, rename(part, path));
  if (isRight(await sumsOf(path), sums)) return; // another process was faster
  await onDisk(part, rm(part, { force: true }));
  const wrong = got?.sha256 === sums.sha256 ? "md5" : "sha256";
  throw new Error(
    `${url}: the file that arrived is another one, expected ${wrong} ${sums[wrong]}, got ${got?.[wrong] ?? "none"}; try again, or ${ELSEWHERE}`,
  );
}

const ELSEWHERE = "get the file yourself and pass --data-dir";

/** Adds to `part` what it lacks of `size` bytes. */
async function receive(
  url: string,
  part: string,
  { size, onProgress }: { readonly size: number; readonly onProgress: DownloadProgress },
): Promise<void> {
  const had = await onDisk(part, sizeOf(part));
  if (had >= size) return; // the checksum tells whether it is the right file
  const { body, start } = await request(url, had, size);
  let received = start;
  const brokeOff = (got: string, cause?: unknown): Error =>
    new Error(
      `${url}: the download broke off after ${received} of ${size} bytes, got "${got}"; try again, it goes on where it stopped, or ${ELSEWHERE}`,
      { cause },
    );
  // Neither emptied nor appended to: what another process has written meanwhile stays right.
  const file = await onDisk(part, open(part, constants.O_CREAT | constants.O_WRONLY));
  try {
    for await (const chunk of chunksOf(body, brokeOff)) {
      await onDisk(part, writeAt(file, received, chunk));
      received += chunk.length;
      onProgress(received, size);
    }
  } finally {
    await onDisk(part, file.close());
  }
  if (received < size) throw brokeOff("end of file");
}

/** The bytes of a file of `size` from `start` on, which is `from` if the server can do that, else 0. */
async function request(
  url: string,
  from: number,
  size: number,
): Promise<{ readonly body: AsyncIterable<Uint8Array>; readonly start: number }> {
  const ask = (headers: Readonly<Record<string, string>>): Promise<Response> =>
    fetch(url, { headers }).catch((error: unknown) => {
      throw new Error(
        `${url}: cannot reach the server, got "${causeOf(error)}"; check the network and try again, or ${ELSEWHERE}`,
        { cause: error },
      );
    });
  const whole = { "accept-encoding": "identity" }; // which fetch itself adds to a range
  let response = await ask(from > 0 ? { range: `bytes=${from}-` } : whole);
  if (response.status === 416) response = await ask(whole); // there is no going on here
  const { status, headers, body } = response;
  const start = status === 206 ? from : 0;
  const refuse = async (why: string): Promise<never> => {
    await body?.cancel();
    throw new Error(`${url}: ${why}${ELSEWHERE}`);
  };
  if (!response.ok || !body)
    return refuse(
      `the server does not give the file, got HTTP ${status}; ${status < 500 ? "" : "try again later, or "}`,
    );
  const encoding = headers.get("content-encoding") ?? "identity";
  if (encoding !== "identity")
    // fetch decodes it, and the checksum is that of the file as it is.
    return refuse(`expected no content-encoding, got "${encoding}"; `);
  const length = headers.get("content-length");
  if (length !== null && start + Number(length) !== size)
    return refuse(
      `expected a file of ${size} bytes, got one of ${start + Number(length)}; try again, or `,
    );
  return { body: body as AsyncIterable<Uint8Array>, start };
}

/** With the network's failures told apart from those of what is done with the chunks. */
async function* chunksOf(
  body: AsyncIterable<Uint8Array>,
  brokeOff: (got: string, cause: unknown) => Error,
): AsyncIterable<Uint8Array> {
  try {
    yield* body;
  } catch (error) {
    throw brokeOff(causeOf(error), error);
  }
}

/** What fetch hides one level down. */
function causeOf(error: unknown): string {
  const { cause = error } = error as { readonly cause?: unknown };
  return cause instanceof Error && cause.message !== "" ? cause.message : reasonOf(cause);
}

async function writeAt(file: FileHandle, position: number, chunk: Uint8Array): Promise<void> {
  for (let at = 0; at < chunk.length;)
    at += (await file.write(chunk, at, chunk.length - at, position + at)).bytesWritten;
}

const sizeOf = (path: string): Promise<number> =>
  stat(path).then(({ size }) => size, unlessMissing(0));

type Sums = Pick<DownloadOptions, "sha256" | "md5">;
const isRight = (got: Sums | undefined, { sha256, md5 }: Sums): boolean =>
  got?.sha256 === sha256 && (md5 === undefined || got.md5 === md5);

/** Undefined if there is no such file. */
const sumsOf = (path: string): Promise<Sums | undefined> =>
  onDisk(path, digestsOf(path).catch(unlessMissing(undefined)));

async function digestsOf(path: string): Promise<Sums> {
  const [sha256, md5] = [createHash("sha256"), createHash("md5")];
  for await (const chunk of createReadStream(path))
    for (const sum of [sha256, md5]) sum.update(chunk as Uint8Array);
  return { sha256: sha256.digest("hex"), md5: md5.digest("hex") };
}

/** Handles an error: where there is no such file, the answer is `value`. */
const unlessMissing =
  <T>(value: T) =>
  (error: unknown): T => {
    if (reasonOf(error) === "ENOENT") return value;
    throw error;
  };

/** With the disk's failures in words. */
const onDisk = <T>(path: string, act: Promise<T>): Promise<T> =>
  act.catch((error: unknown) => {
    const got = reasonOf((error as Error).cause ?? error);
    const remedy =
      got === "ENOSPC" || got === "EDQUOT"
        ? "free some space and try again, it goes on where it stopped"
        : `set XDG_CACHE_HOME to a folder that can be written, or ${ELSEWHERE}`;
    throw new Error(`${path}: cannot keep the download there, got ${got}; ${remedy}`, {
      cause: error,
    });
  });
