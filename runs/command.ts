/** The command line that trains what a configuration says. */
import { settingsOf } from "./described.ts";
import type { Config, Experiment, Places } from "./experiment.ts";
import { flagOf, typed } from "./settings.ts";

/** The command line that trains the same. */
export function commandOf(experiment: Experiment, config: Config, places: Places): string {
  const before = { ...experiment.complete({}, places) } as Readonly<Record<string, unknown>>;
  const now = { ...config } as Readonly<Record<string, unknown>>;
  const { model, data } = places as Partial<typeof places>;
  const said =
    model === undefined
      ? ["compare", quoted(data ?? experiment.name)]
      : ["finetune", quoted(model), "--data", quoted(data ?? "data")];
  const flags = Object.entries(settingsOf(experiment)).flatMap(([name, setting]) => {
    const described =
      name === "arms" && model !== undefined ? { ...setting, flag: "norm" } : setting;
    const flag = flagOf(name, described);
    const value = now[name];
    if (flag === undefined || value === undefined || value === Infinity) return [];
    if (before[name] !== undefined && typed(setting, before[name]) === typed(setting, value))
      return [];
    if (setting.type === "switch") return value === true ? [flag] : [];
    return [flag, quoted(typed(setting, value))];
  });
  return ["weightnorm", ...said, ...flags].join(" ");
}

/** A word as a shell takes it for one. */
export const quoted = (text: string): string =>
  /[^\w./@+,=:-]/.test(text) ? `'${text.replaceAll("'", "'\\''")}'` : text;
