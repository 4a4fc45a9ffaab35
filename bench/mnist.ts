/** The MNIST step: every arm and PyTorch's in turn, how cost grows, memory, and time to the first step. */
import { execFile } from "node:child_process";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";
import { fileURLToPath } from "node:url";
import { machine, quantile } from "../cli/results.ts";
import { ARMS, type Arm } from "../experiments/results.ts";
import { ours } from "./ours.ts";
import { startPeer, type Peer } from "./peer.ts";

export interface Spread {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}
export interface ArmBench {
  readonly arm: Arm;
  readonly milliseconds: Spread;
  readonly imagesPerSecond: number;
  /** Step time over that of `plain` in the same round. */
  readonly overPlain: Spread;
  readonly peer?: {
    readonly milliseconds: Spread;
    readonly imagesPerSecond: number;
    readonly overPlain: Spread;
    /** Our images/s over the peer's in the same round: above 1 we are faster. */
    readonly speedup: Spread;
  };
}
export interface GrowthBench {
  readonly batch: number;
  readonly width: number;
  readonly milliseconds: Spread;
  readonly peerMilliseconds?: Spread;
}
export interface MnistBench {
  readonly bench: "mnist";
  readonly machine: ReturnType<typeof machine>;
  readonly peer: string | null;
  readonly threads: number;
  readonly batch: number;
  readonly rounds: number;
  readonly stepsPerRound: number;
  readonly arms: readonly ArmBench[];
  readonly growth: readonly GrowthBench[];
  readonly start: { readonly firstStepSeconds: number; readonly peakMebibytes: number };
  /** All five arms held at once, as `weightnorm compare` does. */
  readonly compare: { readonly peakMebibytes: number };
}

export interface BenchOptions {
  readonly threads: number;
  readonly rounds: number;
  readonly steps: number;
  readonly say: (line: string) => void;
}

const BATCH = 100;
const PEER_ARMS: readonly Arm[] = ["plain", "weight", "batch"];
const GROWTH = [
  ...[25, 50, 100, 200, 400].map((batch) => ({ batch, width: 1 })),
  ...[1, 2, 4].map((width) => ({ batch: BATCH, width })),
];

const spread = (values: readonly number[]): Spread => ({
  median: quantile(values, 0.5),
  low: quantile(values, 0.25),
  high: quantile(values, 0.75),
});
const ratios = (above: readonly number[], below: readonly number[]): Spread =>
  spread(above.map((x, i) => x / below[i]));

export async function benchMnist({
  threads,
  rounds,
  steps,
  say,
}: BenchOptions): Promise<MnistBench> {
  const peer = await startPeer("mnist.py");
  say(
    peer
      ? `in turn with ${peer.version}, ${threads} threads, batch ${BATCH}`
      : "python3-torch is not installed: no peer to compare with",
  );
  const arms = await benchArms(peer, { threads, rounds, steps, say });
  const growth = await benchGrowth(peer, { threads, steps, say });
  peer?.close();
  say("time to the first step, and memory");
  const start = await startOnce(["weight"], threads);
  const { peakMebibytes } = await startOnce(ARMS, threads);
  return {
    bench: "mnist",
    machine: machine(),
    peer: peer?.version ?? null,
    threads,
    batch: BATCH,
    rounds,
    stepsPerRound: steps,
    arms,
    growth,
    start,
    compare: { peakMebibytes },
  };
}

/** Medians of rounds; a round runs everyone for some steps, so drift of the machine hits all alike. */
async function benchArms(
  peer: Peer | undefined,
  { threads, rounds, steps, say }: BenchOptions,
): Promise<readonly ArmBench[]> {
  const racers = [
    ...(await Promise.all(
      ARMS.map(async (arm) => {
        const { run } = await ours({ arm, batch: BATCH, width: 1, threads });
        return { name: arm, run };
      }),
    )),
    ...(peer
      ? PEER_ARMS.map((arm) => ({
          name: `peer ${arm}`,
          run: (n: number) => peer.run({ arm, batch: BATCH, width: 1, steps: n, threads }),
        }))
      : []),
  ];
  const times = new Map(racers.map(({ name }) => [name, [] as number[]]));
  for (const { run } of racers) await run(5);
  for (let round = 0; round < rounds; round++) {
    say(`round ${round + 1} of ${rounds}`);
    for (const { name, run } of round % 2 === 0 ? racers : racers.toReversed()) {
      await pause(50); // the other's threads stop spinning
      times.get(name)!.push(quantile(await run(steps), 0.5));
    }
  }
  const of = (name: string): readonly number[] => times.get(name)!;
  const rate = (name: string): number => (BATCH * 1000) / quantile(of(name), 0.5);
  return ARMS.map((arm) => ({
    arm,
    milliseconds: spread(of(arm)),
    imagesPerSecond: rate(arm),
    overPlain: ratios(of(arm), of("plain")),
    ...(times.has(`peer ${arm}`)
      ? {
          peer: {
            milliseconds: spread(of(`peer ${arm}`)),
            imagesPerSecond: rate(`peer ${arm}`),
            overPlain: ratios(of(`peer ${arm}`), of("peer plain")),
            speedup: ratios(of(`peer ${arm}`), of(arm)),
          },
        }
      : {}),
  }));
}

async function benchGrowth(
  peer: Peer | undefined,
  { threads, steps, say }: Pick<BenchOptions, "threads" | "steps" | "say">,
): Promise<readonly GrowthBench[]> {
  const results: GrowthBench[] = [];
  for (const { batch, width } of GROWTH) {
    say(`weight, batch ${batch}, width x${width}`);
    const { run, release } = await ours({ arm: "weight", batch, width, threads });
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
