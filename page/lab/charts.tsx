/** The curves of the race as they grow, over epochs or over seconds. */
import { useMemo, useState } from "preact/hooks";
import { linesOfArms, panesOf } from "../../report/panes.ts";
import { Chart } from "../shared/chart.tsx";
import { Legend } from "../shared/legend.tsx";
import { Pick } from "../shared/pick.tsx";
import type { Shown } from "./shown.ts";
import { resultsSoFar } from "./race.ts";

type By = "at" | "seconds";

export function Charts({ state: { race } }: Shown) {
  const [by, setBy] = useState<By>("at");
  const results = useMemo(() => race && resultsSoFar(race), [race?.events]);
  const panes = useMemo(() => (results ? panesOf(results) : []), [results]);
  const axis = race?.sheet?.axis.name ?? "epoch";
  // What is drawn against one of them alone is shown whichever was chosen.
  const shown = panes.filter(
    ({ title, xField }) =>
      xField === by || !panes.some((other) => other.xField === by && isSame(other.title, title)),
  );
  return (
    <section class="charts" aria-labelledby="charts-title">
      <div class="section-head">
        <h2 id="charts-title">Curves</h2>
        <Pick
          label="Curves over"
          options={[
            { value: "at", text: `over ${axis}s` },
            { value: "seconds", text: "over seconds" },
          ]}
          chosen={by}
          onChosen={setBy}
        />
      </div>
      {results && <Legend {...linesOfArms(results)} />}
      {shown.some(({ points }) => points.length > 0) ? (
        <div class="chart-grid">
          {shown.map(({ title, ...pane }) => (
            <Chart key={`${title} ${pane.xField}`} title={short(title)} {...pane} />
          ))}
        </div>
      ) : (
        <p class="empty">Curves grow here as soon as it trains.</p>
      )}
    </section>
  );
}

/** A panel against both axes says which in its title: here the switch does. */
const short = (title: string): string => title.replace(/ by [a-z ]+$/, "");
const isSame = (a: string, b: string): boolean => short(a) === short(b);
