/** The guide's code is compiled under `strict` and run, and prints what the guide says that it prints. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { format } from "node:util";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { guide, put, typeErrors, workshop } from "./documents.ts";

const folder = workshop("guide");
const started = process.cwd();
beforeAll(() => {
  for (const { code } of guide) for (const { file, text } of code) put(join(folder, file), text);
  process.chdir(folder); // where recipes write their files
  vi.stubEnv("PORT", "0");
});
afterEach(() => vi.restoreAllMocks());
afterAll(() => {
  process.chdir(started);
  rmSync(folder, { recursive: true, force: true });
});

/** A number as the guide prints it, and as it may be elsewhere: sums of many floats depend on the machine. */
const isNear = (said: number, is: number): boolean =>
  Math.abs(said - is) <= 0.02 + 0.25 * Math.abs(said);
const figure = /-?\d+(?:\.\d+)?(?:e[+-]?\d+)?/g;
const figuresIn = (text: string): readonly number[] => (text.match(figure) ?? []).map(Number);
/** Text without its numbers and the room they take. */
const wordsIn = (text: string): string => text.replaceAll(figure, "#").replaceAll(/\s+/g, " ").trim();

test("all of it passes strict type checking", async () => {
  const files = guide.flatMap(({ code }) => code.map(({ file }) => file));
  expect(await typeErrors(folder, files, { lib: ["ES2023", "DOM", "DOM.Iterable"] })).toBe("");
}, 60_000);

describe("prints what it says", () => {
  const recipes = guide.filter(({ printed }) => printed !== "");
  test("in every document with a program that runs in Node", () => {
    const silent = guide.filter(({ code, printed }) => code.length > 0 && printed === "");
    expect(silent.map(({ path }) => path)).toEqual(["docs/guide/browser.md"]); // see test/browser.test.ts
  });
  test.each(recipes)("$path", async ({ code: [{ file }], printed }) => {
    const said: string[] = [];
    vi.spyOn(console, "log").mockImplementation((...args) => void said.push(format(...args)));
    await import(pathToFileURL(join(folder, file)).href);
    const actual = said.join("\n");
    expect(wordsIn(actual)).toBe(wordsIn(printed));
    const [expected, got] = [figuresIn(printed), figuresIn(actual)];
    expect(got.filter((x, i) => !isNear(expected[i], x))).toEqual([]);
  }, 60_000);
});
