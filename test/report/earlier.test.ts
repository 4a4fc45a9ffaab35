/** Results that were written before are read as they would be written now, and nothing of a file is believed. */
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { findingsOf, resultsTable, tableOf } from "../../report/index.ts";
import { earlierResults } from "../../runs/minibatch/earlier.ts";
import type { Measure } from "../../runs/records.ts";
import { positive, whole } from "../../runs/settings.ts";
import { BOUND, ERROR } from "./sample.ts";

const experiments = resolve(import.meta.dirname, "../../experiments");
const stored = (folder: string): Record<string, unknown> =>
  JSON.parse(readFileSync(join(experiments, folder, "results.json"), "utf8")) as never;
const settings = {
  epochs: whole("passes over the training images"),
  batchSize: whole("images a step", { unit: "images" }),
  target: positive("the test error to reach", { unit: "%", scale: 100 }),
};
const minibatch = (value: unknown, name: string, measures: readonly Measure[] = [ERROR]) =>
  earlierResults(value, { name, settings, task: { measures } });

describe("results of comparisons on minibatches", () => {
  const mnist = minibatch(stored("mnist/results"), "mnist")!;

  test("keep every number", () => {
    const old = stored("mnist/results") as {
      readonly arms: Record<
        string,
        { readonly runs: readonly { readonly curve: { loss: number }[] }[] }
      >;
    };
    const [run] = mnist.arms.weight!.runs;
    expect(run.points.map((p) => p.values["loss"])).toEqual(
      old.arms["weight"].runs[0].curve.map((p) => p.loss),
    );
    expect(run.tests.map((t) => [t.step, t.at, t.test["error"]])).toEqual([
      [600, 1, 0.0196],
      [1200, 2, 0.0106],
      [1800, 3, 0.0077],
    ]);
    expect(mnist.arms.plain!.parameters).toBe(63_914);
    expect(mnist.facts).toContainEqual(["training images", 60_000]);
    expect(mnist.sheet.measures).toEqual([ERROR]); // with what is known of it today
  });

  test("have settings with units, and words for what nobody describes any more", () => {
    expect(mnist.settings).toContainEqual({ name: "target", value: "1.5%" });
    expect(mnist.settings).toContainEqual({ name: "batch size", value: "100 images" });
    expect(mnist.settings).toContainEqual({ name: "train size", value: "60,000" });
  });

  test("have their table", () => {
    expect(`\n${resultsTable(mnist)}\n`).toMatchInlineSnapshot(`
      "
      arm               test error %  train loss  epochs to plain's  images/s  step time  s to 1.5% error
      ───────────────────────────────────────────────────────────────────────────────────────────────────
      plain                     0.97      0.0204               3.00     3,050      1.00×             38.9
      weight                    0.77      0.0208                  –     2,994      0.99×             35.3
      batch                     0.59      0.0853                  –     1,675      1.92×             33.2
      mean-only                 0.89      0.0150               2.85     2,574      1.30×             18.9
      weight+mean-only          0.72      0.0164               2.85     2,467      1.33×             27.5
      "
    `);
  });

  test.each([
    ["cifar10", "cifar10/results", ERROR],
    ["vae", "vae/results", BOUND],
    ["vae-cifar10", "vae/results/cifar10", BOUND],
    ["draw", "draw/results", BOUND],
    ["draw", "draw/results/attention", BOUND],
  ] as const)("of %s in %s are read", (name, folder, measure) => {
    const results = minibatch(stored(folder), name, [measure])!;
    expect(findingsOf(results).headline).toMatch(/ after \d epochs/);
    expect(tableOf(results).rows.length).toBeGreaterThan(1);
  });

  test("of tests within epochs, too", () => {
    const value = stored("mnist/results") as {
      arms: Record<string, { runs: { curve: object[] }[] }>;
    };
    const [run] = value.arms["weight"].runs;
    run.curve[4] = { ...run.curve[4], test: { error: 0.5 } };
    expect(minibatch(value, "mnist")!.arms.weight!.runs[0].tests[0]).toMatchObject({
      ...{ step: 150, at: 0.25, test: { error: 0.5 } },
    });
  });

  test("are those of their experiment and format only", () => {
    for (const value of [
      stored("cifar10/results"),
      { format: "weightnorm-dqn/1" },
      null,
      3,
      "x",
      [],
    ])
      expect(minibatch(value, "mnist")).toBeUndefined();
  });
});

describe("what is damaged is said as everywhere", () => {
  const damaged = (change: (value: Record<string, never>) => void): (() => unknown) => {
    const value = stored("mnist/results") as Record<string, never>;
    change(value);
    return () => minibatch(value, "mnist");
  };

  test.each<[string, (value: Record<string, never>) => void, RegExp]>([
    [
      "a picture outside",
      (v) =>
        Object.assign(v, {
          pictures: [{ arm: "plain", seed: 1, name: "x", caption: "", file: "../../etc/passwd" }],
        }),
      /^results.json: expected a picture's name, like .* in pictures.0.file, got "..\/..\/etc\/passwd"; restore/,
    ],
    [
      "an arm that is none",
      (v) => Object.assign(v["arms"], { "../evil": v["arms"]["plain"] }),
      /^results.json: expected .* in arms, got "..\/evil"; restore/,
    ],
    [
      "no runs",
      (v) => Object.assign(v["arms"]["plain"], { runs: null }),
      /in arms.plain.runs, got null;/,
    ],
    [
      "no measures",
      (v) => Object.assign(v, { measures: [] }),
      /at least 1 entr\w+ in measures, got \[\];/,
    ],
    ["no numbers", (v) => Object.assign(v, { seconds: "12" }), /a number in seconds, got "12";/],
  ])("%s", (_, change, message) => {
    expect(damaged(change)).toThrow(message);
  });
});
