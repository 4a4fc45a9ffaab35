/** A disk as a store: checkpoints, attachments, pictures and the log of a run, each whole or as it was before. */
import { decodeCheckpoint, encodeCheckpoint, gunzip, read, type Checkpoint } from "../src/index.ts";
import { parseLog } from "../src/train/log-lines.ts";
import { canonical } from "./canonical.ts";
import type { Disk, DiskLog } from "./disk.ts";
import type { Event, RunKey } from "./events.ts";
import type { Attachments, Config, Kept } from "./experiment.ts";
import { nameOf } from "./rates.ts";
import { eventsIn } from "./schema.ts";
import type { RunConfig, Store } from "./store.ts";

export interface DiskStoreOptions {
  /** Throws where somebody else has taken the disk. */
  readonly check?: () => Promise<void>;
  readonly release?: () => Promise<void>;
}

/** Where the checkpoint of a run lies. */
export const checkpointName = (config: Config, key: RunKey): string =>
  `checkpoints/${nameOf(config, key)}.safetensors`;

const LOG = "log.jsonl";
const nothing = (): Promise<void> => Promise.resolve();

export function diskStore(
  disk: Disk,
  run: RunConfig<Config>,
  { check = nothing, release = nothing }: DiskStoreOptions = {},
): Store {
  const { config } = run;
  const name = (key: RunKey): string => nameOf(config, key);
  const attachmentOf = (key: RunKey, part: string): string => `attachments/${name(key)}-${part}.gz`;
  let log: DiskLog | undefined;
  const events: Event[] = [];

  async function prune(key: RunKey, { obsolete }: Attachments): Promise<void> {
    const [before, after] = [`${name(key)}-`, ".gz"];
    for (const file of await disk.list("attachments")) {
      if (!file.startsWith(before) || !file.endsWith(after)) continue;
      if (obsolete(file.slice(before.length, -after.length)))
        await disk.remove(`attachments/${file}`);
    }
  }
  /** A part of what is too large for every checkpoint. */
  async function attachment(key: RunKey, part: string, most: number): Promise<Uint8Array> {
    const file = attachmentOf(key, part);
    const where = disk.where(file);
    const hint =
      "put it back, or remove the checkpoint of that run, which then starts anew while the others go on";
    if (!(await disk.exists(file)))
      throw new Error(`${where}: expected a part of the run's memory, got no such file; ${hint}`);
    try {
      return await gunzip((await disk.read(file)) ?? new Uint8Array(), { most, where });
    } catch (error) {
      throw new Error(
        `${where}: expected a part of the run's memory, got a damaged file (${reasonOf(error)}); ${hint}`,
        { cause: error },
      );
    }
  }

  return {
    nameOf: name,
    async load(key): Promise<Kept | undefined> {
      const file = checkpointName(config, key);
      const path = disk.where(file);
      const checkpoint = await loaded(disk, file).catch((error: unknown) => {
        throw new Error(
          `${(error as Error).message}. Without this file ${name(key)} starts anew, and the others go on`,
          { cause: error },
        );
      });
      if (!checkpoint) return undefined;
      checkOwn(checkpoint, { key, run, path, name: name(key) });
      return { checkpoint, attachment: (part, most) => attachment(key, part, most) };
    },
    async save(key, { checkpoint, attachments }) {
      await check();
      for (const [part, bytes] of attachments?.fresh ?? [])
        await disk.write(attachmentOf(key, part), await disk.gzip(bytes()));
      const state = await read(checkpoint.state);
      await disk.write(checkpointName(config, key), encodeCheckpoint({ ...checkpoint, state }));
      if (attachments) await prune(key, attachments);
    },
    async begin(known) {
      await check();
      const { records } = parseLog((await disk.read(LOG)) ?? new Uint8Array());
      events.push(...eventsIn(records).filter(({ type }) => type === "opened"), ...known);
      await disk.write(LOG, events.map((event) => `${JSON.stringify(event)}\n`).join(""));
      log = await disk.openLog(LOG);
    },
    append(event) {
      log!.append(event);
      events.push(JSON.parse(JSON.stringify(event)) as Event); // as the log has it
    },
    sync: () => log?.sync(),
    events: () => events,
    async keep(file, bytes) {
      await check();
      await disk.write(`pictures/${file}`, bytes);
      return `pictures/${file}`;
    },
    async finish(results) {
      await check();
      log?.sync();
      await disk.write("results.json", `${JSON.stringify(results, null, 2)}\n`);
      await disk.remove("attachments"); // nobody goes on from here
    },
    async close() {
      log?.close();
      log = undefined;
      await release();
    },
  };
}

/** A checkpoint, whole or not at all; undefined where there is none. */
async function loaded(disk: Disk, file: string): Promise<Checkpoint | undefined> {
  const bytes = await disk.read(file);
  return bytes && decodeCheckpoint(bytes, disk.where(file));
}

/** What went wrong below, in a few words. */
function reasonOf(error: unknown): string {
  const below = (error as Error).cause ?? error;
  const { code, message } = below as { readonly code?: unknown; readonly message: string };
  return typeof code === "string" ? code : message;
}

interface Own {
  readonly key: RunKey;
  readonly run: RunConfig<Config>;
  readonly path: string;
  readonly name: string;
}
/** Throws for a checkpoint that is not of this run, or of it with other settings. */
function checkOwn({ config: saved, seed }: Checkpoint, { key, run, path, name }: Own): void {
  if (saved["arm"] !== key.arm || seed !== key.seed)
    throw new Error(
      `${path}: expected the checkpoint of ${name}, got that of ${String(saved["arm"]).slice(0, 20)}-${seed}; put back the right file`,
    );
  const now: Readonly<Record<string, unknown>> = { ...run.config, lr: key.lr };
  /** A setting that was changed may be as it was before. */
  const once = (setting: string, value: unknown): boolean =>
    run.changes.some(
      (c) => c.setting === setting && canonical(before(c.from, setting, key)) === canonical(value),
    );
  const other = Object.keys(saved).find(
    (setting) =>
      setting in now &&
      canonical(saved[setting]) !== canonical(now[setting]) &&
      !once(setting, saved[setting]),
  );
  if (other !== undefined)
    throw new Error(
      `${path}: expected a checkpoint of this run, got one with another ${other}; put back the right file`,
    );
}

/** What a change began from, for one run: a checkpoint has its one rate, a configuration a list, or one for each arm. */
function before(from: unknown, setting: string, { arm }: RunKey): unknown {
  if (setting !== "lr" || typeof from !== "object" || from === null) return from;
  if (Array.isArray(from)) return from[0] as unknown;
  const rates = from as Readonly<Record<string, unknown>>;
  return [rates[arm] ?? rates["others"]].flat()[0];
}
