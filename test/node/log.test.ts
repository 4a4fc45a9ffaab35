import fc from "fast-check";
import { spawn } from "node:child_process";
import * as fsSync from "node:fs";
import * as fs from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { writeFileAtomic } from "../../src/node/files.ts";
import { openLog, readLog, type LogRecord } from "../../src/node/log.ts";

vi.mock("node:fs", { spy: true });
vi.mock("node:fs/promises", { spy: true });

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await fs.mkdtemp(join(tmpdir(), "weightnorm-log-"));
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

  test.each([
    ["half a record", '{"step":'],
    ["a number", "17"],
    ["an array", "[]"],
    ["what is no text", "\udc00"],
    ["JSON with no bottom", "[".repeat(100_000)],
    ["a name that comes twice", '{"step":1,"step":2}'],
    ["what an editor left behind", "<<<<<<< HEAD"],
  ])("%s in the middle costs that line alone", async (_, garbage) => {
    fsSync.writeFileSync(path, `${lines(1)}${garbage}\n${lines(2)}`);
    expect(await readLog(path)).toEqual({ records: [{ step: 1 }, { step: 2 }], torn: 1 });
    const log = await openLog(path);
    expect(log.torn).toBe(1);
    log.append({ step: 3 });
    log.close();
    expect(text()).toBe(lines(1, 2, 3));
    expect(await readLog(path)).toEqual({
      records: [{ step: 1 }, { step: 2 }, { step: 3 }],
      torn: 0,
    });
  });

  test("bytes that are no text cost their line alone, and empty lines nothing", async () => {
    const bytes = [...Buffer.from(`${lines(1)}\n\r\n`), 0xff, 0xfe, 10, ...Buffer.from(lines(2))];
    fsSync.writeFileSync(path, Uint8Array.from(bytes));
    expect(await readLog(path)).toEqual({ records: [{ step: 1 }, { step: 2 }], torn: 1 });
    (await openLog(path)).close();
    expect(text()).toBe(lines(1, 2));
  });

  test("a log that is not there has no records, one that is a folder is told", async () => {
    expect(await readLog(path)).toEqual({ records: [], torn: 0 });
    expect(await message(() => readLog(folder))).toMatchInlineSnapshot(
      `"<folder>: this is a folder, got EISDIR; give the file in it"`,
    );
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
      import { openLog } from ${JSON.stringify(new URL("../../src/node/log.ts", import.meta.url).href)};
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
