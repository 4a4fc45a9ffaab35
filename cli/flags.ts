/** Flags, made of the settings that experiments describe; every message says what was expected, what was got and what to try. */
import { resolve } from "node:path";
import { InvalidArgumentError, Option, type Command } from "commander";
import { UsageError, type Config, type Experiment, type Places } from "../runs/experiment.ts";
import {
  choice,
  common,
  flagOf,
  list,
  typed,
  whole,
  type Setting,
  type Settings,
} from "../runs/settings.ts";
import { valueOf } from "../runs/setting-values.ts";
import { settingsOf } from "../runs/described.ts";
import { ARMS } from "../runs/records.ts";
import { DEVICES } from "./device.ts";

const placeholders: Readonly<Partial<Record<Setting["type"], string>>> = {
  whole: "<n>",
  number: "<x>",
  positive: "<x>",
  choice: "<name>",
  path: "<path>",
  text: "<name>",
  list: "<list>",
};

/** The flag of a setting; undefined for one that only presets set. */
export function optionOf(
  name: string,
  setting: Setting,
  help: string = setting.help,
): Option | undefined {
  const flag = flagOf(name, setting);
  if (flag === undefined) return undefined;
  const placeholder = placeholders[setting.type];
  if (placeholder === undefined) return new Option(flag, help);
  return new Option(`${flag} ${placeholder}`, help).argParser((text: string) => {
    const result = valueOf(flag, setting, text);
    if ("value" in result) return result.value;
    const { expected, got, advice } = result.unfit;
    throw new InvalidArgumentError(
      `${flag}: expected ${expected}, got "${got.slice(0, 60)}"; ${advice}`,
    );
  });
}

/** Commands that train, whose flags are made of an experiment's settings. */
export const TRAINING = ["compare", "train", "finetune"] as const;
export type Training = (typeof TRAINING)[number];

/** The settings that a command takes flags for: `train` has one arm, and `finetune` calls arms what the new layers are normalized by. */
export const flagSettings = (experiment: Experiment, command: Training): Settings => {
  const { arms, ...rest } = settingsOf(experiment);
  const example = "weight";
  const arm = choice(`the arm to train: ${ARMS.join(", ")} (default: weight)`, ARMS, { example });
  const norms = list(
    `the arms to compare: ${ARMS.join(", ")} (default: weight)`,
    choice("an arm", ARMS, { example }),
  );
  const byCommand = {
    compare: arms,
    train: { ...arm, flag: "arm" },
    finetune: { ...norms, flag: "norm" },
  };
  return { arms: byCommand[command], ...rest };
};

/** All flags of one experiment, with the defaults that it has under each of its presets. */
export function settingOptions(experiment: Experiment, command: Training): readonly Option[] {
  const settings = flagSettings(experiment, command);
  const defaults = experiment.presets.map((preset) => [
    preset,
    experiment.complete({ preset }, {}) as Config & Readonly<Record<string, unknown>>,
  ]) as readonly (readonly [string, Readonly<Record<string, unknown>>])[];
  const options = Object.entries(settings).map(([name, setting]) => {
    const choices = setting.type === "list" ? setting.of : setting;
    const any = choices.type === "choice" ? `: ${choices.choices.join(", ")}` : "";
    const help = setting.help.includes("(default")
      ? setting.help
      : `${setting.help}${any}${defaultOf(name, setting, defaults)}`;
    return optionOf(name, setting, help);
  });
  return options.filter((o) => o !== undefined);
}

/** " (default: 1; paper: 200)"; of learning rates those of arms that have their own, too. */
function defaultOf(
  name: string,
  setting: Setting,
  defaults: readonly (readonly [string, Readonly<Record<string, unknown>>])[],
): string {
  if (name === "preset") return ` (default: ${defaults[0][0]})`;
  const [[, first], ...others] = defaults;
  const text = (config: Readonly<Record<string, unknown>>): string => {
    const { lrOf = {} } = config as Pick<Config, "lrOf">;
    const own = name === "lr" ? Object.entries(lrOf) : [];
    return [
      typed(setting, config[name]),
      ...own.map(([arm, lr]) => `of ${arm} ${typed(setting, lr)}`),
    ].join(", ");
  };
  if (first[name] === undefined || setting.type === "switch") return "";
  const differing = others.filter(([, config]) => text(config) !== text(first));
  return ` (default: ${[text(first), ...differing.map(([preset, config]) => `${preset}: ${text(config)}`)].join("; ")})`;
}

/** What flags say of settings, by the names that configurations have. */
export function askedOf(
  settings: Settings,
  flags: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const asked = Object.entries(settings).flatMap(([name, setting]) => {
    const flag = flagOf(name, setting);
    const value = flag === undefined ? undefined : flags[attribute(flag)];
    if (value === undefined) return [];
    return [[name, name === "arms" && !Array.isArray(value) ? [value] : value] as const];
  });
  return Object.fromEntries(asked);
}

/** Places that flags name, as paths that stay right elsewhere. */
export const placesOf = (settings: Settings, flags: Readonly<Record<string, unknown>>): Places =>
  Object.fromEntries(
    Object.entries(askedOf(settings, flags)).map(([name, path]) => [name, resolve(String(path))]),
  );

/** "--batch-size" -> "batchSize", as commander calls it. */
const attribute = (flag: string): string =>
  flag.slice(2).replaceAll(/-(.)/g, (_, c: string) => c.toUpperCase());

/** Flags of commands that are about a run that is there. */
const option = (name: string, setting: Setting): Option => optionOf(name, setting)!;
export const threadsOption = (otherwise = "all cores"): Option =>
  option("threads", {
    ...common.threads,
    help: `threads for the runtime (default: ${otherwise})`,
  });
export const deviceOption = (): Option =>
  option(
    "device",
    choice("cpu (the default), webgpu (a graphics card), or auto", DEVICES, { example: "cpu" }),
  );
export const armOption = (): Option =>
  option(
    "arm",
    choice("the arm of a run to take (default: weight, or the only one there is)", ARMS, {
      example: "weight",
    }),
  );
export const diagnoseOptions = (): readonly Option[] => [
  option(
    "arm",
    list(
      "arms of the run, e.g. plain,weight (default: these two, where it has them)",
      choice("an arm", ARMS, { example: "weight" }),
    ),
  ),
  option(
    "seed",
    whole("the seed of the run to take (default: its first)", { least: 0, example: "1" }),
  ),
  option(
    "units",
    whole("units of each layer that are looked at, evenly spaced", { most: 1000, example: "4" }),
  ).default(4),
  option(
    "batches",
    whole(
      "minibatches of 10 examples to take gradients of, or as many examples in larger ones where layers take statistics of them",
      {
        least: 8,
        most: 1_000_000,
        example: "1200",
      },
    ),
  ).default(1200),
  option(
    "steps",
    whole(
      "steps with each of three optimizers, to see |v| grow, again with lower rates where the loss does not fall; 0: none",
      {
        least: 0,
        most: 1_000_000,
        example: "200",
      },
    ),
  ).default(200),
  new Option(
    "--out <folder>",
    "where it goes (default: diagnosis in the folder of the run)",
  ).argParser(named("--out")),
];
export const countOption = (): Option =>
  option("count", whole("how many images", { most: 10_000, example: "64" })).default(64);
export const seedOption = (help: string): Option =>
  option("seed", whole(help, { least: 0, example: "1" })).default(1);
export const experimentOption = (): Option =>
  new Option("--experiment <file>", "the module of your own experiment, where the run is of one");

/** Throws what is wrong as an error of commander's, and writes nothing by itself but help. */
export const quietly = (command: Command): Command =>
  command.configureOutput({ outputError: () => undefined }).exitOverride();

/** Takes a path that is not empty. */
export const named =
  (flag: string, what = "folder") =>
  (path: string): string => {
    if (path !== "") return path;
    throw new UsageError(`${flag}: expected a ${what}, got ""; name one`);
  };
