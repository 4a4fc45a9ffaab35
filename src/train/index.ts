export {
  diagnosticStep,
  evalStep,
  initStep,
  trainStep,
  type Network,
  type Outputs,
  type StepOptions,
  type TrainOptions,
} from "./step.ts";
export { splitStep, type Share, type SplitOptions, type SplitStep } from "./split.ts";
export { layerStats, weightNames, type LayerStats } from "./layer-stats.ts";
export { checkState, decodeCheckpoint, encodeCheckpoint, type Checkpoint } from "./checkpoint.ts";
export {
  decode as decodeSafetensors,
  encode as encodeSafetensors,
  tensorOf,
  type Safetensors,
  type Skipped,
} from "./safetensors.ts";
export { isRecord, parseJson, parseRecord, brief, printable } from "./json.ts";
export {
  applyWhitening,
  fitWhitening,
  type Scaled,
  type Whitening,
  type WhiteningOptions,
} from "./whitening.ts";
