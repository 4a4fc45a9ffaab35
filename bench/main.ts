/** `npm run -s bench -- mnist --json FILE`: what we measure, and the same work in PyTorch, in turn in the same run. */
import { availableParallelism } from "node:os";
import { Command, Option } from "commander";
import { textTable } from "../report/index.ts";
import { writeFileAtomic } from "../src/node/index.ts";
import { benchCifar10, type Cifar10Bench } from "./cifar10.ts";
import type { DqnBench } from "./dqn.ts";
import { benchConvert, convertText } from "./convert.ts";
import { fuzz, fuzzCheckpoints, type Fuzz, type FuzzedCheckpoints } from "./fuzz/index.ts";
import { benchGenerative, type GenerativeBench } from "./generative.ts";
import { kills, type KillsResult } from "./kills/index.ts";
import { benchMnist, type MnistBench } from "./mnist.ts";
import { inProcess } from "./own-process.ts";
import { benchPasses, type PassesBench } from "./passes.ts";
import { closePeers } from "./peer.ts";
import type { ArmBench, Spread } from "./race.ts";
import type { TabBench } from "./tab.ts";

const whole =
  (flag: string) =>
  (text: string): number => {
    const value = Number(text);
    if (!Number.isSafeInteger(value) || value < 1)
      throw new Error(`${flag}: expected a whole number of at least 1, got "${text}"; try 10`);
    return value;
  };

interface Flags {
  readonly threads: number;
  readonly rounds?: number;
  readonly steps?: number;
  readonly blocked: boolean;
  readonly runs?: number;
  readonly json?: string;
}

const HEAD = "One training step: median (quartiles) over rounds; ratios are of the same round";
const say = (line: string): void => void process.stderr.write(`${line}\n`);

/** What can be measured, by name: rounds and steps where none are asked for, and the figures as data and as text. */
const benches: Readonly<
  Record<
    string,
    {
      readonly rounds: number;
      readonly steps: number;
      run(
        options: Required<Omit<Flags, "json" | "runs">> & Pick<Flags, "runs">,
      ): Promise<readonly [data: object, text: string]>;
    }
  >
> = {
  mnist: {
    rounds: 11,
    steps: 20,
    async run(options) {
      const result = await benchMnist({ ...options, say });
      return [result, mnistText(result)];
    },
  },
  cifar10: {
    rounds: 5,
    steps: 3,
    async run(options) {
      const result = await benchCifar10({ ...options, say });
      return [result, cifar10Text(result)];
    },
  },
  passes: {
    rounds: 3,
    steps: 3,
    async run(options) {
      const result = await benchPasses({ ...options, say });
      return [result, passesText(result)];
    },
  },
  vae: {
    rounds: 7,
    steps: 5,
    async run(options) {
      const result = await benchGenerative("vae", { ...options, say });
      return [result, generativeText(result)];
    },
  },
  draw: {
    rounds: 5,
    steps: 3,
    async run(options) {
      const result = await benchGenerative("draw", { ...options, say });
      return [result, generativeText(result)];
    },
  },
  dqn: {
    rounds: 9,
    steps: 30,
    async run(options) {
      const { benchDqn } = await import("./dqn.ts");
      const result = await benchDqn({ ...options, say });
      return [result, dqnText(result)];
    },
  },
  tab: {
    rounds: 7,
    steps: 10,
    async run(options) {
      const { benchTab } = await import("./tab.ts");
      const result = await benchTab({ ...options, say });
      return [result, tabText(result)];
    },
  },
  kills: {
    rounds: 1,
    steps: 1,
    async run({ runs = 100 }) {
      const result = await kills({ runs, seed: 1, say });
      if (result.faults.length > 0) process.exitCode = 1;
      return [{ bench: "kills", ...result }, killsText(result)];
    },
  },
  fuzz: {
    rounds: 1,
    steps: 1,
    async run({ runs = 100_000 }) {
      const commands = Math.max(1, Math.round(runs / 50));
      const result = await fuzz({ files: runs, commands, seed: 1, say });
      if (result.faults.length > 0) process.exitCode = 1;
      return [{ bench: "fuzz", ...result }, fuzzText(result)];
    },
  },
  "fuzz-checkpoints": {
    rounds: 1,
    steps: 1,
    async run({ runs = 100_000 }) {
      const result = await fuzzCheckpoints({ files: runs, seed: 1, say });
      if (result.faults.length > 0) process.exitCode = 1;
      return [{ bench: "fuzz-checkpoints", ...result }, fuzzCheckpointsText(result)];
    },
  },
  scale: {
    rounds: 5,
    steps: 10,
    async run(options) {
      const { benchScale, scaleText } = await import("./scale/index.ts");
      const result = await benchScale({ ...options, say });
      return [result, scaleText(result)];
    },
  },
  serve: {
    rounds: 1,
    steps: 1,
    async run({ runs = 1000 }) {
      const { benchServe, serveText } = await import("./serve.ts");
      const result = await benchServe({ runs });
      return [result, serveText(result)];
    },
  },
  convert: {
    rounds: 1,
    steps: 1,
    async run({ runs = 4096 }) {
      const result = await benchConvert({ mebibytes: runs, say });
      return [result, convertText(result)];
    },
  },
  soak: {
    rounds: 1,
    steps: 2000,
    async run({ threads, steps, blocked }) {
      say(`${steps} steps of a narrow network in epochs of 100, a few minutes`);
      const result = await inProcess<Soak>("soak", { threads, blocked, steps });
      const growth = growthOf(result);
      if (growth > MOST_GROWTH) process.exitCode = 1;
      return [{ bench: "soak", ...result, growth }, soakText(result, growth)];
    },
  },
};

function milliseconds({ median, low, high }: Spread): string {
  return `${median.toFixed(1)} (${low.toFixed(1)}-${high.toFixed(1)})`;
}
function ratio({ median, low, high }: Spread): string {
  return `${median.toFixed(3)} (${low.toFixed(3)}-${high.toFixed(3)})`;
}
function armsTable(arms: readonly ArmBench[], peer: string | null): string {
  const none = "\u2013";
  return textTable(
    [
      "arm",
      "ms a step",
      "images/s",
      "step / plain",
      `${peer ?? "peer"} ms`,
      "its step / plain",
      "our speed / its",
    ],
    arms.map((a) => [
      a.arm,
      milliseconds(a.milliseconds),
      a.imagesPerSecond.toFixed(a.imagesPerSecond < 1000 ? 1 : 0),
      ratio(a.overPlain),
      a.peer ? milliseconds(a.peer.milliseconds) : none,
      a.peer ? ratio(a.peer.overPlain) : none,
      a.peer ? ratio(a.peer.speedup) : none,
    ]),
  );
}

function mnistText({ arms, growth, start, compare, peer }: MnistBench): string {
  const none = "\u2013";
  const growthRows = growth.map((g) => [
    String(g.batch),
    `x${g.width}`,
    milliseconds(g.milliseconds),
    (g.milliseconds.median / g.batch).toFixed(3),
    g.peerMilliseconds ? milliseconds(g.peerMilliseconds) : none,
    g.peerMilliseconds ? (g.peerMilliseconds.median / g.milliseconds.median).toFixed(2) : none,
  ]);
  return [
    HEAD,
    armsTable(arms, peer),
    "How the weight arm's step grows",
    textTable(
      ["batch", "width", "ms a step", "ms an image", "peer ms", "our speed / its"],
      growthRows,
    ),
    `first step ${start.firstStepSeconds.toFixed(2)} s after the process starts; peak memory ${start.peakMebibytes.toFixed(0)} MiB with one arm, ${compare.peakMebibytes.toFixed(0)} MiB with all five`,
  ].join("\n\n");
}

function cifar10Text(bench: Cifar10Bench): string {
  const { arms, peer, block, convolutions, peakMebibytes, compare } = bench;
  const { gigaflop, gigaflopPerSecond: speed, matmulGigaflopPerSecond: matmul } = convolutions;
  return [
    HEAD,
    armsTable(arms, peer),
    block > 0 ? `layout: images in blocks of ${block} channels` : "layout: plain",
    `convolutions: ${gigaflop.toFixed(0)} GFLOP a step at ${speed.median.toFixed(0)} (${speed.low.toFixed(0)}-${speed.high.toFixed(0)}) GFLOP/s, ${((100 * speed.median) / matmul.median).toFixed(0)} % of a matrix product's ${matmul.median.toFixed(0)} (${matmul.low.toFixed(0)}-${matmul.high.toFixed(0)}) GFLOP/s`,
    `peak memory ${peakMebibytes.toFixed(0)} MiB training one arm, ${compare.peakMebibytes.toFixed(0)} MiB comparing all five beside the whole data set`,
  ].join("\n\n");
}

function passesText({ variants }: PassesBench): string {
  return textTable(
    ["the weight arm's step", "ms", "over all passes"],
    variants.map((v) => [v.name, milliseconds(v.milliseconds), ratio(v.overAll)]),
  );
}

function generativeText({ models, peer }: GenerativeBench): string {
  const parts = models.flatMap(({ name, arms }) => [
    name,
    armsTable(arms, peer),
    `from network to session: ${arms.map((a) => `${a.arm} ${a.compileSeconds.toFixed(1)} s`).join(", ")}`,
  ]);
  return [HEAD, ...parts].join("\n\n");
}

function dqnText({ models, environments, peer }: DqnBench): string {
  const parts = models.flatMap(({ name, threads, arms }) => [
    `${name}, batch 32, threads: ${threads}; learning steps/s: ${arms.map((a) => `${a.arm} ${(1000 / a.milliseconds.median).toFixed(0)}`).join(", ")}`,
    armsTable(arms, peer),
  ]);
  const thousands = ({ median, low, high }: Spread): string =>
    [median, low, high]
      .map((x) => (x / 1000).toFixed(0))
      .join(" ")
      .replace(/ (\d+) (\d+)$/, " ($1-$2)");
  const table = textTable(
    ["environment", "thousand steps/s, observing each"],
    environments.map((e) => [e.name, thousands(e.stepsPerSecond)]),
  );
  return [HEAD, ...parts, table].join("\n\n");
}

function tabText({ racers, absent }: TabBench): string {
  const table = textTable(
    [
      "MNIST's weight arm, one thread",
      "batch",
      "ms a step",
      "time an image / node's",
      "/ our tab's",
    ],
    racers.map((r) => [
      ...[r.title, String(r.batch), milliseconds(r.milliseconds)],
      ...[ratio(r.overNode), ratio(r.overTab)],
    ]),
  );
  return [HEAD, table, ...absent].join("\n\n");
}

interface Soak {
  readonly steps: number;
  readonly mebibytes: readonly number[];
}
/** Memory of the last quarter of the soak over that of its second quarter, when all is warm: 1 where nothing grew. */
function growthOf({ mebibytes }: Soak): number {
  const quarter = mebibytes.length / 4;
  const mean = (from: number, to: number): number => {
    const part = mebibytes.slice(Math.floor(from), Math.ceil(to));
    return part.reduce((a, b) => a + b, 0) / part.length;
  };
  return mean(3 * quarter, 4 * quarter) / mean(quarter, 2 * quarter);
}
const MOST_GROWTH = 1.1;

const killsText = ({ killed, atRandom, beforeFileOperations, same, faults }: KillsResult): string =>
  [
    `${killed} runs killed (${beforeFileOperations} before an operation on a file, ${atRandom} at random moments): ${same} went on to the same bits, ${faults.length} did not`,
    ...faults,
  ].join("\n");

const countsTable = ({ by }: Pick<Fuzz["files"], "by">): string =>
  textTable(
    ["damaged files", "read", "refused"],
    Object.entries(by).map(([name, { read, refused }]) => [name, `${read}`, `${refused}`]),
  );

const fuzzCheckpointsText = ({ files, faults }: FuzzedCheckpoints): string =>
  [
    countsTable(files),
    `${files.read + files.refused} files, at most ${files.slowest.toFixed(0)} ms each and ${(files.memory / 2 ** 20).toFixed(0)} MiB in all; ${faults.length} faults`,
    ...faults,
  ].join("\n");

function fuzzText({ files, lines, faults }: Fuzz): string {
  const codes = Object.entries(lines.codes).map(([code, n]) => `${n} with code ${code}`);
  return [
    countsTable(files),
    `${files.read + files.refused} files, at most ${files.slowest.toFixed(0)} ms each; ${lines.commands} command lines ended: ${codes.join(", ")}; ${faults.length} faults`,
    ...faults,
  ].join("\n");
}

function soakText({ steps, mebibytes }: Soak, growth: number): string {
  const shown = mebibytes.map((m) => m.toFixed(0)).join(" ");
  return `memory in MiB after each twentieth of ${steps} steps: ${shown}\nthe last quarter over the second: ${growth.toFixed(3)}${growth > MOST_GROWTH ? `, above ${MOST_GROWTH}: memory grew` : ""}`;
}

const defaultsOf = (key: "rounds" | "steps"): string =>
  Object.entries(benches)
    .map(([name, bench]) => `${name} ${bench[key]}`)
    .join(", ");

await new Command("bench")
  .description(
    "Times training steps; where python3-torch is installed, the same network, batch, optimizer and threads in PyTorch too. Kills runs, and damages files, to see what becomes of them.",
  )
  .argument("<what>", Object.keys(benches).join(", "))
  .addOption(
    new Option("--threads <n>").argParser(whole("--threads")).default(availableParallelism()),
  )
  .addOption(
    new Option(
      "--rounds <n>",
      `rounds in which everyone runs in turn (default: ${defaultsOf("rounds")})`,
    ).argParser(whole("--rounds")),
  )
  .addOption(
    new Option("--steps <n>", `steps a round (default: ${defaultsOf("steps")})`).argParser(
      whole("--steps"),
    ),
  )
  .addOption(
    new Option(
      "--runs <n>",
      "kills: how many runs are killed (default: 100); fuzz: how many files are damaged, with a fiftieth as many command lines, and fuzz-checkpoints: how many of each format (default: 100000); convert: MiB of the file (default: 4096); serve: runs of the folder (default: 1000)",
    ).argParser(whole("--runs")),
  )
  .option("--no-blocked", "without ONNX Runtime's blocked layout (not mnist, not passes)")
  .option("--json <file>", "write the figures there")
  .action(async (what: string, { json, ...flags }: Flags) => {
    const bench = Object.hasOwn(benches, what) ? benches[what] : undefined;
    if (!bench)
      throw new Error(
        `bench: expected ${Object.keys(benches).join(", ")}, got "${what}"; try npm run -s bench -- mnist`,
      );
    const { rounds, steps } = bench;
    const [data, text] = await bench.run({ rounds, steps, ...flags });
    if (json !== undefined) await writeFileAtomic(json, `${JSON.stringify(data, null, 2)}\n`);
    process.stdout.write(`${text}\n`);
  })
  .parseAsync()
  .catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  })
  .finally(closePeers);
