/** The runtime that a worker trains on: one for all, as an engine that has begun keeps its threads and its device. */
import type { BrowserRuntime } from "../../src/web.ts";
import { Elsewhere, type Around } from "./preparing.ts";

type Asked = Parameters<Around["runtime"]>[0];

/** One that could not be made is made anew the next time; another one needs another worker. */
export function oneRuntime(make: (asked: Asked) => Promise<BrowserRuntime>): Around["runtime"] {
  let started: { readonly asked: Asked; readonly made: BrowserRuntime } | undefined;
  return async (asked) => {
    if (!started) started = { asked, made: await make(asked) };
    const { threads, device } = started.asked;
    if (threads === asked.threads && device === asked.device) return started.made;
    throw new Elsewhere(
      `runtime: expected ${threads} threads and device ${device} as before, got ${asked.threads} and ${asked.device}; begin it in a new worker`,
    );
  };
}
