/** Training in one call: what comes out, how it goes on, when it stops, and what is said of mistakes. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  classifier,
  dense,
  dropout,
  fit,
  input,
  linearRate,
  measure,
  meanSquaredError,
  memoryStore,
  ops,
  predict,
  regressor,
  sequential,
  sgd,
  tensor,
  type Data,
  type DataSet,
  type Node,
  type Shown,
} from "../../index.ts";
import { nodeRuntime, runFolder } from "../../node.ts";
import { layer, twoClasses } from "./two-classes.ts";

const runtime = nodeRuntime({ threads: 1 });
const options = {
  ...{ network: classifier(layer()), data: twoClasses(203), standardize: ["x"], runtime },
  ...{ lr: 0.02, epochs: 20, batchSize: 32 },
};
const parametersOf = ({ model }: Awaited<ReturnType<typeof fit>>): Record<string, number[]> =>
  Object.fromEntries([...model.state].map(([name, { data }]) => [name, Array.from(data)]));

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "weightnorm-fit-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("a classifier", () => {
  test("learns, is tested on what was held out, and keeps its best parameters", async () => {
    const shown: Shown[] = [];
    const { model, events } = await fit({ ...options, onEvent: (event) => shown.push(event) });
    expect((await measure(model, twoClasses(200, 1000)))["accuracy"]).toBeGreaterThan(0.9);
    const tests = events.flatMap((e) => (e.type === "measured" && e.train ? [e] : []));
    expect(tests).toHaveLength(20);
    expect(tests[0].step).toBe(6); // 183 examples are five batches of 32 and one of 23
    const best = Math.max(...tests.map((t) => t.test["accuracy"]!));
    expect(best * 20).toBeCloseTo(Math.round(best * 20)); // of 20 examples
    expect(shown.map((e) => e.type)).toContain("stepped");
  });
  test.each(["plain", "weight", "batch", "mean-only", "weight+mean-only"] as const)(
    "in arm %s",
    async (norm) => {
      const { model } = await fit({ ...options, norm });
      expect((await measure(model, twoClasses(200, 1000)))["accuracy"]).toBeGreaterThan(0.85);
    },
  );
  test("is the same from the same seed, and another one from another", async () => {
    const [one, two, other] = [
      await fit({ ...options, epochs: 2 }),
      await fit({ ...options, epochs: 2 }),
      await fit({ ...options, epochs: 2, seed: 2 }),
    ].map(parametersOf);
    expect(one).toEqual(two);
    expect(one).not.toEqual(other);
  });
});

describe("going on", () => {
  test.each([
    ["in memory", () => memoryStore()],
    ["in a folder", () => runFolder(join(folder, "goes-on"))],
  ])("after a stop, %s, is to the same bits", async (_, place) => {
    const through = parametersOf(await fit(options));
    const store = place();
    const stop = new AbortController();
    const first = fit({
      ...{ ...options, store, signal: stop.signal },
      onEvent: (e) => {
        if (e.type === "measured" && e.at > 7) stop.abort();
      },
    });
    await expect(first).rejects.toMatchObject({ name: "Interrupted" });
    const second = await fit({ ...options, store });
    const began = second.events.filter((e) => e.type === "measured" && e.at <= 7);
    expect(began.length).toBeGreaterThanOrEqual(7);
    expect(parametersOf(second)).toEqual(through);
  });
  test("with other options in the same folder is refused", async () => {
    const store = runFolder(join(folder, "other"));
    await fit({ ...options, epochs: 1, store });
    await expect(fit({ ...options, epochs: 2, store })).rejects.toThrow(
      /holds a training with epochs 1, got epochs 2; give it the data and options that it began with/,
    );
  });
});

test("gradients of several batches make the step of one of all of them, the smaller last one included", async () => {
  const common = {
    ...options,
    epochs: 3,
    validate: 0,
    optimizer: ({ lr }: { lr: Node }) => sgd({ lr }),
  };
  const whole = parametersOf(await fit({ ...common, batchSize: 64 }));
  const parts = parametersOf(await fit({ ...common, batchSize: 16, accumulate: 4 }));
  expect(Object.keys(parts)).toEqual(Object.keys(whole));
  for (const [name, values] of Object.entries(whole))
    expect(parts[name]).toEqual(values.map((v) => expect.closeTo(v, 4) as number));
});

test("a rest of one example goes with the batch before it, in arms with batch statistics too", async () => {
  const { events } = await fit({
    ...{ ...options, data: twoClasses(33), validate: 0, epochs: 2, norm: "batch" },
  });
  expect(events.at(-1)).toMatchObject({ type: "finished", step: 2 });
});

test("a store is of one training: other data, classes or options are refused", async () => {
  for (const place of [memoryStore(), runFolder(join(folder, "same"))]) {
    await fit({ ...options, epochs: 1, store: place });
    for (const other of [
      { data: twoClasses(203, 1000) },
      { classes: ["same", "other"] },
      { initialization: "as drawn" },
      { batchSize: 16 },
    ] as const)
      await expect(fit({ ...options, epochs: 1, store: place, ...other })).rejects.toThrow(
        /holds a training with .*(given|batchSize) /,
      );
  }
});

test("of an example that is measured in several places their mean counts", async () => {
  const { x } = twoClasses(60);
  const words = x.map(() => [
    [1, 0],
    [0, 1],
    [1, 1],
  ]);
  const { model, events } = await fit({
    ...{ network: classifier(dense(2)), runtime, epochs: 1, validate: 0.5, lr: 0.1 },
    data: {
      x: words,
      y: tensor(
        x.flatMap((_, i) => [i % 2, 1, 0]),
        [60, 3],
        "int32",
      ),
    },
  });
  const last = events.flatMap((e) => (e.type === "measured" ? [e.test["accuracy"]!] : [])).at(-1)!;
  expect(last * 90).toBeCloseTo(Math.round(last * 90));
  expect(last).toBeLessThanOrEqual(1);
  expect(model.classes).toBeUndefined();
});

test("a set that varies its examples is asked to, in training alone", async () => {
  const { x, y } = twoClasses(40);
  const asked = { plain: 0, varied: 0 };
  const feeds = (rows: Uint32Array): ReturnType<DataSet["feeds"]> => ({
    x: tensor(Array.from(rows, (row) => x[row]).flat(), [rows.length, 2]),
    y: tensor(
      Array.from(rows, (row) => Number(y[row] === "same")),
      [rows.length],
      "int32",
    ),
  });
  const set: DataSet = {
    count: 40,
    inputs: (size) => [input("x", [size, 2]), input("y", [size], "int32")],
    feeds: (rows) => (asked.plain++, feeds(rows)),
    varied: (rows) => (asked.varied++, feeds(rows)),
  };
  await fit({ ...options, data: set, standardize: [], epochs: 3, batchSize: 8 });
  expect(asked.varied).toBe(15); // 36 examples are five batches, three times
});

test("patience ends a training whose tests get no better, and the best parameters stay", async () => {
  const { model, last, stoppedEarly, events } = await fit({
    ...{ ...options, epochs: 200, patience: 4 },
  });
  expect(stoppedEarly).toBe(true);
  const tests = events.flatMap((e) => (e.type === "measured" && e.train ? [e] : []));
  const values = tests.map((t) => t.test["accuracy"]!);
  const best = values.indexOf(Math.max(...values));
  expect(tests).toHaveLength(best + 1 + 4);
  const isLast = values.at(-1) === Math.max(...values); // of equals the latest is kept
  const [kept, final] = [model, last].map((m) => parametersOf({ model: m } as never));
  expect(JSON.stringify(kept) === JSON.stringify(final)).toBe(isLast);
  expect(events.at(-1)).toMatchObject({ type: "finished", step: tests.at(-1)!.step });
});

describe("the network", () => {
  test("predicts numbers, from a schedule and an optimizer of one's own", async () => {
    const x = Array.from({ length: 64 }, (_, i) => i / 32 - 1);
    const { model } = await fit({
      ...{ network: regressor(sequential(dense(1))), runtime, epochs: 60, validate: 0 },
      data: { x: x.map((v) => [v]), y: x.map((v) => 3 * v + 1) },
      optimizer: ({ lr }) => sgd({ lr, momentum: 0.9 }),
      lr: linearRate({ from: 0.1, start: 0, end: 120 }),
    });
    const { outputs } = await predict(model, { x: [[0.5], [-1]] });
    expect(Array.from(outputs["prediction"].data)).toEqual([
      expect.closeTo(2.5, 1),
      expect.closeTo(-2, 1),
    ]);
  });
  test("is any function of named inputs, judged by outputs of its own", async () => {
    const { a, b } = { a: [1, 2, 3, 4, 5, 6, 7, 8], b: [1, 1, 2, 2, 1, 1, 2, 2] };
    const { model, events } = await fit({
      network: (scope, inputs) => {
        const sum = dense(1)(scope, ops.concat([inputs["a"], inputs["b"]], 1));
        return {
          loss: meanSquaredError(sum, inputs["sum"]),
          sum,
          "squared distance": ops.square(
            ops.sub(ops.squeeze(sum, 1), ops.squeeze(inputs["sum"], 1)),
          ),
        };
      },
      data: { a: a.map((v) => [v]), b: b.map((v) => [v]), sum: a.map((v, i) => [v + b[i]]) },
      ...{ metrics: ["squared distance"], validate: 0.25, lr: 0.05, epochs: 200, runtime },
    });
    const { outputs } = await predict(model, { a: [[5]], b: [[2]] });
    expect(outputs["sum"].data[0]).toBeCloseTo(7, 0);
    expect(events.findLast((e) => e.type === "measured")).toMatchObject({
      test: {
        "squared distance": expect.any(Number) as number,
        loss: expect.any(Number) as number,
      },
    });
  });
  test("with noise is asked without", async () => {
    const { model } = await fit({
      ...{ ...options, epochs: 1 },
      network: classifier(sequential(dense(8), dropout(0.5), dense(2))),
    });
    const ask = async (): Promise<number[]> =>
      Array.from((await predict(model, { x: [[1, 2]] })).outputs["probability"].data);
    expect(await ask()).toEqual(await ask());
  });
  test("takes a set that makes its examples itself", async () => {
    const { x, y } = twoClasses(64);
    const asked: number[] = [];
    const set: Data = {
      count: 64,
      inputs: (size) => [input("x", [size, 2]), input("y", [size], "int32")],
      feeds(rows) {
        asked.push(rows.length);
        const classes = Array.from(rows, (row) => Number(y[row] === "same"));
        return {
          x: tensor(Array.from(rows, (row) => x[row]).flat(), [rows.length, 2]),
          y: tensor(classes, [rows.length], "int32"),
        };
      },
    };
    const { model } = await fit({ ...options, data: set, standardize: [], epochs: 1 });
    expect(asked).toContain(26); // the rest of 58 examples
    expect(model.classes).toBeUndefined();
  });
});
