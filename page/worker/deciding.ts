/** From a wish to what is to be trained, with nothing changed yet: its settings, its files, and what is kept of it. */
import { findExperiment } from "../../experiments/index.ts";
import { canonical } from "../../runs/canonical.ts";
import type { Disk } from "../../runs/disk.ts";
import { UsageError, type Config, type Experiment } from "../../runs/experiment.ts";
import { runIn } from "../../runs/run-config.ts";
import type { RunConfig } from "../../runs/store.ts";
import { messageOf } from "../shared/message.ts";
import { planned } from "./controls.ts";
import { placesOf } from "./door.ts";
import { keptGiven, type Given, type Lists } from "./given.ts";
import { keptTrainings, textOf, type KeptTraining } from "./keeping.ts";
import type { Opened } from "./opening.ts";
import type { Told, Wish } from "./protocol.ts";

export interface Deciding {
  readonly wish: Wish;
  /** Whether what was kept of the same wish is to go. */
  readonly anew: boolean;
  /** The files in hand, by places; no files where they were taken back. */
  readonly given: ReadonlyMap<string, Given>;
  /** What it goes on from. */
  readonly opened?: Opened;
}

export interface Decided extends Pick<Deciding, "wish" | "opened"> {
  readonly experiment: Experiment;
  /** What is kept and to be gone on with. */
  readonly before?: KeptRun;
  /** Without what data decide, where it has not begun. */
  readonly asked: Config;
  readonly given: ReadonlyMap<string, Given>;
  readonly lists: Lists;
  /** The names of kept trainings in whose place it is to be. */
  readonly replaced: readonly string[];
}
interface KeptRun extends KeptTraining {
  readonly run: RunConfig<Config>;
}

export async function found(name: string): Promise<Experiment> {
  const experiment = await findExperiment(name);
  if (experiment) return experiment;
  throw new UsageError(
    `experiment: expected one of the list, got "${name.slice(0, 60)}"; choose one of these`,
  );
}

/** Throws what is wrong with the wish. */
export async function decided(
  root: Disk,
  { wish, anew, given: inHand, opened }: Deciding,
  tell: (told: Told) => void,
): Promise<Decided> {
  const experiment = await found(wish.experiment);
  const own = (await keptTrainings(root)).filter(
    (kept) => kept.wish.experiment === wish.experiment,
  );
  const same: KeptRun[] = [];
  for (const kept of own) {
    const run = isAbout(kept, inHand) ? await runOf(kept, { experiment, wish, tell }) : undefined;
    if (run) same.push({ ...kept, run });
  }
  const before = anew || opened ? undefined : same.at(0);
  const given = await givenFor(experiment, inHand, { root, kept: same.at(0) ?? own.at(0) });
  const files = new Map([...given].map(([place, { files }]) => [place, files]));
  const asked = before?.run.config ?? opened?.config ?? planned(experiment, wish, placesOf(files));
  const lists = Object.fromEntries([...given].map(([place, { list }]) => [place, list]));
  return {
    ...{ wish, experiment, asked, given, lists: before?.given ?? lists },
    ...(before ? { before } : {}),
    ...(opened ? { opened } : {}),
    replaced: anew && !opened ? same.map(({ name }) => name) : [],
  };
}

/** Whether none of the files in hand is another than it was about. */
const isAbout = ({ given }: KeptTraining, inHand: Deciding["given"]): boolean =>
  [...inHand].every(([place, { files, list }]) =>
    files.length === 0 ? !Object.hasOwn(given, place) : given[place] === list,
  );

interface Wanted {
  readonly experiment: Experiment;
  readonly wish: Wish;
  readonly tell: (told: Told) => void;
}
/** The run that is kept, if it is what is wished for: with a rate that was changed on the way it is that, too. */
async function runOf(
  { wish: before, disk }: KeptTraining,
  { experiment, wish, tell }: Wanted,
): Promise<RunConfig<Config> | undefined> {
  const where = disk.where("config.json");
  try {
    const text = textOf((await disk.read("config.json"))!);
    const { run } = await runIn(text, where, findExperiment);
    const wanted = canonical(planned(experiment, wish, run.places));
    const changed = { ...before.asked, lr: run.config.lr };
    const isSame = [before.asked, changed].some(
      (asked) => canonical(planned(experiment, { ...before, asked }, run.places)) === wanted,
    );
    return isSame ? run : undefined;
  } catch (error) {
    if (canonical(before) === canonical(wish))
      tell({
        type: "said",
        line: `${where}: expected the training that was kept, got one that cannot be read (${messageOf(error)}); it begins anew`,
      });
    return undefined;
  }
}

/** The files of an experiment's places: those in hand, else those that were kept with it or with the last one of its kind. */
async function givenFor(
  { places }: Experiment,
  inHand: Deciding["given"],
  { root, kept }: { readonly root: Disk; readonly kept: KeptTraining | undefined },
): Promise<Deciding["given"]> {
  const found = new Map<string, Given>();
  for (const place of Object.keys(places)) {
    const list = kept?.given[place];
    const given =
      inHand.get(place) ?? (list === undefined ? undefined : await keptGiven(root, list));
    if (given && given.files.length > 0) found.set(place, given);
  }
  return found;
}
