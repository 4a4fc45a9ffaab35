/** What stands in the place of page/lab/connection.ts where the page is built for tests. */
import type { Connection } from "../../page/lab/connection.ts";
import { fake, fakeLab } from "./fake-lab.ts";

export function connected(): Connection {
  fake.started++;
  let told: Parameters<Connection["onTold"]>[0] = () => undefined;
  Object.assign(globalThis, { fake });
  return {
    lab: fakeLab((what) => told(what)),
    onTold: (listener) => (told = listener),
    onDeath: (listener) => (fake.die = listener),
    close: () => (told = () => undefined),
  };
}
