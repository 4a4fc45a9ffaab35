/** An agent in training: the same bits whether or not it was stopped, and that it learns what is known to be best. */
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { DqnConfig } from "../../experiments/dqn/config.ts";
import { makerOf, type EnvironmentMaker } from "../../experiments/dqn/games.ts";
import { programsOf, trainedNumbers, type Programs } from "../../experiments/dqn/programs.ts";
import { history, type Progress } from "../../experiments/dqn/progress.ts";
import { startDqn } from "../../experiments/dqn/run.ts";
import type { Happening, Point, RunKey } from "../../runs/events.ts";
import { Diverged, type Contestant, type Kept } from "../../runs/experiment.ts";
import { arms, tensor, type Arm } from "../../src/index.ts";
import { bitsOfAll, configOf, FRAMES, memoryStore, runtime, world } from "./dqn-world.ts";
import { DOORS, lookAt, twoRooms, valuesIn } from "./two-rooms.ts";

vi.setConfig({ testTimeout: 120_000 }); // seconds, where the cores are free

interface Bench {
  readonly config: DqnConfig;
  readonly maker: EnvironmentMaker;
  readonly programs: Programs;
}
async function benchOf(
  config: DqnConfig,
  arm: Arm,
  maker: EnvironmentMaker = makerOf(config, world()),
): Promise<Bench> {
  return { config, maker, programs: programsOf(config, arm, await maker(0), runtime) };
}
const begin = (bench: Bench, seed = 1, from?: Kept): Promise<Contestant> => {
  const key: RunKey = { arm: bench.programs.arm, seed, lr: bench.config.lr[0] };
  return startDqn({ ...bench, key, ...(from ? { from } : {}) });
};
/** What happened on the way. */
async function advance(run: Contestant, to: number): Promise<readonly Happening[]> {
  const events: Happening[] = [];
  while (run.step() < to) events.push(...(await run.advance()).events);
  return events;
}
const progressOf = async (run: Contestant): Promise<Progress> =>
  (await run.saved()).checkpoint.progress as unknown as Progress;
const pointsOf = (events: readonly Happening[]): readonly Point[] =>
  events.filter((event) => event.type === "point");
const timeless = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value).replaceAll(/("(?:seconds|wall|wallSeconds|perSecond)":)[^,}]+/g, "$10"),
  );

/** All that configuration and seed decide: curve, world and sums, tensors, and the replay memory. */
async function bitsOf(run: Contestant): Promise<unknown> {
  const { checkpoint, attachments } = await run.saved();
  const { state, config, seed, step, progress } = checkpoint;
  const { milliseconds: _, ...measured } = progress;
  const store = memoryStore();
  if (attachments) store.save({ checkpoint, attachments });
  return {
    ...{ config, seed, step, measured: timeless(measured) },
    tensors: bitsOfAll(state),
    newest: [...store.parts].at(-1),
  };
}

describe.each<[Arm, string, Partial<DqnConfig>]>([
  ["plain", "as in the paper", {}],
  ["weight", "cut off, in stacks, double", { limit: 7, history: 3, double: true, updateEvery: 2 }],
])("a run of %s, %s", (arm, _, changes) => {
  let bench: Bench;
  let whole: Contestant;
  let events: readonly Happening[];
  let late: unknown;
  let shown: unknown;
  beforeAll(async () => {
    bench = await benchOf(configOf(changes), arm);
    whole = await begin(bench);
    const before = await advance(whole, FRAMES - 1);
    late = await bitsOf(whole);
    const { values, events: last } = await whole.advance();
    [events, shown] = [[...before, ...last], values];
  }, 120_000);
  afterAll(() => bench.programs.release());

  test("measures what it says", async () => {
    const { curve, updates, frame, entries, episode } = await progressOf(whole);
    const { learnFrom, updateEvery } = bench.config;
    expect([frame, curve.length, whole.steps, whole.turn]).toEqual([FRAMES, 100, FRAMES, 20]);
    expect(updates).toBe((FRAMES - learnFrom) / updateEvery);
    const points = pointsOf(events);
    expect(points.map((p) => p.at)).toEqual(points.map((_p, i) => 4 * (i + 1)));
    for (const { at, step, values, layers } of points) {
      expect(step).toBe(at);
      const { loss, q, epsilon, return: score, steps, episodes } = values;
      expect([loss === null, q === null]).toEqual([at <= learnFrom, at <= learnFrom]);
      expect(epsilon).toBeCloseTo(Math.max(0.1, Math.min(1, 1 - 0.9 * ((at - learnFrom) / 200))));
      expect([score === null, steps === null]).toEqual([episodes === 0, episodes === 0]);
      expect(layers.map((l) => l.layer)).toEqual(["conv1", "dense1", "values"]); // the target network is none
    }
    const played = points.reduce(
      (sum, { values: v }) => sum + v["episodes"]! * (v["steps"] ?? 0),
      0,
    );
    expect(played + episode.steps).toBeCloseTo(FRAMES, 9);
    const cut = changes.limit === 7;
    if (cut) for (const { values } of points) expect(values["steps"] ?? 0).toBeLessThanOrEqual(7);
    expect(entries > FRAMES + 1).toBe(cut); // an episode that is cut off leaves its last frame
  });

  test("tells of its beginning, ten tests and its end, in order", async () => {
    const others = events.filter(({ type }) => type !== "point");
    expect(others.map(({ type, step }) => `${type} ${step}`)).toEqual([
      ...["measured 40", "measured 80", "measured 120", "initialized 151"],
      ...[160, 200, 240, 280, 320, 360, 400].map((step) => `measured ${step}`),
      "finished 400",
    ]);
    const steps = events.map(({ step }) => step);
    expect(steps).toEqual(steps.toSorted((a, b) => a - b));
    const { dead, curve } = await progressOf(whole);
    expect(events.find((e) => e.type === "initialized")?.dead).toEqual(dead);
    const points = pointsOf(events);
    for (const measured of events.filter((e) => e.type === "measured")) {
      const { at, test: got, errors, train, seconds } = measured;
      const point = curve.find((p) => p.frame === at)!;
      expect({ got, errors, seconds }).toEqual({
        got: { return: point.test!.mean, steps: point.test!.steps },
        errors: { return: point.test!.error },
        seconds: point.seconds,
      });
      // Every point has as many frames, so but for the episodes the means are plain ones.
      const since = points.filter((p) => p.at > at - 40 && p.at <= at);
      const mean = (of: (p: Point) => readonly [number | null, number]): number | null => {
        const all = since.map(of).filter(([x]) => x !== null) as [number, number][];
        const total = all.reduce((sum, [, n]) => sum + n, 0);
        return total === 0 ? null : all.reduce((sum, [x, n]) => sum + x * n, 0) / total;
      };
      const close = (x: number | null): unknown => (x === null ? null : expect.closeTo(x, 9));
      const equal = at === 160 ? (): unknown => expect.anything() : close; // its first points have fewer updates
      expect(train).toEqual({
        return: close(mean(({ values }) => [values["return"], values["episodes"]!])),
        loss: equal(mean(({ values }) => [values["loss"], 1])),
        q: equal(mean(({ values }) => [values["q"], 1])),
      });
    }
    const finished = events.find((e) => e.type === "finished")!;
    const { milliseconds, seconds, wallSeconds } = await progressOf(whole);
    expect(finished.wall).toBe(wallSeconds);
    expect(finished.timing.perSecond).toBeCloseTo(FRAMES / seconds, 9);
    const { low, median, high } = finished.timing.milliseconds!;
    expect(milliseconds.update.filter((x) => x <= median).length).toBeCloseTo(
      milliseconds.update.length / 2,
      -1,
    );
    expect([low <= median, median <= high]).toEqual([true, true]);
  });

  test("its history is what came out of it, and displays are told of the last point", async () => {
    const { checkpoint } = await whole.saved();
    expect(history(checkpoint, whole.key)).toEqual(events);
    const returned = pointsOf(events).findLast(({ values }) => values["return"] !== null)!;
    expect(shown).toEqual({ return: returned.values["return"] });
  });

  test("is another one with another seed", async () => {
    const losses = (all: readonly Happening[]): unknown =>
      pointsOf(all).find((p) => p.at === 156)!.values["loss"];
    expect(losses(await advance(await begin(bench, 2), 156))).not.toBe(losses(events));
  });

  test("goes on to the same bits from a checkpoint and the parts of its memory", async () => {
    const store = memoryStore();
    const first = await begin(bench);
    const before: Happening[] = [];
    // At 36 frames the newest entry, in which nothing was done yet, is the last of a part of 37; at 150 nothing was learned yet.
    for (const frame of [0, 36, 90, 150, 151, 210, 303]) {
      before.push(...(await advance(first, frame)));
      store.save(await first.saved());
      expect(history(store.checkpoint(), first.key)).toEqual(before);
    }
    expect(store.parts.size).toBeLessThanOrEqual(6); // of more than eight parts of 37 entries
    await advance(first, 330); // and dies after its memory was written and before the checkpoint was
    store.save(await first.saved(), "before the checkpoint");

    const second = await begin(bench, 1, store.kept());
    expect(second.step()).toBe(303);
    const rest = await advance(second, FRAMES - 1);
    await advance(first, FRAMES - 1);
    expect(await bitsOf(second)).toEqual(late);
    expect(await bitsOf(first)).toEqual(late); // the same seed, and checkpoints change nothing
    const after = [...rest, ...(await advance(second, FRAMES))];
    const told = [...before, ...after].filter(({ type }) => type !== "finished"); // which is of the clock
    expect(timeless(told)).toEqual(timeless(events.filter(({ type }) => type !== "finished")));

    store.save(await second.saved());
    expect([...store.parts]).toEqual([]); // nobody goes on from here
    const over = await begin(bench, 1, store.kept());
    expect(await bitsOf(over)).toEqual(await bitsOf(whole));
    expect((await over.saved()).attachments!.fresh.size).toBe(0);
  });
});

test.each(["plain", "weight"] as const)(
  "%s that diverges is named, with its layer",
  async (arm) => {
    const bench = await benchOf(configOf({ lr: [1e30] }), arm);
    const error = await advance(await begin(bench), FRAMES).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(Diverged);
    const { message } = error as Diverged;
    expect(message.replace(/got \S+ at frame \d+/, "got X at frame N")).toBe(
      `train: the loss of ${arm} must be a finite number, got X at frame N (it overflows first in layer dense1); lower --lr`,
    );
    await bench.programs.release();
  },
);

test.each(Object.keys(arms) as Arm[])("what is counted of %s is what is trained", async (arm) => {
  const { programs } = await benchOf(configOf(), arm);
  const state = programs.initial(1);
  const learned = programs.all.filter(
    ({ attrs }) => attrs.trainable && !attrs.name.startsWith("target."),
  );
  expect(trainedNumbers(state)).toBe(
    learned.reduce((n, { attrs }) => n + state.get(attrs.name)!.data.length, 0),
  );
});

describe.each(["plain", "weight"] as const)("two rooms, whose values are known: %s", (arm) => {
  test("learns them, and which doors to take", async () => {
    const [gamma, looks, limit] = [0.5, 50, 20];
    const config = configOf({
      ...{ frames: 1500, learnFrom: 500, replay: 1500, batchSize: 32, targetEvery: 25, gamma },
      ...{ updateEvery: 2, optimizer: "adam", lr: [0.002], exploration: { frames: 1, to: 1 } },
      test: { episodes: looks, epsilon: 0 },
    });
    const maker: EnvironmentMaker = (seed) => Promise.resolve(twoRooms({ limit, seed }));
    const bench = await benchOf(config, arm, maker);
    const { play } = bench.programs;
    const run = await begin(bench);
    const returned = (events: readonly Happening[]): number =>
      events.filter((e) => e.type === "measured").at(-1)!.test["return"]!;
    expect(returned(await advance(run, config.learnFrom))).toBeLessThan(0.3 * limit);
    expect(returned(await advance(run, config.frames))).toBeGreaterThan(0.42 * limit); // 10 is the most

    const { state } = (await run.saved()).checkpoint;
    for (const [room, value] of valuesIn(gamma).entries()) {
      const x = Array.from({ length: looks }, (_, i) => [...lookAt(room, 20_000 + i)]).flat(); // never seen before
      const seen = await play.run({ x: tensor(x, [looks, 1, 10, 10]) }, state);
      const right = [...seen["action"].data].filter((action) => action === DOORS[room]);
      expect(right.length / looks).toBeGreaterThan(0.9);
      const mean = [...seen["value"].data].reduce((a, b) => a + b) / looks;
      expect(Math.abs(mean - value)).toBeLessThan(0.15);
    }
    await bench.programs.release();
  });
});
