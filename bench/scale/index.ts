/**
 * How the cost of a step grows with the processes that share it: sums by their size, steps of one and of two processes in turn, and
 * what a model of these foretells for many.
 */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { launchOf } from "../../cluster/mpi/index.ts";
import { textTable } from "../../report/index.ts";
import { spread, type Spread } from "../race.ts";
import {
  halfAt,
  linkOf,
  secondsOf,
  strongEfficiency,
  weakEfficiency,
  type Link,
  type SumTime,
} from "./model.ts";
import type { Asked, Network, StepTime } from "./rank.ts";

const BYTES = [1e3, 1e4, 1e5, 1e6, 1e7, 1e8];
const COUNTS = [2, 3, 4];
const NETWORKS: readonly Network[] = ["mnist", "cifar10 small", "cifar10 paper"];
/** Links that are foretold for: what TCP over them gives, and twice 30 microseconds, for the sum and the short one before it. */
const LINKS: Readonly<Record<string, Link>> = {
  "10 GbE": { latency: 60e-6, bandwidth: 1.1e9 },
  "100 GbE": { latency: 60e-6, bandwidth: 11e9 },
};
const MANY = [8, 64, 256];

export interface ScaleBench {
  readonly bench: "scale";
  readonly sums: readonly SumTime[];
  /** What the sums of this machine fit. */
  readonly here: Link;
  readonly steps: readonly StepBench[];
}
export interface StepBench {
  readonly network: Network;
  /** Milliseconds of a step in one process, and in two that share its batch. */
  readonly one: Spread;
  readonly two: Spread;
  readonly communication: Spread;
  /** t(1) / (2 t(2)), of the same round. */
  readonly efficiency: Spread;
  readonly bytes: number;
}

export interface ScaleOptions {
  readonly rounds: number;
  readonly steps: number;
  readonly say: (line: string) => void;
}

async function ranksOf<T>(count: number, asked: Asked): Promise<T> {
  const script = join(import.meta.dirname, "rank.ts");
  const { command, args } = launchOf(count, [script, JSON.stringify(asked)]);
  const { stdout } = await promisify(execFile)(command, args, { maxBuffer: 2 ** 26 });
  return JSON.parse(stdout) as T;
}

export async function benchScale({ rounds, steps, say }: ScaleOptions): Promise<ScaleBench> {
  const sums: SumTime[] = [];
  for (const ranks of COUNTS) {
    const each = await ranksOf<number[]>(ranks, { what: "sums", bytes: BYTES, times: 15 });
    sums.push(...each.map((ms, i) => ({ ranks, bytes: BYTES[i], seconds: ms / 1000 })));
    say(`sums of ${ranks} ranks: ${each.map((ms) => ms.toFixed(3)).join(", ")} ms`);
  }
  const measured: StepBench[] = [];
  for (const network of NETWORKS) {
    const all: { readonly one: StepTime; readonly two: StepTime }[] = [];
    for (let round = 0; round < rounds; round++) {
      const one = await ranksOf<StepTime>(1, { what: "steps", network, steps });
      const two = await ranksOf<StepTime>(2, { what: "steps", network, steps });
      all.push({ one, two });
      say(
        `${network}: ${one.milliseconds.toFixed(1)} ms alone, ${two.milliseconds.toFixed(1)} ms by two`,
      );
    }
    measured.push({
      network,
      one: spread(all.map(({ one }) => one.milliseconds)),
      two: spread(all.map(({ two }) => two.milliseconds)),
      communication: spread(all.map(({ two }) => two.communication)),
      efficiency: spread(all.map(({ one, two }) => one.milliseconds / 2 / two.milliseconds)),
      bytes: all[0].two.bytes,
    });
  }
  return {
    bench: "scale",
    sums,
    here: linkOf(sums.filter(({ ranks }) => ranks === 2)),
    steps: measured,
  };
}

const size = (bytes: number): string =>
  bytes < 1e6
    ? `${(bytes / 1e3).toFixed(0)} KB`
    : `${(bytes / 1e6).toFixed(1).replace(/\.0$/, "")} MB`;
const milliseconds = ({ median, low, high }: Spread): string =>
  `${median.toFixed(1)} (${low.toFixed(1)}-${high.toFixed(1)})`;
const ratio = ({ median, low, high }: Spread): string =>
  `${median.toFixed(2)} (${low.toFixed(2)}-${high.toFixed(2)})`;
const percent = (x: number): string => `${(100 * x).toFixed(0)}%`;

export function scaleText({ sums, here, steps }: ScaleBench): string {
  const timeOf = (ranks: number, bytes: number): string =>
    (1000 * sums.find((s) => s.ranks === ranks && s.bytes === bytes)!.seconds).toFixed(3);
  const foretold = steps.flatMap(({ network, one, bytes }) => {
    const work = { seconds: one.median / 1000, bytes };
    return Object.entries(LINKS).map(([name, link]) => [
      network,
      name,
      ...MANY.flatMap((n) => [
        percent(strongEfficiency(work, link, n)),
        percent(weakEfficiency(work, link, n)),
      ]),
      String(halfAt(work, link)),
    ]);
  });
  return [
    "Sums over the ranks of this machine, ms (medians)",
    textTable(
      ["bytes", ...COUNTS.map((n) => `${n} ranks`)],
      BYTES.map((bytes) => [size(bytes), ...COUNTS.map((n) => timeOf(n, bytes))]),
    ),
    `of two ranks they fit ${(1e6 * here.latency).toFixed(0)} us a message and ${(here.bandwidth / 1e9).toFixed(1)} GB/s`,
    "Steps of the weight arm, one thread a rank: median (quartiles) over rounds; efficiency is t(1) / (2 t(2)) of the same round",
    textTable(
      [
        ...["network", "summed", "1 rank, ms", "2 ranks, ms", "by the model, ms"],
        ...["of it communication", "efficiency"],
      ],
      steps.map(({ network, bytes, one, two, communication, efficiency }) => [
        network,
        size(bytes),
        milliseconds(one),
        milliseconds(two),
        (one.median / 2 + 1000 * secondsOf(here, { ranks: 2, bytes })).toFixed(1),
        milliseconds(communication),
        ratio(efficiency),
      ]),
    ),
    "FORETOLD, not measured: efficiency by t(N) = t(1) / N + c(N), of a batch that is divided, and of one such batch for every rank; and the ranks with which a divided batch spends half of its time in communication",
    textTable(
      ["network", "link", ...MANY.flatMap((n) => [`${n}, divided`, `${n}, each`]), "half at"],
      foretold,
    ),
  ].join("\n\n");
}
