/** The report of a comparison, from its records: pure functions, the same in Node and in a browser. PNGs are Node's (png.ts). */
import type { Results } from "../runs/records.ts";
import { mainFigure } from "./figure.ts";
import { reportPage } from "./html.ts";
import { layerFigures } from "./layers.ts";

export { tableOf, type Table } from "./data.ts";
export { findingsOf, type Findings } from "./findings.ts";
export { inUnit, inUnitAlone, unitAfter } from "./measure.ts";
export { resultsTable, type TableOptions } from "./table.ts";
export { tableLines, textTable } from "./text-table.ts";

export interface Report {
  /** A page that needs nothing else. */
  readonly html: string;
  /** The main figure. */
  readonly svg: string;
}

/** `pictures` holds those that are still there, as data URIs by their `file`. */
export async function reportOf(
  results: Results,
  pictures: ReadonlyMap<string, string> = new Map(),
): Promise<Report> {
  const main = await mainFigure(results);
  const layers = await layerFigures(results);
  return { html: reportPage(results, { main, layers, pictures }), svg: main };
}
