/** Server-sent events: messages as they are told, a sign of life where there are none, and an end when whoever listens leaves. */
import type { Context } from "hono";
import { streamSSE } from "hono/streaming";
import type { Send } from "./crowd.ts";

export interface StreamOptions {
  /** Ends the stream. */
  readonly signal: AbortSignal;
  /** Milliseconds between two signs of life, by which both ends see that the other one is there. */
  readonly beat?: number;
}

/** Characters that wait for a slow reader; who is slower is let go, and comes back to hear all anew. */
const MOST_WAITING = 64_000_000;

export function eventStream(
  context: Context,
  join: (send: Send) => () => void,
  { signal, beat = 15_000 }: StreamOptions,
): Response {
  context.header("X-Accel-Buffering", "no"); // of proxies, which would hold back what is new
  return streamSSE(context, async (stream) => {
    const waiting: string[] = [];
    let size = 0;
    let wake = (): void => undefined;
    const state = { isOpen: true };
    const end = (): void => {
      state.isOpen = false;
      wake();
    };
    stream.onAbort(end);
    signal.addEventListener("abort", end);
    const leave = join((text) => {
      waiting.push(text);
      size += text.length;
      if (size > MOST_WAITING) end();
      else wake();
    });
    try {
      while (state.isOpen && !signal.aborted) {
        const text = waiting.shift();
        if (text !== undefined) {
          size -= text.length;
          await stream.writeSSE({ data: text });
          continue;
        }
        let timer: ReturnType<typeof setTimeout> | undefined;
        const woken = await new Promise<boolean>((done) => {
          wake = () => done(true);
          timer = setTimeout(() => done(false), beat);
        });
        clearTimeout(timer);
        if (!woken) await stream.write(": still here\n\n");
      }
    } finally {
      leave();
      signal.removeEventListener("abort", end);
    }
  });
}
