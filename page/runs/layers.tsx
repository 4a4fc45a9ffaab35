/** What happens to the weights: a small panel a layer, computed and drawn when it is asked for. */
import { useMemo, useState } from "preact/hooks";
import type { Quantity, Results } from "../../runs/records.ts";
import { hasLayers, LAYER_TITLE, layerPanesOf, linesOfArms } from "../shared/curves.ts";
import { Legend } from "../shared/legend.tsx";
import { LaterChart } from "./later-chart.tsx";

export function Layers({ results }: { readonly results: Results }) {
  if (!hasLayers(results)) return null;
  return (
    <section aria-labelledby="layers">
      <h2 id="layers">What happens to the weights</h2>
      {results.sheet.layers.map((quantity) => (
        <Folded key={quantity} quantity={quantity} results={results} />
      ))}
    </section>
  );
}

interface LayerProps {
  readonly quantity: Quantity;
  readonly results: Results;
}
function Folded(props: LayerProps) {
  const [isOpen, setIsOpen] = useState(false);
  return (
    <details onToggle={(event) => setIsOpen(event.currentTarget.open)}>
      <summary>{LAYER_TITLE[props.quantity]}</summary>
      {isOpen && <Panels {...props} />}
    </details>
  );
}

function Panels({ quantity, results }: LayerProps) {
  const { text, panes } = useMemo(() => {
    const found = layerPanesOf(results, quantity);
    return { ...found, panes: found.panes.map((pane) => ({ ...pane, small: true })) };
  }, [results, quantity]);
  return (
    <>
      <p class="note">{text}</p>
      <Legend {...linesOfArms(results)} />
      <div class="panels small">
        {panes.map((pane, i) => (
          <LaterChart key={i} pane={pane} />
        ))}
      </div>
    </>
  );
}
