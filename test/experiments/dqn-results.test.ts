/** Results of agents that were written before are read as they would be written now, and nothing of a file is believed. */
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { earlierResults } from "../../experiments/dqn/earlier.ts";
import { findingsOf, resultsTable } from "../../report/index.ts";
import type { Results } from "../../runs/records.ts";

const experiments = resolve(import.meta.dirname, "../../experiments");
const stored = (folder: string): Record<string, unknown> =>
  JSON.parse(readFileSync(join(experiments, folder, "results.json"), "utf8")) as never;
const agents = (value: unknown): Results | undefined => earlierResults(value, { settings: {} });

describe("results of agents", () => {
  test.each(["breakout", "space-invaders", "catch"])("of %s are read", (game) => {
    const results = agents(stored(`dqn/results/${game}`))!;
    expect(results.sheet.tested.unit).toBe(`episodes of ${game}`);
    expect(findingsOf(results).headline).toMatch(/^So far /);
  });

  test("have the numbers that they had", () => {
    const results = agents(stored("dqn/results/breakout"))!;
    expect(`\n${resultsTable(results)}\n`).toMatchInlineSnapshot(`
      "
      arm          test return  steps an episode  training return             Q  frames/s  ms an update
      ─────────────────────────────────────────────────────────────────────────────────────────────────
      plain        7.44 ± 0.28            88 ± 3      5.03 ± 0.31  15.03 ± 4.70  503 ± 11   1.01 ± 0.02
      weight       8.16 ± 0.61            97 ± 8      5.64 ± 0.18  15.03 ± 2.02  388 ± 35   1.31 ± 0.01
      random play         0.51                11                –             –         –             –
      unfinished: after 180,000 of 300,000 frames
      mean ± standard deviation of 3 seeds
      "
    `);
    expect(results.soFar).toEqual({ at: 180_000, of: 300_000 });
    const [run] = results.arms.plain!.runs;
    expect(run.tests.at(-1)).toMatchObject({
      ...{ step: 180_000, test: { return: 7.16, steps: 84.46 } },
      errors: { return: 0.22143699653477836 },
    });
    expect(run.points[0].values).toMatchObject({ loss: null, q: null, episodes: 272, epsilon: 1 });
  });

  test("are of their format only", () => {
    expect(agents(stored("mnist/results"))).toBeUndefined();
    expect(agents(undefined)).toBeUndefined();
  });
});

test("what is damaged is said as everywhere", () => {
  const value = { ...stored("dqn/results/catch"), random: null };
  expect(() => agents(value)).toThrow(
    "results.json: expected an object in random, got null; restore the file, or compare again",
  );
});
