/** The results of all trials as those of one comparison with several rates, so that the report draws what it draws of one. */
import { existsSync } from "node:fs";
import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import type { Arm } from "../../src/index.ts";
import { settingsOf } from "../../runs/described.ts";
import type { Event, Opened } from "../../runs/events.ts";
import type { Config } from "../../runs/experiment.ts";
import { removeTemporaries } from "../../runs/folder/files.ts";
import { ratesOf } from "../../runs/rates.ts";
import type { PictureFile, Results } from "../../runs/records.ts";
import { resultsOf } from "../../runs/results.ts";
import { resultsIn } from "../../runs/schema.ts";
import { makeFolder } from "../../src/node/index.ts";
import { readResult, trialFolder, type TrialResult } from "./files.ts";
import type { Sweep, Trial } from "./manifest.ts";

/** Seconds in which any result is written: what is older was left by a process that was killed. */
const A_WHILE = 600;

type Done = TrialResult & Trial;

/** There are no results yet, of any arm. */
export class NothingDone extends Error {}

/**
 * The results of a sweep: where an arm has rates to choose from, of those that are done with every seed; else of the seeds that are done.
 * Pictures of the best ones come into its folder.
 */
export async function sweptResults(sweep: Sweep): Promise<Results> {
  const { manifest, dir, experiment } = sweep;
  await removeTemporaries(join(dir, "results"), { olderThan: A_WHILE });
  const done: Done[] = [];
  for (const trial of manifest.trials) {
    const result = await readResult(sweep, trial);
    if (result) done.push({ ...trial, ...result });
  }
  const config = configOf(sweep, done);
  if (config.arms.length === 0)
    throw new NothingDone(
      `${dir}: expected an arm that is done, with every seed of a learning rate if there are several, got none among ${done.length} of ${manifest.trials.length} trials; let more of them train`,
    );
  const of = done.filter(({ arm, lr }) => isIn(config, arm, lr));
  const opened = openedOf(of, { done: done.length, all: manifest.trials.length });
  const events: readonly Event[] = [opened, ...of.flatMap(eventsOf)];
  const { command, plannedAt: startedAt } = manifest;
  const results = resultsOf(
    {
      ...{ experiment: experiment.name, command, startedAt, config },
      ...{ settings: settingsOf(experiment), changes: [] },
      keys: of.map(({ arm, lr, seed }) => ({ arm, lr, seed })),
    },
    events,
    dir,
  );
  await copyPictures(sweep, of, results);
  const open = manifest.trials.length - done.length;
  return resultsIn(open === 0 ? results : { ...results, open }, dir);
}

/** That of all trials, of those arms and rates that there is enough of. */
function configOf({ config: planned, manifest }: Sweep, done: readonly Done[]): Config {
  const isWhole = (arm: Arm, lr: number): boolean => {
    const seeds = done.filter((one) => one.arm === arm && one.lr === lr).map(({ seed }) => seed);
    // Where nothing is to be chosen, any seed will do.
    return seeds.length >= (ratesOf(planned, arm).length > 1 ? planned.seeds.length : 1);
  };
  const rates = planned.arms.map(
    (arm) => [arm, ratesOf(planned, arm).filter((lr) => isWhole(arm, lr))] as const,
  );
  const some = rates.filter(([, whole]) => whole.length > 0);
  const first = done[0]?.results.config as Partial<Config> & { readonly validation?: boolean };
  const { validation: _, ...config } = { ...planned, ...first }; // as `compare` holds out unasked
  const seeds = planned.seeds.filter((seed) => done.some((one) => one.seed === seed));
  const all = { ...config, arms: planned.arms, seeds, lr: planned.lr };
  if (done.length === manifest.trials.length) return all;
  return { ...all, arms: some.map(([arm]) => arm), lrOf: Object.fromEntries(some) };
}

const isIn = (config: Config, arm: Arm, lr: number): boolean =>
  config.arms.includes(arm) && ratesOf(config, arm).includes(lr);

/** As if one process had opened them all; where there were several machines, it says so. */
function openedOf(
  of: readonly Done[],
  { done, all }: { readonly done: number; readonly all: number },
): Opened {
  const [{ results }] = of;
  const { machine, facts, sheet, startedAt: time } = results;
  const machines = new Set(of.map((one) => JSON.stringify(one.results.machine))).size;
  const trials = done === all ? String(all) : `${done} of ${all} are done`;
  return {
    ...{ type: "opened", time, machine, sheet, runs: [] },
    facts: [
      ...facts,
      ["trials", trials],
      ...(machines > 1 ? [["kinds of machines", machines] as const] : []),
    ],
  };
}

/** What happened in a trial, as its log had it. */
function eventsOf(trial: Done): readonly Event[] {
  const { arm, lr, seed, results, why } = trial;
  const key = { arm, lr, seed };
  const lost = results.lost.find((run) => run.seed === seed);
  if (why !== undefined || lost)
    return [{ ...key, type: "lost", step: lost?.step ?? 0, why: why ?? lost!.why }];
  const record = results.arms[arm];
  const run = record?.runs.find((one) => one.seed === seed);
  if (!record || !run?.timing)
    throw new Error(
      `${trial.id}: expected a result with its run in it, got one without; remove its file in results and run it again`,
    );
  const { step, dead, start: layers, points, tests, timing, final: measured, pictures } = run;
  const { parameters } = record;
  return [
    { ...key, type: "initialized", step: 0, dead, ...(layers ? { layers } : {}) },
    ...points.map((point) => ({ ...key, type: "point" as const, ...point })),
    ...tests.map((test) => ({ ...key, type: "measured" as const, ...test })),
    { ...key, type: "finished", step, parameters, timing, wall: results.seconds },
    {
      ...{ ...key, type: "exhibited", step, measured },
      pictures: pictures.map((picture) => ({ ...picture, file: pictureOf(trial, picture) })),
    },
  ];
}

/** A picture's name in the folder of the sweep: those of all trials are told apart. */
const pictureOf = ({ id }: Trial, { file }: PictureFile): string =>
  `pictures/${id}-${file.replace(/^.*\//, "")}`;

async function copyPictures(sweep: Sweep, of: readonly Done[], { arms }: Results): Promise<void> {
  const shown = new Set(
    Object.values(arms).flatMap(({ runs }) =>
      runs.flatMap(({ pictures }) => pictures.map(({ file }) => file)),
    ),
  );
  for (const trial of of)
    for (const picture of trial.results.arms[trial.arm]?.runs[0]?.pictures ?? []) {
      const from = join(trialFolder(sweep, trial), picture.file);
      const to = pictureOf(trial, picture);
      if (!shown.has(to) || !existsSync(from)) continue; // a report does without
      await makeFolder(join(sweep.dir, "pictures"));
      await copyFile(from, join(sweep.dir, to));
    }
}
