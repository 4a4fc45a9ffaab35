/**
 * A lock on a folder: a file that says which process has it. It survives `kill -9` and is then recognized as stale: on the same
 * machine by the process that is gone, or that has another start time since its number was given away again; on another one
 * by its heartbeat, which has stopped.
 */
import { randomUUID } from "node:crypto";
import { constants, readFileSync, readlinkSync } from "node:fs";
import {
  copyFile,
  link,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  utimes,
  writeFile,
} from "node:fs/promises";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { codeOf, fileError, reasonOf } from "./file-error.ts";

/** A lock that is held. */
export interface Lock {
  /** Throws where the lock is no longer ours: another process has taken it for stale. */
  check(): Promise<void>;
  /** Gives it back; what somebody else has taken meanwhile stays. */
  release(): Promise<void>;
}

/** Options of {@link takeLock}. */
export interface LockOptions {
  /** What is locked, as messages call it. */
  readonly where: string;
  /** Seconds between two signs of life, and without one after which a process on another machine counts as gone. */
  readonly beat?: number;
  readonly patience?: number;
}

interface Owner {
  readonly pid: number;
  readonly host: string;
  /** What tells machines, boots and containers apart. */
  readonly machine: string;
  /** When the process started, in whatever unit the system has; "" where that is not known. */
  readonly started: string;
  /** What tells the folder from a copy of it; "" in locks of before. */
  readonly folder?: string;
  readonly token: string;
}

/** What drafts of locks are called: no temporaries, which an owner may sweep away. */
const DRAFT = ".lock-";
/** Milliseconds for which a lock may be away while another process looks at it. */
const MOMENT = 200;

/** Takes the lock at `path`, or says who has it. */
export async function takeLock(
  path: string,
  { where, beat = 5, patience = 120 }: LockOptions,
): Promise<Lock> {
  const owner: Owner = {
    pid: process.pid,
    host: hostname(),
    machine: machineId(),
    started: startOf(process.pid),
    folder: await folderOf(path),
    token: randomUUID(),
  };
  const draft = join(dirname(path), `${DRAFT}${owner.token}`);
  try {
    await writeFile(draft, JSON.stringify(owner), { flag: "wx" });
    await acquire(path, draft, { where, patience });
  } catch (error) {
    throw codeOf(error) === undefined ? error : fileError(where, "write", error);
  } finally {
    await rm(draft, { force: true }).catch(() => undefined);
  }
  const timer = setInterval(() => {
    const now = new Date();
    utimes(path, now, now).catch(() => undefined); // `check` tells what became of it
  }, beat * 1000);
  timer.unref();
  const isOurs = async (): Promise<boolean> => (await ownerAt(path))?.token === owner.token;
  return {
    async check() {
      if (await isOurs()) return;
      await new Promise((go) => setTimeout(go, MOMENT)); // somebody may be looking whether it is stale
      if (await isOurs()) return;
      throw new Error(
        `${where}: expected to have this folder alone, got its lock taken by another process; see that only one works there, then go on with --resume`,
      );
    },
    async release() {
      clearInterval(timer);
      if (await isOurs()) await rm(path, { force: true });
    },
  };
}

async function acquire(
  path: string,
  draft: string,
  { where, patience }: Required<Pick<LockOptions, "where" | "patience">>,
): Promise<void> {
  for (let attempt = 0; attempt < 5; attempt++) {
    if (await put(draft, path)) return;
    const before = await readFile(path, "utf8").catch((error: unknown) => {
      if (codeOf(error) !== "ENOENT") throw fileError(path, "read", error);
      return undefined;
    });
    if (before === undefined) continue; // just given back
    const state = await stateOf(path, patience, async () => (await stat(draft)).mtimeMs);
    if (state.held) throw new Error(`${where}: ${state.why}`);
    await remove(path, before);
    await sweep(dirname(path), draft, patience);
  }
  throw new Error(`${where}: expected to get its lock, got others who want it too; try again`);
}

/** Makes the lock, whole or not at all, where there is none. */
async function put(draft: string, path: string): Promise<boolean> {
  const made = async (make: () => Promise<unknown>): Promise<boolean> => {
    try {
      await make();
      return true;
    } catch (error) {
      if (reasonOf(error) === "EEXIST") return false;
      throw error;
    }
  };
  try {
    return await made(() => link(draft, path));
  } catch (error) {
    if (!["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"].includes(reasonOf(error))) throw error;
    return made(() => copyFile(draft, path, constants.COPYFILE_EXCL)); // a file system without links
  }
}

/** Takes a stale lock away. Between looking and taking somebody may have got it: then it is put back. */
async function remove(path: string, stale: string): Promise<void> {
  const aside = join(dirname(path), `${DRAFT}${randomUUID()}`);
  try {
    await rename(path, aside);
  } catch {
    return; // somebody was faster
  }
  const taken = await readFile(aside, "utf8");
  if (taken !== stale) await link(aside, path).catch(() => undefined);
  await rm(aside, { force: true });
}

/** Drafts that killed processes left. */
async function sweep(folder: string, draft: string, patience: number): Promise<void> {
  const now = await stat(draft);
  for (const name of await readdir(folder)) {
    if (!name.startsWith(DRAFT)) continue;
    const path = join(folder, name);
    const age = await stat(path).then(
      ({ mtimeMs }) => (now.mtimeMs - mtimeMs) / 1000,
      () => 0,
    );
    if (age > patience) await rm(path, { force: true });
  }
}

/** Whether somebody has the lock at `path`: only looked at, by the clock of this machine. */
export const isLocked = async (
  path: string,
  { patience = 120 }: Pick<LockOptions, "patience"> = {},
): Promise<boolean> => (await stateOf(path, patience, () => Promise.resolve(Date.now()))).held;

/** Whether somebody has the lock, and what to say then. The clock is the file system's own: machines need not agree on the time. */
async function stateOf(
  path: string,
  patience: number,
  clock: () => Promise<number>,
): Promise<{ readonly held: boolean; readonly why: string }> {
  const owner = await ownerAt(path);
  const stale = { held: false, why: "" };
  if (!owner) return stale; // torn or not ours: nobody can be asked
  const isCopy = (owner.folder ?? "") !== "" && owner.folder !== (await folderOf(path));
  if (isCopy && owner.machine === machineId()) return stale; // who has it works elsewhere
  const name = `process ${owner.pid} on ${owner.host}`;
  const theirs = await stat(path).catch(() => undefined);
  if (!theirs) return { held: false, why: "" }; // it is being given back, or taken
  const silent = Math.max(0, (await clock()) - theirs.mtimeMs) / 1000;
  const taken = `expected a folder that nobody works in, got one that ${name} has`;
  if (owner.machine === machineId()) {
    const alive =
      owner.started === ""
        ? isAlive(owner.pid) && silent < patience
        : startOf(owner.pid) === owner.started;
    const why = `${taken}; wait for it, or stop it (kill ${owner.pid}) and go on with --resume`;
    return alive ? { held: true, why } : stale;
  }
  const why = `${taken}, seen ${Math.round(silent)} s ago; wait for it or stop it there; if it is gone, try again in ${patience} s`;
  return silent < patience ? { held: true, why } : stale;
}

async function ownerAt(path: string): Promise<Owner | undefined> {
  try {
    const owner = JSON.parse(await readFile(path, "utf8")) as Partial<Owner> | null;
    const { pid, host, machine, started, token } = owner ?? {};
    const texts = [host, machine, started, token].every((x) => typeof x === "string");
    return Number.isSafeInteger(pid) && pid! > 0 && texts
      ? { ...(owner as Owner), host: host!.slice(0, 60).replaceAll(/[^\w.-]/g, "?") }
      : undefined;
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM"; // there, but somebody else's
  }
}

/** A folder's identity on its file system; "" where it has none. */
const folderOf = (path: string): Promise<string> =>
  stat(dirname(path)).then(
    ({ dev, ino }) => `${dev}:${ino}`,
    () => "",
  );

/** When a living process started, in ticks since the machine did; "" for one that is dead, or where the system does not tell. */
function startOf(pid: number): string {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "latin1");
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" || fields[0] === "X" ? "" : (fields[19] ?? ""); // zombies have a number, and nothing else
  } catch {
    return "";
  }
}

let machine: string | undefined;
/** Processes that can see each other have the same: a host, since it booted, and within it a container. */
function machineId(): string {
  const attempt = (read: () => string): string => {
    try {
      return read().trim();
    } catch {
      return ""; // not Linux
    }
  };
  return (machine ??= [
    hostname(),
    attempt(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8")),
    attempt(() => readlinkSync("/proc/self/ns/pid")),
  ].join(" "));
}
