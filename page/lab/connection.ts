/** Where the lab's worker is started: the one place, so that tests have another one here. */
import type { Lab, Told } from "../worker/protocol.ts";

export interface Connection {
  readonly lab: Lab;
  /** Calls back with all that the worker tells by itself. */
  onTold(listener: (told: Told) => void): void;
  /** Calls back once when the worker is no more: what was asked for is never answered then. */
  onDeath(listener: (why: string) => void): void;
  close(): void;
}

export function connected(): Connection {
  throw new Error("lab: expected a worker, got none in this build; wait for one");
}
