/** The report of a comparison of agents: files to look at, and the table for the terminal. */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import type { DqnResults } from "../../../experiments/dqn/results.ts";
import { shown } from "../../paths.ts";
import { picturesOf, writePage, type ReportPaths } from "../../report/index.ts";
import { readDqnResults } from "../../run-folder.ts";
import { textTable } from "../../text-table.ts";
import { resultsSoFar } from "../so-far.ts";
import { layersFigure, returnsFigure } from "./figure.ts";
import { dqnPage } from "./html.ts";
import { COLUMNS, notes, randomRow, rowsOf, textOf } from "./summary.ts";

/** Writes `report.html`, `figure.svg` and `figure.png` into `dir`. */
export async function writeDqnReport(dir: string, results: DqnResults): Promise<ReportPaths> {
  const main = await returnsFigure(results);
  const layers = {
    v: await layersFigure(results, "v"),
    g: await layersFigure(results, "g"),
    effectiveStep: null, // optimizers that divide by the size of gradients have no such step
  };
  const pictures = await picturesOf(dir, results.pictures);
  return writePage(dir, main, dqnPage(results, { main, layers, pictures }));
}

/** `weightnorm report` of agents, also of those that still learn. */
export async function dqnReport(dir: string, flags: { readonly json?: boolean }): Promise<void> {
  const isFinished = existsSync(join(dir, "results.json"));
  const results = isFinished ? await readDqnResults(resolve(dir)) : await resultsSoFar(dir);
  const { html } = await writeDqnReport(resolve(dir), results);
  printDqnResults(results, html, flags);
}

/** For machines the results, for people the table and, last, where the report is. */
function printDqnResults(
  results: DqnResults,
  html: string,
  { json = false }: { readonly json?: boolean },
): void {
  const head = ["arm", ...COLUMNS.map((column) => column.head)];
  const rows = rowsOf(results).map((row) => [
    row.arm,
    ...COLUMNS.map((column) => textOf(row[column.key], column)),
  ]);
  const table = textTable(head, [...rows, ["random play", ...randomRow(results)]]);
  process.stdout.write(
    json
      ? `${JSON.stringify(results)}\n`
      : `${[table, ...notes(results), shown(html)].join("\n")}\n`,
  );
}
