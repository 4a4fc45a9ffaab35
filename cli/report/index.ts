/** The report of a comparison: files to look at, and the table for the terminal. */
import { mkdir, readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import type { PictureFile, Results } from "../../experiments/results.ts";
import { writeFileAtomic } from "../../src/node/files.ts";
import { layerFigure, mainFigure } from "./figure.ts";
import { reportPage } from "./html.ts";
import { toPng } from "./png.ts";

export { findingsOf } from "./findings.ts";
export { resultsTable } from "./table.ts";

/** Where the parts of a report are. */
export interface ReportPaths {
  readonly html: string;
  readonly svg: string;
  readonly png: string;
}

/** Writes `report.html`, `figure.svg` and `figure.png` into `dir`, which is made if there is none. */
export async function writeReport(dir: string, results: Results): Promise<ReportPaths> {
  const main = await mainFigure(results);
  const html = reportPage(results, {
    main,
    pictures: await picturesOf(dir, results.pictures ?? []),
    v: await layerFigure(results, "v"),
    g: await layerFigure(results, "g"),
    effectiveStep: await layerFigure(results, "effectiveStep"),
  });
  return writePage(dir, main, html);
}

/** A page and its main figure as files in `dir`, which is made if there is none. */
export async function writePage(dir: string, figure: string, html: string): Promise<ReportPaths> {
  const paths = {
    html: join(dir, "report.html"),
    svg: join(dir, "figure.svg"),
    png: join(dir, "figure.png"),
  };
  await mkdir(dir, { recursive: true });
  await writeFileAtomic(paths.svg, figure);
  await writeFileAtomic(paths.png, await toPng(figure));
  await writeFileAtomic(paths.html, html);
  return paths;
}

/** The pictures that are still there, as data URIs by file, so that the page needs nothing else. */
export async function picturesOf(
  dir: string,
  pictures: readonly PictureFile[],
): Promise<ReadonlyMap<string, string>> {
  const found = pictures.map(async ({ file }) => {
    const bytes = await readFile(join(dir, file)).catch(() => undefined);
    const type = extname(file).slice(1);
    return bytes ? [[file, `data:image/${type};base64,${bytes.toString("base64")}`] as const] : [];
  });
  return new Map((await Promise.all(found)).flat());
}
