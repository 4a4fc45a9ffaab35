/** Six runs that are killed, before an operation on a file or at a random moment, and go on. More of them in bench/kills. */
import { expect, test } from "vitest";
import { kills } from "../bench/kills/index.ts";

test(
  "six runs of every kind end with the bits of one that was left alone",
  async () => {
    const { killed, same, faults } = await kills({ runs: 6, seed: 2, say: () => undefined });
    expect(faults).toEqual([]);
    expect([killed, same]).toEqual([6, 6]);
  },
  600_000, // two dozen processes, one after the other
);
