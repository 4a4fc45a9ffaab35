/** What a sweep is: one experiment, its settings, and a trial for every arm, learning rate and seed. Written once, never changed. */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { constants, copyFile, link, rm } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod/mini";
import { canonical } from "../../runs/canonical.ts";
import { checked } from "../../runs/checked.ts";
import { settingsOf } from "../../runs/described.ts";
import type { RunKey } from "../../runs/events.ts";
import { UsageError, type Config, type Experiment, type Places } from "../../runs/experiment.ts";
import { isGrid, keysOf } from "../../runs/rates.ts";
import { arm, label, listOf, positive, text, whole } from "../../runs/schema-parts.ts";
import { objectOf } from "../../runs/setting-values.ts";
import { makeFolder, readText, reasonOf, writeFileAtomic } from "../../src/node/index.ts";
import { parseJson } from "../../src/train/json.ts";
import { wordsOf, type Common } from "./words.ts";

/** One run of a sweep. */
export interface Trial extends RunKey {
  /** Its place among the trials, from 0. */
  readonly index: number;
  /** What it is a function of, as a name for files: arm, rate, seed, and a hash of all of it. */
  readonly id: string;
}

/** What sweep.json says. */
export interface Manifest extends Common {
  readonly format: "weightnorm-sweep/1";
  /** Of the program: another one may train otherwise. */
  readonly version: string;
  /** The experiment's name. */
  readonly experiment: string;
  readonly command: string;
  /** ISO 8601. */
  readonly plannedAt: string;
  readonly trials: readonly Trial[];
}

/** What a sweep is planned from. */
export interface Planning extends Omit<Manifest, "format" | "experiment" | "trials"> {
  readonly experiment: Experiment;
  /** Where the data are, if they are what `subject` names. */
  readonly given: Places;
}

/** A sweep in its folder. */
export interface Sweep {
  readonly dir: string;
  readonly manifest: Manifest;
  readonly experiment: Experiment;
  /** The configuration of all trials together, as `compare` would have it. */
  readonly config: Config;
}

/** More are more than one folder should have. */
const MOST_TRIALS = 100_000;
/** Bytes of sweep.json. */
const MOST = 100_000_000;
const FILE = "sweep.json";
const advice = "restore the file, or plan the sweep anew in another folder";

const schema = z.object({
  format: z.literal("weightnorm-sweep/1"),
  version: label,
  experiment: label,
  subject: text,
  places: z.record(label, text),
  asked: z.record(label, z.unknown()),
  command: text,
  plannedAt: label,
  trials: listOf(z.object({ index: whole, id: label, arm, lr: positive, seed: whole }), {
    ...{ least: 1, most: MOST_TRIALS },
  }),
});

/** The trials of all arms, rates and seeds that are asked for. Throws for what does not go together. */
export function planned(planning: Planning): Omit<Sweep, "dir"> {
  const { experiment, given, asked, places, version } = planning;
  const config = wholeOf(planning);
  const keys = keysOf(config);
  if (keys.length > MOST_TRIALS)
    throw new UsageError(
      `sweep: expected at most ${MOST_TRIALS} trials, got ${keys.length}; try fewer rates or seeds`,
    );
  if (isGrid(config) && !("validation" in experiment.settings))
    throw new UsageError(
      `--lr: expected one learning rate for ${experiment.name}, which holds nothing out to choose one by, got several; plan a sweep for each`,
    );
  const all = { ...asked, ...shared(experiment, config, asked) };
  const { lrOf: _, ...common } = all as typeof all & { readonly lrOf?: unknown };
  const trials = keys.map((key, index): Trial => {
    const own = { ...common, arms: [key.arm], seeds: [key.seed], lr: [key.lr] };
    const complete = experiment.complete(own, { ...given, ...places });
    const hash = digest([experiment.name, complete, places, version]);
    return { index, id: `${key.arm}-lr${key.lr}-seed${key.seed}-${hash}`, ...key };
  });
  const { subject, command, plannedAt } = planning;
  const manifest: Manifest = {
    ...{ format: "weightnorm-sweep/1", version, experiment: experiment.name, subject },
    ...{ places, asked: all, command, plannedAt, trials },
  };
  wordsOf(experiment, manifest, trials[0]); // throws for values that no flag can say
  return { manifest, experiment, config };
}

/** Writes a plan into `dir`, whole or not at all; one that is there stays, and must be the same. */
export async function writeSweep(
  dir: string,
  { manifest }: Pick<Sweep, "manifest">,
): Promise<void> {
  if (existsSync(join(dir, "config.json")))
    throw new UsageError(
      `--out: ${dir} holds a run, got a sweep to put there; choose another folder`,
    );
  await makeFolder(dir);
  const path = join(dir, FILE);
  const draft = join(dir, `.${FILE}-${process.pid}`);
  try {
    if (!existsSync(path)) {
      await writeFileAtomic(draft, `${JSON.stringify(manifest, null, 2)}\n`);
      // A link, or a copy that is made anew: two that plan at once do not write over each other.
      await link(draft, path).catch((error: unknown) =>
        reasonOf(error) === "EEXIST" ? undefined : copyFile(draft, path, constants.COPYFILE_EXCL),
      );
    }
  } finally {
    await rm(draft, { force: true });
  }
  const before = await manifestIn(dir);
  if (same(before) === same(manifest)) return;
  throw new UsageError(
    `--out: ${dir} holds a sweep with other settings (${before.command}), got another to put there; choose another folder`,
  );
}

/** What sweep.json in a folder says, checked as far as that goes without its experiment. */
export async function manifestIn(dir: string): Promise<Manifest> {
  const path = join(dir, FILE);
  const said = await readText(path, { most: MOST }).catch((error: unknown) => {
    throw new Error(
      `${dir}: expected the folder of a sweep, got no readable ${FILE} in it (${reasonOf((error as Error).cause ?? error)}); give the folder that sweep plan --out named`,
      { cause: error },
    );
  });
  return checked(schema, parseJson(said, path, advice), { where: path, advice });
}

/** What its experiment is, and which version this is: what a manifest is checked with. */
export interface Known {
  readonly experiment: Experiment;
  readonly given: Places;
  readonly version: string;
}

/** The sweep in a folder. A manifest is believed only if its settings make the very trials that it lists. */
export function sweepIn(dir: string, manifest: Manifest, known: Known): Sweep {
  const { experiment, given, version } = known;
  const where = join(dir, FILE);
  if (manifest.version !== version)
    throw new Error(
      `${where}: expected a sweep of this version, ${version}, got one of ${manifest.version}; use that version, or plan the sweep anew`,
    );
  if (manifest.experiment !== experiment.name)
    throw new Error(
      `${where}: expected a sweep of ${experiment.name}, got one of ${manifest.experiment}; name the experiment that it was planned with`,
    );
  const settings = Object.entries(settingsOf(experiment)).map(
    ([name, setting]) => [name, { ...setting, optional: true }] as const,
  );
  checked(objectOf(Object.fromEntries(settings)), manifest.asked, { where, advice });
  const again = planned({ ...manifest, experiment, given });
  if (canonical(again.manifest.trials) !== canonical(manifest.trials))
    throw new Error(`${where}: expected the trials that its settings make, got others; ${advice}`);
  return { ...again, dir };
}

/** What each trial has to be told since it knows nothing of the others: that there are rates to choose from, and whose seed parts the data. */
const shared = (
  { settings }: Experiment,
  config: Config,
  asked: Manifest["asked"],
): Manifest["asked"] => ({
  ...(isGrid(config) ? { validation: true } : {}),
  ...("splitSeed" in settings && config.seeds.length > 1
    ? { splitSeed: asked["splitSeed"] ?? config.seeds[0] }
    : {}),
});

/** The configuration as `compare` would have it, with all arms, rates and seeds. */
const wholeOf = ({ experiment, asked, places, given }: Planning): Config =>
  experiment.complete(asked, { ...given, ...places });

/** All that a sweep is a function of. */
const same = ({ command: _, plannedAt: __, ...rest }: Manifest): string => canonical(rest);

/** A short hash of values, whatever order their keys have. */
export const digest = (value: unknown): string =>
  createHash("sha256").update(canonical(value)).digest("hex").slice(0, 12);
