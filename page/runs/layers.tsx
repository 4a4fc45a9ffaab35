/** What happens to the weights: a small panel a layer, drawn when it is asked for. */
import { useMemo, useState } from "preact/hooks";
import type { Results } from "../../runs/records.ts";
import { Chart } from "../shared/chart.tsx";
import { layerPanes, linesOfArms, type LayerPanes } from "../shared/curves.ts";
import { Legend } from "../shared/legend.tsx";

export function Layers({ results }: { readonly results: Results }) {
  const figures = useMemo(() => layerPanes(results), [results]);
  if (figures.length === 0) return null;
  return (
    <section aria-labelledby="layers">
      <h2 id="layers">What happens to the weights</h2>
      {figures.map((one) => (
        <Quantity key={one.title} figure={one} results={results} />
      ))}
    </section>
  );
}

interface QuantityProps {
  readonly figure: LayerPanes;
  readonly results: Results;
}
function Quantity({ figure: { title, text, panes }, results }: QuantityProps) {
  const [isOpen, setIsOpen] = useState(false);
  return (
    <details onToggle={(event) => setIsOpen(event.currentTarget.open)}>
      <summary>{title}</summary>
      {isOpen && (
        <>
          <p class="note">{text}</p>
          <Legend {...linesOfArms(results)} />
          <div class="panels small">
            {panes.map((pane) => (
              <Chart key={pane.title} {...pane} small />
            ))}
          </div>
        </>
      )}
    </details>
  );
}
