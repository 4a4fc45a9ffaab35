/** How a job is asked to stop: the signals of launchers and of Slurm. */

/**
 * SIGUSR2 is what to send to mpirun, which hands it on. Asked by SIGTERM or SIGINT, Open MPI's mpirun sends SIGCONT at once, SIGTERM after a
 * second and SIGKILL after two: so the first is a notice, too, unless the process was held and goes on.
 */
const SIGNALS = ["SIGTERM", "SIGINT", "SIGUSR2", "SIGCONT"] as const;

/** Calls `ask` at each such signal; gives what ends that. Whoever wants the end at once has SIGKILL, and launchers send it. */
export function onNotice(ask: () => void, wasHeld: () => boolean = () => false): () => void {
  const hear = (signal: NodeJS.Signals): void => {
    if (signal !== "SIGCONT" || !wasHeld()) ask();
  };
  for (const signal of SIGNALS) process.on(signal, hear);
  return () => {
    for (const signal of SIGNALS) process.off(signal, hear);
  };
}
