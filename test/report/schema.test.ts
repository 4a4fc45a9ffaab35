/** Whatever passes the schema of results can be reported: no error, nothing that is no number, nothing from elsewhere. */
import { describe, expect, test } from "vitest";
import { findingsOf, reportOf, resultsTable, tableOf } from "../../report/index.ts";
import { resultsIn } from "../../runs/schema.ts";
import type { Results } from "../../runs/records.ts";
import { sampleAgents, sampleResults } from "./sample.ts";

type Json = Record<string, unknown>;
const stored = (results: Results): Json => JSON.parse(JSON.stringify(results)) as Json;
const small = { layers: ["conv1"], epochs: 2, pointsAnEpoch: 1, seeds: 1 } as const;
const sample = (): Json => stored(sampleResults({ ...small, arms: ["plain", "weight"] }));

test("results are what they were", () => {
  for (const results of [sampleResults(small), sampleAgents({ plain: [1], weight: [2, 3] })])
    expect(resultsIn(stored(results), "results.json")).toEqual(stored(results));
});

describe("what is wrong is named with its place, in a line", () => {
  const error = (change: (value: Json) => void): string => {
    const value = sample();
    change(value);
    try {
      resultsIn(value, "RUN/results.json");
    } catch (caught) {
      return (caught as Error).message;
    }
    return "";
  };
  const arm = (value: Json): { runs: Json[] } => (value["arms"] as Record<string, never>)["plain"];
  const runOf = (value: Json): Json => arm(value).runs[0];

  test.each<[string, (value: Json) => void, RegExp]>([
    [
      "another format",
      (v) => (v["format"] = "x"),
      /expected one of weightnorm-results\/3 in format, got "x"/,
    ],
    ["no arms", (v) => (v["arms"] = null), /in arms, got null/],
    ["an unknown arm", (v) => (v["arms"] = { evil: {} }), /in arms, got "evil"/],
    [
      "text for a number",
      (v) => (runOf(v)["seed"] = "/../evil"),
      /in arms.plain.runs.0.seed, got "\/..\/evil"/,
    ],
    ["a number that overflows", (v) => (v["seconds"] = 1e300), /in seconds, got 1e\+300/],
    ["what JSON has no word for", (v) => (v["seconds"] = NaN), /in seconds, got NaN/],
    [
      "too many",
      (v) => (arm(v).runs = Array.from({ length: 1001 }, () => runOf(v))),
      /at most 1000 entr/,
    ],
  ])("%s", (_, change, message) => {
    expect(error(change)).toMatch(
      /^RUN\/results.json: expected .*; restore the file, or compare again$/,
    );
    expect(error(change)).toMatch(message);
  });

  test.each([
    "../../etc/passwd",
    "pictures/../../etc/passwd.png",
    "pictures/..png",
    'pictures/a.x" onerror="alert(1)" y="',
    "pictures/a/b.png",
    "pictures/a.svg",
    "/pictures/a.png",
    "pictures/a.png\n",
  ])("the picture %j", (file) => {
    const picture = { name: "samples", caption: "", file };
    expect(error((v) => (runOf(v)["pictures"] = [picture]))).toMatch(/pictures.0.file, got "/);
  });

  test("at most a line of 60 characters of a value", () => {
    const message = error((v) => (v["format"] = `a\nb${"x".repeat(10_000)}`));
    expect(message).not.toContain("\n");
    expect(message.length).toBeLessThan(200);
  });
});

/** Every place of a value that holds something else than an object or a list. */
function* leaves(value: unknown, path: readonly string[] = []): Generator<readonly string[]> {
  if (typeof value !== "object" || value === null) yield path;
  else for (const [key, inner] of Object.entries(value)) yield* leaves(inner, [...path, key]);
}
const set = (value: Json, path: readonly string[], to: unknown): void => {
  const last = path[path.length - 1];
  const parent = path.slice(0, -1).reduce<Json>((at, key) => at[key] as Json, value);
  if (to === undefined) Reflect.deleteProperty(parent, last);
  else parent[last] = to;
};
const VALUES = [
  null,
  0,
  -1,
  1e-320,
  1e140,
  -1e140,
  2 ** 53,
  0.5,
  "",
  "\u0000\ud800<b>",
  [],
  {},
  true,
  undefined,
];

test("what is changed anywhere is refused in our words, or reported without an error", async () => {
  const agents = stored(sampleAgents({ plain: [1, 2], weight: [2, 3] }));
  const message = /^results.json: expected [^\n]*, got [^\n]*; restore the file, or compare again$/;
  let passed = 0;
  for (const base of [sample(), agents]) {
    const places = [...leaves(base)];
    for (const [i, path] of places.entries()) {
      // Not every value at every place: over all places all of them.
      for (const [j, to] of VALUES.entries()) {
        if ((i + 5 * j) % 31 !== 0) continue;
        const value = structuredClone(base);
        set(value, path, to);
        let results: Results;
        try {
          results = resultsIn(value, "results.json");
        } catch (caught) {
          expect((caught as Error).message).toMatch(message);
          continue;
        }
        passed++;
        const said =
          JSON.stringify([findingsOf(results), tableOf(results)]) + resultsTable(results);
        expect(said).not.toMatch(/NaN|undefined|Infinity|\[object/);
        // Figures take long: a few are drawn.
        if (passed % 50 !== 0) continue;
        const { html } = await reportOf(results);
        expect(html).not.toMatch(/NaN|undefined|Infinity|<b>/);
      }
    }
  }
  expect(passed).toBeGreaterThan(80);
});
