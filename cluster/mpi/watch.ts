/** Calls that may block for ever, and the watchdog that knows of them. */
import { Worker } from "node:worker_threads";
import { AT, clock, HELD, newNotes, since, WAITS, type Orders, type Wait } from "./notes.ts";

/** Seconds that one call may wait for other ranks, where nothing else is said. */
export const PATIENCE = 120;
/** How many times as long one may wait where others have long work of their own: data to load, pictures to draw. */
const PATIENTLY = 30;

/** The calls of a process, watched. */
export interface Watch {
  /** Makes a call and notes what it waits for, and how much of it. */
  readonly during: <T>(wait: Wait, amount: number, call: () => T) => T;
  /** Lets the calls that are made in it wait longer. */
  readonly patiently: <T>(act: () => T) => T;
  /** Seconds that a call may take from now on. */
  readonly allow: (patience: number) => void;
  /** Seconds spent in calls so far. */
  readonly seconds: () => number;
  /** Whether the process was held (SIGSTOP) and goes on since this was last asked: what SIGCONT may mean. */
  readonly wasHeld: () => boolean;
  readonly close: () => Promise<void>;
}

/** Starts the watchdog of a process that is called so in messages and ends with `code`; it is there when the promise resolves. */
export async function watched(
  who: string,
  code: number,
  ofStart: number = PATIENCE,
): Promise<Watch> {
  const notes = newNotes();
  const orders: Orders = { notes, who, code };
  const thread = new Worker(start(), { eval: true, workerData: orders });
  await new Promise((resolve, reject) => {
    thread.once("message", resolve).once("error", reject);
  });
  thread.unref();
  let patience = ofStart;
  let seconds = 0;
  let holds = 0;
  return {
    during(wait, amount, call) {
      const start = performance.now();
      Atomics.store(notes, AT.what, WAITS.indexOf(wait));
      Atomics.store(notes, AT.amount, Math.min(amount, 2 ** 31 - 1));
      Atomics.store(notes, AT.seconds, patience);
      Atomics.add(notes, AT.calls, 1);
      try {
        return call();
      } finally {
        Atomics.add(notes, AT.calls, 1);
        seconds += (performance.now() - start) / 1000;
      }
    },
    patiently(act) {
      const before = patience;
      patience *= PATIENTLY;
      try {
        return act();
      } finally {
        patience = before;
      }
    },
    allow(seconds) {
      patience = seconds;
    },
    seconds: () => seconds,
    wasHeld() {
      const isLate = since(Atomics.load(notes, AT.look), clock()) > HELD; // and will be counted by the next look
      const now = Atomics.load(notes, AT.holds) + (isLate ? 1 : 0);
      const isNew = now > holds;
      holds = now;
      return isNew;
    },
    close: async () => {
      await thread.terminate();
    },
  };
}

/** Code that loads the watchdog. What runs our sources, tsx, leaves threads alone unless it is asked there. */
function start(): string {
  const file = import.meta.url.replace(/watch(\.[jt]s)\b/, "watchdog$1");
  const load = `import(${JSON.stringify(file)})`;
  if (!/\.ts\b/.test(file)) return load;
  const tsx = JSON.stringify(import.meta.resolve("tsx/esm/api"));
  return `import(${tsx}).then(({ register }) => (register(), ${load}))`;
}

/** Seconds that a call may wait, by `WEIGHTNORM_RANKS_TIMEOUT`. */
export function patienceIn(env: Readonly<Record<string, string | undefined>>): number {
  const text = env["WEIGHTNORM_RANKS_TIMEOUT"];
  if (text === undefined || text === "") return PATIENCE;
  const seconds = Number(text);
  if (!(seconds >= 1 && seconds <= 1e6))
    throw new Error(
      `WEIGHTNORM_RANKS_TIMEOUT: expected seconds, 1 to 1000000, got ${JSON.stringify(text)}; give such a number, or none for ${PATIENCE}`,
    );
  return Math.ceil(seconds);
}
