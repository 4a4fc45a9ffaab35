/** Jobs of MPI for tests: launchers, where they are installed, and what their ranks saw. */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { childrenOf, NODE_FLAGS, programAt } from "../../bench/processes.ts";
import { root } from "../source.ts";

/** Debian's names of the two. */
export type Launcher = "mpirun.openmpi" | "mpirun.mpich";
export const isThere = (launcher: Launcher): boolean =>
  spawnSync(launcher, ["--version"]).status === 0;
export const OPEN: boolean = isThere("mpirun.openmpi");
export const MPICH: boolean = isThere("mpirun.mpich");
export const NO_OPEN: string = OPEN ? "of Open MPI" : "skipped: no mpirun.openmpi (openmpi-bin)";
export const NO_MPICH: string = MPICH ? "of MPICH" : "skipped: no mpirun.mpich (mpich)";

/** Seconds within which a job of these tests ends, whatever happens to it. */
const LIMIT = 60;
const program = programAt("test/cluster/programs/rank.ts");

/** What came of a job. */
export interface Came {
  /** Of the launcher; 124 and 137 are those of `timeout`, by which it hung. */
  readonly code: number;
  /** On standard output and error, of all. */
  readonly said: string;
  /** What each rank saw, by rank. */
  readonly seen: readonly unknown[];
}
export interface Job {
  readonly launcher?: Launcher;
  readonly size?: number;
  readonly env?: Readonly<Record<string, string>>;
  /** Does something to the launcher's process when every rank has said something. */
  readonly meanwhile?: (pid: number, seen: readonly unknown[]) => void;
}

/** Runs ranks that do what `test/cluster/programs/rank.ts` knows by that name. */
export async function job(
  what: string,
  { launcher = "mpirun.openmpi", size = 2, env = {}, meanwhile }: Job = {},
): Promise<Came> {
  const folder = mkdtempSync(join(tmpdir(), "weightnorm-ranks-"));
  const flags = launcher === "mpirun.openmpi" ? ["--allow-run-as-root", "--oversubscribe"] : [];
  const ranks = ["-n", `${size}`, ...flags, process.execPath, ...NODE_FLAGS, program];
  const args = ["-k", "5", `${LIMIT}`, launcher, ...ranks, folder, ...what.split(" ")];
  const child = spawn("timeout", args, { cwd: root, env: { ...process.env, ...env } });
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => (said += text));
  const seen = (): readonly unknown[] =>
    Array.from({ length: size }, (_, rank): unknown => {
      const file = join(folder, `${rank}.json`);
      return existsSync(file) ? JSON.parse(readFileSync(file, "utf8") || "null") : null;
    });
  const look = setInterval(() => {
    if (meanwhile === undefined || seen().includes(null)) return;
    clearInterval(look);
    meanwhile(childrenOf(child.pid!)[0], seen()); // the launcher, which `timeout` has started
  }, 50);
  const code = await new Promise<number>((resolve, reject) => {
    child.on("error", reject).on("close", (code) => resolve(code ?? -1));
  });
  clearInterval(look);
  const came = { code, said, seen: seen() };
  rmSync(folder, { recursive: true, force: true });
  return came;
}
