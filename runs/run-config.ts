/** config.json, the first file of a run's folder: what it is a function of. Read, it is believed only as far as it is described. */
import * as z from "zod/mini";
import { brief, parseJson } from "../src/train/json.ts";
import { checked } from "./checked.ts";
import { settingsOf } from "./described.ts";
import type { Config, Experiment, Places } from "./experiment.ts";
import { changeSchema } from "./schema.ts";
import { label, text } from "./schema-parts.ts";
import { objectOf } from "./setting-values.ts";
import type { RunConfig } from "./store.ts";

/** Finds an experiment by its name; undefined for what is none. */
export type Find = (name: string) => Promise<Experiment | undefined>;

export interface Begun {
  readonly experiment: Experiment;
  readonly run: RunConfig<Config>;
}

const FORMAT = "weightnorm-run/2";
const advice = "restore the file or start a new run";

const head = z.object({
  format: z.optional(z.literal(FORMAT, "that of this version or an earlier one")),
  experiment: label,
  config: z.record(z.string(), z.unknown()),
  command: text,
  startedAt: label,
  places: z.optional(z.record(z.string(), z.string())),
  changes: z.optional(z.array(changeSchema).check(z.maxLength(1000))),
});

/** What the text of a config.json says; `path` is what messages call it. */
export async function runIn(content: string, path: string, find: Find): Promise<Begun> {
  const value = parseJson(content, path, advice);
  const said = checked(head, value, { where: path, advice });
  const experiment = await find(said.experiment);
  if (!experiment)
    throw new Error(
      `${path}: expected a run of an experiment that there is, got one of ${brief(said.experiment)}; for one of your own name its file, as in compare FILE or --experiment FILE`,
    );
  const { config, places } = placed(experiment, said.config, {
    ...(value as Readonly<Record<string, unknown>>),
    ...said.places,
  });
  const schema = objectOf(settingsOf(experiment));
  return {
    experiment,
    run: {
      experiment: said.experiment,
      config: checked(schema, config, { where: path, advice }) as Config,
      places,
      command: said.command,
      startedAt: said.startedAt,
      changes: said.changes ?? [],
    },
  };
}

/** Places out of wherever a format has had them: among the settings, or beside them. */
function placed(
  { places }: Experiment,
  config: Readonly<Record<string, unknown>>,
  beside: Readonly<Record<string, unknown>>,
): { readonly config: Readonly<Record<string, unknown>>; readonly places: Places } {
  const names = Object.keys(places);
  const found = names.flatMap((name) => {
    const where = beside[name] ?? config[name];
    return typeof where === "string" ? [[name, where] as const] : [];
  });
  const rest = Object.entries(config).filter(([name]) => !names.includes(name));
  return { config: Object.fromEntries(rest), places: Object.fromEntries(found) };
}

/** The text of config.json. */
export const runText = (run: RunConfig<Config>): string =>
  `${JSON.stringify({ format: FORMAT, ...run }, null, 2)}\n`;
