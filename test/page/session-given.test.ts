/** Files of the user's own in the page's worker: kept with what is trained on them; and what needs another worker. */
import { describe, expect, test } from "vitest";
import { oneRuntime } from "../../page/worker/one-runtime.ts";
import { memoryDisk } from "../../runs/memory-disk.ts";
import { opened, WISH, world, type Files } from "./lab.ts";

describe("files of one's own", () => {
  const rows = Array.from({ length: 120 }, (_, i) => `${i % 7},${i % 5},${i % 3 ? "a" : "b"}`);
  const table = { path: "t.csv", file: new File([["x,y,kind", ...rows].join("\n")], "t.csv") };
  const wish = {
    ...{ experiment: "table", device: "wasm" as const },
    asked: { column: "kind", arms: ["plain" as const], epochs: 2 },
  };
  test("stay with a training whose rate was turned after it was loaded again", async () => {
    const files: Files = new Map();
    const page = opened(files);
    await page.lab.give("data", [table]);
    await page.lab.begin(wish, { anew: false });
    await page.lab.advance("turn");
    const again = opened(files);
    await again.lab.begin(wish, { anew: false });
    await again.lab.setRate(0.01);
    expect(await again.lab.last()).toEqual({ wish, given: { data: ["t.csv"] } });
    const third = opened(files);
    const { run, events } = await third.lab.begin(wish, { anew: false });
    expect(run.config.lr).toEqual([0.01]);
    expect(events.filter((e) => e.type === "opened")).toHaveLength(4);
  });
  test("of the same name and size are others, and the same ones again are the same", async () => {
    const page = opened();
    const openings = async (text: string, lastModified: number): Promise<number> => {
      const file = new File([text], "t.csv", { lastModified });
      await page.lab.give("data", [{ path: "t.csv", file }]);
      const { events } = await page.lab.begin(wish, { anew: false });
      return events.filter((e) => e.type === "opened").length;
    };
    const text = ["x,y,kind", ...rows].join("\n");
    expect(await openings(text, 1)).toBe(1);
    expect(await openings(text.replace("1,1,a", "2,1,a"), 1)).toBe(1);
    expect(await openings(text, 2)).toBe(2);
  });
  test("are not another experiment's, and go with the last training that is about them", async () => {
    const files: Files = new Map();
    const page = opened(files);
    await page.lab.give("data", [table]);
    await page.lab.begin(wish, { anew: false });
    const isGiven = (name: string): boolean => name.startsWith("given/");
    expect([...files.keys()].filter(isGiven)).toHaveLength(1);
    const again = opened(files);
    await expect(
      again.lab.begin({ ...wish, experiment: "photos", asked: {} }, { anew: false }),
    ).rejects.toThrow(/expected a .*got none/s);
    await again.lab.begin({ ...wish, asked: { ...wish.asked, epochs: 3 } }, { anew: false });
    for (const seed of [1, 2, 3])
      await again.lab.begin({ ...WISH, asked: { ...WISH.asked, seeds: [seed] } }, { anew: false });
    expect([...files.keys()].filter(isGiven)).toEqual([]);
  });
  test("that a full storage cannot keep are trained on, and this is said", async () => {
    const disk = memoryDisk();
    const write: typeof disk.write = (name, content) =>
      name.startsWith("given/") ? Promise.reject(new Error("full")) : disk.write(name, content);
    const storage = { disk: { ...disk, write }, kept: true as const };
    const page = opened(new Map(), { storage: () => Promise.resolve(storage) });
    await page.lab.give("data", [table]);
    await page.lab.begin(wish, { anew: false });
    expect(page.told.flatMap((t) => (t.type === "said" ? [t.line] : []))).toContain(
      "data: expected storage for these files, got none (full); give them again when the page was loaded again",
    );
  });
  test("are kept with the training, and other ones begin another", async () => {
    const files: Files = new Map();
    const page = opened(files);
    await page.lab.give("data", [table]);
    const begun = await page.lab.begin(wish, { anew: false });
    expect(begun.run.command).toBe(
      "weightnorm compare t.csv --epochs 2 --arms plain --target kind",
    );
    await page.lab.advance("turn");
    const again = opened(files);
    expect(await again.lab.last()).toEqual({ wish, given: { data: ["t.csv"] } });
    const { events } = await again.lab.begin(wish, { anew: false });
    expect(events.filter((e) => e.type === "opened")).toHaveLength(2);
    const other = { ...table, file: new File(["x,y,kind\n", rows.join("\n"), "\n1,1,a"], "t.csv") };
    await again.lab.give("data", [other]);
    const anew = await again.lab.begin(wish, { anew: false });
    expect(anew.events.filter((e) => e.type === "opened")).toHaveLength(1);
  });
});

test("other threads or another device need another worker, and a runtime that failed is tried again", async () => {
  let fails = true;
  const runtime = oneRuntime(() => {
    if (fails) return Promise.reject(new Error("no"));
    return Promise.resolve({ runtime: world.runtime(1), device: "wasm", said: "" });
  });
  const page = opened(new Map(), { threads: 4, runtime });
  await expect(page.lab.begin(WISH, { anew: false })).rejects.toThrow("no");
  fails = false;
  await page.lab.begin(WISH, { anew: false });
  const more = { ...WISH, asked: { ...WISH.asked, threads: 4 } };
  for (const wish of [more, { ...WISH, device: "webgpu" as const }]) {
    await expect(page.lab.begin(wish, { anew: false })).rejects.toThrow("begin it in a new worker");
    expect(page.phase()).toEqual({ is: "elsewhere" });
  }
  await page.lab.begin(WISH, { anew: false });
  expect(page.phase()).toEqual({ is: "paused" });
});
