/** `weightnorm predict`: what a trained model says of new examples. */
import { readdir, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { csvOf } from "../report/csv.ts";
import { textTable } from "../report/text-table.ts";
import { UsageError, type NamedFile, type Predictions } from "../runs/experiment.ts";
import type { Arm } from "../src/index.ts";
import { printable } from "../src/train/json.ts";
import { readBytes, reasonOf, writeFileAtomic } from "../src/node/index.ts";
import { chosenCheckpoint, loadOurs, placesFor } from "../runs/folder/checkpoints.ts";
import { deviceFor, type DeviceName } from "./device.ts";
import { display } from "./display.ts";
import { findWith, names, namesOf, ownOf } from "./experiments.ts";
import { shown } from "./paths.ts";
import { nodeWorld } from "./world.ts";

export interface PredictFlags {
  readonly arm?: Arm;
  readonly threads?: number;
  readonly device?: DeviceName;
  readonly out?: string;
  readonly csv?: boolean;
  readonly json?: boolean;
  readonly model?: string;
  readonly experiment?: string;
}

export async function predict(
  path: string,
  files: readonly string[],
  flags: PredictFlags,
): Promise<void> {
  const { threads, out, csv = false, json = false } = flags;
  const find = findWith(await ownOf(flags.experiment));
  const file = await chosenCheckpoint(path, flags.arm, find);
  const loaded = await loadOurs(file, find, names);
  const { checkpoint, experiment, key, config } = loaded;
  if (!experiment.predict)
    throw new Error(
      `${file}: expected a model that predicts, a checkpoint of ${await namesOf((e) => e.predict !== undefined)}, got one of ${experiment.name}; train on a table or a folder of pictures`,
    );
  const asked = (await Promise.all(files.map((name) => filesAt(name)))).flat();
  const overwritten = asked.find(({ name }) => out !== undefined && resolve(name) === resolve(out));
  if (overwritten)
    throw new UsageError(
      `--out: expected a file of its own, got ${overwritten.name}, which is to be predicted from; name another`,
    );
  const { progress, say, stop } = display({ quiet: false });
  const given = flags.model === undefined ? {} : { model: resolve(flags.model) };
  const device = await deviceFor(flags.device);
  const world = nodeWorld({ places: await placesFor(loaded, given, find), progress, device });
  const { state, step } = checkpoint;
  const own = { ...config, ...(threads === undefined ? {} : { threads }) };
  const made = await experiment
    .predict({ key, state, step, world, config: own }, asked)
    .finally(stop);
  for (const line of [...made.notes, ...made.failed]) say(line);
  if (out !== undefined) await writeFileAtomic(resolve(out), csvOf(made));
  if (json) process.stdout.write(`${JSON.stringify(recordsOf(made))}\n`);
  else if (out !== undefined) process.stdout.write(`${shown(resolve(out))}\n`);
  else process.stdout.write(csv ? csvOf(made) : tableOf(made));
  const failures = made.failed.length;
  if (failures > 0)
    throw new Error(
      `predict: expected an answer for every row and file, got ${failures} that could not be read, named above; mend them and predict again`,
    );
}

/** A file, or all files of a folder that do not hide; of one that holds folders alone, theirs. */
async function filesAt(path: string, depth = 1): Promise<readonly NamedFile[]> {
  const one = (name: string): NamedFile => ({ name, read: () => readBytes(name) });
  const isFolder = await stat(path).then(
    (info) => info.isDirectory(),
    () => false,
  );
  if (!isFolder) return [one(path)]; // whose reading says what is wrong with it
  const entries = await readdir(path, { withFileTypes: true }).catch((error: unknown) => {
    throw new Error(`${path}: cannot list, got ${reasonOf(error)}; check the permissions`, {
      cause: error,
    });
  });
  const seen = entries.filter((e) => !e.name.startsWith("."));
  const names = seen.filter((e) => !e.isDirectory());
  if (names.length === 0 && seen.length > 0 && depth > 0) {
    const inner = seen.map(({ name }) => filesAt(join(path, name), depth - 1));
    return (await Promise.all(inner)).flat();
  }
  if (names.length === 0)
    throw new Error(`${path}: expected files in this folder, got none; name another one`);
  return names
    .map((e) => e.name)
    .sort()
    .map((name) => one(join(path, name)));
}

const recordsOf = ({ columns, rows }: Predictions): readonly Readonly<Record<string, unknown>>[] =>
  rows.map((row) => Object.fromEntries(row.map((value, i) => [columns[i], value])));

const tableOf = ({ columns, rows }: Predictions): string =>
  rows.length === 0
    ? ""
    : `${textTable(
        columns.map(printable),
        rows.map((row) => row.map((value) => printable(String(value)))),
      )}\n`;
