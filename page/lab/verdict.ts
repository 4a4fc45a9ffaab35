/** Which arm won, in the report's own words, from the events of a race that is over. */
import { findingsOf, type Findings } from "../../report/findings.ts";
import { resultsOf } from "../../runs/results.ts";
import { isOver, type Race } from "./race.ts";

/** Nothing while somebody still runs, or where no run was tested. */
export function verdictOf(race: Race): Findings | undefined {
  if (!isOver(race)) return undefined;
  const { experiment, config, command, startedAt, changes } = race.run;
  try {
    const compared = { experiment, config, command, startedAt, changes, settings: {} };
    return findingsOf(resultsOf(compared, race.events, "the race"));
  } catch {
    return undefined; // all runs were lost before a test: the lanes say so
  }
}
