export { isOptimizerState } from "../graph/index.ts";
export { byName, type Group, type Optimizer, type Rate } from "./optimizer.ts";
export {
  adam,
  adamax,
  rmsprop,
  sgd,
  type AdamaxOptions,
  type RmspropOptions,
  type SgdOptions,
} from "./rules.ts";
export type { AdamOptions } from "./moments.ts";
export {
  adamW,
  lamb,
  lion,
  type AdamWOptions,
  type DecayOptions,
  type LambOptions,
  type LionOptions,
} from "./decoupled.ts";
export { accumulating, type Accumulating, type AccumulatingOptions } from "./accumulate.ts";
export {
  clipByNorm,
  clipByValue,
  globalNorm,
  weightDecay,
  type WeightDecayOptions,
} from "./gradients.ts";
export { averaged, movingAverage, startAverages } from "./average.ts";
export {
  constantRate,
  cosineRate,
  exponentialRate,
  linearRate,
  stepRate,
  warmUp,
  type Schedule,
} from "./schedule.ts";
export type { CosineRateOptions, ExponentialRateOptions, LinearRateOptions } from "./schedule.ts";
