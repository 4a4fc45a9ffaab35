/** `--ranks N` without a launcher: this program's own command line again, N times, by mpirun where it is installed. */
import { spawn, spawnSync } from "node:child_process";
import { constants } from "node:os";

/** Names to look for: Debian calls Open MPI's so where there is another one. */
const NAMES = ["mpirun.openmpi", "mpirun"];
/** How soon after a signal another one is the same: npm, npx and the terminal each pass Ctrl-C on. */
export const SAME_SIGNAL_MS = 1000;
/** What a shell gives for a process that a signal ended, less its number. */
const BY_SIGNAL = 128;

/** The command line of a launcher: its program and arguments. */
export interface Launch {
  readonly command: string;
  readonly args: readonly string[];
  /** What asks its job to stop. */
  readonly notice: NodeJS.Signals;
}

/** How to start N of `argv` (a script and its arguments, as Node has them from process.argv[1] on) here. */
export function launchOf(n: number, argv: readonly string[]): Launch {
  const command = NAMES.find((name) => spawnSync(name, ["--version"]).status === 0);
  if (command === undefined)
    throw new Error(
      `--ranks: expected mpirun to start ${n} ranks, got no such program; install Open MPI (Debian: apt-get install openmpi-bin), or leave --ranks out`,
    );
  const said = spawnSync(command, ["--version"]).stdout.toString();
  const isOpen = /Open ?(MPI|RTE)/.test(said); // "mpirun (Open MPI) 4.1.4", and "(OpenRTE)" by another name
  const asRoot = process.getuid?.() === 0 ? ["--allow-run-as-root"] : [];
  // Bound to one core each, as Open MPI would have two ranks, they could not use others.
  const flags = isOpen ? [...asRoot, "--oversubscribe", "--bind-to", "none"] : [];
  return {
    command,
    args: ["-n", `${n}`, ...flags, process.execPath, ...process.execArgv, ...argv],
    notice: isOpen ? "SIGUSR2" : "SIGINT", // where MPICH's gives the code of the ranks, as a rule; for SIGTERM it gives 0
  };
}

/** Starts N ranks of `argv`, hands on what asks them to stop, and gives their exit code. */
export function relaunch(n: number, argv: readonly string[]): Promise<number> {
  const { command, args, notice } = launchOf(n, withoutRanks(argv));
  // A group of its own: Ctrl-C reaches the launcher by way of here, as a notice, and not as the end within two seconds that it would make of it.
  const job = spawn(command, args, { stdio: ["ignore", "inherit", "inherit"], detached: true });
  let first: number | undefined;
  const hear = (): void => {
    const isSame = first !== undefined && performance.now() - first < SAME_SIGNAL_MS;
    if (isSame) return;
    job.kill(first === undefined ? notice : "SIGTERM");
    first ??= performance.now();
  };
  const signals = ["SIGINT", "SIGTERM", "SIGUSR2", "SIGHUP"] as const;
  for (const signal of signals) process.on(signal, hear);
  return new Promise((resolve, reject) => {
    job.on("error", reject).on("close", (code, signal) => {
      for (const signal of signals) process.off(signal, hear);
      resolve(code ?? BY_SIGNAL + constants.signals[signal!]);
    });
  });
}

/** What ranks are started with: who was to be several is one of them now, under whatever launcher. */
function withoutRanks(argv: readonly string[]): readonly string[] {
  const at = argv.indexOf("--ranks");
  const rest = at < 0 ? argv : argv.filter((_, i) => i !== at && i !== at + 1);
  return rest.filter((word) => !word.startsWith("--ranks="));
}
