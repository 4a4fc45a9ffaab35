/** Downloads from a server of our own: whole, broken off and gone on with, and not what was expected. */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { download } from "../../src/node/download.ts";

const content = Buffer.from(Uint8Array.from({ length: 100_000 }, (_, i) => i % 251));
const md5 = createHash("md5").update(content).digest("hex");

let folder: string;
let server: Server;
let url: string;
/** How many bytes are sent before the line goes dead, one number a request; then all. */
let cuts: number[];
let ranges: (string | undefined)[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "weightnorm-download-"));
  [cuts, ranges] = [[], []];
  server = createServer((request, response) => {
    ranges.push(request.headers.range);
    const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? "")?.[1] ?? 0);
    const rest = content.subarray(from);
    response.writeHead(from > 0 ? 206 : 200, { "content-length": rest.length });
    const cut = cuts.shift();
    if (cut === undefined) response.end(rest);
    else response.write(rest.subarray(0, cut), () => setTimeout(() => response.destroy(), 20));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/file`;
});
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await rm(folder, { recursive: true });
});

test("puts the file in place, tells how far it is, and does not fetch it twice", async () => {
  const path = join(folder, "deep", "file");
  const seen: number[] = [];
  await download(url, path, { md5, onProgress: (received, total) => seen.push(received / total) });
  await download(url, path, { md5 });
  expect(Buffer.compare(await readFile(path), content)).toBe(0);
  expect(seen.at(-1)).toBe(1);
  expect(ranges).toEqual([undefined]);
});

test("goes on where it broke off", async () => {
  const path = join(folder, "file");
  cuts = [30_000];
  await expect(download(url, path, { md5 })).rejects.toThrow(
    /the download broke off, got ".+"; try again, it goes on where it stopped/,
  );
  expect(existsSync(path)).toBe(false);
  await download(url, path, { md5 });
  expect(Buffer.compare(await readFile(path), content)).toBe(0);
  expect(ranges[1]).toMatch(/^bytes=\d+-$/);
});

test("keeps nothing that has another checksum", async () => {
  const path = join(folder, "file");
  await expect(download(url, path, { md5: "0".repeat(32) })).rejects.toThrow(
    `the file that arrived is another one, expected md5 ${"0".repeat(32)}, got ${md5}; try again`,
  );
  expect(existsSync(path) || existsSync(`${path}.part`)).toBe(false);
});

test("says so where there is no server", async () => {
  server.close();
  server.closeAllConnections();
  await expect(download(url, join(folder, "file"), { md5 })).rejects.toThrow(
    /broke off, got "ECONNREFUSED"/,
  );
});
