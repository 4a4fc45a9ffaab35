/** Ctrl-C asks to stop; a second one, later, ends the process at once. */

import type { Joined } from "../cluster/mpi/index.ts";

/** How soon after a signal another one is the same: npm, npx and the terminal each pass Ctrl-C on. */
const SAME_SIGNAL_MS = 1000;

export interface Interrupt {
  readonly signal: AbortSignal;
  readonly release: () => void;
}
/** Of a job whose launcher says when to stop, that is all there is: a second signal follows the first, and the end comes by SIGKILL. */
export function onInterrupt(job?: Pick<Joined, "onNotice">): Interrupt {
  const asked = new AbortController();
  if (job !== undefined)
    return { signal: asked.signal, release: job.onNotice(() => asked.abort()) };
  let first: number | undefined;
  const handler = (): void => {
    first ??= performance.now();
    asked.abort();
    if (performance.now() - first > SAME_SIGNAL_MS) process.exit(130);
  };
  process.on("SIGINT", handler).on("SIGTERM", handler);
  return {
    signal: asked.signal,
    release: () => void process.off("SIGINT", handler).off("SIGTERM", handler),
  };
}
