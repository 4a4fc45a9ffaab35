/** `weightnorm diagnose`: how gradients lie in w and in v, from the start of a run to its checkpoint, and how |v| grows. */
import { join, resolve } from "node:path";
import { diagnosisIn } from "../runs/diagnosis/schema.ts";
import { diagnosisTable } from "../report/diagnosis-table.ts";
import { diagnosisFigure } from "../report/diagnosis.ts";
import { toPng } from "../report/png.ts";
import { UsageError, type Diagnosed } from "../runs/experiment.ts";
import { chosenCheckpoint, loadOurs, placesFor } from "../runs/folder/checkpoints.ts";
import { readRun } from "../runs/folder/index.ts";
import type { Arm, Diagnosis } from "../runs/records.ts";
import type { Settings } from "../runs/settings.ts";
import { makeFolder, writeFileAtomic } from "../src/node/index.ts";
import { display } from "./display.ts";
import { findWith, names, namesOf, ownOf } from "./experiments.ts";
import { placesOf } from "./flags.ts";
import { shown } from "./paths.ts";
import { nodeWorld } from "./world.ts";

export interface DiagnoseFlags {
  readonly arm?: readonly Arm[];
  readonly seed?: number;
  readonly units: number;
  readonly batches: number;
  readonly steps: number;
  readonly threads?: number;
  readonly out?: string;
  readonly json?: boolean;
  readonly experiment?: string;
}

export async function diagnose(
  dir: string,
  flags: DiagnoseFlags & Readonly<Record<string, unknown>>,
  everyPlace: Settings,
): Promise<void> {
  const { units, batches, steps, threads, json = false } = flags;
  const find = findWith(await ownOf(flags.experiment));
  const { experiment, run } = await readRun(resolve(dir), find);
  if (!experiment.diagnose)
    throw new Error(
      `${dir}: expected a run that trains on minibatches, one of ${await namesOf((e) => e.diagnose !== undefined)}, got one of ${experiment.name}; there is nothing to diagnose`,
    );
  const of: Diagnosed["runs"][number][] = [];
  let places = run.places;
  for (const arm of armsOf(run.config.arms, flags.arm)) {
    const file = await chosenCheckpoint(dir, arm, find, flags.seed);
    const loaded = await loadOurs(file, find, names);
    places = await placesFor(loaded, placesOf(everyPlace, flags), find);
    of.push({ file, key: loaded.key, ...loaded.checkpoint });
  }
  const folder = resolve(flags.out ?? join(dir, "diagnosis"));
  await makeFolder(folder); // now: what comes takes minutes
  const { progress, stop } = display({ quiet: json });
  const config = { ...run.config, ...(threads === undefined ? {} : { threads }) };
  const measured = await experiment
    .diagnose({
      ...{ config, world: nodeWorld({ places, progress }), runs: of },
      ...{ units, batches, steps },
    })
    .finally(stop);
  const diagnosis = { ...measured, notes: [...measured.notes, ...changed(run.changes)] };
  const file = join(folder, "diagnosis.json");
  const text = `${JSON.stringify(diagnosis)}\n`;
  await writeFileAtomic(file, text);
  await show(diagnosisIn(JSON.parse(text), file), folder, flags);
}

/** Draws it into a folder, and prints it: for machines its record, for people the table and, last, where the figure is. */
export async function show(
  diagnosis: Diagnosis,
  folder: string,
  { json = false }: { readonly json?: boolean },
): Promise<void> {
  const svg = await diagnosisFigure(diagnosis);
  await writeFileAtomic(join(folder, "diagnosis.svg"), svg);
  await writeFileAtomic(join(folder, "diagnosis.png"), await toPng(svg));
  process.stdout.write(
    json
      ? `${JSON.stringify(diagnosis)}\n`
      : `${diagnosisTable(diagnosis)}\n${shown(join(folder, "diagnosis.png"))}\n`,
  );
}

/** What to say of settings that were changed when the run went on. */
function changed(changes: readonly { readonly setting: string }[]): readonly string[] {
  const settings = [...new Set(changes.map(({ setting }) => setting))].join(", ");
  return settings === ""
    ? []
    : [
        `the run was changed on the way (${settings}): its first epoch was trained again by what it is now`,
      ];
}

/** Those that were asked for, or else `plain` and `weight`, or else the first that there is. */
function armsOf(there: readonly Arm[], asked: readonly Arm[] | undefined): readonly Arm[] {
  const foreign = asked?.find((arm) => !there.includes(arm));
  if (foreign !== undefined)
    throw new UsageError(
      `--arm: expected some of ${there.join(", ")}, which the run has, got "${foreign}"; choose among these`,
    );
  const usual = there.filter((arm) => arm === "plain" || arm === "weight");
  return asked ?? (usual.length > 0 ? usual : there.slice(0, 1));
}
