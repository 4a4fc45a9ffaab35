/** Files from the network, once: with progress, resumed where a download broke off, believed only if the checksum is right. */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, open, readFile, rename, rm, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { reasonOf } from "./files.ts";

/** Bytes had so far, of how many. */
export type DownloadProgress = (received: number, total: number) => void;

export interface DownloadOptions {
  /** In hexadecimal. */
  readonly md5: string;
  readonly onProgress?: DownloadProgress;
}

/** Where downloads and what was computed from them are kept: `$XDG_CACHE_HOME/weightnorm` or `~/.cache/weightnorm`. */
export const cacheFolder = (): string =>
  join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "weightnorm");

/** Puts what is at `url` into `path`, unless it is there already. What has arrived of a broken download is kept beside it. */
export async function download(
  url: string,
  path: string,
  { md5, onProgress = () => undefined }: DownloadOptions,
): Promise<void> {
  if (existsSync(path)) return;
  await mkdir(dirname(path), { recursive: true });
  const part = `${path}.part`;
  try {
    await receive(url, part, onProgress);
  } catch (error) {
    throw new Error(
      `${url}: the download broke off, got "${causeOf(error)}"; try again, it goes on where it stopped, or get the file yourself and pass --data-dir`,
      { cause: error },
    );
  }
  const got = createHash("md5")
    .update(await readFile(part))
    .digest("hex");
  if (got !== md5) {
    await rm(part);
    throw new Error(
      `${url}: the file that arrived is another one, expected md5 ${md5}, got ${got}; try again`,
    );
  }
  await rename(part, path);
}

async function receive(url: string, part: string, onProgress: DownloadProgress): Promise<void> {
  const had = existsSync(part) ? (await stat(part)).size : 0;
  const response = await fetch(url, had > 0 ? { headers: { range: `bytes=${had}-` } } : {});
  if (response.status === 416) return; // all of it is there
  if (!response.ok || !response.body) throw new Error(`HTTP ${response.status}`);
  const goesOn = response.status === 206;
  let received = goesOn ? had : 0;
  const total = received + Number(response.headers.get("content-length") ?? 0);
  const file = await open(part, goesOn ? "a" : "w");
  try {
    for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
      await file.writeFile(chunk);
      received += chunk.length;
      onProgress(received, total);
    }
    await file.sync();
  } finally {
    await file.close();
  }
  if (received < total) throw new Error(`${received} of ${total} bytes`);
}

/** What fetch hides one level down. */
const causeOf = (error: unknown): string =>
  reasonOf((error as { readonly cause?: unknown }).cause ?? error);
