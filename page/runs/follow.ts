/** A stream of the server's that is taken up again whenever it breaks, and let go of while nobody looks. */

import type { Link } from "./told.ts";

export interface FollowOptions {
  /** What a message says, as JSON has it. */
  readonly onMessage: (message: unknown) => void;
  readonly onLink: (link: Link) => void;
}

/** Milliseconds until a stream that broke is opened again; twice as many each time. */
const FIRST_PAUSE = 1000;
const LONGEST_PAUSE = 10_000;
/** Milliseconds out of sight after which a stream is let go: tabs share few connections. */
const OUT_OF_SIGHT = 20_000;

/** Follows until the function that it gives is called. Whoever is cut off gets everything again, from the start. */
export function follow(address: string, { onMessage, onLink }: FollowOptions): () => void {
  let source: EventSource | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let pause = FIRST_PAUSE;
  let wasOpen = false;

  function open(): void {
    const own = new EventSource(address);
    source = own;
    own.onopen = () => {
      wasOpen = true;
      pause = FIRST_PAUSE;
      onLink("open");
    };
    own.onmessage = ({ data }: MessageEvent<string>) => onMessage(JSON.parse(data));
    own.onerror = () => {
      close();
      onLink(wasOpen ? "lost" : "absent");
      timer = setTimeout(open, pause);
      pause = Math.min(LONGEST_PAUSE, 2 * pause);
    };
  }
  function close(): void {
    clearTimeout(timer);
    source?.close();
    source = undefined;
  }
  function onSight(): void {
    clearTimeout(timer);
    if (document.visibilityState === "hidden") timer = setTimeout(close, OUT_OF_SIGHT);
    else if (source === undefined) open();
  }
  onLink("connecting");
  open();
  document.addEventListener("visibilitychange", onSight);
  return () => {
    document.removeEventListener("visibilitychange", onSight);
    close();
  };
}
