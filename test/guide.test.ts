/** The code of the README and the guide is compiled under `strict` and run, and prints what they say that it prints. */
import { rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { guide, put, readme, said, typeErrors, workshop } from "./documents.ts";

const folder = workshop("guide");
const started = process.cwd();
const programs = [
  { file: "own-data.ts", text: readme.own },
  { file: "quick-start.ts", text: readme.loop },
  ...guide.flatMap(({ code }) => code),
];
beforeAll(() => {
  for (const { file, text } of programs) put(join(folder, file), text);
  process.chdir(folder); // where recipes write their files
  vi.stubEnv("PORT", "0");
});
afterAll(() => {
  process.chdir(started);
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

test("all of it passes strict type checking", () => {
  const files = programs.map(({ file }) => file);
  expect(new Set(files).size).toBe(files.length);
  expect(typeErrors(folder, files, { lib: ["ES2023", "DOM", "DOM.Iterable"] })).toBe("");
}, 90_000);

const linesOf = (code: string): number =>
  code.split("\n").filter((line) => line.trim() !== "").length;

describe("the README", () => {
  test("trains on own data in at most 20 lines of code, and asks in 5 more", async () => {
    const at = readme.own.indexOf("const asked");
    expect(linesOf(readme.own.slice(0, at))).toBeLessThanOrEqual(20);
    expect(linesOf(readme.own.slice(at))).toBeLessThanOrEqual(5);
    expect(await said(join(folder, "own-data.ts"))).toBe(
      [...readme.own.matchAll(/\); \/\/ (\[.*)$/gm)].map(([, value]) => value).join("\n"),
    );
  });
  test("has a training loop of at most 30 lines, whose loss falls", async () => {
    expect(linesOf(readme.loop)).toBeLessThanOrEqual(30);
    const printed = await said(join(folder, "quick-start.ts"));
    const losses = [...printed.matchAll(/loss ([\d.]+)/g)].map(([, loss]) => Number(loss));
    expect(losses).toHaveLength(5);
    expect(losses[4]).toBeLessThan(losses[0] / 10);
    expect(printed).toContain("[ 32, 2 ]");
    expect(statSync(join(folder, "model.safetensors")).size).toBeGreaterThan(1000);
  });
});

/** A number as the guide prints it, and as it may be elsewhere: sums of many floats depend on the machine. */
const isNear = (said: number, is: number): boolean =>
  Math.abs(said - is) <= 0.02 + 0.25 * Math.abs(said);
const figure = /-?\d+(?:\.\d+)?(?:e[+-]?\d+)?/g;
const figuresIn = (text: string): readonly number[] => (text.match(figure) ?? []).map(Number);
/** Text without its numbers and the room they take. */
const wordsIn = (text: string): string =>
  text.replaceAll(figure, "#").replaceAll(/\s+/g, " ").trim();

describe("a recipe prints what it says", () => {
  const recipes = guide.filter(({ printed }) => printed !== "");
  test("or is run elsewhere", () => {
    const silent = guide.filter(({ code, printed }) => code.length > 0 && printed === "");
    expect(silent.map(({ path }) => path)).toEqual(["docs/guide/browser.md"]); // test/browser.test.ts
  });
  test.each(recipes)(
    "$path",
    async ({ code: [{ file }], printed }) => {
      const actual = await said(join(folder, file));
      expect(wordsIn(actual)).toBe(wordsIn(printed));
      const [expected, got] = [figuresIn(printed), figuresIn(actual)];
      expect(got.filter((x, i) => !isNear(expected[i], x))).toEqual([]);
    },
    60_000,
  );
});
