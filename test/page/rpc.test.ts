/** Asks and answers over a channel: what was asked is answered, and what nobody answers any more fails. */
import { expect, test } from "vitest";
import { answering, asking, isClosed, type Port } from "../../page/worker/rpc.ts";

interface Both {
  double(x: number): Promise<number>;
  never(): Promise<never>;
}

test("what waits for an answer fails when the other end is gone, and so does what is asked then", async () => {
  const { port1: near, port2: far } = new MessageChannel();
  answering<Both>(far as unknown as Port, {
    double: (x) => Promise.resolve(2 * x),
    never: () => new Promise<never>(() => undefined),
  });
  const { methods, close } = asking<Both, never>(near as unknown as Port);
  for (const port of [near, far]) port.start();
  expect(await methods.double(21)).toBe(42);
  const waiting = methods.never().catch((error: unknown) => error);
  close("it ran out of memory");
  const later = methods.double(1).catch((error: unknown) => error);
  for (const error of [await waiting, await later]) {
    expect(isClosed(error)).toBe(true);
    expect((error as Error).message).toBe(
      "worker: expected an answer, got none (it ran out of memory); ask again",
    );
  }
  near.close();
});
