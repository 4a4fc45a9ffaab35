/** The paper's five arms: a network's normalization is one word. */
import { batchNorm, bias, meanOnly } from "./statistics.ts";
import { combine } from "./norm.ts";
import type { Norm } from "./scope.ts";
import { plainWeight, weightNorm } from "./weight-norm.ts";

export type Arm = "plain" | "weight" | "batch" | "mean-only" | "weight+mean-only";

export const arms: Readonly<Record<Arm, Norm>> = {
  plain: combine(plainWeight(), bias),
  weight: combine(weightNorm(), bias),
  batch: combine(plainWeight(), batchNorm()),
  "mean-only": combine(plainWeight(), meanOnly()),
  "weight+mean-only": combine(weightNorm(), meanOnly()),
};
