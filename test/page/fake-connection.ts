/** What stands in the place of page/lab/connection.ts where the page is built for tests: a worker that can be made to die. */
import type { Lab, Told } from "../../page/worker/protocol.ts";
import { fake, fakeLab } from "./fake-lab.ts";

export function connected(): {
  readonly lab: Lab;
  onTold(listener: (told: Told) => void): void;
  onDeath(listener: (why: string) => void): void;
  close(): void;
} {
  fake.started++;
  let told: (told: Told) => void = () => undefined;
  Object.assign(globalThis, { fake });
  return {
    lab: fakeLab((what) => told(what)),
    onTold: (listener) => (told = listener),
    onDeath: (listener) => (fake.die = listener),
    close: () => (told = () => undefined),
  };
}
