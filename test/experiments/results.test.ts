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
import { looseNumbers, unmarkedTables } from "../../scripts/evidence/readme.ts";

const files = keptFiles();
const AGAIN = "npm run -s evidence makes it again";

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
    const text = readFileSync(join(root, file), "utf8");
    const folders = /(?<=[\s"'=:])\/(home|root|work|tmp|mnt|data|Users)\/[^"\s]*/g;
    expect(" --out /home/me/run".match(folders)).toEqual(["/home/me/run"]);
    expect(text.match(folders)).toBeNull();
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
  const tables = new Map(
    [...all].map(([path, { made }]) => [path, made.match(/^\|.*$/gm)?.join("\n") ?? ""]),
  );
  const SUMMARY = join("experiments", "README.md");
  test.each([...all.keys(), SUMMARY])("%s says no figure that its tables have not", (path) => {
    const own = tables.get(path) ?? [...tables.values()].join("\n");
    const text = readFileSync(join(root, path), "utf8");
    expect(looseNumbers(text, own), "take it from a table, or round it to one decimal").toEqual([]);
  });
});

/** The largest difference of a colour in a picture, of 255: rasters of two processors may differ in roundings. */
async function apart(a: Uint8Array, b: Uint8Array): Promise<number> {
  if (Buffer.from(a).equals(Buffer.from(b))) return 0;
  const [x, y] = await Promise.all([a, b].map((png) => sharp(png).raw().toBuffer()));
  if (x.length !== y.length) return 255;
  return x.reduce((most, value, i) => Math.max(most, Math.abs(value - y[i])), 0);
}
