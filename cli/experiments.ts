/** Which experiment is meant: one of ours by its name, or the user's own by the file of its module, or by data of theirs. */
import { existsSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { experimentOn, experiments, findExperiment, ownData } from "../experiments/index.ts";
import { UsageError, type Experiment, type Places } from "../runs/experiment.ts";
import type { Find } from "../runs/folder/index.ts";
import { brief } from "../src/train/json.ts";

export const names: readonly string[] = Object.keys(experiments);

const isFile = (name: string): boolean => /[/\\]|\.([cm]?[jt]s|[a-z]{2,4})$/i.test(name);

/** What an argument names: an experiment, and where the data are if that is what it names. */
export interface Meant {
  readonly experiment: Experiment;
  readonly places: Places;
}

export async function experimentAt(name: string): Promise<Meant> {
  const ours = names.includes(name) ? await findExperiment(name) : undefined;
  if (ours) return { experiment: ours, places: {} };
  const info = statSync(name, { throwIfNoEntry: false });
  const onData = await experimentOn(name, { isFolder: info?.isDirectory() ?? false });
  if (onData) return { experiment: onData, places: { data: resolve(name) } };
  if (isFile(name)) return { experiment: await ownExperiment(name), places: {} };
  throw new UsageError(
    `experiment: expected one of ${names.join(", ")}, a table (.csv), a folder of pictures, or the file of your own, got "${name}"; try weightnorm compare mnist`,
  );
}

/** Fine-tuning the model in a file on what lies at `data`. */
export async function tunedOn(model: string, data: string): Promise<Meant> {
  if (!/\.onnx$/i.test(model))
    throw new UsageError(
      `finetune: expected an .onnx file, got "${model}"; export the model to ONNX first`,
    );
  const info = statSync(data, { throwIfNoEntry: false });
  const isFolder = info?.isDirectory() ?? false;
  const experiment = await experimentOn(data, { isFolder, tuned: true });
  if (experiment) return { experiment, places: { data: resolve(data), model: resolve(model) } };
  throw new UsageError(
    `--data: expected a folder of pictures or a table (.csv, .tsv), got "${data}"${info ? "" : ", which is not there"}; check the path`,
  );
}

/** Finds experiments by the names that files have of them: ours, and the one that the command line gave. No file is run because a file says so. */
export const findWith =
  (own: Experiment | undefined): Find =>
  (name) =>
    own?.name === name ? Promise.resolve(own) : findExperiment(name);

/** What `--experiment FILE` names, for commands that find the experiment in a run's folder. */
export const ownOf = async (file: string | undefined): Promise<Experiment | undefined> =>
  file === undefined ? undefined : ownExperiment(file);

async function ownExperiment(file: string): Promise<Experiment> {
  if (!existsSync(file))
    throw new UsageError(
      `${file}: expected the file of an experiment of yours, got none there; check the path`,
    );
  if (!/\.[cm]?[jt]s$/i.test(file))
    throw new UsageError(
      `${file}: expected a table (.csv, .tsv), a folder of pictures, or the module of an experiment (.ts, .js), got a file of another kind; save a table as CSV`,
    );
  const module = await import(pathToFileURL(resolve(file)).href).then(
    (loaded: unknown) => loaded as { readonly experiment?: unknown; readonly default?: unknown },
    (error: unknown) => {
      throw new Error(
        `${file}: expected a module with an experiment, got ${brief(error instanceof Error ? error.message : String(error))}; ${advice(error)}`,
        { cause: error },
      );
    },
  );
  const found = (module.experiment ?? module.default) as Partial<Experiment> | undefined;
  const needs = ["name", "about", "settings", "places", "presets", "complete", "open", "history"];
  const lacks = needs.filter((key) => found?.[key as keyof Experiment] === undefined);
  if (names.includes(found?.name ?? ""))
    throw new Error(
      `${file}: expected an experiment of another name than ours have, got "${found!.name!}"; rename it`,
    );
  if (found && lacks.length === 0 && /^[\w-]{1,60}$/.test(found.name!)) return found as Experiment;
  throw new Error(
    `${file}: expected an export called experiment, as experimentOf makes it, got ${found ? `one without ${lacks.join(", ") || "a name of letters, digits and dashes"}` : "none"}; see examples/own-experiment.ts`,
  );
}

/** Plain Node reads TypeScript from version 22.18 on. */
const advice = (error: unknown): string =>
  error instanceof Error && error.message.includes("Unknown file extension")
    ? "compile it to JavaScript, or start weightnorm through tsx (npx tsx node_modules/.bin/weightnorm ...)"
    : "run it alone to see where";

/** The experiments that can do something, for messages. */
export async function namesOf(can: (experiment: Experiment) => boolean): Promise<string> {
  const everyName = Object.keys({ ...experiments, ...ownData });
  const all = await Promise.all(everyName.map((name) => findExperiment(name)));
  return all.flatMap((e) => (e && can(e) ? [e.name] : [])).join(", ");
}
