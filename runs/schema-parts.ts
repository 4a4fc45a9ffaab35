/** What schemas of records are made of: nothing that passes them can make a report throw, or say what it should not. */
import * as z from "zod/mini";
import type { Arm, LayerStats } from "../src/index.ts";
import type { Values } from "./events.ts";
import { ARMS, type Machine, type PictureFile, type RankRecord } from "./records.ts";

type Schema<T> = z.ZodMiniType<T>;

/** JSON has no other numbers, but for those that overflow; what is computed of these must not. */
const MOST = 1e150;
export const number: Schema<number> = z.number().check(z.minimum(-MOST), z.maximum(MOST));
export const positive: Schema<number> = z
  .number()
  .check(z.positive(), z.minimum(1e-150), z.maximum(MOST));
export const factor: Schema<number> = number.check(
  z.refine((x) => Math.abs(x) >= 1e-150, "a number that is not 0"),
);
/** What is counted. */
export const whole: Schema<number> = z.int().check(z.minimum(0));
export const decimals: Schema<number> = z.int().check(z.minimum(0), z.maximum(20));

export const text: Schema<string> = z.string().check(z.maxLength(20_000));
/** What stands in a figure or at the head of a column. */
export const label: Schema<string> = z.string().check(z.maxLength(200));
export const arm: Schema<Arm> = z.enum(ARMS as [Arm, ...Arm[]]);

export const listOf = <T>(
  of: Schema<T>,
  { least = 0, most }: { least?: number; most: number },
): Schema<T[]> => z.array(of).check(z.minLength(least), z.maxLength(most));

const few = z.refine(
  (x: unknown) => Object.keys(x as object).length <= 1000,
  "an object of at most 1000 entries",
);
export const values: Schema<Values> = z.record(label, z.nullable(number)).check(few);
export const counts: Schema<Readonly<Record<string, number>>> = z.record(label, whole);
export const byArm = <T>(of: Schema<T>): Schema<Partial<Record<Arm, T>>> =>
  z.partialRecord(arm as never, of);
/** Whatever it holds: settings are shown as they were told. */
export const configuration: Schema<Readonly<Record<string, unknown>>> = z
  .record(label, z.unknown())
  .check(few);

export const layers: Schema<readonly LayerStats[]> = listOf(
  z.object({ layer: label, v: number, g: number, effectiveStep: number }),
  { most: 1000 },
);
export const machine: Schema<Machine> = z.object({
  cpu: z.exactOptional(label),
  cores: number,
  memoryGiB: z.exactOptional(number),
  platform: label,
  node: z.exactOptional(label),
  browser: z.exactOptional(label),
  runtime: label,
});

export const ranks: Schema<RankRecord> = z.object({
  count: whole,
  hosts: listOf(label, { most: 100_000 }),
});

/** Only what lies in the folder's own pictures, by names that reach into no attribute and no other folder. */
const file = z.string().check(
  z.maxLength(200),
  z.regex(
    /^pictures\/[\w.+-]+\.(png|gif)$/,
    "a picture's name, like pictures/weight-1-samples.png",
  ),
  z.refine((name) => !name.includes(".."), "a picture's name without .."),
);
export const picture: Schema<PictureFile> = z.object({ name: label, caption: text, file });
