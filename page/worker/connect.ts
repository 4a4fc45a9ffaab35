/** The worker as a page has it. */
import type { Lab, Told } from "./protocol.ts";
import { asking } from "./rpc.ts";

export interface Connection {
  readonly lab: Lab;
  /** Calls back with all that the worker tells by itself. */
  onTold(listener: (told: Told) => void): void;
  /** Calls back once when the worker is no more; what was asked for fails then. */
  onDeath(listener: (why: string) => void): void;
  close(): void;
}

export function connected(): Connection {
  const name = new URL("data/", document.baseURI).href; // which the worker cannot know
  const worker = new Worker(new URL("./main.ts", import.meta.url), { type: "module", name });
  const { methods, onTold, close } = asking<Lab, Told>(worker);
  return {
    ...{ lab: methods, onTold },
    onDeath(listener) {
      worker.addEventListener(
        "error",
        (event) => {
          event.preventDefault();
          const why = event.message || "the worker ended";
          listener(why);
          close(why);
        },
        { once: true },
      );
    },
    close() {
      worker.terminate();
      close("it was replaced");
    },
  };
}
