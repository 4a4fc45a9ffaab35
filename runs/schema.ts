/** What a results.json may hold: it comes from a file, so nothing of it is believed before it was checked against this. */
import * as z from "zod/mini";
import { checked } from "./checked.ts";
import type { Changed, Event } from "./events.ts";
import type { ArmRecord, Column, Measure, Panel, Results, RunRecord, Sheet } from "./records.ts";
import {
  arm,
  byArm,
  configuration,
  counts,
  decimals,
  factor,
  label,
  layers,
  listOf,
  machine,
  ranks,
  number,
  picture,
  positive,
  text,
  values,
  whole,
} from "./schema-parts.ts";

const better = z.enum(["lower", "higher"]);
export const measure: z.ZodMiniType<Measure> = z.object({
  key: label,
  unit: label,
  scale: factor,
  digits: decimals,
  better,
  share: z.exactOptional(z.boolean()),
  chance: z.exactOptional(number),
});
const panel: z.ZodMiniType<Panel> = z.object({
  title: label,
  from: z.enum(["points", "train", "test"]),
  key: label,
  unit: label,
  scale: factor,
  axis: z.enum(["log", "linear"]),
  by: listOf(z.enum(["at", "seconds"]), { least: 1, most: 2 }),
  smooth: z.exactOptional(z.boolean()),
  least: z.exactOptional(positive),
});
const SHARED = [
  "epochs to plain's loss",
  "work a second",
  "milliseconds",
  "step time",
  "seconds to target",
] as const;
const column: z.ZodMiniType<Column> = z.union(
  [
    z.enum(SHARED),
    z.object({
      set: z.enum(["test", "train"]),
      key: label,
      head: label,
      scale: factor,
      digits: z.exactOptional(decimals),
      better: z.exactOptional(better),
    }),
  ],
  `one of ${SHARED.join(", ")}, or set, key, head and scale of a column`,
);
const sheet: z.ZodMiniType<Sheet> = z.object({
  axis: z.object({ name: label, per: positive }),
  measures: listOf(measure, { least: 1, most: 50 }) as unknown as z.ZodMiniType<[Measure]>,
  panels: listOf(panel, { least: 1, most: 20 }),
  table: listOf(column, { most: 50 }),
  layers: listOf(z.enum(["v", "g", "effectiveStep"]), { most: 3 }),
  work: z.object({ unit: label, perStep: number, step: label }),
  tested: z.object({ count: whole, unit: label }),
  target: z.exactOptional(number),
  baseline: z.exactOptional(z.object({ name: label, test: values, errors: values, count: whole })),
  reported: z.exactOptional(z.object({ of: text, test: byArm(number) })),
  pictures: label,
  notes: z.object({
    figure: z.exactOptional(text),
    table: z.exactOptional(text),
    measures: z.exactOptional(text),
  }),
});

const onPoint = { step: whole, at: number, seconds: number, values, layers };
const onTest = {
  ...{ step: whole, at: number, seconds: number, test: values },
  errors: z.exactOptional(values),
  train: z.exactOptional(values),
  heldOut: z.exactOptional(values),
};
const timing = z.object({
  perSecond: number,
  milliseconds: z.nullable(z.object({ median: number, low: number, high: number })),
  communication: z.exactOptional(number),
});
const pictures = listOf(picture, { most: 1000 });
const run: z.ZodMiniType<RunRecord> = z.object({
  ...{ seed: whole, step: whole },
  points: listOf(z.object(onPoint), { most: 100_000 }),
  tests: listOf(z.object(onTest), { most: 100_000 }),
  dead: counts,
  start: z.exactOptional(layers),
  timing: z.nullable(timing),
  final: values,
  pictures,
});
const triedOf = z.object({
  ...{ seed: whole, heldOut: z.nullable(number), test: z.nullable(number) },
  growth: z.exactOptional(positive),
  effectiveStep: z.exactOptional(positive),
});
const grid = listOf(
  z.object({
    ...{ lr: number, heldOut: z.nullable(number) },
    bySeed: z.exactOptional(listOf(triedOf, { most: 1000 })),
  }),
  { most: 1000 },
);
const armRecord: z.ZodMiniType<ArmRecord> = z.object({
  parameters: z.nullable(whole),
  lr: number,
  grid: z.exactOptional(grid),
  runs: listOf(run, { most: 1000 }),
});

const facts = listOf(
  z.tuple([label, z.union([text, number], "a text or a number")]) as z.ZodMiniType<
    readonly [string, string | number]
  >,
  { most: 100 },
);
/** A setting that was changed, as logs and configurations have it. */
const onChange = {
  ...{ time: label, setting: label, note: text, steps: counts },
  from: z.unknown(),
  to: z.unknown(),
};

export const changeSchema: z.ZodMiniType<Omit<Changed, "type">> = z.object(onChange);

const resultsSchema: z.ZodMiniType<Results> = z.object({
  format: z.literal("weightnorm-results/3"),
  experiment: label,
  command: text,
  startedAt: label,
  config: configuration,
  settings: listOf(z.object({ name: label, value: text }), { most: 1000 }),
  machine,
  ranks: z.exactOptional(ranks),
  facts,
  sheet,
  soFar: z.exactOptional(z.object({ at: number, of: number })),
  open: z.exactOptional(positive),
  seconds: number,
  arms: byArm(armRecord),
  lost: listOf(z.object({ arm, seed: whole, lr: number, step: whole, why: text }), {
    most: 10_000,
  }),
  changes: listOf(z.object({ ...onChange, from: text, to: text }), { most: 1000 }),
});

/** Whether they are in this format; if not, an experiment may know an earlier one. */
export const isResults = (value: unknown): boolean =>
  typeof value === "object" &&
  value !== null &&
  (value as { readonly format?: unknown }).format === "weightnorm-results/3";

/** The results that a file holds; throws for what is none. */
export const resultsIn = (value: unknown, where: string): Results =>
  checked(resultsSchema, value, { where, advice: "restore the file, or compare again" });

const key = { arm, seed: whole, lr: number };
const head = { ...key, step: whole };
const happening = z.discriminatedUnion("type", [
  z.object({
    ...{ type: z.literal("initialized"), ...head, dead: counts },
    layers: z.exactOptional(layers),
  }),
  z.object({ type: z.literal("point"), ...key, ...onPoint }),
  z.object({ type: z.literal("measured"), ...key, ...onTest }),
  z.object({ type: z.literal("lost"), ...head, why: text }),
  z.object({
    ...{ type: z.literal("finished"), ...head },
    ...{ parameters: z.nullable(whole), timing, wall: number },
  }),
  z.object({ type: z.literal("exhibited"), ...head, measured: values, pictures }),
  z.object({ type: z.literal("changed"), ...onChange }),
  z.object({
    ...{ type: z.literal("opened"), time: label, machine, facts, sheet },
    ranks: z.exactOptional(ranks),
    runs: listOf(z.object({ ...head, name: label, steps: whole }), { most: 100_000 }),
  }),
]);

/** The events among the lines of a log; lines that are none, or of a format from before, are passed over. */
export const eventsIn = (records: readonly unknown[]): readonly Event[] =>
  records.flatMap((record) => {
    const { success, data } = happening.safeParse(record);
    return success ? [data] : [];
  });
