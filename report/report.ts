/** The report of a comparison, from its records: a page, and its main figure. What of it takes Vega is behind this file. */
import type { Results } from "../runs/records.ts";
import { mainFigure } from "./figure.ts";
import { reportPage } from "./html.ts";
import { layerFigures } from "./layers.ts";
import { ratesFigure } from "./rates.ts";

export interface Report {
  /** A page that needs nothing else. */
  readonly html: string;
  /** The main figure. */
  readonly svg: string;
  /** The measure over the learning rate, where several were tried. */
  readonly rates?: string;
}

/** `pictures` holds those that are still there, as data URIs by their `file`. */
export async function reportOf(
  results: Results,
  pictures: ReadonlyMap<string, string> = new Map(),
): Promise<Report> {
  const main = await mainFigure(results);
  const layers = await layerFigures(results);
  const rates = await ratesFigure(results);
  return {
    html: reportPage(results, { main, layers, pictures, rates }),
    svg: main,
    ...(rates ? { rates: rates.figure } : {}),
  };
}
