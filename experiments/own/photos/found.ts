/** What a folder of pictures decides of a run: its classes and its colours. Kept in the run's configuration, and checked when it is read. */
import * as z from "zod/mini";
import type { OwnConfig } from "../settings.ts";
import { sourceSchema, type Source } from "../source.ts";
import { modelFound, type ModelFound } from "../tuned/found.ts";
import { splitSchema, type Split } from "../../../runs/split.ts";

/** Labels are bytes. */
export const MOST_CLASSES = 256;
export const VARIATIONS = ["flips", "crops"] as const;
export type Variation = (typeof VARIATIONS)[number];

export interface PhotosConfig extends OwnConfig {
  /** Pixels of either side. */
  readonly size: number;
  readonly augment?: readonly Variation[];
  readonly found?: PhotosFound;
}

/** The colours of pictures, unless a trained model has others. */
export const CHANNELS = 3;

export interface PhotosFound {
  readonly source: Source;
  readonly split: Split;
  /** Names of the folders. */
  readonly classes: readonly string[];
  /** Of each channel of the training pictures, of pixels 0..1. */
  readonly mean: readonly number[];
  readonly deviation: readonly number[];
  /** The trained model that they are looked at with, where it is one of somebody else's. */
  readonly model?: ModelFound | undefined;
}

const channels = (of: z.ZodMiniType<number>): z.ZodMiniType<readonly number[]> =>
  z
    .array(of)
    .check(z.refine((all) => all.length === 1 || all.length === CHANNELS, "one number, or three"));

export const photosFound: z.ZodMiniType<PhotosFound> = z.strictObject({
  model: z.optional(modelFound),
  source: sourceSchema,
  split: splitSchema,
  classes: z.array(z.string().check(z.minLength(1), z.maxLength(255))).check(
    z.minLength(2),
    z.maxLength(MOST_CLASSES),
    z.refine((all) => new Set(all).size === all.length, "every one once"),
  ),
  mean: channels(z.number().check(z.minimum(-1000), z.maximum(1000))),
  deviation: channels(z.number().check(z.minimum(1e-6), z.maximum(1000))),
});

/** "400 pictures of photos: 2 classes" */
export const photosTold = ({ source, classes, model }: PhotosFound): string =>
  `${source.count} pictures of ${source.name}: ${classes.length} classes${model ? `, ${model.name} up to ${model.at}` : ""}`;
