/** `weightnorm report`: the pages, the pictures and the table of a run, from its records. */
import { dirname, join, resolve } from "node:path";
import { launcherOf } from "../cluster/mpi/launcher.ts";
import { reportOf, resultsTable, tableOf } from "../report/index.ts";
import { toPng } from "../report/png.ts";
import { eventFiles } from "../report/tensorboard.ts";
import type { Experiment } from "../runs/experiment.ts";
import type { Results } from "../runs/records.ts";
import type { Opened } from "../runs/events.ts";
import {
  readFileOfDiagnosis,
  readFileOfResults,
  readResults,
  type Begun,
} from "../runs/folder/index.ts";
import { picturesOf } from "../runs/folder/pictures.ts";
import { makeFolder, writeFileAtomic } from "../src/node/index.ts";
import { display } from "./display.ts";
import { findWith, ownOf } from "./experiments.ts";
import { shown } from "./paths.ts";
import { machine, nodeWorld } from "./world.ts";

interface Flags {
  readonly json?: boolean;
  readonly experiment?: string;
  readonly tensorboard?: string;
}

/** `own` is the user's own experiment where it is known already. Beside a results.json or a diagnosis.json by itself what is drawn of it is written. */
export async function report(place: string, flags: Flags, own?: Experiment): Promise<void> {
  const find = findWith(own ?? (await ownOf(flags.experiment)));
  const path = resolve(place);
  const diagnosis = await readFileOfDiagnosis(path);
  if (diagnosis) return (await import("./diagnose.ts")).show(diagnosis, dirname(path), flags);
  const alone = await readFileOfResults(path, find);
  const results = alone ?? (await readResults(path, find, reopened));
  const written = await writeReport(alone ? dirname(path) : path, results).catch(
    (error: unknown) => {
      printResults(results, undefined, flags); // what can be seen without a folder to write to
      throw error;
    },
  );
  if (flags.tensorboard !== undefined) {
    await writeEvents(flags.tensorboard, results);
    process.stderr.write(`For TensorBoard: tensorboard --logdir ${shown(flags.tensorboard)}\n`);
  }
  printResults(results, written, flags);
}

/** A run that an earlier version began is opened again to see what its numbers mean. */
async function reopened({ experiment, run }: Begun): Promise<Opened> {
  const { progress, stop } = display({ quiet: false });
  const world = nodeWorld({ places: run.places, progress });
  const field = await experiment.open(run.config, world);
  try {
    const baseline = await field.baseline?.();
    return {
      ...{ type: "opened", time: new Date().toISOString(), machine: machine(), facts: field.facts },
      ...{ sheet: { ...field.sheet, ...(baseline ? { baseline } : {}) }, runs: [] },
    };
  } finally {
    stop();
    await field.release();
  }
}

/** Writes `report.html`, `figure.svg`, `figure.png` and, where rates were tried, `rates.svg` and `rates.png` into `dir`; gives the path of the first. */
export async function writeReport(dir: string, results: Results): Promise<string> {
  const { html, svg, rates } = await reportOf(results, await picturesOf(dir, results));
  await makeFolder(dir);
  for (const [name, drawn] of Object.entries({ figure: svg, rates })) {
    if (drawn === undefined) continue;
    await writeFileAtomic(join(dir, `${name}.svg`), drawn);
    await writeFileAtomic(join(dir, `${name}.png`), await toPng(drawn));
  }
  const path = join(dir, "report.html");
  await writeFileAtomic(path, html);
  return path;
}

/** Writes what TensorBoard reads, a folder a run. */
async function writeEvents(folder: string, results: Results): Promise<void> {
  for (const { path, bytes } of eventFiles(results)) {
    const file = resolve(folder, path);
    await makeFolder(dirname(file));
    await writeFileAtomic(file, bytes);
  }
}

/** For machines the results with the numbers of the table, for people the table and, last, where the report is. */
export function printResults(
  results: Results,
  html: string | undefined,
  { json = false }: Flags,
): void {
  const { columns } = process.stdout;
  const isTTY = process.stdout.isTTY && !launcherOf(process.env); // who starts ranks gives each a terminal
  const table = (): string => resultsTable(results, { width: columns || 100, colors: isTTY });
  process.stdout.write(
    json
      ? `${JSON.stringify({ ...results, table: tableOf(results) })}\n`
      : `${table()}\n${html === undefined ? "" : `${shown(html)}\n`}`,
  );
}
