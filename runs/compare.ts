/** A whole comparison, wherever it is kept and shown: the race, what there is to see of its winners, the records. */
import type { Event, RunKey } from "./events.ts";
import {
  Diverged,
  type Config,
  type Contestant,
  type Experiment,
  type Field,
  type Picture,
  type Trained,
  type World,
} from "./experiment.ts";
import { settingsOf } from "./described.ts";
import { Interrupted, race, type RaceOptions } from "./race.ts";
import { oneRank } from "./ranks.ts";
import { keysOf } from "./rates.ts";
import { resultsOf } from "./results.ts";
import type { Machine, PictureFile, Results, Sheet } from "./records.ts";
import type { RunConfig, Store } from "./store.ts";

/** Options of {@link compare}. */
export interface CompareOptions extends RaceOptions {
  readonly experiment: Experiment;
  readonly field: Field;
  readonly run: RunConfig<Config>;
  readonly store: Store;
  readonly world: World;
  readonly machine: Machine;
  /** The bytes of a picture's file, and how its name ends. Without it nothing is exhibited, which takes long for some. */
  readonly encode?: (picture: Picture) => Promise<Encoded>;
}
/** A picture as a file. */
export interface Encoded {
  readonly bytes: Uint8Array;
  readonly extension: "png" | "gif";
}

/**
 * Trains every run of the store's configuration from where it is to its end. Where a seed of an arm diverged at every rate it
 * had, the others are recorded all the same, and `missing` says why.
 */
export async function compare(
  options: CompareOptions,
): Promise<{ readonly results: Results; readonly missing?: Diverged }> {
  const { experiment, field, run, store, machine, world, onEvent = () => undefined } = options;
  const tell = (event: Event): void => {
    store.append(event);
    onEvent(event);
  };
  const entrants = await entrantsOf(options);
  const known = entrants.flatMap(({ known: events }) => events);
  await store.begin([...run.changes.map((c) => ({ type: "changed" as const, ...c })), ...known]);
  const { facts } = field;
  const { size, hosts } = world.crew?.ranks ?? oneRank;
  const runs = entrants.map(({ contestant }) => contestant);
  tell({
    ...{ type: "opened", time: new Date().toISOString(), machine, facts },
    ...(size > 1 ? { ranks: { count: size, hosts } } : {}),
    sheet: await wholeSheet(options),
    runs: runs.map(({ key, step, steps }) => ({
      ...key,
      ...{ name: store.nameOf(key), step: step(), steps },
    })),
  });
  for (const { contestant, isNew } of entrants) {
    if (!isNew) continue;
    for (const happening of contestant.begun) tell({ ...contestant.key, ...happening });
    store.sync();
    await store.save(contestant.key, await contestant.saved()); // there is always a last good checkpoint
  }
  const going = (): void => {
    // Here nobody asks the others any more: who shows what came of it all stops by itself.
    if (options.signal?.aborted || (world.crew?.vote.own() ?? 0) > 0)
      throw new Interrupted("training was stopped; give the same store to go on");
  };
  const { finished, lost } = await race(field, runs, store, options);
  if (finished.length === 0) throw lost[0].error;
  const results = (): Results =>
    resultsOf({ ...run, settings: settingsOf(experiment) }, store.events(), run.experiment);
  await exhibit(chosen(finished, results()), options, { tell, going });
  going();
  const final = results();
  await store.finish(final);
  const missing = lost.find(
    ({ run: { key } }) => !finished.some((f) => f.key.arm === key.arm && f.key.seed === key.seed),
  );
  return { results: final, ...(missing ? { missing: missing.error } : {}) };
}

interface Entrant {
  readonly contestant: Contestant;
  readonly isNew: boolean;
  /** What had happened in it before. */
  readonly known: readonly Event[];
}
/** Every run of the configuration, at its start or where its checkpoint left it. */
async function entrantsOf({
  experiment,
  field,
  run,
  store,
}: CompareOptions): Promise<readonly Entrant[]> {
  const entrants: Entrant[] = [];
  for (const key of keysOf(run.config)) {
    const kept = await store.load(key);
    const contestant = await field.start(key, kept);
    if (contestant.step() > contestant.steps)
      throw new Error(
        `${store.nameOf(key)}: expected a checkpoint within the ${contestant.steps} steps of the run, got one at step ${contestant.step()}; put back the right file`,
      );
    const known = kept
      ? experiment
          .history((await contestant.saved()).checkpoint, key)
          .map((happening) => ({ ...key, ...happening }))
      : [];
    entrants.push({ contestant, isNew: !kept, known });
  }
  return entrants;
}

/** With what those get who learn nothing, as an earlier process has found it or found now. */
async function wholeSheet({ field, store }: CompareOptions): Promise<Sheet> {
  if (!field.baseline) return field.sheet;
  const before = store.events().findLast((e) => e.type === "opened")?.sheet.baseline;
  return { ...field.sheet, baseline: before ?? (await field.baseline()) };
}

/** Of every arm the runs at the rate that its records are of. */
const chosen = (finished: readonly Contestant[], { arms }: Results): readonly Contestant[] =>
  finished.filter(({ key }) => arms[key.arm]?.lr === key.lr);

/** Everything that there is to see of trained models, with the pictures kept. */
async function exhibit(
  runs: readonly Contestant[],
  { field, run, store, world, encode }: CompareOptions,
  { tell, going }: { readonly tell: (event: Event) => void; readonly going: () => void },
): Promise<void> {
  if (!field.exhibit || !encode) return;
  for (const { key, step, saved } of runs) {
    going();
    const { state } = (await saved()).checkpoint;
    const within = {
      ...world,
      progress: (what: string, done: number) => {
        going();
        world.progress(what, done);
      },
    };
    const trained = { key, config: alone(run.config, key), state, step: step(), world: within };
    const { measured, pictures } = await field.exhibit(trained);
    const files: PictureFile[] = [];
    for (const picture of pictures) {
      const { name, caption } = picture;
      const { bytes, extension } = await encode(picture);
      const file = await store.keep(
        `${store.nameOf(key)}-${name.replaceAll(" ", "-")}.${extension}`,
        bytes,
      );
      files.push({ name, caption, file });
    }
    tell({ ...key, type: "exhibited", step: step(), measured, pictures: files });
  }
}

/** The configuration of one run by itself. */
export const alone = <C extends Config>(
  { lrOf: _, ...config }: C,
  { arm, seed, lr }: RunKey,
): Trained<C>["config"] => ({ ...config, arms: [arm], seeds: [seed], lr: [lr] }) as unknown as C;
