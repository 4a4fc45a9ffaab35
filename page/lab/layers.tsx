/** The layers: |v|, g and the effective step of each as curves, and the filters of the one that is chosen. */
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { layerPanes } from "../../report/layer-panes.ts";
import { linesOfArms } from "../../report/panes.ts";
import { significant } from "../../report/words.ts";
import type { Quantity } from "../../runs/records.ts";
import { ArmName } from "../shared/arm.tsx";
import { Chart } from "../shared/chart.tsx";
import { Legend } from "../shared/legend.tsx";
import { Pick } from "../shared/pick.tsx";
import { RasterCanvas } from "../shared/raster.tsx";
import type { Filters } from "../worker/protocol.ts";
import type { Shown } from "./shown.ts";
import { resultsSoFar } from "./race.ts";
import { savedAt } from "./state.ts";
import { ofEach, useLook } from "./use-look.ts";

const NAMES: Readonly<Record<Quantity, string>> = {
  v: "|v|",
  g: "g",
  effectiveStep: "effective step",
};
/** Filters shown of an arm. */
const MOST = 32;

export function Layers({ state, actions }: Shown) {
  const { race, begun } = state;
  const [quantity, setQuantity] = useState<Quantity>("v");
  const [layer, setLayer] = useState<string>();
  const quantities = race?.sheet?.layers ?? [];
  const index = Math.max(0, quantities.indexOf(quantity));
  const results = useMemo(() => race && resultsSoFar(race), [race?.events]);
  const all = useMemo(() => (results ? layerPanes(results) : []), [results]);
  const shown = all.at(index);
  useEffect(() => setLayer(undefined), [begun?.wish.experiment]);
  if (!results || !shown) return null;
  return (
    <section class="layers" aria-labelledby="layers-title">
      <div class="section-head">
        <h2 id="layers-title">Inside the layers</h2>
        <Pick
          label="What of the layers"
          options={quantities.map((value) => ({ value, text: NAMES[value] }))}
          chosen={quantities[index]}
          onChosen={setQuantity}
        />
      </div>
      <p class="note">{shown.text}</p>
      <Legend {...linesOfArms(results)} />
      <div class="layer-grid">
        {shown.panes.map(({ title, ...pane }) => (
          <div key={title} class="layer">
            <Chart title={title} {...pane} small />
            <button
              type="button"
              class="small"
              aria-pressed={layer === title}
              onClick={() => setLayer(layer === title ? undefined : title)}
            >
              Filters<span class="unseen"> of {title}</span>
            </button>
          </div>
        ))}
      </div>
      {layer !== undefined && <LayerFilters layer={layer} state={state} actions={actions} />}
    </section>
  );
}

function LayerFilters({ layer, state, actions }: Shown & { readonly layer: string }) {
  const keys = state.begun!.begun.keys;
  const here = useRef<HTMLHeadingElement>(null);
  const { value, problem, place } = useLook(
    () => ofEach(keys, (key) => actions.lab().filters(key, layer)),
    { what: layer, version: Math.max(1, savedAt(state)) },
  );
  useEffect(() => here.current?.scrollIntoView({ block: "nearest" }), [layer]);
  return (
    <div class="filters" ref={place}>
      <h3 ref={here}>Filters of {layer}</h3>
      <p class="note">
        Each picture is a unit's v, brightest where its weights are largest; below it |v| and g.
      </p>
      {problem !== undefined && <p class="wrong">{problem}</p>}
      {value?.map(({ key, value: filters }) => (
        <div key={`${key.arm} ${key.seed} ${key.lr}`} class="filter-row">
          <p>
            <ArmName arm={key.arm} />
            <span class="quiet">
              {filters.units > MOST ? ` first ${MOST} of ${filters.units} units` : ""}
            </span>
          </p>
          <FilterGrid filters={filters} />
        </div>
      ))}
    </div>
  );
}

const FilterGrid = ({ filters: { filters, v, g } }: { readonly filters: Filters }) => (
  <ol class="filter-grid">
    {filters.slice(0, MOST).map((filter, i) => (
      <li key={i}>
        <RasterCanvas raster={filter} label={`unit ${i + 1}`} />
        <span>
          <i>v</i> {significant(v[i])}
        </span>
        <span>
          <i>g</i> {significant(g[i])}
        </span>
      </li>
    ))}
  </ol>
);
