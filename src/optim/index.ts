export { byName, isOptimizerState, type Group, type Optimizer, type Rate } from "./optimizer.ts";
export {
  adam,
  adamax,
  rmsprop,
  sgd,
  type AdamaxOptions,
  type AdamOptions,
  type RmspropOptions,
  type SgdOptions,
} from "./rules.ts";
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
  linearRate,
  stepRate,
  warmUp,
  type Schedule,
} from "./schedule.ts";
