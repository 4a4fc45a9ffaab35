/** One rank of a test: does what its second argument says, and leaves what it saw as JSON in the folder that is its first. */
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { compile, Instance } from "../../../src/runtime/webassembly.ts";
import { joined, sameProgram } from "../../../cluster/mpi/index.ts";

const [, , folder = "", what = "", ...args] = process.argv;
const job = (await joined())!;
const { ranks } = job;
const say = (value: unknown): void => {
  writeFileSync(join(folder, `${ranks.rank}.json`), JSON.stringify(value));
};
/** For ever, with the thread blocked as by a call that does not come back. */
const hang = (): void => {
  for (;;);
};
const sleep = (seconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, seconds * 1000));
const last = ranks.size - 1;
const bits = (values: Float32Array | Float64Array | Int32Array): string =>
  createHash("sha256").update(values).digest("hex");

const programs: Readonly<Record<string, () => unknown>> = {
  /** All the calls, with what comes out of them. */
  calls() {
    const floats = Float32Array.from({ length: 1001 }, (_, i) => Math.sin(i + ranks.rank) / 3);
    const window = new Float32Array(10).fill(ranks.rank + 1).subarray(2, 5);
    const doubles = Float64Array.of(0.1 * (ranks.rank + 1), 1e300);
    const whole = Int32Array.of(ranks.rank, 1, -ranks.rank);
    const none = new Float32Array();
    for (const values of [floats, window, doubles, whole, none]) ranks.sum(values);
    const least = [
      Int32Array.of(ranks.rank, -ranks.rank),
      Float32Array.of(ranks.rank === 0 ? -0 : 0, 5 - ranks.rank),
    ];
    for (const values of least) ranks.least(values);
    const given = Uint8Array.from({ length: 100_003 }, (_, i) => (i * 7) % 251).subarray(3);
    const bytes = ranks.broadcast(ranks.rank === 0 ? given : Uint8Array.of(9, 9));
    const empty = ranks.broadcast(ranks.rank === 0 ? new Uint8Array() : undefined);
    ranks.meet();
    return {
      ...{ rank: ranks.rank, size: ranks.size, hosts: ranks.hosts, threads: job.threads },
      ...{ library: job.library, launcher: job.launcher, spent: ranks.seconds() > 0 },
      sums: [bits(floats), bits(window), bits(doubles), [...whole]],
      around: [...new Float32Array(window.buffer)]
        .map((x) => x / (ranks.rank + 1))
        .filter((_, i) => i < 2 || i > 4),
      least: least.map((values) => [...values]),
      bytes: [bytes.length, Buffer.compare(bytes, given), empty.length],
    };
  },
  /** WebAssembly that reads out of bounds is an error still, and no crash or hang: V8 knows it by a signal. */
  async traps() {
    const bytes = [
      ...[0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 127, 3, 2, 1, 0, 5, 3, 1, 0, 1],
      ...[7, 5, 1, 1, 102, 0, 0, 10, 12, 1, 10, 0, 65, 255, 255, 255, 127, 40, 2, 0, 11],
    ];
    const { exports } = new Instance(await compile(Uint8Array.from(bytes)), {});
    try {
      return exports["f"]();
    } catch (error) {
      return (error as Error).message;
    }
  },
  /** What is no array of numbers is refused before MPI sees it. */
  wrong: () =>
    [new Float32Array(2).buffer, [1, 2], undefined, new Uint32Array(2), Float64Array.of(NaN)].map(
      (value) => {
        try {
          ranks.least(value as never);
          return "taken";
        } catch (error) {
          return (error as Error).message;
        }
      },
    ),
  async throws() {
    if (ranks.rank === last) throw new Error("as the test asked");
    await sleep(0.01);
    ranks.meet();
  },
  allThrow() {
    throw new Error("as the test asked");
  },
  rejects() {
    if (ranks.rank === last) void Promise.reject(new Error("as the test asked"));
    else ranks.meet();
    return sleep(60);
  },
  leaves() {
    if (ranks.rank === last) process.exit(Number(args[0]));
    ranks.meet();
  },
  killed() {
    if (ranks.rank === last) process.kill(process.pid, "SIGKILL");
    ranks.meet();
  },
  hangs() {
    if (ranks.rank === last) hang();
    ranks.meet();
  },
  /** Each wait is short, all of them together are not. */
  async slow() {
    for (let i = 0; i < 6; i++) {
      if (ranks.rank === last) await sleep(0.4);
      ranks.meet();
    }
  },
  /** Rank 0 has another length than others, as where one of them skips a sum. */
  skips() {
    if (ranks.rank > 0) ranks.sum(new Float32Array(100));
    ranks.sum(new Float32Array(3));
  },
  differs: () =>
    sameProgram(ranks, `weightnorm: 0.1.${ranks.rank === last ? 1 : 0}\nNode: ${process.version}`),
  same: () => sameProgram(ranks),
  /** Goes on until one of them is asked to stop, and all know. */
  async stops() {
    let asked = 0;
    job.onNotice(() => {
      asked = 1;
    });
    say({ pid: process.pid });
    for (;;) {
      const vote = Int32Array.of(asked);
      ranks.sum(vote);
      if (vote[0] > 0) break;
      await sleep(0.02);
    }
    process.exitCode = 75;
    return { stopped: true };
  },
};
const seen = await programs[what]();
if (seen !== undefined) say(seen);
job.end();
