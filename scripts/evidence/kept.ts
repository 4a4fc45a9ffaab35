/** Sweeps as they are kept in `experiments`: what is done of them, and how they go on from there, on another machine too. */
import { join, resolve } from "node:path";
import { hasResult, writeResult, type Outcome } from "../../cluster/sweep/files.ts";
import { manifestIn, sweepIn, type Sweep, type Trial } from "../../cluster/sweep/manifest.ts";
import { sweptResults } from "../../cluster/sweep/merge.ts";
import { findExperiment } from "../../experiments/index.ts";
import { canonical } from "../../runs/canonical.ts";
import { readFileOfResults } from "../../runs/folder/index.ts";
import type { Results } from "../../runs/records.ts";
import { makeFolder, writeFileAtomic } from "../../src/node/index.ts";

/** What tells trials of a sweep apart, and what follows from there being several; all else must be the same. */
const OWN = ["arms", "seeds", "lr", "lrOf", "validation"];

/** Writes what is done of a sweep into `folder`: results.json and sweep.json, without names of folders. */
export async function keep(sweepFolder: string, folder: string): Promise<void> {
  const sweep = await sweepAt(sweepFolder);
  const results = await sweptResults(sweep);
  await makeFolder(folder);
  await writeFileAtomic(join(folder, "results.json"), withoutFolders(results, sweep));
  await writeFileAtomic(join(folder, "sweep.json"), withoutFolders(sweep.manifest, sweep, 2));
}

/** Makes the trials that `folder` has kept results of a sweep's own, which then trains the others only; gives how many. */
export async function giveBack(folder: string, sweepFolder: string): Promise<number> {
  const sweep = await sweepAt(sweepFolder);
  const path = join(folder, "results.json");
  const results = await readFileOfResults(path, findExperiment);
  if (!results) return 0;
  const other = differing(sweep, results);
  if (other !== undefined)
    throw new Error(
      `${path}: expected results of the settings in ${sweep.dir}, got another ${other}; plan the sweep as its sweep.json was, or begin without it`,
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

/** A trial as it would be had it been run alone; undefined where it is not kept: of several rates only the best one's runs are. */
function outcomeIn(results: Results, { arm, lr, seed }: Trial): Outcome | undefined {
  const record = results.arms[arm];
  const run = record?.lr === lr ? record.runs.find((one) => one.seed === seed) : undefined;
  const lost = results.lost.find((one) => one.arm === arm && one.lr === lr && one.seed === seed);
  if (!record || !(run ?? lost)) return undefined;
  const { lrOf: _, ...config } = results.config;
  const { grid: __, ...rest } = record;
  // A report of the sweep calls them by its name of the trial again.
  const pictures = run?.pictures.map(({ file, ...picture }) => ({
    ...picture,
    file: file.replace(/[^/]+-[0-9a-f]{12}-/, ""),
  }));
  const times = [...(run?.points ?? []), ...(run?.tests ?? [])].map(({ seconds }) => seconds);
  const alone: Results = {
    ...results,
    config: { ...config, arms: [arm], seeds: [seed], lr: [lr] },
    facts: results.facts.filter(([name]) => !["trials", "kinds of machines"].includes(name)),
    seconds: Math.max(0, ...times),
    arms: run ? { [arm]: { ...rest, runs: [{ ...run, pictures: pictures! }] } } : {},
    lost: lost ? [lost] : [],
  };
  return lost ? { results: alone, why: lost.why } : { results: alone };
}

/** The name of a setting that is not the same in both. */
function differing({ config: planned }: Sweep, { config }: Results): string | undefined {
  const kept: Readonly<Record<string, unknown>> = { ...config };
  return Object.entries(planned).find(
    ([name, value]) =>
      !OWN.includes(name) &&
      value !== Infinity && // all there is, which the data say
      canonical(value) !== canonical(kept[name]),
  )?.[0];
}

async function sweepAt(folder: string): Promise<Sweep> {
  const manifest = await manifestIn(resolve(folder));
  const experiment = await findExperiment(manifest.experiment);
  if (!experiment)
    throw new Error(
      `${folder}: expected a sweep of an experiment of ours, got one of ${manifest.experiment}; keep it yourself`,
    );
  return sweepIn(resolve(folder), manifest, { experiment, given: {}, version: manifest.version });
}

/** As JSON that says SWEEP and DIR for the folders of the sweep and of its data. */
function withoutFolders(
  value: Results | Sweep["manifest"],
  { dir, manifest: { places } }: Sweep,
  indent?: number,
): string {
  const command = value.command.replace(/(?<= --out )\S+/, "SWEEP");
  return [[dir, "SWEEP"], ...Object.values(places).map((place) => [place, "DIR"])].reduce(
    (text, [folder, word]) => text.replaceAll(folder, word),
    `${JSON.stringify({ ...value, command }, null, indent)}\n`,
  );
}
