/** The race and the comparison around it: who trains when, what is saved, what comes of those that diverge or are stopped. */
import { describe, expect, test } from "vitest";
import { compare } from "../../runs/compare.ts";
import type { Shown } from "../../runs/events.ts";
import { Interrupted, type RaceOptions } from "../../runs/race.ts";
import type { Results } from "../../runs/records.ts";
import {
  counting,
  machine,
  memoryStore,
  runOf,
  STEPS,
  world,
  type Counting,
  type MemoryStore,
  type Options,
} from "./counting.ts";

interface Course extends Options, Pick<RaceOptions, "stride" | "hold"> {
  readonly asked?: Partial<Counting>;
  readonly store?: MemoryStore;
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: Shown) => void;
}
async function run({ asked = {}, diverge = {}, ...options }: Course = {}): Promise<{
  readonly results: Results;
  readonly missing?: Error;
  readonly log: readonly string[];
  readonly store: MemoryStore;
}> {
  const log = options.log ?? [];
  const experiment = counting({ diverge, log });
  const config = experiment.complete(asked, {});
  const store = options.store ?? memoryStore(config, log);
  const outcome = await compare({
    ...options,
    ...{ experiment, store, world, machine, run: runOf(config) },
    field: await experiment.open(config, world),
    encode: () => Promise.resolve({ bytes: new Uint8Array(), extension: "png" }),
  });
  return { ...outcome, log, store };
}

describe("a race", () => {
  test("goes in turns, rests whose turn it is not, and saves at the start and at the end of each turn", async () => {
    const { log } = await run({ asked: { epochs: 1 } });
    expect(log).toEqual([
      ...["save plain-1 0", "save weight-1 0"],
      ...["plain-1 1", "plain-1 2", "plain-1 3", "plain-1 4", "save plain-1 4", "rest plain"],
      ...["weight-1 1", "weight-1 2", "weight-1 3", "weight-1 4", "save weight-1 4"],
    ]);
  });

  test("tells what happens, step by step", async () => {
    const events: Shown[] = [];
    await run({ asked: { arms: ["weight"], epochs: 1 }, onEvent: (event) => events.push(event) });
    expect(events.map(({ type }) => type)).toEqual([
      ...[
        "opened",
        "initialized",
        "stepped",
        "point",
        "measured",
        "finished",
        "stepped",
        "exhibited",
      ],
    ]);
    expect(events[0]).toMatchObject({ runs: [{ name: "weight-1", step: 0, steps: STEPS }] });
    expect(events.at(-2)).toMatchObject({
      step: STEPS,
      steps: STEPS,
      wall: 2 * STEPS,
      values: { loss: 0.25 },
    });
  });

  test("loses a run that diverges and goes on without it", async () => {
    const { results, missing, log } = await run({ diverge: { "plain-1": 6 } });
    expect(missing?.message).toBe("train: plain-1 must not be 6, got it; stop");
    expect(Object.keys(results.arms)).toEqual(["weight"]);
    expect(results.lost).toEqual([
      {
        arm: "plain",
        seed: 1,
        lr: 0.1,
        step: 5,
        why: "train: plain-1 must not be 6, got it; stop",
      },
    ]);
    expect(log.at(-1)).toBe("save weight-1 8");
    expect(results.soFar).toBeUndefined();
  });

  test("in which all diverge ends with what the first one said", async () => {
    await expect(run({ diverge: { "plain-1": 2, "weight-1": 1 } })).rejects.toThrow(
      "plain-1 must not be 2",
    );
  });

  test("chooses among learning rates by held-out examples, without those with which a seed diverged", async () => {
    const asked = { arms: ["weight"], lr: [0.3, 0.2, 0.1], seeds: [1, 2] } as const;
    const { results, missing, store } = await run({ asked, diverge: { "weight-2-lr0.1": 1 } });
    expect(missing).toBeUndefined();
    const { lr, grid, runs, parameters } = results.arms.weight!;
    expect({ lr, parameters }).toEqual({ lr: 0.2, parameters: 7 });
    expect(grid!.map((g) => [g.lr, g.heldOut && Number(g.heldOut.toFixed(6))])).toEqual([
      [0.3, 0.105],
      [0.2, 0.071667],
      [0.1, null],
    ]);
    expect(runs.map((r) => [r.seed, r.final])).toEqual([
      [1, { "luck (points)": 1 }],
      [2, { "luck (points)": 2 }],
    ]);
    expect(store.pictures).toEqual([
      "weight-1-lr0.2-a-picture.png",
      "weight-2-lr0.2-a-picture.png",
    ]);
  });
});

describe("one that is stopped", () => {
  test.each([1, 3, 4, 5, 7])("after %d steps goes on to the same records", async (after) => {
    const whole = await run();
    const stop = new AbortController();
    const store = memoryStore(counting().complete({}, {}));
    let steps = 0;
    const stopped = run({
      store,
      signal: stop.signal,
      onEvent({ type }) {
        if (type === "stepped" && ++steps >= after) stop.abort();
      },
    });
    await expect(stopped).rejects.toThrow(Interrupted);
    const { results, store: after2 } = await run({ store: store.killed() });
    expect(results).toEqual(whole.results);
    expect(after2.events().filter(({ type }) => type === "opened")).toHaveLength(2);
  });

  test("with a checkpoint from beyond its end is refused", async () => {
    const config = counting().complete({ epochs: 3 }, {});
    const store = memoryStore(config);
    await run({ asked: { epochs: 3 }, store });
    await expect(run({ asked: { epochs: 2 }, store: store.killed() })).rejects.toThrow(
      "plain-1: expected a checkpoint within the 8 steps of the run, got one at step 12; put back the right file",
    );
  });

  test("and lengthened trains the rest alone", async () => {
    const store = memoryStore(counting().complete({}, {}));
    await run({ store });
    const { results, log } = await run({ asked: { epochs: 3 }, store: store.killed() });
    expect(log.filter((line) => line.startsWith("weight"))).toEqual([
      "weight-1 9",
      "weight-1 10",
      "weight-1 11",
      "weight-1 12",
    ]);
    expect(results.arms.weight!.runs[0].tests.map((t) => t.at)).toEqual([1, 2, 3]);
  });
});
