/** The MNIST step: every arm and PyTorch's in turn, how cost grows, memory, and time to the first step. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { fileURLToPath } from "node:url";
import { ARMS, type Arm } from "../runs/records.ts";
import { ours } from "./ours.ts";
import { startPeer, type Peer } from "./peer.ts";
import {
  announced,
  conditions,
  raceArms,
  spread,
  type ArmBench,
  type BenchOptions,
  type Conditions,
  type Spread,
} from "./race.ts";
import { subjects } from "./subjects.ts";

export interface GrowthBench {
  readonly batch: number;
  readonly width: number;
  readonly milliseconds: Spread;
  readonly peerMilliseconds?: Spread;
}
export interface MnistBench extends Conditions {
  readonly bench: "mnist";
  readonly arms: readonly ArmBench[];
  readonly growth: readonly GrowthBench[];
  readonly start: { readonly firstStepSeconds: number; readonly peakMebibytes: number };
  /** All five arms in turn, as `weightnorm compare` does. */
  readonly compare: { readonly peakMebibytes: number };
}

const BATCH = 100;
const PEER_ARMS: readonly Arm[] = ["plain", "weight", "batch"];
const GROWTH = [
  ...[25, 50, 100, 200, 400].map((batch) => ({ batch, width: 1 })),
  ...[1, 2, 4].map((width) => ({ batch: BATCH, width })),
];

export async function benchMnist({
  threads,
  rounds,
  steps,
  say,
}: BenchOptions): Promise<MnistBench> {
  const peer = await startPeer(subjects.mnist.peer);
  say(announced(peer, threads, BATCH));
  const race = { subject: subjects.mnist, arms: ARMS, peerArms: PEER_ARMS, batch: BATCH, width: 1 };
  const arms = await raceArms(peer, { ...race, threads, rounds, steps, say });
  const growth = await benchGrowth(peer, { threads, steps, say });
  say("time to the first step, and memory");
  const start = await startOnce(["weight"], threads);
  const { peakMebibytes } = await startOnce(ARMS, threads);
  return {
    bench: "mnist",
    ...conditions(peer, BATCH, { threads, rounds, steps }),
    arms,
    growth,
    start,
    compare: { peakMebibytes },
  };
}

async function benchGrowth(
  peer: Peer | undefined,
  { threads, steps, say }: Pick<BenchOptions, "threads" | "steps" | "say">,
): Promise<readonly GrowthBench[]> {
  const results: GrowthBench[] = [];
  for (const { batch, width } of GROWTH) {
    say(`weight, batch ${batch}, width x${width}`);
    const { run, release } = await ours({
      subject: subjects.mnist,
      arm: "weight",
      batch,
      width,
      threads,
    });
    await run(3);
    const milliseconds = spread(await run(steps));
    await release();
    await peer?.run({ arm: "weight", batch, width, steps: 3, threads });
    const peers = await peer?.run({ arm: "weight", batch, width, steps, threads });
    results.push({
      batch,
      width,
      milliseconds,
      ...(peers ? { peerMilliseconds: spread(peers) } : {}),
    });
  }
  return results;
}

async function startOnce(arms: readonly Arm[], threads: number): Promise<MnistBench["start"]> {
  const script = fileURLToPath(new URL("start.ts", import.meta.url));
  const env = { ...process.env, BENCH_STARTED: String(Date.now()) };
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--import", "tsx", script, arms.join(","), String(threads)],
    { env },
  );
  return JSON.parse(stdout) as MnistBench["start"];
}
