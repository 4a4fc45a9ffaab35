/** A race in strides that may be held: who steps when, what is saved, and that results know nothing of it. */
import { describe, expect, test } from "vitest";
import { compare } from "../../runs/compare.ts";
import type { Shown } from "../../runs/events.ts";
import { Interrupted, type RaceOptions } from "../../runs/race.ts";
import { counting, machine, memoryStore, runOf, world, type Options } from "./counting.ts";

/** What happened, and what came of it: two arms, two turns of four steps each. */
function race({ diverge = {}, ...options }: RaceOptions & Options) {
  const log: string[] = [];
  const experiment = counting({ diverge, log });
  const config = experiment.complete({}, {});
  const store = memoryStore(config, log);
  const ended = experiment.open(config, world).then((field) =>
    compare({
      ...{ experiment, store, world, machine, run: runOf(config), field },
      ...options,
    }),
  );
  return { log, ended, store };
}
const isSave = (line: string): boolean => line.startsWith("save");

describe("strides", () => {
  test("make the same records", async () => {
    const { results } = await race({}).ended;
    for (const steps of [1, 3, 100])
      expect((await race({ stride: () => steps }).ended).results).toEqual(results);
  });
  test("alternate within turns, never across their ends, and nobody rests", async () => {
    const { log, ended } = race({ stride: () => 3 });
    await ended;
    const steps = log.filter((line) => !isSave(line)).map((line) => line.replace("-1", ""));
    const of = (arm: string, from: number, to: number): readonly string[] =>
      Array.from({ length: to - from + 1 }, (_, i) => `${arm} ${from + i}`);
    expect(steps).toEqual([
      ...[...of("plain", 1, 3), ...of("weight", 1, 3), ...of("plain", 4, 4), ...of("weight", 4, 4)],
      ...[...of("plain", 5, 7), ...of("weight", 5, 7), ...of("plain", 8, 8), ...of("weight", 8, 8)],
    ]);
  });
  test("are asked for anew each time", async () => {
    const sizes = [1, 1, 2, 2];
    const { log, ended } = race({ stride: () => sizes.shift() ?? 4 });
    await ended;
    const order = log.filter((line) => !isSave(line)).map((line) => line.slice(0, 1));
    expect(order.join("")).toBe("pwppwwpwppppwwww");
  });
  test("save at the ends of turns alone", async () => {
    const { log, ended } = race({ stride: () => 1 });
    await ended;
    expect(log.filter(isSave)).toEqual([
      ...["save plain-1 0", "save weight-1 0", "save plain-1 4", "save weight-1 4"],
      ...["save plain-1 8", "save weight-1 8"],
    ]);
  });
  test("that are stopped save every run where it is", async () => {
    const stop = new AbortController();
    const onEvent = (e: Shown): void => {
      if (e.type === "measured" && e.step === 4 && e.arm === "plain") stop.abort();
    };
    const { log, ended } = race({ stride: () => 3, signal: stop.signal, onEvent });
    await expect(ended).rejects.toThrow(Interrupted);
    expect(log.slice(-2)).toEqual(["save weight-1 3", "save plain-1 4"]);
  });
});

describe("a race that is held", () => {
  test("has saved all that is unsaved before, and goes on as it would have", async () => {
    const { results } = await race({}).ended;
    const held: string[] = [];
    let asked = 0;
    const { log, ended } = race({
      stride: () => 1,
      hold: () =>
        ++asked % 3 === 0
          ? () => Promise.resolve(void held.push(log.filter(isSave).slice(-2).join(", ")))
          : undefined,
    });
    expect((await ended).results).toEqual(results);
    expect(asked).toBe(16); // once a step
    expect(held).toEqual([
      ...["save weight-1 1, save plain-1 1", "save plain-1 3, save weight-1 2"],
      ...["save plain-1 4, save weight-1 4", "save plain-1 6, save weight-1 5"], // the first at the end of a turn
      "save weight-1 7, save plain-1 7",
    ]);
    expect(new Set(log.filter(isSave)).size).toBe(log.filter(isSave).length); // nothing is saved twice
  });
  test("is told of the runs that race, and ends at once where it is stopped meanwhile", async () => {
    const stop = new AbortController();
    const { log, ended } = race({
      stride: () => 2,
      signal: stop.signal,
      hold: (runs) =>
        runs.some((run) => run.step() === 3)
          ? () => Promise.resolve().then(() => stop.abort())
          : undefined,
    });
    await expect(ended).rejects.toThrow(Interrupted);
    expect(log.filter((line) => !isSave(line)).at(-1)).toBe("plain-1 3");
    expect(log.slice(-2)).toEqual(["save weight-1 2", "save plain-1 3"]);
  });
  test("goes on without what is lost", async () => {
    const seen: number[] = [];
    const { ended } = race({
      diverge: { "plain-1": 2 },
      stride: () => 1,
      hold(runs) {
        seen.push(runs.length);
        return undefined;
      },
    });
    const { results } = await ended;
    expect(Object.keys(results.arms)).toEqual(["weight"]);
    expect([seen[0], seen.at(-1)]).toEqual([2, 1]);
  });
});
