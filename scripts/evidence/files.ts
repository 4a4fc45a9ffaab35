/** What is kept of runs: every results.json below `experiments`, what is drawn of it, and the README files that tell of it. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { findExperiment } from "../../experiments/index.ts";
import { diagnosisFigure } from "../../report/diagnosis.ts";
import { mainFigure } from "../../report/figure.ts";
import { ratesFigure } from "../../report/rates.ts";
import { diagnosisIn } from "../../runs/diagnosis/schema.ts";
import type { Results } from "../../runs/records.ts";
import { readFileOfResults } from "../../runs/folder/index.ts";
import { withTables } from "./readme.ts";
import { sourcesOf, tableText, type Table } from "./table.ts";
import { tablesOf } from "./tables.ts";

export const root: string = resolve(import.meta.dirname, "../..");

/** Every results.json and diagnosis.json of the experiments, by their paths from the root. */
export const keptFiles = (): readonly string[] =>
  readdirSync(join(root, "experiments"), { recursive: true, encoding: "utf8" })
    .filter((path) => /^[^/\\]+[/\\]results[/\\](.*[/\\])?(results|diagnosis)\.json$/.test(path))
    .map((path) => join("experiments", path))
    .sort();

/** What a results.json says, whatever its format; `path` is from the root. */
export const readKept = async (path: string): Promise<Results> =>
  (await readFileOfResults(join(root, path), findExperiment))!;

/** The SVGs that may stand beside a file, by their names; undefined where there is nothing to draw. */
export async function figuresOf(path: string): Promise<ReadonlyMap<string, string | undefined>> {
  if (path.endsWith("diagnosis.json"))
    return new Map([["diagnosis.svg", await diagnosisFigure(diagnosisIn(json(path), path))]]);
  const results = await readKept(path);
  return new Map([
    ["figure.svg", await mainFigure(results)],
    ["rates.svg", (await ratesFigure(results))?.figure],
  ]);
}

const json = (path: string): unknown => JSON.parse(readFileSync(join(root, path), "utf8"));

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
  const other = (file: string): unknown => json(from(file));
  return withTables(now, tables, {
    where: path,
    text: (table) => tableText(table, (file) => records.get(file)!, other),
  });
}
