/** The figures of the layers: a small panel each. */
import type { Results } from "../runs/records.ts";
import { layerPanes } from "./layer-panes.ts";
import { INNER_WIDTH } from "./marks.ts";
import { linesOfArms, type Pane } from "./panes.ts";
import { draw, panel } from "./panels.ts";

export interface LayerFigure {
  readonly title: string;
  readonly text: string;
  /** SVG. */
  readonly figure: string;
}

/** So many panels a row as names of so many characters leave room for. */
const columnsFor = (panes: readonly Pane[]): number => {
  const longest = panes.reduce((most, { title }) => Math.max(most, title.length), 0);
  return longest > 26 ? 3 : longest > 18 ? 4 : 5;
};
/** Of what no panel has room for both ends. */
const shortened = (name: string): string =>
  name.length > 38 ? `${name.slice(0, 15)}\u2026${name.slice(-20)}` : name;

/** The figures that the sheet asks for; none if the runs kept no numbers of their layers. */
export async function layerFigures(results: Results): Promise<readonly LayerFigure[]> {
  const figures: LayerFigure[] = [];
  for (const { title, text, panes } of layerPanes(results))
    figures.push({ title, text, figure: await layerFigure(results, panes) });
  return figures;
}

function layerFigure(results: Results, panes: readonly Pane[]): Promise<string> {
  const columns = columnsFor(panes);
  const gap = 54;
  const size = { width: (INNER_WIDTH - (columns - 1) * gap) / columns, height: 112 };
  const panels = panes.map(({ title, points, y, ...rest }, i) =>
    panel(shortened(title), points, {
      ...{ ...size, ...rest, titleSize: 12 },
      // One title a row is enough: every panel of the row has the same quantity.
      y: i % columns === 0 ? y : { ...y, title: "" },
    }),
  );
  return draw(linesOfArms(results), panels, { ...size, columns, gap });
}
