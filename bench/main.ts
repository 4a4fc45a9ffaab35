/** `npm run -s bench -- mnist --json FILE`: what we measure, and the same work in PyTorch, in turn in the same run. */
import { availableParallelism } from "node:os";
import { Command, Option } from "commander";
import { textTable } from "../cli/text-table.ts";
import { writeFileAtomic } from "../src/node/index.ts";
import { benchMnist, type MnistBench, type Spread } from "./mnist.ts";

const whole = (text: string): number => {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1)
    throw new Error(`bench: expected a whole number of at least 1, got "${text}"; try 10`);
  return value;
};

interface Flags {
  readonly threads: number;
  readonly rounds: number;
  readonly steps: number;
  readonly json?: string;
}

await new Command("bench")
  .description(
    "Times training steps; where python3-torch is installed, the same network, batch, optimizer and threads in PyTorch too.",
  )
  .argument("<what>", "mnist")
  .addOption(new Option("--threads <n>").argParser(whole).default(availableParallelism()))
  .addOption(
    new Option("--rounds <n>", "rounds in which everyone runs in turn")
      .argParser(whole)
      .default(11),
  )
  .addOption(new Option("--steps <n>", "steps a round").argParser(whole).default(20))
  .option("--json <file>", "write the figures there")
  .action(async (what: string, { threads, rounds, steps, json }: Flags) => {
    if (what !== "mnist")
      throw new Error(`bench: expected mnist, got "${what}"; try npm run -s bench -- mnist`);
    const result = await benchMnist({
      threads,
      rounds,
      steps,
      say: (line) => void process.stderr.write(`${line}\n`),
    });
    if (json !== undefined) await writeFileAtomic(json, `${JSON.stringify(result, null, 2)}\n`);
    process.stdout.write(`${shown(result)}\n`);
  })
  .parseAsync()
  .catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  });

function shown({ arms, growth, start, compare, peer }: MnistBench): string {
  const ms = ({ median, low, high }: Spread): string =>
    `${median.toFixed(1)} (${low.toFixed(1)}-${high.toFixed(1)})`;
  const ratio = ({ median, low, high }: Spread): string =>
    `${median.toFixed(3)} (${low.toFixed(3)}-${high.toFixed(3)})`;
  const none = "\u2013";
  const armRows = arms.map((a) => [
    a.arm,
    ms(a.milliseconds),
    a.imagesPerSecond.toFixed(0),
    ratio(a.overPlain),
    a.peer ? ms(a.peer.milliseconds) : none,
    a.peer ? ratio(a.peer.overPlain) : none,
    a.peer ? ratio(a.peer.speedup) : none,
  ]);
  const growthRows = growth.map((g) => [
    String(g.batch),
    `x${g.width}`,
    ms(g.milliseconds),
    (g.milliseconds.median / g.batch).toFixed(3),
    g.peerMilliseconds ? ms(g.peerMilliseconds) : none,
    g.peerMilliseconds ? (g.peerMilliseconds.median / g.milliseconds.median).toFixed(2) : none,
  ]);
  return [
    "One training step: median (quartiles) over rounds; ratios are of the same round",
    textTable(
      [
        "arm",
        "ms a step",
        "images/s",
        "step / plain",
        `${peer ?? "peer"} ms`,
        "its step / plain",
        "our speed / its",
      ],
      armRows,
    ),
    "How the weight arm's step grows",
    textTable(
      ["batch", "width", "ms a step", "ms an image", "peer ms", "our speed / its"],
      growthRows,
    ),
    `first step ${start.firstStepSeconds.toFixed(2)} s after the process starts; peak memory ${start.peakMebibytes.toFixed(0)} MiB with one arm, ${compare.peakMebibytes.toFixed(0)} MiB with all five`,
  ].join("\n\n");
}
