/** The main figure of a comparison: the panels of its sheet. */
import type { Results } from "../runs/records.ts";
import { INNER_WIDTH } from "./marks.ts";
import { goalsOf, linesOfArms, panelsOf, panesOf } from "./panes.ts";
import { draw, panel } from "./panels.ts";

const GAP = 72;
const SIZE = { width: (INNER_WIDTH - GAP) / 2, height: 210 };

export function mainFigure(results: Results): Promise<string> {
  const drawn = panesOf(results).map(({ title, points, ...rest }, i) =>
    panel(`${String.fromCharCode(97 + (i % 26))}\u2002${title}`, points, { ...SIZE, ...rest }),
  );
  const shown = panelsOf(results);
  const inUse = goalsOf(results).filter((goal) => shown.some(goal.of));
  return draw({ ...linesOfArms(results), goals: inUse }, drawn, { ...SIZE, columns: 2, gap: GAP });
}
