/** The commands and their flags; what they do is in one file each, loaded when it is asked for. */
import { createRequire } from "node:module";
import { Command, CommanderError } from "commander";
import type { Task } from "../experiments/training/task.ts";
import { DQN, taskOf, tasks } from "../experiments/tasks.ts";
import type { EvalFlags } from "./eval.ts";
import {
  armOption,
  armsOption,
  seedsOption,
  countOption,
  dataDirOption,
  dqnOptions,
  gameSeedOption,
  romOption,
  sampledArmOption,
  sampleSeedOption,
  threadsOption,
  trainingOptions,
  usageError,
  type PlayFlags,
  type SampleFlags,
  type TrainingFlags,
} from "./options.ts";

const version = (): string => {
  for (const path of ["../package.json", "../../package.json"])
    try {
      return (createRequire(import.meta.url)(path) as { readonly version: string }).version;
    } catch {
      continue; // the source and the built file lie at different depths
    }
  return "unknown";
};

const names = [...tasks.map((t) => t.name), DQN].join(", ");

function program(): Command {
  const root = new Command("weightnorm")
    .description(
      "Trains networks with weight normalization (Salimans & Kingma 2016) and compares it with the alternatives.",
    )
    .version(version())
    .showHelpAfterError("(add --help for the flags and examples)")
    .configureOutput({ outputError: (text, write) => write(ownWords(text)) })
    .exitOverride();

  const training = (name: string, description: string, examples: string): Command => {
    const command = root
      .command(name)
      .description(description)
      .argument("<experiment>", names, experiment);
    for (const option of [
      name === "compare" ? armsOption() : armOption(),
      seedsOption(),
      ...trainingOptions(),
      ...dqnOptions(),
    ])
      command.addOption(option);
    return command.addHelpText("after", `\nExamples:\n${examples}`);
  };
  training(
    "compare",
    "train several arms of one network side by side and report who learns faster",
    `  weightnorm compare mnist                                   all five arms, about three minutes on two cores
  weightnorm compare mnist --arms plain,weight --seed 1,2,3  two arms, three seeds
  weightnorm compare mnist --lr 0.0003,0.001,0.003           each arm's best learning rate, on held-out images
  weightnorm compare cifar10 --preset small                  the paper's main experiment, on a smaller scale
  weightnorm compare vae                                     a convolutional VAE, with pictures of what it makes
  weightnorm compare draw --preset small                     DRAW: images drawn step by step
  weightnorm compare dqn --game space-invaders --seed 1,2,3  agents that learn to play
  weightnorm compare mnist --lr 0.003 --epochs 5 --out runs/fast
  weightnorm compare mnist --resume runs/fast                goes on after Ctrl-C, kill -9 or a power cut`,
  ).action(trained);
  training(
    "train",
    "train one arm",
    `  weightnorm train mnist --arm weight --epochs 3 --out runs/weight
  weightnorm eval runs/weight`,
  ).action((what: Experiment, flags: TrainingFlags) =>
    trained(what, flags.resume === undefined ? { arm: "weight", ...flags } : flags),
  );

  root
    .command("eval")
    .description("what a checkpoint is worth on the test set, or every checkpoint of a run")
    .argument("<path>", "a .safetensors checkpoint or the folder of a run")
    .addOption(dataDirOption())
    .addOption(romOption())
    .addOption(threadsOption())
    .option("--json", "print JSON")
    .action(async (path: string, flags: EvalFlags) =>
      (await import("./eval.ts")).evaluate(path, flags),
    );
  root
    .command("report")
    .description(
      "draw the report of a finished run again, or of agents that still learn: the table, figure.svg, figure.png and report.html",
    )
    .argument("<folder>", "the folder of a run")
    .option("--json", "print the results as JSON")
    .action(async (dir: string, flags: { readonly json?: boolean }) => {
      const { report, isOfAgents } = await import("./report.ts");
      if (await isOfAgents(dir))
        await (await import("./dqn/report/index.ts")).dqnReport(dir, flags);
      else await report(dir, flags);
    });
  root
    .command("sample")
    .description(
      "draw new images with a trained generative model: PNG, and a GIF where there is an animation",
    )
    .argument("<path>", "a .safetensors checkpoint or the folder of a run")
    .addOption(sampledArmOption())
    .addOption(countOption())
    .addOption(sampleSeedOption())
    .addOption(threadsOption())
    .option(
      "--out <prefix>",
      "where the files' names start (default: samples-<arm>-<seed> in the folder of the run)",
    )
    .option("--json", "print the paths as JSON")
    .addHelpText(
      "after",
      "\nExamples:\n  weightnorm sample runs/vae\n  weightnorm sample runs/draw --count 100 --seed 7 --out drawings",
    )
    .action(async (path: string, flags: SampleFlags) =>
      (await import("./sample.ts")).sample(path, flags),
    );
  root
    .command("play")
    .description("watch a trained agent: a game in the terminal, and as an animated GIF")
    .argument("<path>", "a .safetensors checkpoint or the folder of a run of dqn")
    .addOption(sampledArmOption())
    .addOption(gameSeedOption())
    .addOption(romOption())
    .addOption(threadsOption())
    .option("--out <file>", "the GIF (default: play-<arm>-<seed>.gif in the folder of the run)")
    .option("--json", "print the score and the file as JSON")
    .option("--quiet", "no game in the terminal")
    .addHelpText(
      "after",
      "\nExamples:\n  weightnorm play runs/breakout\n  weightnorm play runs/breakout --arm plain --seed 7 --out game.gif",
    )
    .action(async (path: string, flags: PlayFlags) =>
      (await import("./dqn/play.ts")).play(path, flags),
    );
  root
    .command("inspect")
    .description("the layers of a checkpoint, with |v|, g and effective step, and its tensors")
    .argument("<file>", "a .safetensors file")
    .option("--all", "show the optimizer's state too")
    .option("--json", "print JSON")
    .action(async (file: string, flags: { readonly all?: boolean; readonly json?: boolean }) =>
      (await import("./inspect.ts")).inspect(file, flags),
    );
  return root;
}

type Experiment = Task | typeof DQN;

const trained = async (what: Experiment, flags: TrainingFlags): Promise<void> =>
  what === DQN
    ? (await import("./dqn/compare.ts")).compareDqn(flags)
    : (await import("./compare.ts")).compare(what, flags);

function experiment(name: string): Experiment {
  const known = name === DQN ? DQN : taskOf(name);
  if (known) return known;
  throw usageError(
    `experiment: expected one of ${names}, got "${name}"; try weightnorm compare mnist`,
  );
}

/** Our messages name flag and value themselves; commander would say both before them once more. */
const ownWords = (text: string): string =>
  text.replace(/^error: (?:option '.*?' argument '.*?' is invalid\. (?=--))?/s, "weightnorm: ");

/** 0 done, 1 it failed, 2 it was asked wrongly, 130 stopped by Ctrl-C. */
function exitCode(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  return (error as Error).name === "Interrupted" ? 130 : 1;
}

/** Runs one command line, without the program's name, and gives its exit code; nothing is thrown. */
export async function run(args: readonly string[]): Promise<number> {
  try {
    await program().parseAsync(args, { from: "user" });
    return 0;
  } catch (error) {
    const spoken = error instanceof CommanderError && error.code.startsWith("commander.");
    if (!spoken)
      process.stderr.write(
        `weightnorm: ${error instanceof Error ? error.message : String(error)}\n`,
      );
    return exitCode(error);
  }
}
