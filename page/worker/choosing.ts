/** What the files that were given leave to be chosen: read once, however often somebody asks. */
import type { Experiment } from "../../runs/experiment.ts";
import type { ToChoose } from "./controls.ts";
import { placesOf } from "./door.ts";
import type { Around } from "./preparing.ts";
import type { Given } from "./given.ts";

export function chooser(
  around: Pick<Around, "door">,
  given: ReadonlyMap<string, Given>,
): (experiment: Experiment) => Promise<ToChoose> {
  let last: { readonly of: readonly unknown[]; readonly found: Promise<ToChoose> } | undefined;
  return async (experiment) => {
    const own = new Map(
      [...given].flatMap(([place, { files }]) =>
        Object.hasOwn(experiment.places, place) ? [[place, files] as const] : [],
      ),
    );
    if (!experiment.toChoose || own.size === 0) return {};
    const of = [experiment, ...own.values()];
    if (last?.of.length !== of.length || of.some((one, i) => one !== last!.of[i])) {
      const door = around.door({ given: own, config: {}, progress: () => undefined });
      const found = experiment
        .toChoose({ places: placesOf(own), door })
        .catch((): ToChoose => ({})); // what is wrong with them is said when they are trained on
      last = { of, found };
    }
    return last.found;
  };
}
