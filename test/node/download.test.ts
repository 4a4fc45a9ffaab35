/** Downloads from a server of our own: whole, broken off and gone on with, refused, damaged, and not what was expected. */
import { createHash } from "node:crypto";
import { existsSync, statSync } from "node:fs";
import { mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { cacheFolder, download, type DownloadProgress } from "../../src/node/download.ts";

const content = Buffer.from(Uint8Array.from({ length: 100_000 }, (_, i) => i % 251));
const expected = {
  md5: createHash("md5").update(content).digest("hex"),
  sha256: createHash("sha256").update(content).digest("hex"),
  size: content.length,
};

type Answer = (response: ServerResponse, from: number) => void;
/** What a good server does. */
const rest: Answer = (response, from) => {
  response.writeHead(from > 0 ? 206 : 200, { "content-length": content.length - from });
  response.end(content.subarray(from));
};
/** The line goes dead after so many bytes. */
const cut =
  (bytes: number): Answer =>
  (response, from) => {
    response.writeHead(from > 0 ? 206 : 200, { "content-length": content.length - from });
    const some = content.subarray(from, from + bytes);
    response.write(some);
    // Not before some of it has arrived, however busy the machine is.
    const arrived = (): boolean =>
      (statSync(`${path}.part`, { throwIfNoEntry: false })?.size ?? 0) > from;
    const wait = setInterval(() => {
      if (!arrived()) return;
      clearInterval(wait);
      response.destroy();
    }, 5);
  };
const status =
  (code: number): Answer =>
  (response) =>
    response.writeHead(code).end("no");

let folder: string;
let path: string;
let server: Server;
let url: string;
/** To one request each; afterwards all is well. */
let answers: Answer[];
let ranges: (string | undefined)[];
let encodings: unknown[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "weightnorm-download-"));
  path = join(folder, "file");
  [answers, ranges, encodings] = [[], [], []];
  server = createServer(({ headers }, response) => {
    ranges.push(headers.range);
    encodings.push(headers["accept-encoding"]);
    (answers.shift() ?? rest)(response, Number(/bytes=(\d+)-/.exec(headers.range ?? "")?.[1] ?? 0));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/file`;
});
afterEach(async () => {
  vi.unstubAllEnvs();
  server.closeAllConnections();
  server.close();
  await rm(folder, { recursive: true });
  expect(encodings).toEqual(ranges.map(() => "identity")); // or fetch would decompress
});

const fetched = (onProgress?: DownloadProgress): Promise<void> =>
  download(url, path, { ...expected, ...(onProgress && { onProgress }) });
const message = (act: Promise<unknown> = fetched()): Promise<string> =>
  act.then(
    () => "no error",
    (error: unknown) => (error as Error).message.replaceAll(url, "URL").replaceAll(folder, "DIR"),
  );
const isThere = async (): Promise<boolean> =>
  Buffer.compare(await readFile(path), content) === 0 && !existsSync(`${path}.part`);

test("puts the file in place, tells how far it is, and does not fetch it twice", async () => {
  path = join(folder, "deep", "file");
  const seen: number[] = [];
  await fetched((received, total) => seen.push(received / total));
  await fetched();
  expect(await isThere()).toBe(true);
  expect(seen.at(-1)).toBe(1);
  expect(ranges).toEqual([undefined]);
});

test("fetches a file again that was damaged since", async () => {
  await writeFile(path, content.subarray(1));
  await fetched();
  expect(await isThere()).toBe(true);
});

describe("goes on where it broke off", () => {
  beforeEach(async () => {
    answers = [cut(30_000)];
    expect(await message()).toMatch(
      /^URL: the download broke off after \d+ of 100000 bytes, got ".+"; try again, it goes on where it stopped, or get the file yourself and pass --data-dir$/,
    );
    expect(existsSync(path)).toBe(false);
  });
  afterEach(async () => {
    expect(await isThere()).toBe(true);
    expect(ranges[1]).toMatch(/^bytes=[1-9]\d*-$/);
  });

  test("with a range", () => fetched());
  test("and broke off again", async () => {
    answers = [cut(30_000)];
    expect(await message()).toContain("broke off");
    await fetched();
    expect(Number(/\d+/.exec(ranges[2]!)![0])).toBeGreaterThan(Number(/\d+/.exec(ranges[1]!)![0]));
  });
  test("from the start where the server has no ranges", () => {
    answers = [(response) => rest(response, 0)];
    return fetched();
  });
  test("from the start where the server refuses the range", async () => {
    answers = [status(416)];
    await fetched();
    expect(ranges[2]).toBe(undefined);
  });
});

test("needs no request for what has all arrived", async () => {
  await writeFile(`${path}.part`, content);
  await fetched();
  expect(await isThere()).toBe(true);
  expect(ranges).toEqual([]);
});

test("two at once end with the right file", async () => {
  answers = [cut(30_000)];
  await message();
  const slow: Answer = (response, from) => {
    response.writeHead(206);
    response.write(content.subarray(from, 60_000));
    setTimeout(() => response.end(content.subarray(60_000)), 50);
  };
  answers = [slow];
  await Promise.all([fetched(), fetched()]);
  expect(await isThere()).toBe(true);
});

describe("without a content-length", () => {
  const unannounced =
    (end: number): Answer =>
    (response, from) =>
      response.writeHead(from > 0 ? 206 : 200).end(content.subarray(from, end));
  test("knows how far it is", async () => {
    answers = [unannounced(content.length)];
    const seen: number[] = [];
    await fetched((received, total) => seen.push(received / total));
    expect(seen.every((done) => done > 0 && done <= 1)).toBe(true);
    expect(seen.at(-1)).toBe(1);
  });
  test("keeps what has arrived of a file that ends too soon", async () => {
    answers = [unannounced(40_000)];
    expect(await message()).toContain('broke off after 40000 of 100000 bytes, got "end of file"');
    await fetched();
    expect(ranges[1]).toBe("bytes=40000-");
    expect(await isThere()).toBe(true);
  });
});

describe("says what is wrong with", () => {
  const nothingKept = (): void => {
    expect(existsSync(path) || existsSync(`${path}.part`)).toBe(false);
  };
  test.each(["sha256", "md5"] as const)("another %s", async (sum) => {
    const wrong = "0".repeat(expected[sum].length);
    expect(await message(download(url, path, { ...expected, [sum]: wrong }))).toBe(
      `URL: the file that arrived is another one, expected ${sum} ${wrong}, got ${expected[sum]}; try again, or get the file yourself and pass --data-dir`,
    );
    nothingKept();
  });
  test("no md5 where there is a sha256", async () => {
    const { md5: _, ...rest } = expected;
    await download(url, path, rest);
    expect(await isThere()).toBe(true);
  });
  test("another length", async () => {
    answers = [(response) => response.end("<title>Log in</title>")];
    expect(await message()).toMatchInlineSnapshot(
      `"URL: expected a file of 100000 bytes, got one of 21; try again, or get the file yourself and pass --data-dir"`,
    );
    nothingKept();
  });
  test("a status", async () => {
    answers = [status(404), status(503)];
    expect([await message(), await message()]).toMatchInlineSnapshot(`
      [
        "URL: the server does not give the file, got HTTP 404; get the file yourself and pass --data-dir",
        "URL: the server does not give the file, got HTTP 503; try again later, or get the file yourself and pass --data-dir",
      ]
    `);
    nothingKept();
  });
  test("a file that fetch would decompress", async () => {
    answers = [(response) => response.writeHead(200, { "content-encoding": "x-gzip" }).end("x")];
    expect(await message()).toMatchInlineSnapshot(
      `"URL: expected no content-encoding, got "x-gzip"; get the file yourself and pass --data-dir"`,
    );
    nothingKept();
  });
  test("no server", async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    expect(await message()).toMatch(
      /^URL: cannot reach the server, got ".*ECONNREFUSED.*"; check the network and try again, or get the file yourself and pass --data-dir$/,
    );
  });
  test.skipIf(!existsSync("/dev/full"))("a full disk", async () => {
    await symlink("/dev/full", `${path}.part`);
    expect(await message()).toMatchInlineSnapshot(
      `"DIR/file.part: cannot keep the download there, got ENOSPC; free some space and try again, it goes on where it stopped"`,
    );
  });
  test("a folder that cannot be made", async () => {
    await writeFile(join(folder, "taken"), "");
    path = join(folder, "taken", "deep", "file");
    expect(await message()).toMatchInlineSnapshot(
      `"DIR/taken/deep/file: cannot keep the download there, got ENOTDIR; set XDG_CACHE_HOME to a folder that can be written, or get the file yourself and pass --data-dir"`,
    );
  });
});

test("the cache is where XDG says, if that is an absolute path", () => {
  const folderFor = (value: string | undefined): string => {
    vi.stubEnv("XDG_CACHE_HOME", value);
    return cacheFolder();
  };
  const usual = join(homedir(), ".cache", "weightnorm");
  expect(["/there", "", "here", undefined].map(folderFor)).toEqual([
    join("/there", "weightnorm"),
    ...[usual, usual, usual],
  ]);
});
