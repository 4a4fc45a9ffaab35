/** Flags to values: every message says what was expected, what was got and what to try. */
import { availableParallelism } from "node:os";
import { CommanderError, InvalidArgumentError, Option } from "commander";
import { presets } from "../experiments/dqn/config.ts";
import { GAMES } from "../experiments/dqn/games.ts";
import { OPTIMIZERS } from "../experiments/training/config.ts";
import { ARMS, type Arm } from "../experiments/results.ts";
import type { Preset, Task } from "../experiments/training/task.ts";
import { tasks } from "../experiments/tasks.ts";

/** Flags that are each fine and do not go together, or not with the data or the folder: exit code 2. */
export const usageError = (message: string): CommanderError =>
  new CommanderError(2, "weightnorm.usage", message);

const invalid = (flag: string, expected: string, got: string, hint: string): InvalidArgumentError =>
  new InvalidArgumentError(`${flag}: expected ${expected}, got "${got}"; ${hint}`);

interface Range {
  readonly least?: number;
  readonly most?: number;
}
const wholeNumber =
  (flag: string, example: number, { least = 1, most = Infinity }: Range = {}) =>
  (text: string): number => {
    const value = Number(text);
    const upTo = most === Infinity ? "" : ` and at most ${most}`;
    if (text.trim() === "" || !Number.isSafeInteger(value) || value < least || value > most)
      throw invalid(
        flag,
        `a whole number of at least ${least}${upTo}`,
        text,
        `try ${flag} ${example}`,
      );
    return value;
  };
const positive =
  (flag: string, example: number, most = Number.MAX_VALUE) =>
  (text: string): number => {
    const value = Number(text);
    const upTo = most === Number.MAX_VALUE ? "" : ` and at most ${most}`;
    if (text.trim() === "" || !(value > 0 && value <= most))
      throw invalid(flag, `a finite number above 0${upTo}`, text, `try ${flag} ${example}`);
    return value;
  };
const list =
  <T>(flag: string, one: (text: string) => T) =>
  (text: string): readonly T[] => {
    const values = text.split(",").map((item) => one(item.trim()));
    const twice = values.find((v, i) => values.indexOf(v) !== i);
    if (twice !== undefined)
      throw invalid(flag, "every value once", text, `remove one ${String(twice)}`);
    return values;
  };
const choice =
  <T extends string>(flag: string, choices: readonly T[], example: T) =>
  (text: string): T => {
    const found = choices.find((c) => c === text);
    if (found === undefined)
      throw invalid(flag, `one of ${choices.join(", ")}`, text, `try ${flag} ${example}`);
    return found;
  };

/** What every experiment has under its presets, e.g. "(default: 1 for mnist, 5 for cifar10)". */
const defaults = (of: (preset: Preset, task: Task) => string | number): string => {
  const values = tasks.map(
    (task) => [task.name, String(of(presetOf(task.presets), task))] as const,
  );
  const [first] = values;
  return values.every(([, value]) => value === first[1])
    ? `(default: ${first[1]})`
    : `(default: ${values.map(([name, value]) => `${value} for ${name}`).join(", ")})`;
};
/** The same with what agents have. */
const defaultsAndDqn = (
  of: (preset: Preset, task: Task) => string | number,
  dqn: string | number,
): string => defaults(of).replace(/\)$/, `, ${dqn} for dqn)`);
const agents = presets.minatar["small"];
const presetOf = (presets: Task["presets"]): Preset => Object.values(presets)[0];
const presetNames = [...new Set(tasks.flatMap(({ presets }) => Object.keys(presets)))];

/** The flags that `compare` and `train` share; their defaults are the experiment's. */
export const trainingOptions = (): readonly Option[] => [
  new Option(
    "--preset <name>",
    `the settings to start from: ${tasks.map((t) => `${Object.keys(t.presets).join(" or ")} for ${t.name}`).join(", ")}, ${Object.keys(presets.minatar).join(" or ")} for dqn (default: ${presetNames[0]})`,
  ).argParser(choice("--preset", presetNames, presetNames[0])),
  new Option(
    "--epochs <n>",
    `passes over the training images ${defaults((p) => p.epochs)}`,
  ).argParser(wholeNumber("--epochs", 3)),
  new Option(
    "--batch-size <n>",
    `images or transitions a step ${defaultsAndDqn((p) => p.batchSize, agents.batchSize)}`,
  ).argParser(wholeNumber("--batch-size", 100)),
  new Option(
    "--lr <list>",
    `learning rate, by default constant for the first half and then linearly to 0; of several, e.g. 0.0003,0.003, each arm's best on held-out training images is taken; for dqn one, constant ${defaultsAndDqn((p) => p.lr.join(","), agents.lr[0])}`,
  ).argParser(list("--lr", positive("--lr", 0.001))),
  new Option(
    "--optimizer <name>",
    `${OPTIMIZERS.join(", ")} ${defaultsAndDqn((p) => p.optimizer, agents.optimizer)}`,
  ).argParser(choice("--optimizer", OPTIMIZERS, "adam")),
  new Option("--train-size <n>", "use only the first n training images (default: all)").argParser(
    wholeNumber("--train-size", 10000),
  ),
  new Option(
    "--target <value>",
    `report the seconds until the test measure was this low ${defaults((p, { measures: [m] }) => `${Number((m.scale * p.target).toPrecision(6))} ${m.unit}`)}`,
  ).argParser(positive("--target", 1.5)),
  threadsOption(),
  dataDirOption(),
  new Option("--out <folder>", "the run's folder (default: runs/ and the time)"),
  new Option(
    "--resume <folder>",
    "go on with an interrupted run, to the same bits as if it had never stopped",
  ),
  new Option("--json", "print results as JSON on standard output"),
  new Option("--quiet", "no progress"),
];
export const romOption = (): Option =>
  new Option("--rom <file>", "dqn: the cartridge of an Atari 2600 game, recognized by its content");
/** What only agents have. */
export const dqnOptions = (): readonly Option[] => [
  new Option("--game <name>", `dqn: ${GAMES.join(", ")} (default: ${GAMES[0]})`),
  romOption(),
  new Option(
    "--frames <n>",
    `dqn: decisions in training, each a frame of MinAtar or four of Atari (default: ${presets.minatar["small"].frames} and ${presets.atari["small"].frames})`,
  ).argParser(wholeNumber("--frames", 20_000)),
  new Option("--double", "dqn: double Q-learning"),
];
export const dataDirOption = (): Option =>
  new Option(
    "--data-dir <path>",
    tasks.map(({ name, dataHelp }) => `${name}: ${dataHelp}`).join("; "),
  );
export const threadsOption = (): Option =>
  new Option(
    "--threads <n>",
    `threads for the runtime (default: ${availableParallelism()}, all cores; ${agents.threads} for dqn on MinAtar, whose small steps gain little from more, 2 on Atari)`,
  ).argParser(wholeNumber("--threads", 2, { most: 256 }));
export const armsOption = (): Option =>
  new Option(
    "--arms <list>",
    `the arms to compare, any of ${ARMS.join(",")} (default: all; plain,weight for generative models and dqn)`,
  ).argParser(list("--arms", choice<Arm>("--arms", ARMS, "weight")));
export const armOption = (): Option =>
  new Option("--arm <name>", `one of ${ARMS.join(", ")} (default: weight)`).argParser(
    choice<Arm>("--arm", ARMS, "weight"),
  );
export const seedsOption = (): Option =>
  new Option(
    "--seed <list>",
    "one seed, or several to see how much chance matters, e.g. 1,2,3 (default: 1)",
  ).argParser(list("--seed", wholeNumber("--seed", 1, { least: 0 })));

export const sampledArmOption = (): Option =>
  new Option(
    "--arm <name>",
    "the arm of a run to take (default: weight, or the only one there is)",
  ).argParser(choice<Arm>("--arm", ARMS, "weight"));
export const countOption = (): Option =>
  new Option("--count <n>", "how many images")
    .argParser(wholeNumber("--count", 64, { most: 10_000 }))
    .default(64);
export const sampleSeedOption = (): Option =>
  new Option("--seed <n>", "another seed, other images")
    .argParser(wholeNumber("--seed", 1, { least: 0 }))
    .default(1);

export interface SampleFlags {
  readonly arm?: Arm;
  readonly count: number;
  readonly seed: number;
  readonly threads?: number;
  readonly out?: string;
  readonly json?: boolean;
}

export const gameSeedOption = (): Option =>
  new Option("--seed <n>", "another seed, another game")
    .argParser(wholeNumber("--seed", 1, { least: 0 }))
    .default(1);
export interface PlayFlags {
  readonly rom?: string;
  readonly arm?: Arm;
  readonly seed: number;
  readonly threads?: number;
  readonly out?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

export interface TrainingFlags {
  readonly arms?: readonly Arm[];
  readonly arm?: Arm;
  readonly seed?: readonly number[];
  readonly epochs?: number;
  readonly batchSize?: number;
  readonly lr?: readonly number[];
  readonly preset?: string;
  readonly optimizer?: (typeof OPTIMIZERS)[number];
  readonly trainSize?: number;
  readonly target?: number;
  readonly threads?: number;
  readonly dataDir?: string;
  readonly out?: string;
  readonly resume?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly game?: string;
  readonly rom?: string;
  readonly frames?: number;
  readonly double?: boolean;
}
