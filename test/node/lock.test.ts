/** A folder has one owner: whoever comes second is told who it is, and takes it from one that is gone. */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { takeLock } from "../../src/node/index.ts";

let folder: string;
let path: string;
const options = { where: "RUN" };
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "weightnorm-lock-"));
  path = join(folder, "lock");
});
beforeEach(() => rm(path, { force: true }));
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Lets somebody else have the lock. */
const heldBy = async (owner: object): Promise<void> => {
  const lock = await takeLock(path, options);
  const ours = JSON.parse(await readFile(path, "utf8")) as object;
  await lock.release();
  await writeFile(path, JSON.stringify({ ...ours, token: "theirs", ...owner }));
};

describe("the second one", () => {
  test("is told which process has it, and gets it once that has given it back", async () => {
    const lock = await takeLock(path, options);
    await expect(takeLock(path, options)).rejects.toThrow(
      `RUN: expected a folder that nobody works in, got one that process ${process.pid} on ${hostname()} has; wait for it, or stop it (kill ${process.pid}) and go on with --resume`,
    );
    await lock.check();
    await lock.release();
    await (await takeLock(path, options)).release();
    expect(await readdir(folder)).toEqual([]); // no drafts are left
  });

  test("of many at once: one gets it", async () => {
    const tries = Array.from({ length: 20 }, () => takeLock(path, options));
    const got = (await Promise.allSettled(tries)).filter((t) => t.status === "fulfilled");
    expect(got).toHaveLength(1);
    await got[0].value.release();
  });

  test("of many at once who find a stale one: one gets it", async () => {
    await heldBy({ pid: 2 ** 22 + 1 });
    const tries = Array.from({ length: 20 }, () => takeLock(path, options));
    const got = (await Promise.allSettled(tries)).filter((t) => t.status === "fulfilled");
    expect(got.length).toBeLessThanOrEqual(1);
    for (const lock of got) await lock.value.release();
  });
});

describe("one that is stale is taken:", () => {
  test("its process was killed", async () => {
    const child = spawn(process.execPath, ["-e", "setInterval(() => 0, 1000)"]);
    await heldBy({ pid: child.pid, started: startOf(child.pid!) });
    await expect(takeLock(path, options)).rejects.toThrow(`process ${child.pid}`);
    const gone = new Promise((resolve) => child.on("close", resolve));
    child.kill("SIGKILL");
    await gone;
    await (await takeLock(path, options)).release();
  });

  test("its number belongs to another process by now", async () => {
    await heldBy({ pid: process.pid, started: "1" });
    await (await takeLock(path, options)).release();
  });

  test("it is of another machine, and gave no sign of life for long", async () => {
    await heldBy({ machine: "another", host: "elsewhere" });
    await expect(takeLock(path, options)).rejects.toThrow(
      /^RUN: expected .*process \d+ on elsewhere has, seen 0 s ago; .* try again in 120 s$/,
    );
    const before = Date.now() / 1000 - 121;
    await utimes(path, before, before);
    await (await takeLock(path, options)).release();
  });

  test("it came with a copy of the folder that it is of", async () => {
    await heldBy({ folder: "1:2" });
    await (await takeLock(path, options)).release();
  });

  test.each(["", "{", "null", "[]", '{"pid": "x"}', '{"pid": -1}'])("it says %j", async (text) => {
    await writeFile(path, text);
    await (await takeLock(path, options)).release();
  });
});

test("an owner whose lock was taken notices", async () => {
  const lock = await takeLock(path, options);
  await writeFile(path, JSON.stringify({ token: "theirs" }));
  await expect(lock.check()).rejects.toThrow(/^RUN: expected to have this folder alone, got /);
  await lock.release();
  expect(await readFile(path, "utf8")).toContain("theirs"); // not ours to remove
});

test("a folder that cannot be written to", async () => {
  await expect(takeLock(join(folder, "none", "lock"), options)).rejects.toThrow(
    "RUN: its folder does not exist, got ENOENT; make it first",
  );
});

test("a folder in its place", async () => {
  await mkdir(path);
  await expect(takeLock(path, options)).rejects.toThrow(/lock: this is a folder, got EISDIR/);
  await rm(path, { recursive: true });
});

/** As the lock itself reads it; "" where there is no /proc. */
function startOf(pid: number): string {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "latin1");
    return text.slice(text.lastIndexOf(")") + 2).split(" ")[19] ?? "";
  } catch {
    return "";
  }
}
