/**
 * The thread that ends a process whose call does not come back. A call of MPI blocks the thread that makes it, its timers and its
 * signals too; and where a link is down neither MPI nor its launcher ever ends. So this thread ends both.
 */
import { spawn } from "node:child_process";
import { readFileSync, writeSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import { AT, clock, HEARD, HELD, LOOK, since, WAITS, type Orders } from "./notes.ts";

/** Processes that start ranks, and end with them. `slurmstepd` is Slurm's to end. */
const LAUNCHER = /^(mpi(run|exec)(\..*)?|orterun|orted|prterun|prted|hydra_pmi_proxy)$/;
/** Seconds that a launcher has to end by itself when a rank has, then after SIGTERM. */
const GRACE = [2, 5] as const;
const ANCESTORS = 6;

const { notes, who, code } = workerData as Orders;
const load = (at: keyof typeof AT): number => Atomics.load(notes, AT[at]);
let before = clock();
let known = 0;
let waited = 0;
Atomics.store(notes, AT.look, before);
const end = await endOf();
const looks = setInterval(look, LOOK);
parentPort?.postMessage("ready");

/** Counts the time that was looked at, not the time that has gone by: a process that was held has not waited meanwhile. */
function look(): void {
  const now = clock();
  const gap = since(before, now);
  before = now;
  if (gap > HELD) Atomics.add(notes, AT.holds, 1);
  Atomics.store(notes, AT.look, now);
  const calls = load("calls");
  if (calls % 2 === 0 || calls !== known) {
    known = calls;
    waited = 0;
    return;
  }
  waited += Math.min(gap, HELD);
  if (waited >= load("seconds") * 1000) giveUp();
}

function giveUp(): void {
  clearInterval(looks);
  const [amount, call] = [load("amount"), (load("calls") + 1) / 2];
  const what = `${WAITS[load("what")]}${amount > 0 ? ` (${amount})` : ""}`;
  say(
    `weightnorm: ranks: ${who} expected ${what} in call ${call}, got nothing in ${load("seconds")} s, and ends the job; see what other ranks say and whether their machines can be reached, or wait longer with WEIGHTNORM_RANKS_TIMEOUT=<seconds>\n`,
  );
  const launcher = launcherAbove(process.pid);
  if (launcher !== undefined) endLater(launcher);
  setTimeout(end, HEARD);
}
function say(text: string): void {
  try {
    writeSync(2, text); // process.stderr of a thread goes by way of the one that is blocked
  } catch {
    // nobody listens any more
  }
}

interface Process {
  readonly pid: number;
  readonly name: string;
}
/** The launcher's process among those that this one comes from: npx and shells may lie between. */
function launcherAbove(pid: number): Process | undefined {
  try {
    let at = pid;
    for (let i = 0; i < ANCESTORS; i++) {
      const stat = readFileSync(`/proc/${at}/stat`, "latin1");
      at = Number(stat.slice(stat.lastIndexOf(")")).split(" ")[2]); // behind the name, which may hold anything
      const name = readFileSync(`/proc/${at}/comm`, "latin1").trim();
      if (LAUNCHER.test(name)) return { pid: at, name };
    }
  } catch {
    // no /proc, or a parent that is gone
  }
  return undefined;
}

/** A process of its own, since the launcher's SIGTERM ends this one. It looks first whether that is still who it was. */
function endLater({ pid, name }: Process): void {
  const isThere = `[ "$(cat /proc/${pid}/comm 2>/dev/null)" = "${name}" ] || exit 0`;
  const script = `sleep ${GRACE[0]}; ${isThere}; kill -TERM ${pid}; sleep ${GRACE[1]}; ${isThere}; kill -KILL ${pid}`;
  try {
    spawn("/bin/sh", ["-c", script], { detached: true, stdio: "ignore" }).unref();
  } catch {
    process.kill(pid, "SIGKILL");
  }
}

/** Ends the process with its code at once: no thread but the main one may do that in Node, and that one is blocked. */
async function endOf(): Promise<() => void> {
  const kill = (): void => void process.kill(process.pid, "SIGKILL");
  try {
    const { default: koffi } = await import("koffi");
    const exit = koffi.load("libc.so.6").func("void _exit(int code)");
    return () => {
      exit(code);
      kill();
    };
  } catch {
    return kill;
  }
}
