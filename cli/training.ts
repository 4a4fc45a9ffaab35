/** The commands that train: their flags are made of the settings of what the command line names. */
import { Command, Option } from "commander";
import { experiments, findExperiment } from "../experiments/index.ts";
import { quoted } from "../runs/command.ts";
import { UsageError, type Experiment } from "../runs/experiment.ts";
import { readRun } from "../runs/folder/index.ts";
import { flagOf, whole } from "../runs/settings.ts";
import { experimentAt, names, tunedOn, type Meant } from "./experiments.ts";
import {
  deviceOption,
  named,
  optionOf,
  quietly,
  settingOptions,
  TRAINING,
  type Training,
} from "./flags.ts";

const isTraining = (name: string | undefined): name is Training =>
  TRAINING.some((command) => command === name);

const about: Readonly<Record<Training, string>> = {
  compare: "train several arms of one network side by side and report who learns faster",
  train: "train one arm",
  finetune: "train a model of somebody else's further, an .onnx file, on data of yours",
};

const ranks = whole("processes that train together by mpirun, each on a share of every batch", {
  ...{ most: 1024, example: "2" },
});
/** What all experiments have, after their settings. */
const runOptions = ({ shares = false }: Partial<Experiment> = {}): readonly Option[] => [
  new Option("--out <folder>", "the run's folder (default: runs/ and the time)").argParser(
    named("--out"),
  ),
  new Option(
    "--resume <folder>",
    "go on with a run, to the same bits as if it had never stopped",
  ).argParser(named("--resume")),
  deviceOption(),
  ...(shares ? [optionOf("ranks", ranks)!] : []),
  new Option("--json", "print results as JSON on standard output"),
  new Option("--quiet", "no progress"),
];

/** What a command line names. */
export interface Chosen extends Meant {
  readonly command: Training;
  /** As the command line has it. */
  readonly name: string;
  /** The command line, without the program's name, that --resume is added to. */
  readonly again: string;
}

/** With what concerns one experiment, and nothing else. */
export function trainingOf({ command, name, again, experiment, places }: Chosen): Command {
  const made = quietly(new Command(command))
    .description(`${about[command]}\n\n${experiment.name}: ${experiment.about}`)
    .usage(`${name} [options]`)
    .argument(command === "finetune" ? "[model]" : "<experiment>");
  if (command === "finetune") made.addOption(dataOption());
  const placed = Object.entries(experiment.places).flatMap(([key, setting]) =>
    key in places ? [] : [optionOf(key, setting)!],
  );
  for (const option of [
    ...settingOptions(experiment, command),
    ...placed,
    ...runOptions(experiment),
  ])
    made.addOption(option);
  const examples = (experiment.examples ?? [])
    .filter((example) => !TRAINING.some((c) => c !== command && example.startsWith(`${c} `)))
    .map((example) => `  weightnorm ${example}`);
  return made
    .addHelpText("after", examples.length > 0 ? `\nExamples:\n${examples.join("\n")}` : "")
    .action(async (_: string, flags: object) =>
      (await import("./train.ts")).train({
        command,
        again,
        experiment,
        places,
        flags: { ...flags },
      }),
    );
}

/** The list of experiments, one screen. */
export async function trainingWithout(command: Training): Promise<Command> {
  if (command === "finetune") return finetuningWithout();
  const made = quietly(new Command(command))
    .description(about[command])
    .usage("<experiment> [options]")
    .argument(
      "<experiment>",
      "one of those below; a table, a folder with a folder of pictures for each class, or your own, as examples/own-experiment.ts",
    );
  for (const option of runOptions()) made.addOption(option);
  const all = await Promise.all(names.map((name) => experiments[name]()));
  const width = Math.max(...names.map((name) => name.length));
  const list = all.map((e) => `  ${e.name.padEnd(width)}  ${e.about}`);
  const examples =
    command === "compare"
      ? `  weightnorm compare mnist                                 all five arms
  weightnorm compare mnist --arms plain,weight --seed 1,2  two arms, two seeds
  weightnorm compare table.csv --target species            a table of yours
  weightnorm compare ./photos                              folders of pictures
  weightnorm compare ./my-experiment.ts                    one of your own
  weightnorm compare mnist --resume runs/fast              goes on after kill -9
  weightnorm compare mnist --resume runs/fast --epochs 5   trains it for longer`
      : `  weightnorm train mnist --arm weight --epochs 3 --out runs/weight
  weightnorm eval runs/weight
  weightnorm train table.csv --target species --out runs/species
  weightnorm train ./photos --out runs/photos
  weightnorm predict runs/photos new.jpg`;
  return made.addHelpText(
    "after",
    `\nExperiments:\n${list.join("\n")}\n\n  weightnorm ${command} mnist --help  says what may be set of it\n\nExamples:\n${examples}`,
  );
}

const dataOption = (): Option =>
  new Option("--data <path>", "a folder with a folder of pictures for each class, or a table");

/** What there is to know before a model and data are named. */
function finetuningWithout(): Command {
  const made = quietly(new Command("finetune"))
    .description(
      `${about.finetune}\n\nThe last layer is cut off and a new one put in its place, which learns first; then all of it, at a lower rate.`,
    )
    .usage("<model.onnx> --data <path> [options]")
    .argument("<model>", "an .onnx file")
    .addOption(dataOption());
  for (const option of runOptions()) made.addOption(option);
  return made
    .addHelpText(
      "after",
      `
  weightnorm finetune model.onnx --data ./photos --help  says what else may be set

Examples:
  weightnorm inspect model.onnx                                what is in it
  weightnorm finetune model.onnx --data ./photos --out runs/tuned
  weightnorm finetune model.onnx --data ./photos --head-only --epochs 10
  weightnorm finetune model.onnx --data table.csv --target species
  weightnorm predict runs/tuned new.jpg
  weightnorm export runs/tuned --out tuned.onnx`,
    )
    .action((model: string) => {
      throw new UsageError(
        `finetune: expected --data with a folder of pictures or a table, got none; try weightnorm finetune ${model} --data ./photos`,
      );
    });
}

/** The experiment that a command line names: the first word that is neither a flag nor its value. */
export async function chosenBy(args: readonly string[]): Promise<Chosen | undefined> {
  const [command, ...rest] = args;
  if (!isTraining(command)) return undefined;
  const switches = new Set(["--json", "--quiet", "--help", "-h"]);
  if (rest[0]?.startsWith("-"))
    for (const name of names)
      for (const [key, setting] of Object.entries((await experiments[name]()).settings))
        if (setting.type === "switch") switches.add(flagOf(key, setting) ?? "");
  for (let i = 0; i < rest.length; i++) {
    const word = rest[i];
    if (!word.startsWith("-")) return meantBy(command, word, rest);
    if (!switches.has(word) && !word.includes("=")) i++; // its value
  }
  return command === "finetune" ? resumedBy("model.onnx", rest) : undefined;
}

async function meantBy(
  command: Training,
  name: string,
  words: readonly string[],
): Promise<Chosen | undefined> {
  if (command !== "finetune")
    return { command, name, again: `compare ${quoted(name)}`, ...(await experimentAt(name)) };
  const data = valueOf("--data", words);
  if (data === undefined) return resumedBy(name, words);
  const again = `finetune ${quoted(name)} --data ${quoted(data)}`;
  return { command, name, again, ...(await tunedOn(name, data)) };
}

/** A run that goes on knows its model and its data by itself. */
async function resumedBy(name: string, words: readonly string[]): Promise<Chosen | undefined> {
  const dir = valueOf("--resume", words);
  if (dir === undefined) return undefined;
  const { experiment, run } = await readRun(dir, findExperiment);
  if (!("model" in experiment.places))
    throw new UsageError(
      `--resume: expected a run of finetune, got one of ${experiment.name} in ${dir}; go on with compare`,
    );
  return { command: "finetune", name, again: "finetune", experiment, places: run.places };
}

/** The word that a command line has for a flag. */
export function valueOf(flag: string, words: readonly string[]): string | undefined {
  const at = words.findIndex((word) => word === flag || word.startsWith(`${flag}=`));
  if (at < 0) return undefined;
  return words[at] === flag ? words.at(at + 1) : words[at].slice(flag.length + 1);
}
