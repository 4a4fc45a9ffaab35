/** The paper's five arms: a network's normalization is one word. */
import { batchNorm, bias, meanOnly } from "./statistics.ts";
import { combine } from "./norm.ts";
import type { Norm } from "./scope.ts";
import { plainWeight, weightNorm, type DrawnOptions } from "./weight-norm.ts";

/** The paper's normalizations by name. */
export type Arm = "plain" | "weight" | "batch" | "mean-only" | "weight+mean-only";

/** The arms with weights of another spread than the paper's. */
export const armsOf = (options: DrawnOptions = {}): Readonly<Record<Arm, Norm>> => ({
  plain: combine(plainWeight(options), bias),
  weight: combine(weightNorm(options), bias),
  batch: combine(plainWeight(options), batchNorm()),
  "mean-only": combine(plainWeight(options), meanOnly()),
  "weight+mean-only": combine(weightNorm(options), meanOnly()),
});

/** The five arms by name, as `norm` of a network: `arms.weight`. */
export const arms: Readonly<Record<Arm, Norm>> = armsOf();
