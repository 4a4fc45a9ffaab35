/** Being one of several processes that MPI's launcher started: how that begins, and every way in which it ends. */
import { readFileSync } from "node:fs";
import { availableParallelism, hostname } from "node:os";
import type { Ranks } from "../../runs/ranks.ts";
import { FAILED } from "../exit-codes.ts";
import { launcherOf, type Launcher } from "./launcher.ts";
import { loadMpi, type Mpi } from "./library.ts";
import { everyone, ranksOf, type Unnamed } from "./ranks.ts";
import { HEARD } from "./notes.ts";
import { onNotice } from "./notice.ts";
import { patienceIn, watched, type Watch } from "./watch.ts";

/** A process among those of a launcher. */
export interface Joined {
  readonly ranks: Ranks;
  /** As messages call it, e.g. "mpirun of Open MPI". */
  readonly launcher: string;
  /** E.g. "Open MPI 4.1.4". */
  readonly library: string;
  /** Cores for each rank on this machine, at least 1. */
  readonly threads: number;
  /** Calls `ask` whenever the job is asked to stop; gives what ends that. */
  readonly onNotice: (ask: () => void) => () => void;
  /**
   * Waits for all, and leaves them: nothing may be asked of the ranks after it. What is to be written is written before, for a launcher ends
   * all when the first gives another code than 0. A process that ends without it ends all, too.
   */
  readonly end: () => void;
  /** Ends all ranks at once with a code; says why, once where all have the same reason. */
  readonly abort: (code?: number, why?: string) => never;
}

let once: Promise<Joined | undefined> | undefined;
/** Joins the processes of the launcher that started this one; undefined where none did. MPI begins once in a process, so this does. */
export function joined(): Promise<Joined | undefined> {
  return (once ??= join());
}

async function join(): Promise<Joined | undefined> {
  const launcher = launcherOf(process.env);
  if (launcher === undefined) return undefined;
  const patience = patienceIn(process.env);
  prepare(launcher);
  const mpi = await loadMpi(launcher, named(process.env["WEIGHTNORM_MPI_LIB"]));
  const me = `rank ${launcher.rank ?? "?"} of ${launcher.size ?? "?"} (${hostname()})`;
  const watch = await watched(me, FAILED, patience);
  watch.during("all to start", 0, mpi.init);
  const unknown = ranksOf(mpi, watch);
  checkSize(launcher, mpi, unknown);
  const { abort, end } = endsOf(mpi, watch, unknown, me);
  // Launchers hand few variables on to other machines.
  const agreed = Float64Array.of(unknown.rank === 0 ? patience : 0);
  unknown.sum(agreed);
  watch.allow(agreed[0]);
  const hosts = everyone(unknown, hostname());
  const places = everyone(unknown, `${hostname()} ${coresOf()}`);
  const beside = places.filter((place) => place === places[unknown.rank]).length;
  const { end: _, ...calls } = unknown;
  return {
    ranks: { ...calls, hosts },
    ...{ launcher: launcher.name, library: mpi.name },
    threads: Math.max(1, Math.floor(availableParallelism() / beside)),
    onNotice: (ask) => onNotice(ask, watch.wasHeld),
    ...{ abort, end },
  };
}
const named = (name: string | undefined): string | undefined => (name === "" ? undefined : name);

/** What libraries read from the environment as they begin; who says something else there has it so. */
function prepare({ here = 1 }: Launcher): void {
  // UCX would take SIGSEGV, by which V8 knows WebAssembly that reads out of bounds: the process would hang there.
  process.env["UCX_ERROR_SIGNALS"] ??= "";
  // And it would put itself in the way of brk and mmap to know of memory that goes: once in sixty processes V8 then found some of its own gone.
  process.env["UCX_MEM_EVENTS"] ??= "n";
  process.env["UCX_MEM_MMAP_HOOK_MODE"] ??= "none";
  // Ranks that wait keep their cores busy, which others may need.
  if (here > availableParallelism()) process.env["OMPI_MCA_mpi_yield_when_idle"] ??= "1";
}

/** A library that cannot talk with the launcher takes its process for the only one, and each would train by itself. */
function checkSize(
  { name, rank: named, size: started }: Launcher,
  mpi: Mpi,
  { rank, size }: Pick<Ranks, "rank" | "size">,
): void {
  if ((named ?? rank) === rank && (started ?? size) === size) return;
  const meant = `rank ${named ?? "?"} of ${started ?? "?"}`;
  throw new Error(
    `ranks: expected ${meant}, as ${name} started it, got rank ${rank} of ${size} from ${mpi.file} (${mpi.name}), which is not the library of that launcher; use mpirun of ${mpi.name}, or name the launcher's library in WEIGHTNORM_MPI_LIB`,
  );
}

/** The cores that this process may have: ranks that were bound to some of their own do not share them. */
function coresOf(): string {
  try {
    return /^Cpus_allowed:\s*(\S+)/m.exec(readFileSync("/proc/self/status", "latin1"))?.[1] ?? "";
  } catch {
    return "";
  }
}

/** Milliseconds for which a rank keeps its reason to itself: if rank 0 has the same, it has ended all by then. */
const MODESTY = 2500;

const sleep = (milliseconds: number): void =>
  void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);

function endsOf(
  mpi: Mpi,
  watch: Watch,
  { rank, end: leave }: Unnamed,
  me: string,
): Pick<Joined, "abort" | "end"> {
  let isOver = false;
  const abort = (code: number = FAILED, why = ""): never => {
    isOver = true;
    if (why !== "") {
      if (rank > 0) sleep(MODESTY);
      process.stderr.write(`weightnorm: ${me}: ${why}\n`);
      sleep(HEARD);
    }
    watch.during("all to be ended", 0, () => mpi.abort(code === 0 ? FAILED : code));
    return process.exit(code);
  };
  const fail = (error: unknown): void =>
    abort(FAILED, error instanceof Error ? (error.stack ?? error.message) : String(error));
  // A promise that nobody keeps hold of comes here too, unless Node was told otherwise.
  process.on("uncaughtException", fail);
  // Some launchers take a rank that ends with 0 for one that has done its part, while others wait for it.
  process.on("exit", (code) => {
    if (!isOver)
      abort(code, `expected to end with all others, ended with ${code} before; see above`);
  });
  const end = (): void => {
    leave();
    isOver = true;
    process.off("uncaughtException", fail);
    void watch.close();
  };
  return { abort, end };
}
