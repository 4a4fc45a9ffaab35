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

/** What a worker is called: where data are, and the lock that it holds while it lives. */
export interface Named {
  readonly data: string;
  readonly life: string;
}
const ENDED = "the worker ended";
/** Not in a page that came unencrypted from another machine. */
const { locks } = navigator as { readonly locks?: LockManager };

export function connected(): Connection {
  const life = `weightnorm ${performance.timeOrigin} ${performance.now()} ${Math.random()}`;
  const data = new URL("data/", document.baseURI).href; // which the worker cannot know
  const name = JSON.stringify({ data, life } satisfies Named);
  const worker = new Worker(new URL("./main.ts", import.meta.url), { type: "module", name });
  let isOver = false;
  const { methods, onTold, close } = asking<Lab, Told>(worker);
  return {
    ...{ lab: methods, onTold },
    onDeath(listener) {
      const end = (why: string): void => {
        if (isOver) return;
        isOver = true;
        listener(why);
        close(why);
      };
      worker.addEventListener("error", (event) => {
        event.preventDefault();
        end(event.message || ENDED);
      });
      // It holds the lock as long as it lives, and however it ends: by the time that it says anything it has asked for it.
      const wait = (): void => void locks?.request(life, () => end(ENDED));
      worker.addEventListener("message", wait, { once: true });
    },
    close() {
      isOver = true;
      worker.terminate();
      close("it was replaced");
    },
  };
}
