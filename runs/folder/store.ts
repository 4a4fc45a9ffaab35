/** A folder as a store: checkpoints, attachments, pictures and the log of a run, each whole or as it was before. */
import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { gunzip } from "../../src/index.ts";
import {
  listFolder,
  loadCheckpoint,
  makeOwnFolder,
  openLog,
  readBytes,
  readLog,
  reasonOf,
  saveCheckpoint,
  writeFileAtomic,
  type Log,
} from "../../src/node/index.ts";
import type { Checkpoint } from "../../src/index.ts";
import { canonical } from "../canonical.ts";
import type { Event, RunKey } from "../events.ts";
import type { Attachments, Config, Kept } from "../experiment.ts";
import { nameOf } from "../rates.ts";
import { eventsIn } from "../schema.ts";
import type { RunConfig, Store } from "../store.ts";

export interface FolderStoreOptions {
  /** Throws where somebody else has taken the folder. */
  readonly check: () => Promise<void>;
  readonly release: () => Promise<void>;
}

export const checkpointPath = (dir: string, config: Config, key: RunKey): string =>
  join(dir, "checkpoints", `${nameOf(config, key)}.safetensors`);

export function folderStore(
  dir: string,
  run: RunConfig<Config>,
  { check, release }: FolderStoreOptions,
): Store {
  const { config } = run;
  const name = (key: RunKey): string => nameOf(config, key);
  const at = (...names: readonly string[]): string => join(dir, ...names);
  const checkpointAt = (key: RunKey): string => checkpointPath(dir, config, key);
  const attachmentAt = (key: RunKey, part: string): string =>
    at("attachments", `${name(key)}-${part}.gz`);
  let log: Log | undefined;
  const events: Event[] = [];

  async function keepAttachments(key: RunKey, { fresh }: Attachments): Promise<void> {
    if (fresh.size > 0) await makeOwnFolder(at("attachments"));
    for (const [part, bytes] of fresh)
      await writeFileAtomic(attachmentAt(key, part), await promisify(gzip)(bytes(), { level: 1 }));
  }
  async function prune(key: RunKey, { obsolete }: Attachments): Promise<void> {
    const [before, after] = [`${name(key)}-`, ".gz"];
    const files = await listFolder(at("attachments")).catch(() => []);
    for (const file of files) {
      if (!file.startsWith(before) || !file.endsWith(after)) continue;
      if (obsolete(file.slice(before.length, -after.length)))
        await rm(at("attachments", file), { force: true });
    }
  }

  return {
    nameOf: name,
    async load(key): Promise<Kept | undefined> {
      const path = checkpointAt(key);
      if (!existsSync(path)) return undefined;
      const checkpoint = await loadCheckpoint(path).catch((error: unknown) => {
        throw new Error(
          `${(error as Error).message}. Without this file ${name(key)} starts anew, and the others go on`,
          { cause: error },
        );
      });
      checkOwn(checkpoint, { key, run, path, name: name(key) });
      return {
        checkpoint,
        attachment: async (part, most) => {
          const file = attachmentAt(key, part);
          const hint =
            "put it back, or remove the checkpoint of that run, which then starts anew while the others go on";
          if (!existsSync(file))
            throw new Error(
              `${file}: expected a part of the run's memory, got no such file; ${hint}`,
            );
          try {
            return await gunzip(await readBytes(file), { most, where: file });
          } catch (error) {
            throw new Error(
              `${file}: expected a part of the run's memory, got a damaged file (${reasonOf((error as Error).cause ?? error)}); ${hint}`,
              { cause: error },
            );
          }
        },
      };
    },
    async save(key, { checkpoint, attachments }) {
      await check();
      if (attachments) await keepAttachments(key, attachments);
      await makeOwnFolder(at("checkpoints"));
      await saveCheckpoint(checkpointAt(key), checkpoint);
      if (attachments) await prune(key, attachments);
    },
    async begin(known) {
      await check();
      const path = at("log.jsonl");
      const { records } = await readLog(path);
      events.push(...eventsIn(records).filter(({ type }) => type === "opened"), ...known);
      await writeFileAtomic(path, events.map((event) => `${JSON.stringify(event)}\n`).join(""));
      log = await openLog(path);
    },
    append(event) {
      log!.append({ ...event });
      events.push(JSON.parse(JSON.stringify(event)) as Event); // as the log has it
    },
    sync: () => log?.sync(),
    events: () => events,
    async keep(file, bytes) {
      await check();
      await makeOwnFolder(at("pictures"));
      await writeFileAtomic(at("pictures", file), bytes);
      return `pictures/${file}`;
    },
    async finish(results) {
      await check();
      log?.sync();
      await writeFileAtomic(at("results.json"), `${JSON.stringify(results, null, 2)}\n`);
      await rm(at("attachments"), { recursive: true, force: true }); // nobody goes on from here
    },
    async close() {
      log?.close();
      log = undefined;
      await release();
    },
  };
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
