/** What stands in the place of page/lab/connection.ts where the page is built for tests: a worker that can be made to die. */
import type { Lab, Told } from "../../page/worker/protocol.ts";
import { answering, asking, telling, type Port } from "../../page/worker/rpc.ts";
import { fake, fakeLab } from "./fake-lab.ts";

/** As page/worker/connect.ts has it. */
interface Connection {
  readonly lab: Lab;
  onTold(listener: (told: Told) => void): void;
  onDeath(listener: (why: string) => void): void;
  close(): void;
}

export function connected(): Connection {
  fake.started++;
  Object.assign(globalThis, { fake });
  const { port1: page, port2: worker } = new MessageChannel();
  answering(worker as unknown as Port, fakeLab(telling(worker)));
  const { methods, onTold, close } = asking<Lab, Told>(page as unknown as Port);
  for (const port of [page, worker]) port.start();
  return {
    ...{ lab: methods, onTold },
    onDeath(listener) {
      fake.die = (why) => {
        worker.close();
        listener(why);
        close(why);
      };
    },
    close() {
      worker.close();
      close("it was replaced");
    },
  };
}
