/** Settings: what a flag takes is what a file may hold, and is told as it was meant. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import * as z from "zod/mini";
import { experiments } from "../../experiments/index.ts";
import { checked } from "../../runs/checked.ts";
import { settingsOf } from "../../runs/described.ts";
import {
  choice,
  expectation,
  flagOf,
  found,
  group,
  list,
  number,
  onOff,
  place,
  positive,
  text,
  told,
  typed,
  whole,
  type Setting,
} from "../../runs/settings.ts";
import { objectOf, schemaOf, valueOf } from "../../runs/setting-values.ts";

const percent = number("a share", { scale: 100, unit: "%" });
const kinds: readonly (readonly [Setting, readonly unknown[], readonly unknown[]])[] = [
  [whole("n", { most: 256 }), [1, 256], [0, 257, 1.5, NaN, Infinity, "1", null, []]],
  [number("x", { least: -1 }), [-1, 0, 1], [1.1, -1.1, NaN, "0"]],
  [positive("x"), [1e-300, 1e100], [0, -1, 1e101, Infinity, NaN]],
  [choice("c", ["a", "b"]), ["a", "b"], ["c", "constructor", "__proto__", 1]],
  [onOff("o"), [true, false], [0, "true"]],
  [place("p"), ["x", "/"], ["", 1]],
  [text("t"), ["x", "two words"], ["", "x".repeat(201), 1]],
  [list("l", whole("n")), [[1], [2, 1]], [[], [1, 1], ["1"], 1]],
  [
    group("g", { a: whole("n"), b: whole("n", { optional: true }) }),
    [{ a: 1 }, { a: 1, b: 2 }],
    [{}, { a: 1, c: 2 }, null, [1], { a: 0 }],
  ],
];

describe.each(kinds)("%j", (setting, right, wrong) => {
  test("takes what it describes, and nothing else", () => {
    const schema = schemaOf(setting);
    for (const value of right)
      expect(schema.safeParse(value).success, JSON.stringify(value)).toBe(true);
    for (const value of wrong)
      expect(schema.safeParse(value).success, JSON.stringify(value)).toBe(false);
    expect(expectation(setting)).toMatch(/^\S/);
  });
  test("takes from a flag what it writes for one", () => {
    if (["switch", "group"].includes(setting.type)) return;
    for (const value of right)
      expect(valueOf("--x", setting, typed(setting, value))).toEqual({ value });
  });
});

test("what data decide has a form of its own, no flag, and a few words", () => {
  const decided = found(
    "what a file decided",
    z.strictObject({ rows: z.int() }),
    (x) => `${x.rows} rows`,
  );
  expect(flagOf("found", decided)).toBeUndefined();
  expect(told(decided, { rows: 3 })).toBe("3 rows");
  expect(told(decided, undefined)).toBe("\u2013");
  const config = objectOf({ found: decided });
  expect(config.safeParse({ found: { rows: 3 } }).success).toBe(true);
  expect(config.safeParse({}).success).toBe(true); // before there are data
  expect(config.safeParse({ found: { rows: 3, more: 1 } }).success).toBe(false);
});

test("a scaled value is given, kept, typed and told in its unit", () => {
  expect(valueOf("--x", percent, "1.5")).toEqual({ value: 0.015 });
  expect([typed(percent, 0.015), told(percent, 0.015)]).toEqual(["1.5", "1.5%"]);
  expect(told(whole("n", { unit: "images" }), 60_000)).toBe("60,000 images");
  expect(
    told(group("g", { heldOut: percent, width: whole("n") }), { heldOut: 0.1, width: 2 }),
  ).toBe("held out 10%, width 2");
  expect([told(onOff("o"), false), told(undefined, undefined)]).toEqual(["no", "\u2013"]);
});

test("whatever a flag says: a value of its kind, or what was expected", () => {
  fc.assert(
    fc.property(
      fc.string(),
      fc.constantFrom(...kinds.map(([setting]) => setting)),
      (text, setting) => {
        const result = valueOf("--x", setting, text);
        if ("unfit" in result) expect(result.unfit.expected).not.toBe("");
        else expect(schemaOf(setting).safeParse(result.value).success).toBe(true);
      },
    ),
  );
});

describe.each(Object.keys(experiments))("%s", (name) => {
  test("describes all that it completes, for each preset", async () => {
    const experiment = await experiments[name]();
    const schema = objectOf(settingsOf(experiment));
    for (const preset of experiment.presets) {
      const config = { ...experiment.complete({ preset }, {}) } as Record<string, unknown>;
      // What the data and the machine decide.
      if (config["trainSize"] === Infinity) config["trainSize"] = 60_000;
      if (config["threads"] === Infinity) config["threads"] = 2;
      expect(
        checked(schema, JSON.parse(JSON.stringify(config)), { where: name, advice: "mend it" }),
      ).toEqual(config);
    }
  });
  test("has flags that differ, with a help for each", async () => {
    const experiment = await experiments[name]();
    const all = Object.entries({ ...settingsOf(experiment), ...experiment.places });
    const flags = all.flatMap(([key, setting]) => flagOf(key, setting) ?? []);
    expect(new Set(flags).size).toBe(flags.length);
    for (const [key, setting] of all) expect(setting.help, key).toMatch(/^\S.{5,}/);
  });
});
