import fc from "fast-check";
import { spawn } from "node:child_process";
import * as fsSync from "node:fs";
import * as fs from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import {
  loadCheckpoint,
  openLog,
  saveCheckpoint,
  writeFileAtomic,
  type LogRecord,
} from "../../src/node/files.ts";
import { tensor } from "../../src/runtime/program.ts";
import type { Checkpoint } from "../../src/train/checkpoint.ts";

vi.mock("node:fs", { spy: true });
vi.mock("node:fs/promises", { spy: true });

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await fs.mkdtemp(join(tmpdir(), "weightnorm-files-"));
  path = join(folder, "file");
});
afterEach(async () => {
  vi.resetAllMocks(); // back to the real functions
  await fs.rm(folder, { recursive: true, force: true });
});

const text = (): string => fsSync.readFileSync(path, "utf8");
const failure = (code: string): Error => Object.assign(new Error(`${code}: made up`), { code });

/** The message of what `act` rejects with, without the name of the folder. */
const message = async (act: () => unknown): Promise<string> => {
  try {
    await act();
  } catch (error) {
    return (error as Error).message.replaceAll(folder, "<folder>");
  }
  return "no error";
};

const checkpoint: Checkpoint = {
  state: new Map([["w", tensor([1, 2, 3], [3, 1])]]),
  step: 3,
  seed: 1,
  config: { arm: "weight" },
  progress: {},
};

describe("writeFileAtomic", () => {
  test("makes and replaces a file, and leaves nothing else behind", async () => {
    await writeFileAtomic(path, "one");
    await writeFileAtomic(path, Uint8Array.of(0x74, 0x77, 0x6f));
    expect(text()).toBe("two");
    expect(await fs.readdir(folder)).toEqual(["file"]);
  });

  test("writes at once do not mix", async () => {
    const contents = Array.from({ length: 20 }, (_, i) => `${i}`.repeat(10_000));
    await Promise.all(contents.map((content) => writeFileAtomic(path, content)));
    expect(contents).toContain(text());
    expect(await fs.readdir(folder)).toEqual(["file"]);
  });

  test("the file reaches the disk before its name does, and the name before it returns", async () => {
    const calls: string[] = [];
    const { open, rename } = await vi.importActual<typeof fs>("node:fs/promises");
    vi.mocked(fs.open).mockImplementation(async (name, flags) => {
      const file = await open(name, flags);
      const sync = file.sync.bind(file);
      file.sync = () => {
        calls.push(name === folder ? "sync folder" : "sync file");
        return sync();
      };
      return file;
    });
    vi.mocked(fs.rename).mockImplementation((from, to) => {
      calls.push("rename");
      return rename(from, to);
    });
    await writeFileAtomic(path, "x");
    expect(calls).toEqual(["sync file", "rename", "sync folder"]);
  });

  test.each(["write", "sync", "close", "rename"])(
    "a failing %s leaves the old file and no other",
    async (step) => {
      await writeFileAtomic(path, "old");
      const { open } = await vi.importActual<typeof fs>("node:fs/promises");
      vi.mocked(fs.open).mockImplementation(async (name, flags) => {
        const file = await open(name, flags);
        if (step === "write")
          file.writeFile = async (content) => {
            await file.write((content as string).slice(0, 2)); // a disk fills up halfway
            throw failure("ENOSPC");
          };
        if (step === "sync") file.sync = () => Promise.reject(failure("ENOSPC"));
        if (step === "close") {
          const close = file.close.bind(file);
          file.close = async () => {
            await close();
            throw failure("ENOSPC");
          };
        }
        return file;
      });
      if (step === "rename") vi.mocked(fs.rename).mockRejectedValue(failure("ENOSPC"));
      expect(await message(() => writeFileAtomic(path, "new content"))).toBe(
        "<folder>/file: the disk is full, got ENOSPC; free some space",
      );
      expect(text()).toBe("old");
      expect(await fs.readdir(folder)).toEqual(["file"]);
    },
  );

  test("says why it could not write", async () => {
    const given = async (code: string): Promise<string> => {
      vi.mocked(fs.open).mockRejectedValueOnce(failure(code));
      return message(() => writeFileAtomic(path, "x"));
    };
    expect(await given("ENOSPC")).toMatchInlineSnapshot(
      `"<folder>/file: the disk is full, got ENOSPC; free some space"`,
    );
    expect(await given("EDQUOT")).toMatchInlineSnapshot(
      `"<folder>/file: the disk quota is used up, got EDQUOT; free some space"`,
    );
    expect(await given("EROFS")).toMatchInlineSnapshot(
      `"<folder>/file: cannot write to a read-only file system, got EROFS; choose another folder"`,
    );
    expect(await given("EACCES")).toMatchInlineSnapshot(
      `"<folder>/file: cannot write, got EACCES; change the permissions or choose another folder"`,
    );
    expect(await given("EPERM")).toMatchInlineSnapshot(
      `"<folder>/file: cannot write, got EPERM; change the permissions or choose another folder"`,
    );
    expect(await given("EIO")).toMatchInlineSnapshot(
      `"<folder>/file: cannot write, got EIO: made up; check the disk"`,
    );
    expect(
      await message(() => writeFileAtomic(join(folder, "no", "x"), "x")),
    ).toMatchInlineSnapshot(
      `"<folder>/no/x: its folder does not exist, got ENOENT; make it first"`,
    );
    await writeFileAtomic(path, "x");
    expect(await message(() => writeFileAtomic(join(path, "x"), "x"))).toMatchInlineSnapshot(
      `"<folder>/file/x: its folder is a file, got ENOTDIR; choose another folder"`,
    );
    expect(await message(() => writeFileAtomic(folder, "x"))).toMatch(
      /this is a folder, got EISDIR; give a file name$/,
    );
  });

  test("keeps the cause", async () => {
    const cause = failure("EIO");
    vi.mocked(fs.open).mockRejectedValueOnce(cause);
    await expect(writeFileAtomic(path, "x")).rejects.toHaveProperty("cause", cause);
  });

  test("a file system that cannot sync folders is good enough, a failing disk is not", async () => {
    const { open } = await vi.importActual<typeof fs>("node:fs/promises");
    const failing = (code: string): void =>
      void vi.mocked(fs.open).mockImplementation(async (name, flags) => {
        const file = await open(name, flags);
        if (name === folder) file.sync = () => Promise.reject(failure(code));
        return file;
      });
    failing("EINVAL");
    expect(await message(() => writeFileAtomic(path, "x"))).toBe("no error");
    failing("EIO");
    expect(await message(() => writeFileAtomic(path, "x"))).toMatchInlineSnapshot(
      `"<folder>/file: cannot write, got EIO: made up; check the disk"`,
    );
  });
});

describe("checkpoints", () => {
  test("come back", async () => {
    await saveCheckpoint(path, checkpoint);
    expect(await loadCheckpoint(path)).toStrictEqual(checkpoint);
  });

  test("one that cannot be encoded leaves the old one", async () => {
    await saveCheckpoint(path, checkpoint);
    const diverged = { ...checkpoint, progress: { loss: NaN } };
    expect(await message(() => saveCheckpoint(path, diverged))).toMatch(
      /^checkpoint: progress.loss/,
    );
    expect(await loadCheckpoint(path)).toStrictEqual(checkpoint);
  });

  test("missing or damaged ones are told", async () => {
    expect(await message(() => loadCheckpoint(path))).toMatchInlineSnapshot(
      `"<folder>/file: there is no such file, got ENOENT; check the path"`,
    );
    expect(await message(() => loadCheckpoint(folder))).toMatchInlineSnapshot(
      `"<folder>: this is a folder, got EISDIR; give the file in it"`,
    );
    await writeFileAtomic(path, "not a checkpoint");
    expect(await message(() => loadCheckpoint(path))).toMatchInlineSnapshot(
      `"<folder>/file: not a safetensors file, got a header of 7521891404167279000 bytes; check the path"`,
    );
    await saveCheckpoint(path, checkpoint);
    await fs.truncate(path, (await fs.stat(path)).size - 1);
    expect(await message(() => loadCheckpoint(path))).toMatchInlineSnapshot(
      `"<folder>/file: truncated, expected 12 bytes of tensors, got 11; copy or save it again"`,
    );
  });
});

describe("openLog", () => {
  const lines = (...steps: number[]): string => steps.map((step) => `{"step":${step}}\n`).join("");
  const upTo =
    (step: number) =>
    (record: LogRecord): boolean =>
      (record["step"] as number) <= step;

  test("appends whole lines to a new or an old file", async () => {
    const log = await openLog(path);
    log.append({ step: 1 });
    expect(text()).toBe(lines(1)); // before close: a killed process has written it
    log.append({ step: 2, loss: NaN });
    log.sync();
    log.close();
    const again = await openLog(path);
    again.append({ step: 3 });
    again.close();
    expect(text()).toBe('{"step":1}\n{"step":2,"loss":null}\n{"step":3}\n');
  });

  test("resuming drops what lies past the checkpoint", async () => {
    await writeFileAtomic(path, lines(1, 2, 3, 4));
    const log = await openLog(path, { keep: upTo(2) });
    expect(text()).toBe(lines(1, 2));
    log.append({ step: 3 });
    log.close();
    expect(text()).toBe(lines(1, 2, 3));
    expect(await fs.readdir(folder)).toEqual(["file"]);
  });

  test("a log torn anywhere in its last line is the log of the lines before", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(lines(1, 2, 30).length), async (length) => {
        const torn = lines(1, 2, 30).slice(0, length);
        fsSync.writeFileSync(path, torn);
        (await openLog(path)).close();
        // A line without its line feed is whole when its object is.
        const whole = torn.endsWith("}") ? `${torn}\n` : torn.slice(0, torn.lastIndexOf("\n") + 1);
        expect(text()).toBe(whole);
      }),
    );
  });

  test("zero bytes at the end, which a power cut leaves, are dropped", async () => {
    fsSync.writeFileSync(path, `${lines(1)}${"\0".repeat(50)}`);
    (await openLog(path)).close();
    expect(text()).toBe(lines(1));
  });

  test("damage elsewhere is an error and changes nothing", async () => {
    fsSync.writeFileSync(path, `${lines(1)}{"step":\n${lines(2)}`);
    expect(await message(() => openLog(path))).toMatchInlineSnapshot(
      `"<folder>/file: line 2 is not a JSON object, got "{\\"step\\":"; mend or remove it"`,
    );
    fsSync.writeFileSync(path, `${lines(1)}17\n${lines(2)}`);
    expect(await message(() => openLog(path))).toMatchInlineSnapshot(
      `"<folder>/file: line 2 is not a JSON object, got "17"; mend or remove it"`,
    );
    expect(text()).toBe(`${lines(1)}17\n${lines(2)}`);
  });

  test("a log that needs no change is not written", async () => {
    fsSync.writeFileSync(path, lines(1));
    const { ino } = fsSync.statSync(path);
    (await openLog(path, { keep: upTo(1) })).close();
    expect(fsSync.statSync(path).ino).toBe(ino);
  });

  test("a disk that fills up leaves no half line", async () => {
    const log = await openLog(path);
    log.append({ step: 1 });
    const { appendFileSync } = await vi.importActual<typeof fsSync>("node:fs");
    vi.mocked(fsSync.appendFileSync).mockImplementationOnce((file, data) => {
      appendFileSync(file, (data as Buffer).subarray(0, 4));
      throw failure("ENOSPC");
    });
    expect(await message(() => log.append({ step: 2 }))).toMatchInlineSnapshot(
      `"<folder>/file: the disk is full, got ENOSPC; free some space"`,
    );
    expect(text()).toBe(lines(1));
    log.append({ step: 3 });
    log.close();
    expect(text()).toBe(lines(1, 3));
  });

  test("says why it could not be opened", async () => {
    expect(await message(() => openLog(join(folder, "no", "log")))).toMatchInlineSnapshot(
      `"<folder>/no/log: its folder does not exist, got ENOENT; make it first"`,
    );
    expect(await message(() => openLog(folder))).toMatchInlineSnapshot(
      `"<folder>: this is a folder, got EISDIR; give the file in it"`,
    );
  });

  test("survives kill -9: all lines but perhaps the last, and it goes on", async () => {
    const script = `
      import { openLog } from ${JSON.stringify(new URL("../../src/node/files.ts", import.meta.url).href)};
      const log = await openLog(${JSON.stringify(path)});
      for (let step = 1; ; step++) { log.append({ step }); if (step === 200) console.log("ready"); }
    `;
    const child = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "-e", script]);
    await new Promise((resolve) => child.stdout.once("data", resolve));
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await ended;
    (await openLog(path)).close();
    const steps = text()
      .trimEnd()
      .split("\n")
      .map((line) => (JSON.parse(line) as { step: number }).step);
    expect(steps.length).toBeGreaterThanOrEqual(200);
    expect(steps).toEqual(steps.map((_, i) => i + 1));
  }, 30_000);
});
