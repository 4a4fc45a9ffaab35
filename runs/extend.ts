/** Going on with other settings than a run began with, as far as its experiment allows: more epochs, another learning rate. */
import { canonical } from "./canonical.ts";
import type { Changed } from "./events.ts";
import { UsageError, type Config, type Experiment, type Places } from "./experiment.ts";
import { isGrid } from "./rates.ts";
import { settingsOf } from "./described.ts";
import { flagOf, typed, type Setting, type Settings } from "./settings.ts";
import type { RunConfig } from "./store.ts";

export interface Extension {
  readonly experiment: Experiment;
  /** What was asked for, whether it is news or not. */
  readonly asked: Partial<Config>;
  readonly places: Places;
  /** Whether all of its runs are at their end. */
  readonly finished: boolean;
  /** The steps that runs have done, by name. */
  readonly steps: () => Promise<Readonly<Record<string, number>>>;
  /** ISO 8601. */
  readonly time: string;
}

/** The run as it goes on: the same object where nothing changes. Throws for what cannot be changed. */
export async function extended(
  run: RunConfig<Config>,
  extension: Extension,
): Promise<RunConfig<Config>> {
  const { experiment, asked, places, steps, time } = extension;
  const settings = settingsOf(experiment);
  const before: Readonly<Record<string, unknown>> = { ...run.config };
  const news = Object.entries(asked).filter(
    ([name, value]) => canonical(value) !== canonical(current(run.config, name)),
  );
  for (const [name, value] of news)
    checkChange(name, { setting: settings[name], before, value, run });
  const moved = Object.entries(places).filter(([name, path]) => run.places[name] !== path);
  for (const [name, path] of moved) {
    if (experiment.places[name].changes !== undefined) continue;
    throw new UsageError(
      `${flagOf(name, experiment.places[name])!}: the run began with ${run.places[name] ?? "the default data"}, got ${path}; leave it away or start a new run`,
    );
  }
  if (news.length === 0 && moved.length === 0) return run;
  const first = news.at(0);
  if (extension.finished && first && !news.some(([name]) => settings[name].length))
    throw new UsageError(
      `${flagOf(first[0], settings[first[0]])!}: expected a run that has steps left, got one that is finished; ${longer(settings)}start a new run`,
    );
  const done = news.length > 0 ? await steps() : {};
  const changes = news.map(([name, to]): Omit<Changed, "type"> => {
    const note = settings[name].changes!;
    return { time, setting: name, from: current(run.config, name), to, note, steps: done };
  });
  const { lrOf, ...config } = { ...run.config, ...Object.fromEntries(news) };
  return {
    ...run,
    config:
      news.some(([name]) => name === "lr") || lrOf === undefined ? config : { ...config, lrOf },
    places: { ...run.places, ...Object.fromEntries(moved) },
    changes: [...run.changes, ...changes],
  };
}

/** How a run is trained for longer, where it can be. */
function longer(settings: Settings): string {
  const [name, setting] =
    Object.entries(settings).find(([, s]) => s.length === true && s.changes !== undefined) ?? [];
  return setting ? `add ${flagOf(name!, setting)!} to train it for longer, or ` : "";
}

/** Rates that arms have of their own are part of what a run began with. */
const current = (config: Config, name: string): unknown =>
  name === "lr" && config.lrOf
    ? { ...config.lrOf, others: config.lr }
    : (config as unknown as Readonly<Record<string, unknown>>)[name];

interface Change {
  readonly setting: Setting;
  readonly before: Readonly<Record<string, unknown>>;
  readonly value: unknown;
  readonly run: RunConfig<Config>;
}
function checkChange(name: string, { setting, before, value, run }: Change): void {
  const [old, flag] = [before[name], flagOf(name, setting)!];
  const both = `the run began with ${name} = ${typed(setting, old)}, got ${typed(setting, value)}`;
  if (setting.changes === undefined)
    throw new UsageError(`--resume: ${both}; leave that flag away or start a new run`);
  if (setting.length === true && !(Number(value) > Number(old)))
    throw new UsageError(`${flag}: ${both}; give more, or start a new run`);
  if (name === "lr" && (isGrid(run.config) || (value as readonly number[]).length > 1))
    throw new UsageError(
      `--lr: ${both}; several learning rates are compared from the start, so start a new run`,
    );
}
