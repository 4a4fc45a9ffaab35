/** Checkpoints as they are sent: one file's size and bytes, even where it is replaced meanwhile, and nothing stays open. */
import { readdirSync, readlinkSync } from "node:fs";
import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, expect, test, vi } from "vitest";
import { ask, folder, serverFor, train } from "./world.ts";

const root = folder();
const path = join(root, "run/checkpoints/plain-1.safetensors");
const address = "/api/runs/run/checkpoints/plain-1.safetensors";
beforeAll(() => train(join(root, "run")));

/** How often this process has the file open. */
const open = (): number =>
  readdirSync("/proc/self/fd").filter((name) => {
    try {
      return readlinkSync(join("/proc/self/fd", name)).startsWith(path);
    } catch {
      return false; // closed meanwhile
    }
  }).length;

test.each([
  "",
  "/run/events",
  "/run/results.json",
  "/run/report",
  "/run/checkpoints/plain-1.safetensors",
])("the head of api/runs%s is not to be had without its body", async (rest) => {
  const response = await ask(serverFor(root), `/api/runs${rest}`, { method: "HEAD" });
  expect([response.status, response.headers.get("allow"), response.body]).toEqual([
    ...[405, "GET", null],
  ]);
});

test.skipIf(process.platform !== "linux")(
  "a checkpoint is closed when it was read, or when nobody wants it (only Linux tells what is open)",
  async () => {
    const server = serverFor(root);
    await ask(server, address, { method: "HEAD" });
    expect(open()).toBe(0);
    await (await ask(server, address)).arrayBuffer();
    await vi.waitFor(() => expect(open()).toBe(0));
    const left = await ask(server, address);
    expect(open()).toBe(1);
    await left.body!.cancel();
    await vi.waitFor(() => expect(open()).toBe(0));
    const leaving = new AbortController();
    await server.app.request(
      new Request(`http://localhost${address}`, {
        ...{ headers: { Host: "localhost" }, signal: leaving.signal },
      }),
    );
    expect(open()).toBe(1);
    leaving.abort();
    await vi.waitFor(() => expect(open()).toBe(0));
  },
);

test("one that is replaced while it is sent is the one whose size was told", async () => {
  const before = await readFile(path);
  const response = await ask(serverFor(root), address);
  await writeFile(`${path}.tmp`, new Uint8Array(10));
  await rename(`${path}.tmp`, path);
  expect(Number(response.headers.get("content-length"))).toBe(before.length);
  expect(Buffer.from(await response.arrayBuffer()).equals(before)).toBe(true);
  expect(Number((await ask(serverFor(root), address)).headers.get("content-length"))).toBe(10);
});
