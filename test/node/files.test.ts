import * as fsSync from "node:fs";
import * as fs from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import {
  listFolder,
  loadCheckpoint,
  makeFolder,
  readBytes,
  readText,
  removeFile,
  saveCheckpoint,
  writeFileAtomic,
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
      `"<folder>/file: cannot write, got EIO; check the disk"`,
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
      `"<folder>/file: cannot write, got EIO; check the disk"`,
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

describe("what else is done with files", () => {
  test("a file is read, unless it is larger than it may be or a device", async () => {
    fsSync.writeFileSync(path, "12345");
    expect(await readText(path, { most: 5 })).toBe("12345");
    expect(await message(() => readText(path, { most: 4 }))).toMatchInlineSnapshot(
      `"<folder>/file: expected a file of at most 4 bytes, got 5; check that it is the right file"`,
    );
    expect(await message(() => readBytes("/dev/zero"))).toMatchInlineSnapshot(
      `"/dev/zero: cannot read from a device, got ENODEV; give a file"`,
    );
    fsSync.writeFileSync(path, Uint8Array.of(0x61, 0xff));
    expect(await message(() => readText(path))).toMatchInlineSnapshot(
      `"<folder>/file: expected text, got bytes that are not UTF-8; check the path"`,
    );
    vi.mocked(fs.readFile).mockRejectedValueOnce(failure("EMFILE"));
    expect(await message(() => readBytes(path))).toMatchInlineSnapshot(
      `"<folder>/file: too many files are open, got EMFILE; close other programs, or allow more with \`ulimit -n\`"`,
    );
  });

  test("a folder is listed in an order of its own", async () => {
    for (const name of ["b", "B", "a", "ä"]) fsSync.writeFileSync(join(folder, name), "");
    expect(await listFolder(folder)).toEqual(["B", "a", "b", "ä"]);
    expect([
      await message(() => listFolder(join(folder, "no"))),
      await message(() => listFolder(join(folder, "a"))),
    ]).toMatchInlineSnapshot(`
      [
        "<folder>/no: there is no such folder, got ENOENT; check the path",
        "<folder>/a: this is a file, got ENOTDIR; give its folder",
      ]
    `);
  });

  test("a file is removed, or it is said why a leftover stays", async () => {
    await writeFileAtomic(path, "x");
    await removeFile(path);
    await removeFile(path);
    vi.mocked(fs.rm).mockRejectedValueOnce(failure("EROFS"));
    expect(await message(() => removeFile(path))).toMatchInlineSnapshot(
      `"<folder>/file: cannot remove it on a read-only file system, got EROFS; choose another folder"`,
    );
    expect(await message(() => removeFile(folder))).toMatchInlineSnapshot(
      `"<folder>: this is a folder, got ERR_FS_EISDIR; give a file name"`,
    );
  });

  test("a folder is made with those above, or it is said which one could not be", async () => {
    await makeFolder(join(folder, "a", "b"));
    await makeFolder(join(folder, "a", "b"));
    expect(fsSync.existsSync(join(folder, "a", "b"))).toBe(true);
    fsSync.writeFileSync(path, "");
    expect(await message(() => makeFolder(join(path, "a", "b")))).toMatchInlineSnapshot(
      `"<folder>/file/a: its folder is a file, got ENOTDIR; choose another folder"`,
    );
    vi.mocked(fs.mkdir).mockRejectedValueOnce(failure("EROFS"));
    expect(await message(() => makeFolder(join(folder, "c", "d")))).toMatchInlineSnapshot(
      `"<folder>/c: cannot write to a read-only file system, got EROFS; choose another folder"`,
    );
  });
});
