/** What came of a run, for its report: the records of a finished one, of others as far as their log tells. */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { settingsOf } from "../runs/described.ts";
import { readResults, type Find } from "../runs/folder/index.ts";
import { picturesOf } from "../runs/folder/pictures.ts";
import type { Results } from "../runs/records.ts";
import { resultsOf } from "../runs/results.ts";
import { resultsIn } from "../runs/schema.ts";
import type { RunEvents } from "./events.ts";
import type { Place } from "./runs.ts";
import type { Known } from "./summary.ts";

/** Bytes of a results.json that is read whole; of a longer run the log tells what can be seen. */
const MOST = 30_000_000;

/** A text says why there are none yet. */
export async function recordsOf(
  { id, dir, begun, summary }: Known & Place,
  { find, events }: { readonly find: Find; readonly events: RunEvents },
): Promise<Results | string> {
  if (!begun) return summary.problem ?? `${id}: expected a run that can be read, got another one`;
  const size = (await stat(join(dir, "results.json")).catch(() => undefined))?.size ?? Infinity;
  if (summary.state === "finished" && size <= MOST) return readResults(dir, find);
  const { experiment, run } = begun;
  const compared = { ...run, settings: settingsOf(experiment) };
  const known = await events.eventsOf(id);
  try {
    return resultsIn(resultsOf(compared, known, id), id);
  } catch (error) {
    return (error as Error).message;
  }
}

/** The page that `weightnorm report` makes of them. What draws it is loaded when it is asked for. */
export async function reportOf(dir: string, results: Results): Promise<string> {
  const report = await import("../report/report.ts");
  return (await report.reportOf(results, await picturesOf(dir, results))).html;
}
