/** What each pass of the compiler is worth on the paper's CIFAR-10 step: all of them, and all but one, in turn. */
import { machine } from "../cli/world.ts";
import { quantile } from "../runs/quantile.ts";
import { PASSES } from "../src/onnx/index.ts";
import { ours, type OursOptions } from "./ours.ts";
import { subjects } from "./subjects.ts";
import { spread, type BenchOptions, type Spread } from "./race.ts";

export interface PassesBench {
  readonly bench: "passes";
  readonly machine: ReturnType<typeof machine>;
  readonly threads: number;
  readonly rounds: number;
  readonly stepsPerRound: number;
  readonly variants: readonly {
    readonly name: string;
    readonly milliseconds: Spread;
    /** Step time over that with all passes in the same round. */
    readonly overAll: Spread;
  }[];
}

const STEP = { subject: subjects.cifar10, arm: "weight", batch: 100, width: 96 } as const;

export async function benchPasses({
  threads,
  rounds,
  steps,
  say,
}: Omit<BenchOptions, "blocked">): Promise<PassesBench> {
  const variants: readonly (readonly [string, Partial<OursOptions>])[] = [
    ["all passes", {}],
    ...PASSES.map((pass) => [`without ${pass}`, { without: [pass] }] as const),
    ["plain layout", { blocked: false }],
  ];
  const times = variants.map(() => [] as number[]);
  for (let round = 0; round < rounds; round++)
    for (const [i, [name, options]] of variants.entries()) {
      say(`round ${round + 1} of ${rounds}: ${name}`);
      const { run, release } = await ours({ ...STEP, threads, ...options }); // one at a time, or memory would be short
      await run(1);
      times[i].push(quantile(await run(steps), 0.5));
      await release();
    }
  return {
    bench: "passes",
    machine: machine(),
    threads,
    rounds,
    stepsPerRound: steps,
    variants: variants.map(([name], i) => ({
      name,
      milliseconds: spread(times[i]),
      overAll: spread(times[i].map((t, round) => t / times[0][round])),
    })),
  };
}
