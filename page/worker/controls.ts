/** An experiment's settings as a page's controls, and what was asked for, checked before anything is made of it. */
import { settingsOf } from "../../runs/described.ts";
import {
  UsageError,
  type Config,
  type Experiment,
  type Places,
  type Takes,
} from "../../runs/experiment.ts";
import { schemaOf, valueOf } from "../../runs/setting-values.ts";
import { expectation, flagOf, words, type Setting, type Settings } from "../../runs/settings.ts";
import { brief } from "../../src/train/json.ts";
import type { Control, Offer, Wish } from "./protocol.ts";

/** What has a control of its own kind: presets, which decide what the others begin with. */
const PRESET = "preset";

/** Values that data leave to choose from, by settings. */
export type ToChoose = Awaited<ReturnType<NonNullable<Experiment["toChoose"]>>>;

export function offerOf(experiment: Experiment, wish: Wish, toChoose: ToChoose = {}): Offer {
  const config = planned(experiment, wish, {});
  const settings = Object.entries(settingsOf(experiment)).filter(([name]) => name !== PRESET);
  return {
    experiment: experiment.name,
    about: experiment.about,
    presets: experiment.presets,
    controls: settings
      .flatMap(([name, setting]) => controlOf(name, setting, config))
      .map((control) =>
        Object.hasOwn(toChoose, control.name)
          ? { ...control, choices: toChoose[control.name], needed: true }
          : control,
      ),
    places: Object.entries(experiment.places).map(
      ([name, { help, label = words(name), optional }]) => ({
        ...{ name, label, help: helpOf(experiment.takes?.[name]) ?? help },
        needed: optional !== true && !help.includes("(default"),
      }),
    ),
  };
}

/** What is to be given, where on the command line it is what the command names, and the place's help is for when it has moved. */
const helpOf = (kind: Takes | undefined): string | undefined =>
  kind &&
  {
    table: "a table, .csv or .tsv, its first row the names of the columns",
    pictures: "a folder with a folder of pictures for each class",
    model: "a trained model, an .onnx file",
  }[kind];

/** The configuration that a wish means: what was asked for, else what a tab begins with, else the default. */
export function planned(experiment: Experiment, { asked }: Wish, places: Places): Config {
  const wanted = { ...experiment.tab, ...checkedAsked(settingsOf(experiment), asked) };
  return experiment.complete(wanted, places);
}

function controlOf(name: string, setting: Setting, config: Config): readonly Control[] {
  const many = setting.type === "list";
  const one = many ? setting.of : setting;
  const { type } = one;
  const flag = flagOf(name, setting);
  if (flag === undefined) return [];
  if (type === "path" || type === "found" || type === "group" || type === "by" || type === "list")
    return [];
  const value = (config as unknown as Readonly<Record<string, unknown>>)[name];
  const { unit = one.unit, scale = one.scale ?? 1 } = setting;
  return [
    {
      ...{ name, label: setting.label ?? words(name), help: setting.help, type, many, scale, flag },
      ...(setting.first || setting.length ? { first: true } : {}),
      ...(type === "choice" ? { choices: one.choices } : {}),
      ...("least" in one ? { least: one.least } : {}),
      ...("most" in one && Number.isFinite(one.most) ? { most: one.most } : {}),
      ...(unit === undefined ? {} : { unit }),
      value: value === Infinity ? undefined : value,
      changes: setting.changes !== undefined,
    },
  ];
}

/** Values as settings take them, text among them as flags have it. Throws what is wrong with the first that is none. */
function checkedAsked(settings: Settings, asked: Wish["asked"]): Partial<Config> {
  const checked = Object.entries(asked).flatMap(([name, value]) => {
    if (value === undefined || value === null) return [];
    if (!Object.hasOwn(settings, name))
      throw new UsageError(
        `${name.slice(0, 60)}: expected a setting of this experiment, got one that it has not; leave it away`,
      );
    return [[name, checkedValue(name, settings[name], value)] as const];
  });
  return Object.fromEntries(checked);
}

function checkedValue(name: string, setting: Setting, value: unknown): unknown {
  const isText = typeof value === "string" && setting.type !== "choice" && setting.type !== "text";
  if (isText) {
    const found = valueOf(name, setting, value);
    if ("value" in found) return found.value;
    const { expected, got, advice } = found.unfit;
    throw new UsageError(`${words(name)}: expected ${expected}, got ${brief(got)}; ${advice}`);
  }
  const { success, data } = schemaOf(setting).safeParse(value);
  if (success) return data;
  const example = setting.example ?? (setting.type === "list" ? setting.of.example : undefined);
  throw new UsageError(
    `${words(name)}: expected ${expectation(setting)}, got ${brief(value)}; ${example === undefined ? "leave it away" : `try ${example}`}`,
  );
}
