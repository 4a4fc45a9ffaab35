/** Records are what the log says: of runs that are finished, under way, changed or lost. */
import { describe, expect, test } from "vitest";
import { settingsOf } from "../../runs/described.ts";
import type { Event } from "../../runs/events.ts";
import { extended } from "../../runs/extend.ts";
import { resultsOf } from "../../runs/results.ts";
import { eventsIn, resultsIn } from "../../runs/schema.ts";
import { compare } from "../../runs/compare.ts";
import { counting, machine, memoryStore, runOf, world } from "./counting.ts";

const experiment = counting();
const config = experiment.complete({}, {});
const run = runOf(config);
const described = { ...run, settings: settingsOf(experiment) };
const store = memoryStore(config);
const { results } = await compare({
  ...{ experiment, store, world, machine, run },
  field: await experiment.open(config, world),
  encode: () => Promise.resolve({ bytes: new Uint8Array(), extension: "png" }),
});
const log = store.events();

test("the log says all that the records say, also after a way through a file", () => {
  const lines = log.map((event) => JSON.stringify(event));
  const events = eventsIn(lines.map((line) => JSON.parse(line) as unknown));
  expect(events).toEqual(JSON.parse(JSON.stringify(log)));
  expect(resultsOf(described, events, "RUN")).toEqual(JSON.parse(JSON.stringify(results)));
  expect(resultsIn(JSON.parse(JSON.stringify(results)), "RUN")).toEqual(
    JSON.parse(JSON.stringify(results)),
  );
});

describe("a comparison under way", () => {
  const before = (step: number): readonly Event[] =>
    log.filter(
      (e) => e.type !== "finished" && !("step" in e && e.step > step && e.arm === "weight"),
    );
  test("goes as far as all of its runs were tested", () => {
    const { soFar, arms } = resultsOf(described, before(5), "RUN");
    expect(soFar).toEqual({ at: 1, of: 2 });
    for (const { runs } of [arms.plain!, arms.weight!]) {
      expect(runs[0].tests.map((t) => t.at)).toEqual([1]);
      expect(runs[0].timing).toBeNull();
    }
  });
  test("not cut, goes as far as each of them has got, tested or not", () => {
    const { soFar, arms } = resultsOf(described, before(3), "RUN", { cut: false });
    expect(soFar).toEqual({ at: 0, of: 2 });
    expect(arms.plain!.runs[0].tests.map((t) => t.at)).toEqual([1, 2]);
    expect(arms.weight!.runs[0].tests).toEqual([]);
    expect(arms.weight!.runs[0].points.every(({ step }) => step <= 3)).toBe(true);
  });
  test("with a run that nobody has tested, or with no log, says so", () => {
    expect(() => resultsOf(described, before(3), "RUN")).toThrow(
      "RUN: expected every run to have been tested, got some that were not yet; let them train on",
    );
    expect(() => resultsOf(described, [], "RUN")).toThrow(
      "RUN: expected the log of a run, got none of its events; let it train for a while, or go on with it",
    );
  });
});

test("a log that does not know yet that the run was lengthened is of an unfinished one", async () => {
  const longer = await extended(run, {
    ...{ experiment, places: {}, finished: true, steps: () => Promise.resolve({}), time: "now" },
    asked: { epochs: 5 } as object,
  });
  const { soFar, changes } = resultsOf({ ...described, ...longer }, log, "RUN");
  expect(soFar).toEqual({ at: 2, of: 5 });
  expect(changes.map((c) => [c.setting, c.from, c.to])).toEqual([["epochs", "2", "5"]]);
});

describe("a grid", () => {
  const grid = experiment.complete({ arms: ["plain"], lr: [0.1, 0.2], seeds: [1, 2] }, {});
  const key = (seed: number, lr: number) => ({ arm: "plain" as const, seed, lr });
  const opened = log.find((e) => e.type === "opened")!;
  const test_ = (seed: number, lr: number, at: number, heldOut?: number): Event => ({
    ...key(seed, lr),
    ...{ type: "measured", step: 4 * at, at, seconds: at, test: { error: 0.5 } },
    ...(heldOut === undefined ? {} : { train: { loss: 1 }, heldOut: { error: heldOut } }),
  });
  const lost = (seed: number, lr: number): Event => ({
    ...{ ...key(seed, lr), type: "lost", step: 3, why: "it grew" },
  });
  const finished = (seed: number, lr: number): Event => ({
    ...{ ...key(seed, lr), type: "finished", step: 8, parameters: 1, wall: 1 },
    timing: { perSecond: 1, milliseconds: null },
  });
  const of = (events: readonly Event[]) =>
    resultsOf({ ...described, config: grid }, [opened, ...events], "RUN").arms.plain!;

  test("under way is chosen from by the last test that had held-out examples", () => {
    const events = [1, 2].flatMap((seed) => [
      ...[
        test_(seed, 0.1, 1, 0.4),
        test_(seed, 0.1, 1.5),
        test_(seed, 0.2, 1, 0.3),
        test_(seed, 0.2, 1.5),
      ],
    ]);
    const { grid: rates, lr } = of(events);
    const seeds = (heldOut: number) => [1, 2].map((seed) => ({ seed, heldOut, test: 0.5 }));
    expect(rates).toEqual([
      { lr: 0.1, heldOut: 0.4, bySeed: seeds(0.4) },
      { lr: 0.2, heldOut: 0.3, bySeed: seeds(0.3) },
    ]);
    expect(lr).toBe(0.2);
  });

  test("says what became of the weights at every rate, of those that kept it", () => {
    const layer = (v: number) => [{ layer: "dense", v, g: 1, effectiveStep: 9 }];
    const grown = (seed: number, lr: number, v: number): readonly Event[] => [
      { ...key(seed, lr), type: "initialized", step: 0, dead: {}, layers: layer(0.5) },
      {
        ...{ ...key(seed, lr), type: "point", step: 8, at: 2, seconds: 2 },
        ...{ values: { loss: 1 }, layers: layer(v) },
      },
      ...[test_(seed, lr, 2, 0.1), finished(seed, lr)],
    ];
    const plain = [test_(2, 0.1, 2, 0.1), finished(2, 0.1)];
    const events = [...grown(1, 0.1, 1), ...plain, ...grown(1, 0.2, 4), lost(2, 0.2)];
    const { grid: rates, runs } = of(events);
    const seed = { heldOut: 0.1, test: 0.5 };
    const came = (growth: number, effectiveStep: number) => ({
      growth: expect.closeTo(growth, 12) as number,
      effectiveStep: expect.closeTo(effectiveStep, 12) as number,
    });
    expect(rates!.map(({ bySeed }) => bySeed)).toEqual([
      [
        { seed: 1, ...seed, ...came(2, 0.1) },
        { seed: 2, ...seed },
      ],
      [{ seed: 1, ...seed, ...came(8, 0.2 / 16) }],
    ]);
    expect(runs.map(({ start }) => start)).toEqual([layer(0.5), undefined]);
  });

  test("in which every rate lost a seed takes the one that kept most of them", () => {
    const kept = (seed: number, lr: number): readonly Event[] => [
      test_(seed, lr, 2, 0.1),
      finished(seed, lr),
    ];
    const three = { ...grid, seeds: [1, 2, 3] };
    const events = [
      ...[lost(1, 0.1), lost(2, 0.1), ...kept(3, 0.1)],
      ...[...kept(1, 0.2), ...kept(2, 0.2), lost(3, 0.2)],
    ];
    const { arms } = resultsOf({ ...described, config: three }, [opened, ...events], "RUN");
    const { lr, grid: rates, runs } = arms.plain!;
    expect([lr, runs.length, rates!.map((r) => r.heldOut)]).toEqual([0.2, 2, [null, null]]);
  });
});

test("lines that are no events are passed over", () => {
  const point = {
    type: "point",
    arm: "plain",
    seed: 1,
    lr: 0.1,
    step: 1,
    at: 1,
    seconds: 0,
    values: {},
    layers: [],
  };
  const wrong = [
    null,
    1,
    "x",
    [],
    {},
    { type: "toString" },
    { ...point, arm: "constructor" },
    { ...point, at: "1" },
    { ...point, values: { loss: "1" } },
    { ...point, step: -1 },
  ];
  expect(eventsIn([...wrong, point])).toEqual([point]);
});

describe("a run that goes on with other settings", () => {
  const extension = {
    experiment,
    places: {},
    finished: true,
    steps: () => Promise.resolve({ "weight-1": 8 }),
    time: "now",
  };
  test("keeps what was changed, when, and what that means", async () => {
    const longer = await extended(run, { ...extension, asked: { epochs: 5 } as object });
    expect(longer.config).toEqual({ ...config, epochs: 5 });
    expect(longer.changes).toEqual([
      {
        time: "now",
        setting: "epochs",
        from: 2,
        to: 5,
        note: "It counts on.",
        steps: { "weight-1": 8 },
      },
    ]);
    const slower = await extended(longer, { ...extension, finished: false, asked: { lr: [0.01] } });
    expect(slower.changes.map((c) => [c.setting, c.from, c.to])).toEqual([
      ["epochs", 2, 5],
      ["lr", [0.1], [0.01]],
    ]);
  });
  test("is the same where nothing is news", async () => {
    expect(
      await extended(run, {
        ...extension,
        asked: { epochs: 2, arms: ["plain", "weight"] } as object,
      }),
    ).toBe(run);
  });
  test.each([
    [
      { arms: ["plain"] },
      "--resume: the run began with arms = plain,weight, got plain; leave that flag away or start a new run",
    ],
    [
      { epochs: 1 },
      "--epochs: the run began with epochs = 2, got 1; give more, or start a new run",
    ],
    [
      { lr: [0.01] },
      "--lr: expected a run that has steps left, got one that is finished; add --epochs to train it for longer, or start a new run",
    ],
    [
      { lr: [0.01, 0.1], epochs: 5 },
      "--lr: the run began with lr = 0.1, got 0.01,0.1; several learning rates are compared from the start, so start a new run",
    ],
  ])("cannot have %j", async (asked, message) => {
    await expect(extended(run, { ...extension, asked: asked as object })).rejects.toThrow(message);
  });
});
