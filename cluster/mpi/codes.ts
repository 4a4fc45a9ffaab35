/** What a job's processes end with, beyond 0 for "done" and 1 for "could not start". */

/** A rank failed, and all were ended: sysexits' "internal software error". */
export const FAILED = 70;
/** Asked to stop, and what was reached is saved: sysexits' "temporary failure, try again", which Slurm and queues understand as such. */
export const STOPPED = 75;
