/** `weightnorm eval`: what a checkpoint is worth on the test, or every checkpoint of a run. */
import { inUnit } from "../report/measure.ts";
import { textTable } from "../report/text-table.ts";
import type { Values } from "../runs/events.ts";
import type { Settings } from "../runs/settings.ts";
import { checkpointsAt, loadOurs, placesFor } from "../runs/folder/checkpoints.ts";
import { deviceFor, type DeviceName } from "./device.ts";
import { display } from "./display.ts";
import { findWith, names, ownOf } from "./experiments.ts";
import { placesOf } from "./flags.ts";
import { nodeWorld } from "./world.ts";

export interface EvalFlags {
  readonly threads?: number;
  readonly device?: DeviceName;
  readonly json?: boolean;
  readonly experiment?: string;
}

interface Row {
  readonly file: string;
  readonly arm: string;
  readonly seed: number;
  readonly lr: number;
  readonly step: number;
  readonly test: Values;
  readonly errors?: Values;
}

export async function evaluate(
  path: string,
  flags: EvalFlags & Readonly<Record<string, unknown>>,
  everyPlace: Settings,
): Promise<void> {
  const { threads, json = false } = flags;
  const find = findWith(await ownOf(flags.experiment));
  const files = await checkpointsAt(path);
  const loaded = [];
  for (const file of files) loaded.push(await loadOurs(file, find, names));
  const [{ experiment, config: first }] = loaded;
  const mixed = loaded.find((c) => c.experiment.name !== experiment.name);
  if (mixed)
    throw new Error(
      `${mixed.file}: expected checkpoints of one experiment, got ${mixed.experiment.name} beside ${experiment.name}; evaluate them one by one`,
    );
  const places = await placesFor(loaded[0], placesOf(everyPlace, flags), find);
  const { progress, stop } = display({ quiet: json });
  const world = nodeWorld({ places, progress, device: await deviceFor(flags.device) });
  const using = threads === undefined ? {} : { threads };
  const field = await experiment.open({ ...first, ...using }, world).finally(stop);
  const rows: Row[] = [];
  try {
    for (const [i, { file, checkpoint, key, config }] of loaded.entries()) {
      progress("testing", i / loaded.length);
      const { state, step } = checkpoint;
      const measured = await field.measure(
        { key, config: { ...config, ...using }, state, step, world },
        file,
      );
      rows.push({ file, ...key, step, ...measured });
    }
  } finally {
    stop();
    await field.release();
  }
  const { measures, tested } = field.sheet;
  const spread = (row: Row, key: string): string =>
    row.errors?.[key] == null ? "" : ` ± ${row.errors[key].toFixed(2)}`;
  const table = (): string =>
    textTable(
      ["arm", "seed", "lr", "step", ...measures.map(({ key }) => `test ${key}`)],
      rows.map((r) => [
        ...[r.arm, String(r.seed), String(r.lr), String(r.step)],
        ...measures.map((m) => `${inUnit(m, r.test[m.key] ?? NaN)}${spread(r, m.key)}`),
      ]),
    );
  const source = field.facts.find(([name]) => name === "source")?.[1];
  process.stdout.write(
    json
      ? `${JSON.stringify(rows)}\n`
      : `${table()}\n${tested.count} ${tested.unit}${source === undefined ? "" : ` of ${source}`}\n`,
  );
}
