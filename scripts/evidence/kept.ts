/** Sweeps of our experiments as they are kept in `experiments`: what is done of them, and how they go on from there, on another machine too. */
import { existsSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { hasResult, writeResult, type Outcome } from "../../cluster/sweep/files.ts";
import { manifestIn, sweepIn, type Sweep, type Trial } from "../../cluster/sweep/manifest.ts";
import { NothingDone, sweptResults } from "../../cluster/sweep/merge.ts";
import { findExperiment } from "../../experiments/index.ts";
import { canonical } from "../../runs/canonical.ts";
import { readFileOfResults } from "../../runs/folder/index.ts";
import { isGrid } from "../../runs/rates.ts";
import type { Results } from "../../runs/records.ts";
import { settingsOf } from "../../runs/described.ts";
import { flagOf } from "../../runs/settings.ts";
import { makeFolder, writeFileAtomic } from "../../src/node/index.ts";

/** What tells trials of a sweep apart, and what follows from there being several; all else must be the same. */
const OWN = ["arms", "seeds", "lr", "lrOf", "validation"];

/**
 * Writes what is done of a sweep into `folder`: sweep.json and results.json, without names of folders. Gives false where that is nothing yet: of
 * several rates, of which only the best one's runs are kept, until all trials are done. What is there is only replaced by more of the same.
 */
export async function keep(sweepFolder: string, folder: string): Promise<boolean> {
  const sweep = await sweepAt(sweepFolder);
  const results = await sweptResults(sweep).catch((error: unknown) => {
    if (error instanceof NothingDone) return undefined;
    throw error;
  });
  if (!results || (isGrid(sweep.config) && results.open !== undefined)) return false;
  if (resolve(folder) === sweep.dir)
    throw new Error(`${folder}: expected another folder than the sweep's, got that; name one`);
  const before = await keptIn(folder, sweep);
  const now = runsOf(results);
  const lacking = [...runsOf(before)].flatMap(([run, came]) =>
    now.get(run) === came ? [] : [run],
  );
  if (lacking.length > 0)
    throw new Error(
      `${folder}: expected to replace results by more of the same, got none, or others, of ${lacking.join("; ")}; give them back to the sweep first, or keep it in another folder`,
    );
  const startedAt = [results.startedAt, before?.startedAt ?? results.startedAt].toSorted()[0];
  await makeFolder(folder);
  await writeFileAtomic(join(folder, "sweep.json"), withoutFolders(sweep.manifest, sweep, 2));
  const text = withoutFolders({ ...results, startedAt }, sweep);
  await writeFileAtomic(join(folder, "results.json"), text);
  return true;
}

/**
 * Makes the trials that `folder` has kept results of a sweep's own, which then trains the others only; gives how many. Of machines and times only
 * what all of them had together is known.
 */
export async function giveBack(folder: string, sweepFolder: string): Promise<number> {
  const sweep = await sweepAt(sweepFolder);
  const results = await keptIn(folder, sweep);
  if (!results)
    throw new Error(`${folder}: expected results that were kept, got no results.json; check it`);
  if (isGrid(sweep.config))
    throw new Error(
      `${folder}: expected one learning rate an arm, got several, of which only the best one's runs are kept; run the sweep anew, or leave it as it is`,
    );
  let count = 0;
  for (const trial of sweep.manifest.trials) {
    const outcome = outcomeIn(results, trial);
    if (!outcome || hasResult(sweep, trial)) continue;
    await writeResult(sweep, trial, outcome);
    count++;
  }
  return count;
}

/** What a folder has kept of that very sweep; undefined where it has kept nothing. */
async function keptIn(
  folder: string,
  { dir, manifest, config, experiment: known }: Sweep,
): Promise<Results | undefined> {
  if (existsSync(folder) && !statSync(folder).isDirectory())
    throw new Error(`${folder}: expected a folder, got a file; name a folder`);
  const path = join(folder, "results.json");
  const results = await readFileOfResults(path, findExperiment);
  if (!results) return undefined;
  const { version, experiment } = await manifestIn(folder);
  const advice = "keep the sweep in another folder, or plan it as that one was";
  const both = {
    version: [manifest.version, version],
    experiment: [manifest.experiment, experiment],
  };
  for (const [name, [planned, kept]] of Object.entries(both))
    if (planned !== kept)
      throw new Error(`${path}: expected results of ${name} ${planned}, got ${kept}; ${advice}`);
  const asked = Object.entries(settingsOf(known)).flatMap(
    ([name, setting]) => (flagOf(name, setting) === undefined ? [] : [name]), // the others are what the data say
  );
  const names = new Set([...Object.keys(config), ...asked]);
  const other = differing([...names], { ...config }, { ...results.config });
  if (other !== undefined)
    throw new Error(
      `${path}: expected results of the settings in ${dir}, got another ${other}; ${advice}`,
    );
  if (results.soFar)
    throw new Error(`${path}: expected runs that ended, got some under way; ${advice}`);
  return results;
}

/** A trial as it would be had it been run alone; undefined where it is not kept. */
function outcomeIn(results: Results, { arm, lr, seed }: Trial): Outcome | undefined {
  const record = results.arms[arm];
  const run = record?.lr === lr ? record.runs.find((one) => one.seed === seed) : undefined;
  const lost = results.lost.find((one) => one.arm === arm && one.lr === lr && one.seed === seed);
  const { lrOf: _, ...config } = results.config;
  const { open: __, ...rest } = results;
  const alone = {
    ...rest,
    config: { ...config, arms: [arm], seeds: [seed], lr: [lr] },
    facts: results.facts.filter(([name]) => !["trials", "kinds of machines"].includes(name)),
  };
  if (lost) return { results: { ...alone, seconds: 0, arms: {}, lost: [lost] }, why: lost.why };
  if (!record || !run?.timing) return undefined;
  const { grid: ___, ...own } = record;
  // A report of the sweep calls them by its name of the trial again.
  const pictures = run.pictures.map(({ file, ...picture }) => ({
    ...picture,
    file: file.replace(/[^/]+-[0-9a-f]{12}-/, ""),
  }));
  const seconds = Math.max(0, ...[...run.points, ...run.tests].map((one) => one.seconds));
  const arms = { [arm]: { ...own, runs: [{ ...run, pictures }] } };
  return { results: { ...alone, seconds, arms, lost: [] } };
}

/** Its runs by names, those that were lost too, and what each came to. */
function runsOf(results: Results | undefined): ReadonlyMap<string, string> {
  const ended = Object.entries(results?.arms ?? {}).flatMap(([arm, { runs }]) =>
    runs.map(({ seed, tests }) => [
      `${arm}, seed ${seed}`,
      canonical(tests.map(({ at, test }) => [at, test])),
    ]),
  );
  const lost = (results?.lost ?? []).map(({ arm, seed, lr, step }) => [
    `${arm}, seed ${seed}, rate ${lr}`,
    `lost in step ${step}`,
  ]);
  return new Map([...ended, ...lost] as [string, string][]);
}

type Values = Readonly<Record<string, unknown>>;
/** The name of a setting that is not the same in both. */
const differing = (names: readonly string[], planned: Values, kept: Values): string | undefined =>
  names.find(
    (name) =>
      !OWN.includes(name) &&
      planned[name] !== Infinity && // all there is, which the data say
      canonical(planned[name] ?? null) !== canonical(kept[name] ?? null),
  );

async function sweepAt(folder: string): Promise<Sweep> {
  const manifest = await manifestIn(resolve(folder));
  const experiment = await findExperiment(manifest.experiment);
  if (!experiment || manifest.subject !== experiment.name)
    throw new Error(
      `${folder}: expected a sweep of an experiment of ours, got one of ${manifest.subject}; keep it elsewhere`,
    );
  return sweepIn(resolve(folder), manifest, { experiment, given: {}, version: manifest.version });
}

/** As JSON that says SWEEP, RATES and DIR for the folders of the sweep, of what its rates are from, and of its data. */
function withoutFolders(
  value: Results | Sweep["manifest"],
  { dir, manifest, experiment }: Sweep,
  indent?: number,
): string {
  const places = Object.entries(experiment.places).map(([name, setting]) => flagOf(name, setting)!);
  const words: Readonly<Record<string, string>> = {
    ...{ "--out": "SWEEP", "--rates-of": "RATES" },
    ...Object.fromEntries(places.map((flag) => [flag, "DIR"])),
  };
  const command = value.command.replace(
    /(?<= )(--[a-z-]+)[ =]('[^']*'|(?!--)\S+)/g,
    (all, flag: string) => (Object.hasOwn(words, flag) ? `${flag} ${words[flag]}` : all),
  );
  const folders = [[dir, "SWEEP"], ...Object.values(manifest.places).map((path) => [path, "DIR"])];
  return folders
    .toSorted(([a], [b]) => b.length - a.length) // one may begin as another does
    .reduce(
      (text, [folder, word]) => text.replaceAll(folder, word),
      `${JSON.stringify({ ...value, command }, null, indent)}\n`,
    );
}
