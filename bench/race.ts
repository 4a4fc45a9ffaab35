/** Arms and the peer in turn, for rounds: drift of the machine hits all alike. */
import { setTimeout as pause } from "node:timers/promises";
import { machine } from "../cli/world.ts";
import { quantile } from "../runs/quantile.ts";
import type { Arm } from "../runs/records.ts";
import { ours } from "./ours.ts";
import type { Peer } from "./peer.ts";
import type { Subject } from "./subjects.ts";
import type { Timed } from "./timed.ts";

export interface Spread {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}
export interface ArmBench {
  readonly arm: Arm;
  /** From the network to a session that can train it. */
  readonly compileSeconds: number;
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

/** What every bench takes. */
export interface BenchOptions {
  readonly threads: number;
  readonly rounds: number;
  readonly steps: number;
  readonly blocked: boolean;
  readonly say: (line: string) => void;
}

export interface RaceOptions {
  readonly subject: Subject;
  readonly arms: readonly Arm[];
  /** Those that the peer runs too. */
  readonly peerArms: readonly Arm[];
  readonly batch: number;
  readonly width: number;
  readonly threads: number;
  readonly rounds: number;
  /** Steps a round; their median counts. */
  readonly steps: number;
  readonly blocked?: boolean;
  readonly say: (line: string) => void;
}

const variantOf = ({ variant }: Subject): { readonly variant?: string } =>
  variant === undefined ? {} : { variant };

/** Under what a race was run. */
export interface Conditions {
  readonly machine: ReturnType<typeof machine>;
  readonly peer: string | null;
  readonly threads: number;
  readonly batch: number;
  readonly rounds: number;
  readonly stepsPerRound: number;
}
export const conditions = (
  peer: Peer | undefined,
  batch: number,
  { threads, rounds, steps }: Pick<BenchOptions, "threads" | "rounds" | "steps">,
): Conditions => ({
  machine: machine(),
  peer: peer?.version ?? null,
  threads,
  batch,
  rounds,
  stepsPerRound: steps,
});
/** "in turn with PyTorch 1.13, 2 threads, batch 100" */
export const announced = (peer: Peer | undefined, threads: number, batch: number): string =>
  `${peer ? `in turn with ${peer.version}` : "python3-torch is not installed: no peer to compare with"}, ${threads} threads, batch ${batch}`;

/** Median and quartiles. */
export const spread = (values: readonly number[]): Spread => ({
  median: quantile(values, 0.5),
  low: quantile(values, 0.25),
  high: quantile(values, 0.75),
});
const ratios = (above: readonly number[], below: readonly number[]): Spread =>
  spread(above.map((x, i) => x / below[i]));

export async function raceArms(
  peer: Peer | undefined,
  { arms, peerArms, rounds, steps, say, ...options }: RaceOptions,
): Promise<readonly ArmBench[]> {
  const { batch, width, threads } = options;
  const mine: (Timed & { readonly arm: Arm })[] = [];
  for (const arm of arms) mine.push({ arm, ...(await ours({ ...options, arm })) });
  const racers = [
    ...mine.map(({ arm, run }) => ({ name: arm, run })),
    ...(peer
      ? peerArms.map((arm) => ({
          name: `peer ${arm}`,
          run: (n: number) =>
            peer.run({ arm, batch, width, steps: n, threads, ...variantOf(options.subject) }),
        }))
      : []),
  ];
  const times = new Map(racers.map(({ name }) => [name, [] as number[]]));
  for (const { run } of racers) await run(Math.min(5, steps));
  for (let round = 0; round < rounds; round++) {
    say(`round ${round + 1} of ${rounds}`);
    for (const { name, run } of round % 2 === 0 ? racers : racers.toReversed()) {
      await pause(50); // the other's threads stop spinning
      times.get(name)!.push(quantile(await run(steps), 0.5));
    }
  }
  for (const { release } of mine) await release();
  const of = (name: string): readonly number[] => times.get(name)!;
  const rate = (name: string): number => (batch * 1000) / quantile(of(name), 0.5);
  return mine.map(({ arm, compileSeconds }) => ({
    arm,
    compileSeconds,
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
