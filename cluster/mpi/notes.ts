/** What a process notes of its calls where its watchdog, a thread of its own, can read it: one shared array of numbers. */

/** Where in the array what stands. */
export const AT = {
  /** Counts up where a call begins and where it ends: odd while one is under way. */
  calls: 0,
  /** What is waited for, an index of {@link WAITS}, how much of it, and for how many seconds at most. */
  what: 1,
  amount: 2,
  seconds: 3,
  /** How often this process was held (SIGSTOP) and went on. */
  holds: 4,
  /** Milliseconds of the watchdog's last look, of the clock that all threads share. */
  look: 5,
} as const;
/** An array with room for them. */
export const newNotes = (): Int32Array => new Int32Array(new SharedArrayBuffer(4 * 8));

/** What a process may wait for. */
export const WAITS = [
  "all to start",
  "a sum of float32",
  "a sum of float64",
  "a sum of int32",
  "a least of float32",
  "a least of float64",
  "a least of int32",
  "bytes of rank 0",
  "all to come here",
  "all to end",
  "all to be ended",
] as const;
export type Wait = (typeof WAITS)[number];

/** Milliseconds between two looks, and from which on a gap between two means that the process was held. */
export const LOOK = 200;
export const HELD = 1000;

/** Milliseconds after which launchers have read what a process wrote: with its end, MPICH's drops the rest. */
export const HEARD = 300;

/** Milliseconds that fit into the array. */
export const clock = (): number => Number((process.hrtime.bigint() / 1_000_000n) % 2n ** 31n);
/** From one reading of it to another. */
export const since = (then: number, now: number): number => (now - then + 2 ** 31) % 2 ** 31;

/** What the watchdog is started with. */
export interface Orders {
  readonly notes: Int32Array;
  /** Who is watched, as messages call it. */
  readonly who: string;
  /** What the process ends with. */
  readonly code: number;
}
