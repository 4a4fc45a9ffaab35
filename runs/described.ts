/** Everything that a configuration of an experiment may hold. */
import type { Experiment } from "./experiment.ts";
import { choice, type Settings } from "./settings.ts";

export const settingsOf = ({
  settings,
  presets,
}: Pick<Experiment, "settings" | "presets">): Settings => ({
  preset: choice("the settings to start from", presets, { example: presets[0] }),
  ...settings,
});
