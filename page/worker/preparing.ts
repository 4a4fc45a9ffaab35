/** From what was decided to what is trained: its data, what runs it, and its run as it lies on the disk, begun now or before. */
import { checked } from "../../runs/checked.ts";
import { commandOf } from "../../runs/command.ts";
import { settingsOf } from "../../runs/described.ts";
import type { Disk } from "../../runs/disk.ts";
import { checkpointName } from "../../runs/disk-store.ts";
import type { Config, Door, Experiment, World } from "../../runs/experiment.ts";
import type { Machine } from "../../runs/records.ts";
import { objectOf } from "../../runs/setting-values.ts";
import type { RunConfig } from "../../runs/store.ts";
import { encodeCheckpoint, input, ops, type Runtime } from "../../src/index.ts";
import type { BrowserRuntime } from "../../src/web.ts";
import { placesOf, type PageDoorOptions } from "./door.ts";
import { messageOf } from "../shared/message.ts";
import type { Decided } from "./deciding.ts";
import { keepGiven, type Given, type Lists } from "./given.ts";
import { freeFolder, keepAsLast, keepRun } from "./keeping.ts";
import type { Told, Wish } from "./protocol.ts";
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
  /** The lists of the files that it is about. */
  readonly given: Lists;
  readonly subject: Subject;
  readonly run: RunConfig<Config>;
  readonly kept: Storage["kept"];
  readonly device: BrowserRuntime["device"];
  readonly said: string;
  readonly threads: number;
}

/** What is wished for needs another worker, as this one has begun with something else. */
export class Elsewhere extends Error {
  override readonly name = "Elsewhere";
}

/** What was decided, made ready; nothing else may be under way. */
export async function prepared(
  around: Around,
  { wish, opened, experiment, before, asked, given, lists, replaced }: Decided,
): Promise<Prepared> {
  const { disk: root, kept } = await around.storage();
  const files = new Map([...given].map(([place, { files }]) => [place, files]));
  const places = placesOf(files);
  const threads = Math.min(asked.threads, around.threads);
  const { runtime, device, said } = await around.runtime({ device: wish.device, threads });
  const progress = told(around.tell);
  const say = (line: string): void => around.tell({ type: "said", line });
  const world: World = {
    ...{ runtime: () => runtime, threads: around.threads, places, progress, say },
    door: around.door({ given: files, config: asked, progress }),
    ...(around.decode ? { decode: around.decode } : {}),
  };
  const [field] = await Promise.all([experiment.open(asked, world), warmed(runtime)]);
  try {
    const run = before?.run ?? runOf({ experiment, asked, config: field.config, places });
    const folder = before ?? (await freeFolder(root));
    const { disk } = folder;
    if (!before) {
      if (opened)
        await disk.write(
          checkpointName(run.config, opened.key),
          encodeCheckpoint(opened.checkpoint),
        );
      await keepRun(disk, { wish, given: lists, run });
    }
    if (kept === true) for (const [place, of] of given) await keptOrSaid(root, place, of, say);
    await keepAsLast(root, folder, replaced);
    const subject = { experiment, field, world, disk, machine: around.machine(runtime) };
    return { wish, given: lists, subject, run, kept, device, said, threads };
  } catch (error) {
    await field.release();
    throw error;
  }
}

/** Where files cannot be kept they are still in hand. */
async function keptOrSaid(
  root: Disk,
  place: string,
  given: Given,
  say: (line: string) => void,
): Promise<void> {
  const again = "give them again when the page was loaded again";
  try {
    if (await keepGiven(root, given)) return;
    say(`${place}: these files are more than this browser keeps; ${again}`);
  } catch (error) {
    say(`${place}: expected storage for these files, got none (${messageOf(error)}); ${again}`);
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
