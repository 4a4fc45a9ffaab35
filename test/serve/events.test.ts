/** A run as it is watched: what is there, then what is new; torn lines wait, and one that is gone on with stays one run. */
import { appendFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Event } from "../../runs/events.ts";
import { resultsOf } from "../../runs/results.ts";
import type { ListMessage, RunMessage } from "../../serve/api.ts";
import { tailOf } from "../../serve/tail.ts";
import { digestOf } from "../../serve/thin.ts";
import * as there from "./world.ts";
import { config, folder, hear, measured, opened, point, resume, serverFor } from "./world.ts";

const stepsOf = (events: readonly Event[]): readonly number[] =>
  events.flatMap((e) => (e.type === "point" ? [e.step] : []));

describe("a run that is watched", () => {
  test("tells all so far, then what is new, to everybody", async () => {
    const root = folder();
    const { write } = await there.written(join(root, "a/b"));
    await write(point(1), point(2));
    const server = serverFor(root);
    const first = await hear<RunMessage>(server, "/api/runs/a%2Fb/events");
    const [begun] = await first.until(({ type }) => type === "begun");
    if (begun.type !== "begun") throw new Error("not begun");
    expect(begun.run).toMatchObject({ id: "a/b", state: "stopped" });
    expect(begun.compared).toMatchObject({ experiment: "counting", config: { epochs: 2 } });
    expect(stepsOf(begun.events)).toEqual([1, 2]);
    await write(point(3), measured(4));
    const grown = await first.until(({ type }) => type === "events");
    expect(grown.flatMap(({ events }) => events)).toEqual([point(3), measured(4)]);
    const second = await hear<RunMessage>(server, "/api/runs/a%2Fb/events");
    const [late] = await second.until(({ type }) => type === "begun");
    expect(stepsOf(late.events)).toEqual([1, 2, 3]);
    await Promise.all([first.leave(), second.leave()]);
  });
  test("is one run when it goes on after a kill, and says all of it anew", async () => {
    const root = folder();
    const dir = join(root, "run");
    await there.train(dir, { epochs: 1 });
    const hearing = await hear<RunMessage>(serverFor(root), "/api/runs/run/events");
    const [begun] = await hearing.until(({ type }) => type === "begun");
    expect(stepsOf(begun.events)).toEqual([4, 4]);
    await resume(dir, { epochs: 3 });
    const heard = await hearing.until(
      (m) => m.type === "begun" && m.run.state === "finished" && stepsOf(m.events).length === 6,
    );
    const last = heard.at(-1)!;
    expect(stepsOf(last.events).toSorted()).toEqual([12, 12, 4, 4, 8, 8]);
    expect(last.events.filter(({ type }) => type === "opened")).toHaveLength(2);
    await hearing.leave();
  });
  test("is told anew, thinned, when much has been told since it was", async () => {
    const root = folder();
    const { write } = await there.written(join(root, "run"), { epochs: 10_000 });
    const hearing = await hear<RunMessage>(serverFor(root), "/api/runs/run/events");
    await hearing.until(({ type }) => type === "begun");
    const points = Array.from({ length: 6000 }, (_, i) => point(i + 1));
    await write(...points.slice(0, 4000));
    const first = await hearing.until(({ events }) => stepsOf(events).includes(4000));
    expect(first.flatMap(({ type, events }) => (type === "events" ? events : []))).toHaveLength(
      4000,
    );
    await write(...points.slice(4000));
    const [anew] = await hearing.until(({ type }) => type === "begun");
    expect(stepsOf(anew.events).length).toBeLessThan(4000);
    expect(stepsOf(anew.events).at(-1)).toBe(6000);
    await hearing.leave();
  });
  test("may vanish, and come back", async () => {
    const root = folder();
    const dir = join(root, "run");
    const { write } = await there.written(dir);
    await write(point(1));
    const server = serverFor(root);
    const hearing = await hear<RunMessage>(server, "/api/runs/run/events");
    const listing = await hear<ListMessage>(server, "/api/runs");
    await hearing.until(({ type }) => type === "begun");
    await rm(dir, { recursive: true });
    await listing.until(({ type }) => type === "gone");
    await listing.leave();
    const again = await there.written(dir, { epochs: 5 });
    await again.write(point(7));
    const heard = await hearing.until((m) => m.type === "begun" && stepsOf(m.events)[0] === 7);
    expect(heard.at(-1)).toMatchObject({ compared: { config: { epochs: 5 } } });
    await hearing.leave();
  });
});

describe("a tail", () => {
  const path = (): string => join(folder(), "log");
  async function read(tail: ReturnType<typeof tailOf>): Promise<string> {
    const said: string[] = [];
    await tail.read({
      lines: (bytes) => void said.push(new TextDecoder().decode(bytes)),
      anew: () => void said.push("anew:"),
    });
    return said.join("");
  }
  test("hands over whole lines; a torn one waits for its end", async () => {
    const log = path();
    const tail = tailOf(log);
    expect(await read(tail)).toBe("");
    await writeFile(log, "one\ntw");
    expect(await read(tail)).toBe("one\n");
    expect(await read(tail)).toBe("");
    await appendFile(log, "o\nthr");
    expect(await read(tail)).toBe("two\n");
    await appendFile(log, "ee\n\u00e4\n");
    expect(await read(tail)).toBe("three\n\u00e4\n");
  });
  test.each([
    ["shorter", "new\n"],
    ["of the same length", "neu\nzwo\n"],
    ["longer", "new\nand\nlonger\n"],
  ])("begins again where the log was written over, %s", async (_, content) => {
    const log = path();
    const tail = tailOf(log);
    await writeFile(log, "one\ntwo\n");
    expect(await read(tail)).toBe("one\ntwo\n");
    await writeFile(log, content);
    expect(await read(tail)).toBe(`anew:${content}`);
  });
  test("reads any length in pieces, and passes over a line that never ends", async () => {
    const log = path();
    const line = `${"x".repeat(999)}\n`;
    await writeFile(log, line.repeat(3000));
    let [pieces, bytes] = [0, 0];
    const count = { lines: (b: Uint8Array) => void (pieces++, (bytes += b.length)), anew: () => 0 };
    const tail = tailOf(log);
    await tail.read(count);
    expect([pieces > 2, bytes]).toEqual([true, 3_000_000]);
    await appendFile(log, "y".repeat(17 * 2 ** 20));
    expect(await read(tail)).toBe("");
    await appendFile(log, "y\nafter it\n");
    expect(await read(tail)).toBe("after it\n");
  });
});

describe("a log that is thinned", () => {
  const MANY = 20_000;
  const set = config({ epochs: MANY });
  async function digested(count: number): Promise<readonly Event[]> {
    const digest = digestOf(set);
    digest.add({ ...(await opened(set)) });
    for (let i = 1; i <= count; i++) digest.add({ ...point(i) });
    digest.add({ ...measured(count) });
    return digest.events();
  }
  test("keeps everything of a short one", async () => {
    const events = await digested(1000);
    expect(stepsOf(events)).toEqual(Array.from({ length: 1000 }, (_, i) => i + 1));
  });
  test("keeps the first and the last point of a long one, and so many even steps between", async () => {
    const events = await digested(MANY);
    const steps = stepsOf(events);
    expect(steps.length).toBeGreaterThan(1000);
    expect(steps.length).toBeLessThan(4000);
    expect([steps[0], steps.at(-1)]).toEqual([1, MANY]);
    expect(new Set(steps.slice(1, -1).map((step, i) => step - steps[i])).size).toBe(1);
    const layers = events.filter((e) => e.type === "point" && e.layers.length > 0);
    expect(layers.length).toBeGreaterThan(100);
    expect(layers.length).toBeLessThan(600);
    expect(events.find((e) => e.type === "point")).toEqual(point(1));
  });
  test("is folded into records as the whole one is", async () => {
    const events = [...(await digested(MANY)), measured(MANY, { arm: "weight" })];
    const compared = { experiment: "counting", config: set, command: "", startedAt: "" };
    const results = resultsOf({ ...compared, settings: {}, changes: [] }, events, "log");
    expect(results.arms.plain!.runs[0].tests.at(-1)!.test).toEqual({ error: 1 / MANY });
  });
  test("keeps the first and the last time that a run went on, and every change", async () => {
    const opening = await opened(set);
    const digest = digestOf(set);
    const day = (i: number): string => new Date(i * 86_400_000).toISOString();
    for (let i = 0; i < 2000; i++) {
      digest.add({ ...opening, time: day(i) });
      digest.add({
        type: "changed",
        time: day(i),
        setting: "epochs",
        from: i,
        to: i + 1,
        note: "",
        steps: {},
      });
    }
    const events = digest.events();
    const openings = events.filter((e) => e.type === "opened").map(({ time }) => time);
    expect([openings[0], openings.at(-1)]).toEqual([day(0), day(1999)]);
    expect(openings.length).toBeLessThan(200);
    expect(events.filter(({ type }) => type === "changed")).toHaveLength(2000);
  });
  test("passes over what is no event, and runs that there are none of", () => {
    const digest = digestOf(set);
    digest.add({ ...point(1), values: "none" });
    digest.add({ ...point(1), arm: { toString: "x" } });
    digest.add({ ...point(1), arm: "batch" });
    digest.add({ type: "point" });
    digest.add({ type: ["finished"], arm: "plain", seed: 1, lr: 0.1 });
    expect(digest.events()).toEqual([]);
  });
});
