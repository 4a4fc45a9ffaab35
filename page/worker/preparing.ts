/** From a wish to what is trained: its data, what runs it, and its run as it lies on the disk, begun now or before. */
import { findExperiment } from "../../experiments/index.ts";
import { canonical } from "../../runs/canonical.ts";
import { checked } from "../../runs/checked.ts";
import { commandOf } from "../../runs/command.ts";
import { settingsOf } from "../../runs/described.ts";
import type { Disk } from "../../runs/disk.ts";
import { checkpointName } from "../../runs/disk-store.ts";
import {
  UsageError,
  type Config,
  type Door,
  type Experiment,
  type World,
} from "../../runs/experiment.ts";
import type { Machine } from "../../runs/records.ts";
import { runIn } from "../../runs/run-config.ts";
import { objectOf } from "../../runs/setting-values.ts";
import type { RunConfig } from "../../runs/store.ts";
import { encodeCheckpoint, input, ops, type Runtime } from "../../src/index.ts";
import type { BrowserRuntime } from "../../src/web.ts";
import { planned } from "./controls.ts";
import { placesOf, type PageDoorOptions } from "./door.ts";
import { cleared, keepRun, keptGiven, keptWish, listsOf, textOf } from "./keeping.ts";
import type { Opened } from "./opening.ts";
import type { Dropped, Told, Wish } from "./protocol.ts";
import type { Subject } from "./training.ts";

/** Where a page keeps what it trains. */
export interface Storage {
  readonly disk: Disk;
  /** Whether it outlives the page; else why not. */
  readonly kept: true | string;
}

/** What the lab needs of where it runs. */
export interface Around {
  storage(): Promise<Storage>;
  /** The threads that there are. */
  readonly threads: number;
  runtime(options: {
    readonly device: Wish["device"];
    readonly threads: number;
  }): Promise<BrowserRuntime>;
  door(options: Pick<PageDoorOptions, "given" | "config" | "progress">): Door;
  machine(runtime: Runtime): Machine;
  readonly decode?: World["decode"];
  tell(told: Told): void;
}

export interface Prepared {
  readonly wish: Wish;
  readonly subject: Subject;
  readonly run: RunConfig<Config>;
  readonly kept: Storage["kept"];
  readonly device: BrowserRuntime["device"];
  readonly said: string;
  readonly threads: number;
}

export interface Preparing {
  readonly wish: Wish;
  /** Whether what was kept of the same wish is left alone. */
  readonly anew: boolean;
  /** Files by places. */
  readonly given: ReadonlyMap<string, readonly Dropped[]>;
  /** What it goes on from. */
  readonly opened?: Opened;
}

export async function found(name: string): Promise<Experiment> {
  const experiment = await findExperiment(name);
  if (experiment) return experiment;
  throw new UsageError(
    `experiment: expected one of the list, got "${name.slice(0, 60)}"; choose one of these`,
  );
}

export async function prepared(
  around: Around,
  { wish, anew, given: inHand, opened }: Preparing,
): Promise<Prepared> {
  const { disk, kept } = await around.storage();
  const experiment = await found(wish.experiment);
  const given = await givenFor(experiment, inHand, disk);
  const places = placesOf(given);
  const before =
    anew || opened ? undefined : await keptRun(disk, { experiment, wish, given }, around.tell);
  const asked = before?.config ?? opened?.config ?? planned(experiment, wish, places);
  const threads = Math.min(asked.threads, around.threads);
  const { runtime, device, said } = await around.runtime({ device: wish.device, threads });
  const progress = told(around.tell);
  const world: World = {
    ...{ runtime: () => runtime, threads: around.threads, places, progress },
    door: around.door({ given, config: asked, progress }),
    say: (line) => around.tell({ type: "said", line }),
    ...(around.decode ? { decode: around.decode } : {}),
  };
  const [field] = await Promise.all([experiment.open(asked, world), warmed(runtime)]);
  try {
    const run = before ?? runOf({ experiment, asked, config: field.config, places });
    if (!before) {
      await cleared(disk);
      if (opened)
        await disk.write(
          checkpointName(run.config, opened.key),
          encodeCheckpoint(opened.checkpoint),
        );
      await keepRun(disk, { wish, given: listsOf(given), run });
    }
    const subject = { experiment, field, world, disk, machine: around.machine(runtime) };
    return { wish, subject, run, kept, device, said, threads };
  } catch (error) {
    await field.release();
    throw error;
  }
}

/** Long work on the way, told a few times a second. */
function told(tell: Around["tell"]): World["progress"] {
  let last = { what: "", at: 0 };
  return (what, done) => {
    const at = performance.now();
    if (what === last.what && done < 1 && at - last.at < 100) return;
    last = { what, at };
    tell({ type: "progress", what, done });
  };
}

/** Its engine, loaded while data come. */
async function warmed(runtime: Runtime): Promise<void> {
  const x = input("x", []);
  const program = await runtime.compile({ inputs: [x], outputs: { y: ops.add(x, 1) } });
  await program.release();
}

interface Beginning {
  readonly experiment: Experiment;
  /** Without what data decide. */
  readonly asked: Config;
  readonly config: Config;
  readonly places: World["places"];
}
function runOf({ experiment, asked, config, places }: Beginning): RunConfig<Config> {
  return {
    experiment: experiment.name,
    config: checked(objectOf(settingsOf(experiment)), config, {
      where: `${experiment.name}: its preset ${config.preset}`,
      advice: "mend the preset",
    }) as Config,
    places,
    command: commandOf(experiment, asked, places),
    startedAt: new Date().toISOString(),
    changes: [],
  };
}

/** The files of an experiment's places: those in hand, else those that were kept. */
async function givenFor(
  { places }: Experiment,
  inHand: Preparing["given"],
  disk: Disk,
): Promise<Preparing["given"]> {
  const found = new Map<string, readonly Dropped[]>();
  for (const place of Object.keys(places)) {
    const files = inHand.get(place) ?? (await keptGiven(disk, place));
    if (files.length > 0) found.set(place, files);
  }
  return found;
}

interface Wanted {
  readonly experiment: Experiment;
  readonly wish: Wish;
  readonly given: Preparing["given"];
}
/** The run that lies on the disk, if it is what is wished for: with a rate that was changed on the way it is that, too. */
async function keptRun(
  disk: Disk,
  { experiment, wish, given }: Wanted,
  tell: Around["tell"],
): Promise<RunConfig<Config> | undefined> {
  const before = await keptWish(disk);
  if (before?.wish.experiment !== experiment.name) return undefined;
  if (canonical(before.given) !== canonical(listsOf(given))) return undefined;
  try {
    const text = textOf((await disk.read("config.json"))!);
    const { run } = await runIn(text, disk.where("config.json"), findExperiment);
    const places = placesOf(given);
    const changed = { ...before.wish.asked, lr: run.config.lr };
    const wanted = canonical(planned(experiment, wish, places));
    const isSame = [before.wish.asked, changed].some(
      (asked) => canonical(planned(experiment, { ...before.wish, asked }, places)) === wanted,
    );
    return isSame ? run : undefined;
  } catch (error) {
    tell({ type: "said", line: `${(error as Error).message}. It starts anew` });
    return undefined;
  }
}
