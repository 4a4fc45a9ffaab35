/** Training where state lies in a place: all of the house ends with the bits that it has where state is plain arrays. */
import { createHash } from "node:crypto";
import { describe, expect, test, vi } from "vitest";
import { makerOf } from "../../experiments/dqn/games.ts";
import { programsOf as agentPrograms } from "../../experiments/dqn/programs.ts";
import { startDqn } from "../../experiments/dqn/run.ts";
import type { Happening, Shown } from "../../runs/events.ts";
import { Diverged, type Contestant } from "../../runs/experiment.ts";
import { classifier, encodeModel, fit, memoryStore, predict } from "../../runs/fit/index.ts";
import type { MinibatchConfig } from "../../runs/minibatch/config.ts";
import { experimentOf } from "../../runs/minibatch/experiment.ts";
import { programsOf } from "../../runs/minibatch/programs.ts";
import { startRun } from "../../runs/minibatch/run.ts";
import type { DataSet, Task } from "../../runs/minibatch/task.ts";
import * as wn from "../../src/index.ts";
import { nodeRuntime } from "../../src/node/index.ts";
import { configOf, memoryStore as agentStore, world } from "../experiments/dqn-world.ts";
import { placed } from "../runtime/placed.ts";
import { layer, twoClasses } from "./two-classes.ts";

vi.setConfig({ testTimeout: 120_000 });

const plain = nodeRuntime({ threads: 1 });

const digest = (state: wn.State): unknown =>
  [...state].map(([name, { dtype, shape, data }]) => {
    const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    return [name, dtype, shape, createHash("sha1").update(bytes).digest("hex")];
  });
/** What no clock decides. */
const timeless = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value, (key, x: unknown) =>
      /^(seconds|wall|wallSeconds|timing|milliseconds|stepMilliseconds|time)$/.test(key) ? 0 : x,
    ),
  );
const bitsOf = ({ state, ...rest }: wn.Checkpoint): unknown => [digest(state), timeless(rest)];

/** To its end, with what happened, and what is saved there and on the way. */
async function whole(run: Contestant, savedAt: readonly number[]): Promise<Whole> {
  const events: Happening[] = [];
  const kept: wn.Checkpoint[] = [];
  const keep = async (): Promise<void> => {
    if (savedAt.includes(run.step())) kept.push((await run.saved()).checkpoint);
  };
  await keep();
  while (run.step() < run.steps) {
    events.push(...(await run.advance()).events);
    await keep();
  }
  return { events, kept, end: (await run.saved()).checkpoint };
}
interface Whole {
  readonly events: readonly Happening[];
  readonly kept: readonly wn.Checkpoint[];
  readonly end: wn.Checkpoint;
}

const noise = (count: number, name: string): DataSet => {
  const at = (row: number, i: number): number => wn.hash(4 * row + i, wn.keyOf(name)) / 2 ** 31 - 1;
  return {
    count,
    inputs: (n) => [wn.input("x", [n, 3])],
    feeds: (rows) => ({
      x: wn.tensor(
        [...rows].flatMap((row) => [0, 1, 2].map((i) => at(row, i))),
        [rows.length, 3],
      ),
    }),
  };
};
const task: Task = {
  ...{ name: "noise", about: "noise", places: {}, options: {} },
  measures: [{ key: "loss", unit: "", scale: 1, digits: 3, better: "lower" }],
  presets: {
    small: {
      ...{ epochs: 5, batchSize: 5, lr: [0.05], optimizer: "adam", heldOut: 0, target: 0.1 },
      network: {},
    },
  },
  load: () => Promise.reject(new Error("noise: the data are given")),
  network:
    ([x]) =>
    (scope) => {
      const y = wn.sequential(wn.dense(6), wn.apply(wn.ops.tanh), wn.dropout(0.2), wn.dense(1));
      return {
        loss: wn.ops.mean(
          wn.ops.square(wn.ops.sub(y(scope, x), wn.ops.sum(x, { axes: 1, keepDims: true }))),
        ),
      };
    },
  rates: (_, lr) => ({ lr: wn.constantRate(lr) }),
  optimizer: (_, { lr }) => wn.adam({ lr }),
};
const data = { train: noise(25, "train"), test: noise(10, "test"), source: "noise" };

describe.each<[string, Partial<MinibatchConfig>]>([
  ["weight", { arms: ["weight"] }],
  ["batch, as averages", { arms: ["batch"], average: 0.9 }],
  [
    "mean-only, as averages of gathered batches",
    { arms: ["mean-only"], average: 0.9, accumulate: 2 },
  ],
  [
    "the best of weight, with patience",
    { arms: ["weight+mean-only"], keepBest: true, patience: 1, lr: [0.5] },
  ],
])("a run on minibatches: %s", (_, changes) => {
  const config: MinibatchConfig = {
    ...{ ...experimentOf(task).complete(changes, {}), threads: 1, trainSize: 25 },
  };
  const [arm] = config.arms;
  const key = { arm, seed: 1, lr: config.lr[0] };
  const begin = (runtime: wn.Runtime, checkpoint?: wn.Checkpoint): Promise<Contestant> => {
    const programs = programsOf({ task, config, arm, data, runtime });
    return startRun({ config, key, programs, ...(checkpoint ? { from: { checkpoint } } : {}) });
  };

  test("ends as on the host, at once and after a stop", async () => {
    const expected = await whole(await begin(plain), [0, 3, 7]);
    const there = placed(plain);
    const got = await whole(await begin(there.runtime), [0, 3, 7]);
    expect(got.events.map(timeless)).toEqual(expected.events.map(timeless));
    expect([...got.kept, got.end].map(bitsOf)).toEqual(
      [...expected.kept, expected.end].map(bitsOf),
    );
    for (const checkpoint of got.kept) {
      const rest = await whole(await begin(there.runtime, checkpoint), []);
      expect(bitsOf(rest.end)).toEqual(bitsOf(expected.end));
    }
  });
});

test("a run that diverges names the layer, from the state before the step", async () => {
  const config = { ...experimentOf(task).complete({ lr: [1e30] }, {}), threads: 1, trainSize: 25 };
  const messages = [plain, placed(plain).runtime].map(async (runtime) => {
    const programs = programsOf({ task, config, arm: "plain", data, runtime });
    const run = await startRun({ config, key: { arm: "plain", seed: 1, lr: 1e30 }, programs });
    const error: unknown = await whole(run, []).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(Diverged);
    return (error as Diverged).message;
  });
  const [expected, got] = await Promise.all(messages);
  expect(got).toBe(expected);
});

test("a layer's statistics take v and g alone, and a step leaves nothing behind", async () => {
  const config = { ...experimentOf(task).complete({}, {}), threads: 1, trainSize: 25 };
  const there = placed(plain);
  const programs = programsOf({ task, config, arm: "weight", data, runtime: there.runtime });
  const run = await startRun({ config, key: { arm: "weight", seed: 1, lr: 0.05 }, programs });
  await run.advance();
  const [held, copied] = [there.count(), there.copied()];
  await run.advance();
  expect(there.copied() - copied).toBe(4); // v and g of two layers
  expect(there.count()).toBe(held);
  await run.saved();
  expect(there.copied() - copied).toBe(4 + held);
});

test.each(["plain", "weight"] as const)("an agent of %s ends as on the host", async (arm) => {
  const config = configOf({ frames: 200, learnFrom: 100, targetEvery: 10 });
  const key = { arm, seed: 1, lr: config.lr[0] };
  const maker = makerOf(config, world());
  const [expected, got] = await Promise.all(
    [plain, placed(plain).runtime].map(async (runtime) => {
      const programs = agentPrograms(config, arm, await maker(0), runtime);
      const first = await startDqn({ config, key, maker, programs });
      while (first.step() < 150) await first.advance();
      const store = agentStore();
      store.save(await first.saved());
      const second = await startDqn({ config, key, maker, programs, from: store.kept() });
      const [a, b] = [await whole(first, []), await whole(second, [])];
      expect(bitsOf(b.end)).toEqual(bitsOf(a.end));
      return { events: a.events.map(timeless), end: bitsOf(a.end) };
    }),
  );
  expect(got).toEqual(expected);
});

test("fit keeps the best parameters, goes on, and answers as on the host", async () => {
  const [expected, got] = await Promise.all(
    [plain, placed(plain).runtime].map(async (runtime) => {
      const store = memoryStore();
      const options = {
        ...{ network: classifier(layer()), data: twoClasses(60), standardize: ["x"], runtime },
        ...{ lr: 0.05, batchSize: 16, patience: 3, epochs: 6, store },
      };
      const signal = { aborted: false };
      const onEvent = ({ type }: Shown): void => {
        signal.aborted ||= type === "measured";
      };
      await expect(fit({ ...options, signal, onEvent })).rejects.toThrow("training was stopped");
      const { model, last, events } = await fit(options);
      const { outputs } = await predict(model, { x: twoClasses(20, 500).x });
      return {
        ...{ best: digest(model.state), last: digest(last.state) },
        events: events.flatMap((e) => (e.type === "opened" ? [] : [timeless(e)])),
        ...{ answers: outputs, bytes: encodeModel(model) },
      };
    }),
  );
  expect(got).toEqual(expected);
});
