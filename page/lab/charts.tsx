/** The curves of the race as they grow, over epochs or over seconds. */
import { useMemo, useState } from "preact/hooks";
import { panesOf } from "../../report/panes.ts";
import { ARMS } from "../../runs/records.ts";
import { ArmName } from "../shared/arm.tsx";
import { Chart } from "../shared/chart.tsx";
import { Pick } from "../shared/pick.tsx";
import type { Shown } from "./app.tsx";
import { resultsSoFar, type Race } from "./race.ts";

type By = "at" | "seconds";

export function Charts({ state: { race } }: Shown) {
  const [by, setBy] = useState<By>("at");
  const panes = useMemo(() => {
    const results = race && resultsSoFar(race);
    return results ? panesOf(results) : [];
  }, [race?.events]);
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
      {race && <Legend race={race} />}
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

export const Legend = ({ race }: { readonly race: Race }) => (
  <ul class="legend" aria-label="Arms">
    {ARMS.filter((arm) => race.runners.some(({ key }) => key.arm === arm)).map((arm) => (
      <li key={arm}>
        <ArmName arm={arm} />
      </li>
    ))}
  </ul>
);
