/** What is kept of runs: every results.json below `experiments`, what is drawn of it, and the README files that tell of it. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { findExperiment } from "../../experiments/index.ts";
import { mainFigure } from "../../report/figure.ts";
import { ratesFigure } from "../../report/rates.ts";
import type { Results } from "../../runs/records.ts";
import { readFileOfResults } from "../../runs/folder/index.ts";
import { withTables } from "./readme.ts";
import { sourcesOf, tableText, type Table } from "./table.ts";
import { tablesOf } from "./tables.ts";

export const root: string = resolve(import.meta.dirname, "../..");

/** The results.json of every experiment, by their paths from the root. */
export const resultsFiles = (): readonly string[] =>
  readdirSync(join(root, "experiments"), { recursive: true, encoding: "utf8" })
    .filter((path) => /^[^/\\]+[/\\]results[/\\](.*[/\\])?results\.json$/.test(path))
    .map((path) => join("experiments", path))
    .sort();

/** What a results.json says, whatever its format; `path` is from the root. */
export const readKept = async (path: string): Promise<Results> =>
  (await readFileOfResults(join(root, path), findExperiment))!;

/** The SVGs that stand beside a results.json, by their names. */
export async function figuresOf(results: Results): Promise<ReadonlyMap<string, string>> {
  const rates = await ratesFigure(results);
  return new Map([
    ["figure.svg", await mainFigure(results)],
    ...(rates ? [["rates.svg", rates.figure] as const] : []),
  ]);
}

/** README files that have tables, as they are and as they should be, by their paths from the root. */
export async function readmes(): Promise<
  ReadonlyMap<string, { readonly now: string; readonly made: string }>
> {
  const all = new Map<string, { readonly now: string; readonly made: string }>();
  for (const [path, tables] of Object.entries(tablesOf)) {
    if (!existsSync(join(root, dirname(path)))) continue; // an experiment that was taken out
    const now = readFileSync(join(root, path), "utf8");
    all.set(path, { now, made: await made(path, now, tables) });
  }
  return all;
}

async function made(
  path: string,
  now: string,
  tables: Readonly<Record<string, Table>>,
): Promise<string> {
  const from = (file: string): string => relative(root, join(root, dirname(path), file));
  const records = new Map<string, Results>();
  for (const file of new Set(Object.values(tables).flatMap(sourcesOf))) {
    if (!existsSync(join(root, from(file))))
      throw new Error(
        `${path}: expected ${file}, which a table is made of, got no such file; put it there or take the table out of scripts/evidence/tables.ts`,
      );
    if (file.endsWith("results.json")) records.set(file, await readKept(from(file)));
  }
  const other = (file: string): unknown =>
    JSON.parse(readFileSync(join(root, from(file)), "utf8")) as unknown;
  return withTables(now, tables, {
    where: path,
    text: (table) => tableText(table, (file) => records.get(file)!, other),
  });
}
