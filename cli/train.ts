/** `weightnorm compare` and `weightnorm train`: from flags to a finished comparison and its report. */
import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { checked } from "../runs/checked.ts";
import { quoted } from "../runs/command.ts";
import { compare } from "../runs/compare.ts";
import { settingsOf } from "../runs/described.ts";
import {
  Diverged,
  UsageError,
  type Config,
  type Experiment,
  type Field,
  type Places,
} from "../runs/experiment.ts";
import { extended } from "../runs/extend.ts";
import {
  checkVacant,
  createRun,
  isFinished,
  readRun,
  resumeRun,
  stepsOf,
  tidyFinished,
  type Find,
} from "../runs/folder/index.ts";
import { Interrupted } from "../runs/race.ts";
import { crewOf, oneRank, type Crew } from "../runs/ranks.ts";
import { runIn, runText } from "../runs/run-config.ts";
import { objectOf } from "../runs/setting-values.ts";
import { sharedStore } from "../runs/shared-store.ts";
import type { RunConfig, Store } from "../runs/store.ts";
import { DeviceLost, loadOnnxRuntime, reasonOf } from "../src/node/index.ts";
import { deviceFor, type Device, type DeviceName } from "./device.ts";
import { display } from "./display.ts";
import { findWith } from "./experiments.ts";
import { askedOf, flagSettings, placesOf, type Training } from "./flags.ts";
import { onInterrupt } from "./interrupt.ts";
import { fromFirst, onEach, together, type Member } from "./job.ts";
import { COMMAND, shown } from "./paths.ts";
import { encoded } from "./pictures.ts";
import { printResults, report, writeReport } from "./report.ts";
import { machine, nodeWorld } from "./world.ts";

export interface TrainFlags {
  readonly out?: string;
  readonly resume?: string;
  readonly device?: DeviceName;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly ranks?: number;
}

export interface Asked {
  readonly command: Training;
  /** The command line, without the program's name, that goes on with its runs once --resume is added. */
  readonly again: string;
  readonly experiment: Experiment;
  /** Where its data are, if they are what the command line names. */
  readonly places: Places;
  readonly flags: TrainFlags & Readonly<Record<string, unknown>>;
}

/** Trains what the flags ask for and reports it; the folder of an interrupted run is left ready to be resumed. */
export const train = (asked: Asked): Promise<void> =>
  together(asked.flags, (member) => trained(asked, member));

async function trained(
  { command, again, experiment, places: given, flags }: Asked,
  member: Member | undefined,
): Promise<void> {
  const ranks = member?.ranks ?? oneRank;
  const settings = flagSettings(experiment, command);
  const asked = askedOf(settings, flags) as Partial<Config>;
  const places = { ...given, ...placesOf(experiment.places, flags) };
  const find = findWith(experiment);
  const leads = ranks.rank === 0;
  const { quiet = !leads && process.env["WEIGHTNORM_RANKS_LOG"] !== "1" } = flags;
  const { show, progress, say, stop } = display({ quiet });
  try {
    if (ranks.size > 1) checkShared(experiment, ranks.size);
    const device = await deviceFor(flags.device, say);
    const asksToStop = new AbortController();
    const crew = crewOf(ranks, member?.isAsked ?? (() => asksToStop.signal.aborted));
    const begin = flags.resume === undefined ? started : resumed;
    const one = command !== "compare" && flags.resume === undefined;
    const threads = asked.threads ?? member?.threads ?? availableParallelism();
    const begun = await begunTogether(begin, {
      ...{ experiment, find, flags, places, progress, say, device, crew, threads },
      asked: one ? { arms: ["weight"], ...asked } : asked,
    });
    if (!begun) {
      if (leads) await report(flags.resume!, flags, experiment); // nothing is left to do
      return;
    }
    const { dir, run, store, field } = begun;
    const world = nodeWorld({
      ...{ places: run.places, progress, trains: true, device, crew, threads },
    });
    const interrupt = member ? undefined : onInterrupt(); // before, nothing is under way that a signal could not end
    interrupt?.signal.addEventListener("abort", () => asksToStop.abort());
    try {
      const { results, missing } = await compare({
        ...{ experiment, field, run, store, world, machine: machine(device) },
        ...{ onEvent: show, signal: crew.vote, ...(leads ? { encode: encoded } : {}) },
      });
      stop();
      if (leads) printResults(results, await writeReport(dir, results), flags);
      if (missing) throw missing;
    } catch (error) {
      stop();
      const on = device.name === "cpu" ? again : `${again} --device ${device.name}`;
      throw withAdvice(error, { again: on, dir });
    } finally {
      interrupt?.release();
      await store.close();
      await field.release();
    }
  } finally {
    stop();
  }
}

/** Characters of a command that is kept. */
const LONGEST = 20_000;

interface Beginning {
  readonly experiment: Experiment;
  readonly find: Find;
  readonly flags: TrainFlags;
  readonly asked: Partial<Config>;
  readonly places: Places;
  readonly progress: (what: string, done: number) => void;
  readonly say: (line: string) => void;
  readonly device: Device;
  readonly crew: Crew;
  readonly threads: number;
}
interface Begun {
  readonly dir: string;
  readonly run: RunConfig<Config>;
  readonly store: Store;
  readonly field: Field;
}

type Begin = (beginning: Beginning) => Promise<Begun | undefined>;

/** Rank 0 begins, and tells the others what. */
async function begunTogether(begin: Begin, beginning: Beginning): Promise<Begun | undefined> {
  const { ranks } = beginning.crew;
  let own: Begun | undefined;
  const told = await fromFirst(ranks, async () => {
    own = await begin(beginning);
    return own ? runText(own.run) : "";
  });
  if (told === "") return undefined;
  const followed = await onEach(ranks, () =>
    own ? Promise.resolve(own) : following(told, beginning),
  );
  return { ...followed, store: sharedStore(ranks, own?.store) };
}

/** The run that rank 0 began, with a field of this process's own. */
async function following(told: string, beginning: Beginning): Promise<Omit<Begun, "store">> {
  const { experiment, find } = beginning;
  const { run } = await runIn(told, "the run that rank 0 began", find);
  const world = nodeWorld({ ...beginning, places: run.places, trains: true });
  const [field] = await Promise.all([experiment.open(run.config, world), loadOnnxRuntime()]);
  return { dir: "", run, field };
}

function checkShared({ name, shares = false }: Experiment, size: number): void {
  if (!shares)
    throw new UsageError(
      `${name}: expected one process, as it does not divide its batches, got ${size}; start it without a launcher, several of them side by side`,
    );
}

/** A new run: all that it needs is there before anything is written. */
async function started({
  experiment,
  find,
  flags,
  asked,
  places,
  progress,
  say,
  device,
  crew,
  threads,
}: Beginning): Promise<Begun> {
  const planned = experiment.complete(asked, places);
  const startedAt = new Date().toISOString();
  const time = startedAt.slice(0, 19).replaceAll(":", "-");
  const dir = resolve(flags.out ?? `runs/${experiment.name}-${time}`);
  if (flags.out !== undefined) await checkVacant(dir, find); // before minutes of downloading and whitening
  const world = nodeWorld({ places, progress, say, trains: true, device, crew, threads });
  const [field] = await Promise.all([experiment.open(planned, world), loadOnnxRuntime()]);
  const config = checked(objectOf(settingsOf(experiment)), field.config, {
    where: `${experiment.name}: its preset ${field.config.preset}`,
    advice: "mend the preset",
  }) as Config;
  const run = {
    ...{ experiment: experiment.name, config },
    places,
    command: ["weightnorm", ...process.argv.slice(2).map(quoted)].join(" ").slice(0, LONGEST),
    startedAt,
    changes: [],
  };
  return { dir, run, store: await createRun(dir, run, find), field };
}

/** A run that began, with what may be changed of it as asked; undefined for one that is finished. */
async function resumed({
  experiment,
  find,
  flags,
  asked,
  places,
  progress,
  device,
  crew,
  threads,
}: Beginning): Promise<Begun | undefined> {
  const dir = resolve(flags.resume!);
  if (flags.out !== undefined && resolve(flags.out) !== dir)
    throw new UsageError(
      `--out: a resumed run stays in its folder ${dir}, got ${flags.out}; leave --out away`,
    );
  const before = await readRun(dir, find);
  if (before.experiment.name !== experiment.name)
    throw new UsageError(
      `--resume: ${dir} holds a run of ${before.experiment.name}, got the experiment ${experiment.name}; name the one that it began with`,
    );
  const finished = await isFinished(dir, before.run);
  const change = (run: RunConfig<Config>): Promise<RunConfig<Config>> =>
    extended(run, {
      ...{ experiment, asked, places, finished },
      steps: () => stepsOf(dir, run),
      time: new Date().toISOString(),
    });
  if (finished && (await change(before.run)) === before.run) {
    await tidyFinished(dir);
    return undefined;
  }
  let field: Field | undefined;
  const { run, store } = await resumeRun(dir, find, async (begun) => {
    const next = await change(begun.run);
    const world = nodeWorld({
      places: next.places,
      progress,
      trains: true,
      device,
      crew,
      threads,
    });
    [field] = await Promise.all([experiment.open(next.config, world), loadOnnxRuntime()]);
    return next; // which is written only now: data that have changed are refused before
  });
  return { dir, run, store, field: field! };
}

/** What to do about a run that did not get to its end. */
function withAdvice(
  error: unknown,
  { again, dir }: { readonly again: string; readonly dir: string },
): unknown {
  const goOn = `go on with: ${COMMAND} ${again} --resume ${quoted(shown(dir))}`;
  if (error instanceof Interrupted)
    return new Interrupted(`stopped, nothing is lost; ${goOn}`, { cause: error });
  if (!(error instanceof Error)) return error;
  const { message, cause = error } = error;
  if (error instanceof Diverged)
    return new Diverged(`${message}. The checkpoints from before are in ${shown(dir)}`, {
      cause: error,
    });
  if (["ENOSPC", "EDQUOT"].includes(reasonOf(cause)) || error instanceof DeviceLost)
    return new Error(`${message}, then ${goOn}`, { cause: error });
  return error;
}
