/** Results of comparisons on minibatches as they were written before: "weightnorm-results/2". */
import * as z from "zod/mini";
import { checked } from "../checked.ts";
import { settingsTold } from "../results.ts";
import type { ArmRecord, Measure, Results, RunRecord } from "../records.ts";
import { resultsIn } from "../schema.ts";
import {
  arm as armName,
  byArm,
  configuration,
  decimals,
  factor,
  label,
  layers,
  listOf,
  machine,
  number,
  picture,
  text,
  values,
  whole,
} from "../schema-parts.ts";
import type { Settings } from "../settings.ts";
import { sheetOf } from "./sheet.ts";
import type { Task } from "./task.ts";

const epoch = z.object({
  epoch: number,
  seconds: number,
  train: values,
  test: values,
  heldOut: z.optional(values),
});
const point = z.object({
  ...{ step: whole, epoch: number, seconds: number, layers },
  loss: z.nullable(number),
  test: z.optional(values),
});
const run = z.object({
  seed: whole,
  epochs: listOf(epoch, { most: 100_000 }),
  curve: listOf(point, { most: 100_000 }),
  imagesPerSecond: z.nullable(number),
  stepMilliseconds: z.nullable(z.object({ median: number, low: number, high: number })),
  final: z.optional(values),
});
const arm = z.object({
  parameters: whole,
  lr: z.optional(number),
  grid: z.optional(listOf(z.object({ lr: number, heldOut: z.nullable(number) }), { most: 1000 })),
  runs: listOf(run, { most: 1000 }),
});
const lost = z.object({ arm: armName, seed: whole, lr: number, step: whole, why: text });
const schema = z.object({
  format: z.literal("weightnorm-results/2"),
  ...{ experiment: label, command: text, config: configuration, machine, startedAt: label },
  data: z.object({ source: text, train: whole, test: whole }),
  ...{ seconds: number, target: number },
  measures: listOf(z.object({ key: label, unit: label, scale: factor, digits: decimals }), {
    ...{ least: 1, most: 50 },
  }),
  arms: byArm(arm),
  lost: z.optional(listOf(lost, { most: 10_000 })),
  pictures: z.optional(
    listOf(z.intersection(picture, z.object({ arm: armName, seed: whole })), { most: 10_000 }),
  ),
});
type Earlier = z.infer<typeof schema>;

export interface EarlierOptions {
  /** The experiment's name: results of another one are none of its own. */
  readonly name: string;
  /** What describes its configuration. */
  readonly settings: Settings;
  readonly task: Pick<Task, "measures" | "unit" | "reported">;
  /** What messages call the file. */
  readonly where?: string;
}

/** As they are written now; undefined for what is of another format or another experiment. Throws for what is damaged. */
export function earlierResults(results: unknown, options: EarlierOptions): Results | undefined {
  const { name, settings, task, where = "results.json" } = options;
  const told = results as { readonly format?: unknown; readonly experiment?: unknown } | null;
  if (typeof told !== "object" || told?.format !== "weightnorm-results/2") return undefined;
  if (told.experiment !== name) return undefined;
  const advice = "restore the file, or compare again";
  const old = checked(schema, results, { where, advice });
  const { data, config, machine: on, command, startedAt, seconds, target } = old;
  const { unit = "images" } = task;
  const measures = old.measures.map((measure): Measure => {
    const own = task.measures.find((m) => m.key === measure.key);
    return { ...measure, ...(own ? knowledge(own) : {}), better: own?.better ?? "lower" };
  });
  const setting = (key: string, fallback: number): number => {
    const x = config[key];
    return typeof x === "number" && Number.isFinite(x) ? x : fallback;
  };
  const sized = {
    ...{ arms: [], lr: [], heldOut: 0, target },
    batchSize: setting("batchSize", 1),
    trainSize: data.train,
    ...(config["average"] === undefined ? {} : { average: setting("average", 0) }),
  };
  const upgraded: Results = {
    format: "weightnorm-results/3",
    ...{ experiment: name, command, startedAt, config, machine: on, seconds },
    settings: settingsTold(settings, config),
    facts: [
      ["source", data.source],
      [`training ${unit}`, data.train],
      [`test ${unit}`, data.test],
    ],
    sheet: sheetOf({ ...task, measures }, sized, data.test),
    arms: Object.fromEntries(
      Object.entries(old.arms).map(([key, value]) => [key, armOf(old, key, value)]),
    ),
    lost: old.lost ?? [],
    changes: [],
  };
  return resultsIn(upgraded, where);
}

/** What is known of a measure today and was not written then. */
const knowledge = ({ share, chance }: Measure): Partial<Measure> => ({
  ...(share === undefined ? {} : { share }),
  ...(chance === undefined ? {} : { chance }),
});

type EarlierArm = z.infer<typeof arm>;

function armOf({ config, pictures: all }: Earlier, name: string, old: EarlierArm): ArmRecord {
  const [rate] = [config["lr"]].flat();
  return {
    parameters: old.parameters,
    lr: old.lr ?? (typeof rate === "number" && Number.isFinite(rate) ? rate : 0),
    ...(old.grid ? { grid: old.grid } : {}),
    runs: old.runs.map((one): RunRecord => {
      const last = one.curve.at(-1);
      return {
        seed: one.seed,
        step: last?.step ?? 0,
        points: one.curve.map(({ epoch: at, loss, layers: of, step: done, seconds }) => ({
          ...{ step: done, at, seconds, values: { loss }, layers: of },
        })),
        tests: testsOf(one),
        dead: {},
        timing:
          one.imagesPerSecond === null
            ? null
            : { perSecond: one.imagesPerSecond, milliseconds: one.stepMilliseconds },
        final: one.final ?? {},
        pictures: (all ?? [])
          .filter((p) => p.arm === name && p.seed === one.seed)
          .map(({ name: kind, caption, file }) => ({ name: kind, caption, file })),
      };
    }),
  };
}

/** Those within epochs, which only the curve has, and those at their ends. */
function testsOf({ epochs, curve }: z.infer<typeof run>): RunRecord["tests"] {
  const ends = new Set(epochs.map((e) => e.epoch));
  const perEpoch = curve.map((p) => p.step / p.epoch).find((x) => Number.isFinite(x)) ?? 0;
  const within = curve
    .filter((p) => p.test !== undefined && !ends.has(p.epoch))
    .map(({ step: done, epoch: at, seconds, test }) => ({ step: done, at, seconds, test: test! }));
  const whole = epochs.map(({ epoch: at, seconds, train, test, heldOut }) => ({
    ...{ step: Math.round(at * perEpoch), at, seconds, test, train },
    ...(heldOut ? { heldOut } : {}),
  }));
  return [...within, ...whole].sort((a, b) => a.at - b.at);
}
