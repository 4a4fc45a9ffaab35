/** Ctrl-C asks to stop; a second one, later, ends the process at once. */

import { INTERRUPTED } from "../cluster/exit-codes.ts";
import { SAME_SIGNAL_MS } from "../cluster/mpi/index.ts";

export interface Interrupt {
  readonly signal: AbortSignal;
  readonly release: () => void;
}
export function onInterrupt(): Interrupt {
  const asked = new AbortController();
  let first: number | undefined;
  const handler = (): void => {
    first ??= performance.now();
    asked.abort();
    if (performance.now() - first > SAME_SIGNAL_MS) process.exit(INTERRUPTED);
  };
  process.on("SIGINT", handler).on("SIGTERM", handler);
  return {
    signal: asked.signal,
    release: () => void process.off("SIGINT", handler).off("SIGTERM", handler),
  };
}
