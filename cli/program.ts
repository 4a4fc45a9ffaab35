/** The commands; what they do is in one file each, loaded when it is asked for. Flags of experiments are made of their settings. */
import { INTERRUPTED } from "../cluster/exit-codes.ts";
import { launcherOf } from "../cluster/mpi/launcher.ts";
import { Command, CommanderError, Option } from "commander";
import { findExperiment, ownData } from "../experiments/index.ts";
import { UsageError } from "../runs/experiment.ts";
import { whole, type Settings } from "../runs/settings.ts";
import type { DiagnoseFlags } from "./diagnose.ts";
import type { ExportFlags } from "./export.ts";
import type { PlayFlags } from "./play.ts";
import type { PredictFlags } from "./predict.ts";
import type { SampleFlags } from "./sample.ts";
import { convertCommand } from "./convert-flags.ts";
import { OPSETS } from "../src/export/opset.ts";
import { printable } from "../src/train/json.ts";
import { names } from "./experiments.ts";
import {
  armOption,
  countOption,
  deviceOption,
  diagnoseOptions,
  experimentOption,
  named,
  optionOf,
  quietly,
  seedOption,
  threadsOption,
  TRAINING,
} from "./flags.ts";
import { Exit } from "./exit.ts";
import { manifest } from "./manifest.ts";
import { pageCommand } from "./page-flags.ts";
import { sweepCommand } from "./sweep-flags.ts";
import { lackIn } from "./needs.ts";
import { chosenBy, trainingOf, trainingWithout, type Chosen } from "./training.ts";

/** A program with every command; `compare` and `train` know the flags of the experiment that was named, if one was. */
async function program(chosen: Chosen | undefined, args: readonly string[]): Promise<Command> {
  const root = quietly(new Command("weightnorm"))
    .description(
      "Trains networks with weight normalization (Salimans & Kingma 2016) and compares it with the alternatives.",
    )
    .version(manifest().version);
  for (const name of TRAINING)
    root.addCommand(chosen?.command === name ? trainingOf(chosen) : await trainingWithout(name));
  const places = await everyPlace();
  const placeOptions = (): readonly Option[] =>
    Object.entries(places).map(([name, setting]) => optionOf(name, setting)!);

  const add = (
    name: string,
    does: string,
    options: readonly Option[],
    argument: string,
  ): Command => {
    const command = quietly(root.command(name))
      .description(does)
      .argument("<path>", argument, nonEmpty);
    for (const option of options) command.addOption(option);
    return command;
  };
  const checkpoint = "a .safetensors checkpoint or the folder of a run";
  const json = (what: string): Option => new Option("--json", `print ${what} as JSON`);
  add(
    "eval",
    "what a checkpoint is worth on the test, or every checkpoint of a run",
    [...placeOptions(), threadsOption(), deviceOption(), experimentOption(), json("it")],
    checkpoint,
  ).action(async (path: string, flags: object) =>
    (await import("./eval.ts")).evaluate(path, { ...flags }, places),
  );
  add(
    "report",
    "draw the report of a run again, finished or not: the table, figure.svg, figure.png and report.html",
    [
      new Option(
        "--tensorboard <folder>",
        "write event files for TensorBoard there too, in a folder for each run",
      ).argParser(named("--tensorboard")),
      ...[experimentOption(), json("the results")],
    ],
    "the folder of a run, a results.json or a diagnosis.json",
  )
    .summary("draw the report of a run again")
    .action(async (dir: string, flags: object) => (await import("./report.ts")).report(dir, flags));
  add(
    "diagnose",
    "measure section 2.1 of the paper on a run, finished or not: how gradients lie in w and in v, and how |v| grows",
    [
      ...[...diagnoseOptions(), ...placeOptions(), threadsOption("as many as the run had")],
      ...[experimentOption(), json("it")],
    ],
    "the folder of a run",
  )
    .summary("how a run's gradients lie in w and in v")
    .action(async (dir: string, flags: DiagnoseFlags) =>
      (await import("./diagnose.ts")).diagnose(dir, { ...flags }, places),
    );
  add(
    "sample",
    "draw new images with a trained generative model: PNG, and a GIF where there is an animation",
    [
      ...[
        armOption(),
        countOption(),
        seedOption("another seed, other images"),
        threadsOption(),
        deviceOption(),
      ],
      new Option(
        "--out <prefix>",
        "where the files' names start (default: samples-<arm>-<seed> in the folder of the run)",
      ),
      ...[experimentOption(), json("the paths")],
    ],
    checkpoint,
  )
    .summary("new images of a trained generative model")
    .addHelpText(
      "after",
      "\nExamples:\n  weightnorm sample runs/vae\n  weightnorm sample runs/draw --count 100 --seed 7 --out drawings",
    )
    .action(async (path: string, flags: SampleFlags) =>
      (await import("./sample.ts")).sample(path, flags),
    );
  add(
    "play",
    "watch a trained agent: a game in the terminal, and as an animated GIF",
    [
      ...[armOption(), seedOption("another seed, another game"), ...placeOptions()],
      ...[threadsOption(), deviceOption()],
      new Option(
        "--out <file>",
        "the GIF (default: play-<arm>-<seed>.gif in the folder of the run)",
      ),
      ...[experimentOption(), json("the score and the file")],
      new Option("--quiet", "no game in the terminal"),
    ],
    checkpoint,
  )
    .addHelpText(
      "after",
      "\nExamples:\n  weightnorm play runs/breakout\n  weightnorm play runs/breakout --arm plain --seed 7 --out game.gif",
    )
    .action(async (path: string, flags: PlayFlags) =>
      (await import("./play.ts")).play(path, { ...flags }, places),
    );
  add(
    "predict",
    "what a model that was trained on a table or on pictures says of new ones",
    [
      ...[armOption(), threadsOption(), deviceOption()],
      new Option("--out <file>", "write a CSV there instead").argParser(named("--out", "file")),
      new Option("--csv", "print CSV"),
      new Option(
        "--model <file>",
        "the .onnx file that was fine-tuned, where it is not where it was",
      ),
      ...[experimentOption(), json("them")],
    ],
    checkpoint,
  )
    .argument("<file...>", "tables with the columns of training; or pictures, or folders of them")
    .addHelpText(
      "after",
      "\nExamples:\n  weightnorm predict runs/species new.csv\n  weightnorm predict runs/species new.csv --out predicted.csv\n  weightnorm predict runs/photos new.jpg ./more --json",
    )
    .action(async (path: string, files: readonly string[], flags: PredictFlags) =>
      (await import("./predict.ts")).predict(path, files, flags),
    );
  add(
    "export",
    "write a trained model to an .onnx file of its own, which any runtime can use",
    [
      new Option(
        "--out <file>",
        "the file (default: <arm>-<seed>.onnx in the folder of the run)",
      ).argParser(named("--out", "file")),
      armOption(),
      new Option("--dynamic-batch", "for any number of examples (the default)"),
      optionOf("batch", whole("for so many examples alone", { example: "1" }))!,
      optionOf("opset", whole("ONNX's operator set (default: 17)", { ...OPSETS, example: "17" }))!,
      new Option("--half", "weights in half precision, half the size"),
      ...[modelOption(), deviceOption(), experimentOption(), json("what was written")],
    ],
    checkpoint,
  )
    .addHelpText(
      "after",
      "\nNames of classes and how pictures are prepared are in the file's metadata.\n\nExamples:\n  weightnorm export runs/tuned --out tuned.onnx\n  weightnorm export runs/photos --out small.onnx --half",
    )
    .action(async (path: string, flags: ExportFlags) =>
      (await import("./export.ts")).exported(path, flags),
    );
  add(
    "inspect",
    "the layers of a checkpoint, with |v|, g and effective step, and its tensors; or what is in a model of ONNX",
    [new Option("--all", "show the optimizer's state, or every parameter, too"), json("it")],
    "a .safetensors or .onnx file",
  ).action(async (file: string, flags: object) =>
    (await import("./inspect.ts")).inspect(file, flags),
  );
  root.addCommand(quietly(convertCommand()));
  root.addCommand(quietly(pageCommand()));
  root.addCommand(await sweepCommand(args, run));
  return root;
}

function nonEmpty(path: string): string {
  if (path !== "") return path;
  throw new UsageError('path: expected a file or a folder, got ""; name one');
}

/** Where things may lie, of all experiments: commands that find the experiment in a run know no better. */
async function everyPlace(): Promise<Settings> {
  const everyName = [...names, ...Object.keys(ownData)];
  const all = await Promise.all(everyName.map((name) => findExperiment(name)));
  const places = new Map<string, Settings[string]>();
  for (const experiment of all)
    for (const [name, setting] of Object.entries(experiment?.places ?? {})) {
      const before = places.get(name);
      const help = `${experiment!.name}: ${setting.help}`;
      places.set(name, { ...setting, help: before ? `${before.help}; ${help}` : help });
    }
  return Object.fromEntries(places);
}

const modelOption = (): Option =>
  new Option("--model <file>", "the .onnx file that was fine-tuned, where it is not where it was");

/** Longer words are no path that anybody typed. */
const LONGEST_WORD = 300;
/** Nothing that moves a terminal's cursor, and no word that fills its screen, wherever they came from. */
const spared = (text: string): string =>
  printable(text).replaceAll(/\S+/g, (word) =>
    word.length > LONGEST_WORD ? `${word.slice(0, 60)}\u2026${word.slice(-60)}` : word,
  );

/** 0 done, 1 it failed, 2 it was asked wrongly, 130 stopped by Ctrl-C. */
function exitCode(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof UsageError) return 2;
  const { name, exitCode = name === "Interrupted" ? INTERRUPTED : 1 } = error as Error & {
    readonly exitCode?: number;
  };
  return exitCode;
}

/** Whether a launcher started this process as another than the first. */
const isFollower = (): boolean => (launcherOf(process.env)?.rank ?? 0) > 0;

/** Runs one command line, without the program's name, and gives its exit code; nothing is thrown, `say` hears what went wrong. */
export async function run(
  args: readonly string[],
  say: (message: string) => void = () => undefined,
): Promise<number> {
  try {
    const root = await program(await chosenBy(args), args);
    if (args.length === 0) {
      process.stderr.write(root.helpInformation());
      return 2;
    }
    await root.parseAsync(args, { from: "user" });
    return 0;
  } catch (error) {
    if (error instanceof Exit) return error.code;
    const code = exitCode(error);
    if (code === 2 && isFollower()) return code; // all ranks have the same command line, of which one speaks
    if (code === 0) return 0; // help or the version, which is written
    const said =
      error instanceof CommanderError
        ? (await import("./usage.ts")).spoken(error, args)
        : error instanceof Error
          ? (lackIn(error) ?? error.message)
          : String(error);
    const message = spared(await said);
    process.stderr.write(`weightnorm: ${message}\n`);
    say(message);
    return code;
  }
}
