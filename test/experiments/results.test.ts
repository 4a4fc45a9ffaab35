/** What is committed of runs: figures and tables say what the results.json and diagnosis.json say, and nothing else. `npm run -s evidence` makes them. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { toPng } from "../../report/png.ts";
import { figuresOf, keptFiles, readmes, root } from "../../scripts/evidence/files.ts";
import { within } from "../cli/run.ts";
import { looseChances, looseNumbers, unmarkedTables } from "../../scripts/evidence/readme.ts";

const files = keptFiles();
const AGAIN = "npm run -s evidence makes it again";
const FROM_TABLES = "take it from a table, as it is there or rounded to one decimal";

test("there are results", () => {
  expect(files.length).toBeGreaterThan(3);
});

describe.each(files)("%s", (file) => {
  const beside = (name: string): string => join(root, dirname(file), name);

  test("has the figures beside it", async () => {
    for (const [name, svg] of await figuresOf(file)) {
      const png = beside(name.replace("svg", "png"));
      const isDrawn = svg !== undefined;
      expect([existsSync(beside(name)), existsSync(png)], name).toEqual([isDrawn, isDrawn]);
      if (!isDrawn) continue;
      const isSame = readFileSync(beside(name), "utf8") === svg;
      expect(isSame, `${beside(name)}: ${AGAIN}`).toBe(true);
      expect(await apart(readFileSync(png), await toPng(svg)), png).toBeLessThan(2);
    }
  });

  test("names no folder of the machine that it was made on", () => {
    const folders =
      /(?<=[\s"'=:])\/(home|root|work|tmp|mnt|data|Users)\/[^"\s]*|--out (?!SWEEP|RUN)\S+/g;
    expect(" --out /home/me/run".match(folders)).toEqual(["--out /home/me/run"]);
    for (const path of [beside(file.replace(/^.*[/\\]/, "")), beside("sweep.json")])
      if (existsSync(path)) expect(readFileSync(path, "utf8").match(folders)).toBeNull();
  });
});

test("weightnorm report draws the same beside a copy of the file alone", async () => {
  const [file] = files.filter((one) => one.endsWith(join("mnist", "results", "results.json")));
  const folder = await mkdtemp(join(tmpdir(), "weightnorm-report-"));
  try {
    const copy = join(folder, "results.json");
    await copyFile(join(root, file), copy);
    const { code, stdout } = await within("report", copy);
    expect([code, stdout]).toEqual([0, expect.stringContaining("weight+mean-only")]);
    const drawn = readFileSync(join(folder, "figure.svg"), "utf8");
    expect(drawn === readFileSync(join(root, dirname(file), "figure.svg"), "utf8")).toBe(true);
    expect(existsSync(join(folder, "report.html"))).toBe(true);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

describe("README files", async () => {
  const all = await readmes();
  test.each([...all.keys()])("%s has the tables that are made of results", (path) => {
    const { now, made } = all.get(path)!;
    expect(now, AGAIN).toBe(made);
  });
  const ofExperiments = readdirSync(join(root, "experiments"))
    .map((name) => join("experiments", name, "README.md"))
    .filter((path) => existsSync(join(root, path)));
  test.each(ofExperiments)("%s has no other tables of measurements", (path) => {
    expect(
      unmarkedTables(readFileSync(join(root, path), "utf8")),
      'define it in scripts/evidence/tables.ts, or write "<!-- by hand: WHY -->" above it',
    ).toEqual([]);
  });
  test.each([...ofExperiments, join("experiments", "README.md")])(
    "%s refers to what there is",
    (path) => {
      const text = readFileSync(join(root, path), "utf8");
      const places = [...text.matchAll(/\]\(([^)#:\s]+)(?:#[^)]*)?\)/g)].map(([, place]) => place);
      expect(places.length).toBeGreaterThan(2);
      const isThere = (place: string): boolean => existsSync(join(root, dirname(path), place));
      expect(places.filter((place) => !isThere(place))).toEqual([]);
    },
  );
  const tables = new Map(
    [...all].map(([path, { made }]) => [path, made.match(/^\|.*$/gm)?.join("\n") ?? ""]),
  );
  test.each([...all.keys()])("%s says no figure that its tables have not", (path) => {
    const text = readFileSync(join(root, path), "utf8");
    expect(looseNumbers(text, tables.get(path)!), FROM_TABLES).toEqual([]);
    expect(looseChances(text, tables.get(path)!), FROM_TABLES).toEqual([]);
  });
  test("the summary says no figure that the tables of what it refers to have not", () => {
    const lines = readFileSync(join(root, "experiments", "README.md"), "utf8").split("\n");
    let of = ""; // "the same" is that of the row above
    let count = 0;
    for (const line of lines.filter((one) => one.startsWith("|"))) {
      const [, name] = /\(([\w-]+)\/README\.md/.exec(line) ?? [];
      if (name) of = tables.get(join("experiments", name, "README.md")) ?? "";
      const told = line.replaceAll("|", " ");
      expect(looseNumbers(told, of), FROM_TABLES).toEqual([]);
      expect(looseChances(told, of), FROM_TABLES).toEqual([]);
      count += looseNumbers(told, "").length;
    }
    expect(count).toBeGreaterThan(3);
  });
});

/** The largest difference of a colour in a picture, of 255: rasters of two processors may differ in roundings. */
async function apart(a: Uint8Array, b: Uint8Array): Promise<number> {
  if (Buffer.from(a).equals(Buffer.from(b))) return 0;
  const [x, y] = await Promise.all([a, b].map((png) => sharp(png).raw().toBuffer()));
  if (x.length !== y.length) return 255;
  return x.reduce((most, value, i) => Math.max(most, Math.abs(value - y[i])), 0);
}
