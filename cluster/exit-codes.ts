/** What processes end with beyond 0 for "done", 1 for "failed" and 2 for "asked wrongly". */

/** A rank failed, and all were ended: sysexits' "internal software error". */
export const FAILED = 70;
/** Stopped, and what was reached is saved: sysexits' "temporary failure, try again", which Slurm and queues understand as such. */
export const STOPPED = 75;
/** Ended by Ctrl-C, as shells have it. */
export const INTERRUPTED = 130;
