/** A trial as the command line that trains it. */
import { canonical } from "../../runs/canonical.ts";
import { settingsOf } from "../../runs/described.ts";
import type { RunKey } from "../../runs/events.ts";
import { UsageError, type Experiment, type Places } from "../../runs/experiment.ts";
import { valueOf } from "../../runs/setting-values.ts";
import { flagOf, typed, type Setting } from "../../runs/settings.ts";

/** What all trials of a sweep have in common. */
export interface Common {
  /** What `weightnorm train` is to be called with: a name, or the path of data or of a module. */
  readonly subject: string;
  /** Places that flags named. */
  readonly places: Places;
  /** Settings that flags asked for, by name. */
  readonly asked: Readonly<Record<string, unknown>>;
}

/** The words after the program's name, but for where its folder is. */
export function wordsOf(
  experiment: Experiment,
  { subject, asked, places }: Common,
  { arm, lr, seed }: RunKey,
): readonly string[] {
  const { arms: _, lrOf: __, ...settings } = settingsOf(experiment); // the trial has one of each
  const own = { ...asked, lr: [lr], seeds: [seed] };
  const flags = [
    ...Object.entries(settings).flatMap(([name, setting]) =>
      flagOfValue(name, setting, (own as Readonly<Record<string, unknown>>)[name]),
    ),
    ...Object.entries(experiment.places).flatMap(([name, setting]) =>
      flagOfValue(name, setting, places[name]),
    ),
  ];
  return ["train", subject, "--arm", arm, ...flags];
}

function flagOfValue(name: string, setting: Setting, value: unknown): readonly string[] {
  const flag = flagOf(name, setting);
  if (value === undefined) return [];
  if (flag === undefined)
    throw new UsageError(
      `${name}: expected a setting that has a flag, got ${canonical(value).slice(0, 60)}; leave it away`,
    );
  if (setting.type === "switch") return value === true ? [flag] : [];
  const words = [flag, typed(setting, value)];
  const read = valueOf(flag, setting, words[1]);
  if (!("value" in read) || canonical(read.value) !== canonical(value))
    throw new UsageError(
      `${flag}: expected a value of at most 12 digits, got ${canonical(value).slice(0, 60)}; round it`,
    );
  return words;
}
