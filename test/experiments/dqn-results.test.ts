/** Results of agents that were written before are read as they would be written now, and nothing of a file is believed. */
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { earlierResults } from "../../experiments/dqn/earlier.ts";
import { findingsOf, resultsTable } from "../../report/index.ts";
import type { Results } from "../../runs/records.ts";

const root = resolve(import.meta.dirname, "../..");
const stored = (folder: string): Record<string, unknown> =>
  JSON.parse(readFileSync(join(root, folder, "results.json"), "utf8")) as never;
const SPACE_INVADERS = "test/fixtures/earlier/results-space-invaders";
const CATCH = "experiments/dqn/results/catch";
const agents = (value: unknown): Results | undefined => earlierResults(value, { settings: {} });

describe("results of agents", () => {
  test.each([
    ["space-invaders", SPACE_INVADERS],
    ["catch", CATCH],
  ])("of %s are read", (game, folder) => {
    const results = agents(stored(folder))!;
    expect(results.sheet.tested.unit).toBe(`episodes of ${game}`);
    expect(findingsOf(results).headline).toMatch(/^So far /);
  });

  test("have the numbers that they had", () => {
    const results = agents(stored(SPACE_INVADERS))!;
    expect(`\n${resultsTable(results)}\n`).toMatchInlineSnapshot(`
      "
      arm           test return  steps an episode  training return             Q  frames/s  ms an update
      ──────────────────────────────────────────────────────────────────────────────────────────────────
      plain        22.79 ± 1.83          251 ± 54     18.20 ± 0.90  17.43 ± 0.93  464 ± 33   1.07 ± 0.02
      weight       22.36 ± 5.76          247 ± 49     19.61 ± 1.54  15.64 ± 1.11  356 ± 19   1.37 ± 0.02
      random play          2.77                50                –             –         –             –
      unfinished: after 180,000 of 300,000 frames
      mean ± standard deviation of 3 seeds
      "
    `);
    expect(results.soFar).toEqual({ at: 180_000, of: 300_000 });
    const [run] = results.arms.plain!.runs;
    expect(run.tests.at(-1)).toMatchObject({
      ...{ step: 180_000, test: { return: 24.46, steps: 255.15 } },
      errors: { return: 1.745552501460078 },
    });
    expect(run.points[0].values).toMatchObject({ loss: null, q: null, episodes: 59, epsilon: 1 });
  });

  test("are of their format only", () => {
    expect(agents(stored("experiments/mnist/results"))).toBeUndefined();
    expect(agents(undefined)).toBeUndefined();
  });
});

test("what is damaged is said as everywhere", () => {
  const value = { ...stored(CATCH), random: null };
  expect(() => agents(value)).toThrow(
    "results.json: expected an object in random, got null; restore the file, or compare again",
  );
});
