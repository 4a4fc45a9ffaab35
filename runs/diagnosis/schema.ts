/** What a diagnosis.json may hold: it comes from a file, so nothing of it is believed before it was checked against this. */
import * as z from "zod/mini";
import { checked } from "../checked.ts";
import { arm, label, listOf, number, text, whole } from "../schema-parts.ts";
import { measure } from "../schema.ts";
import type { Diagnosis, Growing, LayerDiagnosis, Noise, Spectrum } from "./record.ts";

const share = z.number().check(z.minimum(0), z.maximum(1));
const perStep = <T>(of: z.ZodMiniType<T>): z.ZodMiniType<T[]> => listOf(of, { most: 1_000_000 });

const eigenvalues = {
  ...{ largest: number, overMedian: z.nullable(number), overSmallest: z.nullable(number) },
  corrected: z.nullable(number),
};
const spectrum: z.ZodMiniType<Spectrum> = z.object({
  ...{ dimensions: whole, samples: whole, effective: number, mean: number },
  ...{ eigenvalues: z.nullable(listOf(number, { most: 1000 })), converged: z.boolean() },
  ...{ ...eigenvalues, distance: z.nullable(number) },
});
const noise: z.ZodMiniType<Noise> = z.object({ ...eigenvalues, distance: number });
const layer: z.ZodMiniType<LayerDiagnosis> = z.object({
  ...{ layer: label, fanIn: whole, units: whole, normalized: z.boolean(), cosine: share },
  chosen: listOf(
    z.object({
      ...{ unit: whole, w: z.nullable(spectrum), v: z.nullable(spectrum) },
      noise: z.object({ w: z.nullable(noise), v: z.nullable(noise) }),
      alignment: z.nullable(z.object({ cosine: number, p: share, share: number })),
      identity: z.nullable(number),
    }),
    { most: 1000 },
  ),
});
const growing: z.ZodMiniType<Growing> = z.object({
  ...{ method: label, rate: number, failed: listOf(number, { most: 100 }), fell: z.boolean() },
  ...{ loss: perStep(number), ratio: perStep(number), cosine: perStep(number) },
  ...{ grew: perStep(z.nullable(share)), seen: perStep(share) },
  closedForm: z.exactOptional(number),
});
const schema: z.ZodMiniType<Diagnosis> = z.object({
  ...{ format: z.literal("weightnorm-diagnosis/2"), experiment: label, seed: whole },
  ...{ measure, stepsPerEpoch: whole },
  arms: listOf(
    z.object({
      ...{ arm, lr: number, batches: whole, examples: whole },
      run: z.object({ seconds: number, test: z.nullable(number) }),
      moments: listOf(
        z.object({ name: label, step: whole, layers: listOf(layer, { least: 1, most: 1000 }) }),
        { least: 1, most: 3 },
      ),
    }),
    { least: 1, most: 5 },
  ),
  growth: z.nullable(
    z.object({
      ...{ arm, steps: whole, batchSize: whole },
      methods: listOf(growing, { most: 10 }),
    }),
  ),
  notes: listOf(text, { most: 1000 }),
});

/** Whether a file's value says that it is one, of whichever version. */
export const isDiagnosis = (value: unknown): boolean =>
  typeof value === "object" &&
  value !== null &&
  String((value as { readonly format?: unknown }).format).startsWith("weightnorm-diagnosis/");

/** The diagnosis that a file holds; throws for what is none. */
export const diagnosisIn = (value: unknown, where: string): Diagnosis =>
  checked(schema, value, { where, advice: "restore the file, or diagnose the run again" });
