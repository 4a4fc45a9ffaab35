/** From what a run has told so far to the panels of its sheet: its records, each run as far as it has got, and what is drawn of them. */
import type { Event, Opened } from "../../runs/events.ts";
import type { Config } from "../../runs/experiment.ts";
import { nameOf } from "../../runs/rates.ts";
import type { Results, Told } from "../../runs/records.ts";
import { resultsOf } from "../../runs/results.ts";
import type { ComparedJson } from "../../serve/api.ts";

export { hasLayers, layerPanesOf, LAYER_TITLE } from "../../report/layer-panes.ts";
export { linesOfArms, panesOf, type Pane } from "../../report/panes.ts";

export interface RecordsOptions {
  /** Those that were told, with units: the page has no descriptions of settings. */
  readonly settings?: readonly Told[];
  /** Whether all runs end where the last test is that all have had, so that they compare. */
  readonly cut?: boolean;
}

/** Records of events so far; undefined where nobody has begun to train, or `cut` and not all were tested. */
export function recordsOf(
  compared: ComparedJson,
  events: readonly Event[],
  { settings, cut = false }: RecordsOptions = {},
): Results | undefined {
  const opened = events.findLast((e): e is Opened => e.type === "opened");
  if (opened === undefined) return undefined;
  const config = compared.config as unknown as Config;
  const changes = events.filter((e) => e.type === "changed");
  const all = { ...compared, config, settings: {}, changes };
  try {
    const results = resultsOf(all, events, "run", { cut });
    const { soFar } = results;
    return {
      ...results,
      ...(settings ? { settings } : {}),
      ...(soFar
        ? { soFar: { ...soFarOf(events, opened, config), ...(cut ? { at: soFar.at } : {}) } }
        : {}),
    };
  } catch (error) {
    if (cut) return undefined; // there is nothing to compare yet
    throw error;
  }
}

/** How far each run is that is not lost, by the last event that says so. */
const reached = (events: readonly Event[], { runs }: Opened, config: Config) => {
  const last = new Map<string, { readonly step: number; readonly at: number }>();
  const lost = new Set<string>();
  for (const event of events)
    if (event.type === "point" || event.type === "measured") last.set(nameOf(config, event), event);
    else if (event.type === "lost") lost.add(nameOf(config, event));
  return runs
    .filter(({ name }) => !lost.has(name))
    .map(({ name, steps }) => ({ steps, ...(last.get(name) ?? { step: 0, at: 0 }) }));
};

/** How far that one is which is furthest behind, and how far all are to go, as their steps tell it. */
function soFarOf(
  events: readonly Event[],
  opened: Opened,
  config: Config,
): NonNullable<Results["soFar"]> {
  const runs = reached(events, opened, config);
  const lengths = runs.map(({ steps, step, at }) => (step > 0 ? (at / step) * steps : 0));
  return {
    at: runs.reduce((least, { at }) => Math.min(least, at), Infinity),
    of: Number(Math.max(0, ...lengths).toPrecision(6)),
  };
}
